"""The report as plain text: at most 100 columns, ASCII but for what the data brings."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from core.report.blocks import (
    Block,
    Bullets,
    Command,
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

WIDTH = 100
PROSE = 92
"""Paragraphs are narrower than tables: long lines are hard to follow."""
GAP = "  "


def text_of(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Return the whole report; each heading stands as it is named, with a line below."""
    head = [title.upper(), "=" * len(title), *_hung("", subtitle, indent=2), "", f"Status: {STATUS}", ""]
    lines = [line for section in sections for line in _section(section)]
    return "\n".join(line.rstrip() for line in (*head, *lines)).rstrip("\n") + "\n"


def _section(section: Section) -> list[str]:
    lines = ["", section.title, "-" * len(section.title)]
    for block in section.blocks:
        text = _block(block)
        lines += [*text, ""] if text else []
    return lines


def _block(block: Block) -> list[str]:  # noqa: PLR0911 - one return for each kind of block
    match block:
        case Paragraph():
            return _hung("WARNING: ", block.text) if block.tone == "alarm" else _wrapped(block.text, PROSE)
        case Bullets():
            return [line for item in block.items for line in _hung("- ", item)]
        case Facts():
            return _facts(block)
        case Grid():
            return _grid(block)
        case Command():
            return _hung("    ", block.text)
        case Placeholder():
            return _wrapped(block.text, PROSE)
        case _:
            return []


def _wrapped(text: str, width: int) -> list[str]:
    return _lines(visible(text), width)


def _lines(text: str, width: int) -> list[str]:
    # Not at hyphens: dates stay whole.
    return wrap(text, width, break_on_hyphens=False) or [""]


def _hung(lead: str, text: str, *, indent: int = 0) -> list[str]:
    # What follows is set in: words from outside, broken at a space, never begin a line of the page.
    indent = indent or len(lead)
    first, *others = _wrapped(text, PROSE - indent)
    return [lead + first, *(" " * indent + line for line in others)]


def _facts(block: Facts) -> list[str]:
    width = max(len(name) for name, _ in block.pairs) + len(GAP)
    return [line for name, value in block.pairs for line in _hung(name.ljust(width), value)]


def _grid(grid: Grid) -> list[str]:
    rows = [tuple(visible(cell) for cell in row) for row in (grid.head, *grid.rows)]
    widths = _widths(rows)
    head, *body = [_row(row, widths, grid.left_aligned) for row in rows]
    rule = GAP.join("-" * width for width in widths)
    notes = [line for note in grid.notes for line in _wrapped(note, PROSE)]
    return [
        *_wrapped(grid.caption + ":", PROSE),
        *head,
        rule,
        *(line for lines in body for line in lines),
        *notes,
    ]


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """Return column widths that fit the page; the widest columns give way first."""
    widths = [max(1, min(WIDTH, max(map(len, column)))) for column in zip(*rows, strict=True)]
    room = WIDTH - len(GAP) * (len(widths) - 1)
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
