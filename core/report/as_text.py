"""The report as plain text: at most 100 columns, the first page 80, ASCII but for what the data brings."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from core.report.blocks import (
    Block,
    Bullets,
    Command,
    Contents,
    Facts,
    Grid,
    Paragraph,
    Placeholder,
    Section,
    visible,
)
from core.report.sections import STATUS

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Measure:
    """How wide text and tables are set, in characters."""

    prose: int
    table: int


APPENDIX = Measure(92, 100)
"""Paragraphs are narrower than tables: long lines are hard to follow."""

FIRST = Measure(80, 80)
"""The first page fits a terminal as it opens."""

GAP = "  "


def text_of(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Return the whole report; each heading stands as it is named, with a line below."""
    head = [title.upper(), "=" * len(title), *_hung("", subtitle, 80, indent=2), "", f"Status: {STATUS}", ""]
    lines = [line for section in sections for line in lines_of(section)]
    return "\n".join(line.rstrip() for line in (*head, *lines)).rstrip("\n") + "\n"


def lines_of(section: Section) -> list[str]:
    """Return a section's lines: an empty one, the heading over its rule, and what stands under it."""
    lines, measure = ["", section.title, "-" * len(section.title)], FIRST if section.first else APPENDIX
    for block in section.blocks:
        text = _block(block, measure)
        lines += [*text, ""] if text else []
    return lines


def _block(block: Block, measure: Measure) -> list[str]:  # noqa: PLR0911 - one return for each kind of block
    match block:
        case Paragraph():
            lead = "WARNING: " if block.tone == "alarm" else ""
            return _hung(lead, block.text, measure.prose)
        case Bullets():
            caption = [block.caption] if block.caption else []
            return [*caption, *(line for item in block.items for line in _hung("- ", item, measure.prose))]
        case Facts():
            return _facts(block, measure)
        case Grid():
            return _grid(block, measure)
        case Command():
            return _hung("    ", block.text, measure.prose)
        case Placeholder():
            return _wrapped(block.text, measure.prose)
        case Contents():
            return _wrapped("; ".join(block.titles) + ".", measure.prose)
        case _:
            return []


def _wrapped(text: str, width: int) -> list[str]:
    return _lines(visible(text), width)


def _lines(text: str, width: int) -> list[str]:
    # Not at hyphens: dates stay whole.
    return wrap(text, width, break_on_hyphens=False) or [""]


def _hung(lead: str, text: str, width: int, *, indent: int = 0) -> list[str]:
    # What follows is set in: words from outside, broken at a space, never begin a line of the page.
    indent = indent or len(lead)
    first, *others = _wrapped(text, width - indent)
    return [lead + first, *(" " * indent + line for line in others)]


def _facts(block: Facts, measure: Measure) -> list[str]:
    width = max(len(name) for name, _ in block.pairs) + len(GAP)
    return [line for name, value in block.pairs for line in _hung(name.ljust(width), value, measure.prose)]


def _grid(grid: Grid, measure: Measure) -> list[str]:
    rows = [tuple(visible(cell) for cell in row) for row in (grid.head, *grid.rows)]
    widths = _widths(rows, measure.table)
    head, *body = [_row(row, widths, grid.left_aligned) for row in rows]
    rule = GAP.join("-" * width for width in widths)
    notes = [line for note in grid.notes for line in _wrapped(note, measure.prose)]
    return [
        *_wrapped(grid.caption + ":", measure.prose),
        *head,
        rule,
        *(line for lines in body for line in lines),
        *notes,
    ]


def _widths(rows: Sequence[tuple[str, ...]], page: int) -> list[int]:
    """Return column widths that fit the page; the widest columns give way first."""
    widths = [max(1, min(page, max(map(len, column)))) for column in zip(*rows, strict=True)]
    room = page - len(GAP) * (len(widths) - 1)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(cells: tuple[str, ...], widths: list[int], left_aligned: frozenset[int]) -> list[str]:
    first, *others = zip(cells, widths, strict=True)
    wrapped = [_set_in(*first), *(_lines(cell, width) for cell, width in others)]
    height = max(map(len, wrapped))
    return [
        GAP.join(
            _flush(lines[n] if n < len(lines) else "", width, to_left=i in left_aligned)
            for i, (lines, width) in enumerate(zip(wrapped, widths, strict=True))
        )
        for n in range(height)
    ]


def _set_in(cell: str, width: int) -> list[str]:
    """Return a first column's cell in lines of ``width``, all but the first set in."""
    first, *others = _lines(cell, width)
    if not others or width <= len(GAP):
        return [first, *others]
    rest = cell[len(first) :].lstrip()
    return [first, *(GAP + line for line in _lines(rest, width - len(GAP)))]


def _flush(cell: str, width: int, *, to_left: bool) -> str:
    return cell.ljust(width) if to_left else cell.rjust(width)
