"""The report as one self-contained page: no script, nothing fetched, everything escaped."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from core.report.blocks import (
    Block,
    Bullets,
    Command,
    Contents,
    Facts,
    Gallery,
    Grid,
    Paragraph,
    Picture,
    Placeholder,
    Section,
    visible,
)
from core.report.sections import STATUS
from core.report.style import CSS

if TYPE_CHECKING:
    from collections.abc import Sequence

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""A second wall behind escaping: a browser may neither fetch nor run anything from this page."""

_MARKS = {
    "error": "bad", "alarm": "bad", "failed": "bad", "warning": "warn", "warn": "warn", "ok": "good",
}  # fmt: skip
_DIGEST = re.compile(r"[0-9a-f]{40,}")
_PERIOD = re.compile(r"\d{4}-\d{2}-\d{2}( to \d{4}-\d{2}-\d{2})?")


def html_of(title: str, subtitle: str, sections: Sequence[Section]) -> str:
    """Return the whole page."""
    links = _links([section.title for section in sections])
    return (
        f"{beginning(f'{title}: {subtitle}', CSS)}<h1>{_safe(title)}</h1>\n<p>{_safe(subtitle)}</p>\n"
        f'<span class="status">{_safe(STATUS)}</span>\n</header>\n'
        f'<nav aria-label="Contents"><ol>{links}</ol></nav>\n<main>\n'
        + "".join(_section(section) for section in sections)
        + "</main>\n</div>\n</body>\n</html>\n"
    )


def beginning(title: str, css: str) -> str:
    """Return a page of a report up to its head: no script, nothing fetched, every character escaped."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_safe(title)}</title>\n<style>{css}</style>\n</head>\n"
        '<body>\n<div class="frame">\n<header>\n'
    )


def _links(titles: Sequence[str]) -> str:
    return "".join(f'<li><a href="#{_slug(title)}">{_safe(title)}</a></li>' for title in titles)


def _safe(text: str) -> str:
    return escape(visible(text))


def _slug(title: str) -> str:
    return re.sub(r"[^a-z]+", "-", title.lower())


def _section(section: Section) -> str:
    blocks = "\n".join(_block(block) for block in section.blocks)
    first = ' class="first"' if section.first else ""
    heading = f"<h2>{_safe(section.title)}</h2>"
    return f'<section id="{_slug(section.title)}"{first}>\n{heading}\n{blocks}\n</section>\n'


def _block(block: Block) -> str:  # noqa: PLR0911 - one return for each kind of block
    match block:
        case Paragraph():
            role = ' role="alert"' if block.tone == "alarm" else ""
            return f'<p class="{block.tone}"{role}>{_safe(block.text)}</p>'
        case Bullets():
            caption = f'<p class="caption">{_safe(block.caption)}</p>' if block.caption else ""
            return f"{caption}<ul>" + "".join(f"<li>{_safe(item)}</li>" for item in block.items) + "</ul>"
        case Facts():
            return _facts(block)
        case Grid():
            return _grid(block)
        case Command():
            return f"<pre><code>{_safe(block.text)}</code></pre>"
        case Placeholder():
            return f'<p class="blank">{_safe(block.text)}</p>'
        case Picture():
            opening = '<figure class="wide">' if block.wide else "<figure>"
            return f"{opening}<figcaption>{_safe(block.caption)}</figcaption>{block.svg}</figure>"
        case Gallery():
            return gallery_of(block.pictures)
        case Contents():
            return f'<ol class="contents">{_links(block.titles)}</ol>'


def gallery_of(pictures: Sequence[Picture]) -> str:
    """Return pictures that stand together, nothing where there is none."""
    figures = "".join(map(_block, pictures))
    return f'<div class="gallery">{figures}</div>' if figures else ""


def _facts(block: Facts) -> str:
    pairs = [f'<dt>{_safe(n)}</dt><dd class="{_kind(value)}">{_safe(value)}</dd>' for n, value in block.pairs]
    if block.prominent:
        return '<dl class="tiles">' + "".join(f"<div>{pair}</div>" for pair in pairs) + "</dl>"
    return "<dl>" + "".join(pairs) + "</dl>"


def _kind(value: str) -> str:
    if _DIGEST.fullmatch(value):
        return "digest"
    return "period" if _PERIOD.fullmatch(value) else ""


def _grid(grid: Grid) -> str:
    titles = enumerate(grid.head)
    head = "".join(
        f'<th scope="col"{_classes(i, grid.left_aligned)}>{_safe(title)}</th>' for i, title in titles
    )
    rows = "".join(_row(row, grid.left_aligned) for row in grid.rows)
    notes = "".join(f'<p class="below">{_safe(note)}</p>' for note in grid.notes)
    return (
        f'<figure><figcaption>{_safe(grid.caption)}</figcaption><div class="scroll"><table class="figures">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{notes}</figure>"
    )


def _row(row: tuple[str, ...], left_aligned: frozenset[int]) -> str:
    return "<tr>" + "".join(_cell(cell, column, left_aligned) for column, cell in enumerate(row)) + "</tr>"


def _cell(cell: str, column: int, left_aligned: frozenset[int]) -> str:
    inner = _safe(cell)
    if column and cell in _MARKS:  # a ticker in the first column may be called "ok"
        inner = f'<span class="mark {_MARKS[cell]}">{inner}</span>'
    return f"<td{_classes(column, left_aligned, _kind(cell))}>{inner}</td>"


def _classes(column: int, left_aligned: frozenset[int], kind: str = "") -> str:
    names = " ".join(name for name in ("l" if column in left_aligned else "", kind) if name)
    return f' class="{names}"' if names else ""
