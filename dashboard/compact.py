"""Words, badges and boxes drawn as one element of HTML.

Each element of Streamlit costs the browser milliseconds: a message, a place in the layout, Markdown to parse. A
row of six or a box of three adds up to most of a page's time (docs/performance.md). Nothing in the text given
here is markup: every character of it is shown.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from typing import Literal
from urllib.parse import quote

import streamlit as st

from core.queries.runs.run_labels import run_name, short_ids
from dashboard.states import Colour, look

_COLOURS: dict[Colour, str] = {
    "red": "light-dark(#a3262a,#ff9a97)", "orange": "light-dark(#8a5300,#f0b45c)",
    "green": "light-dark(#1b6b3a,#7bd39a)", "blue": "light-dark(#1a5a86,#8cc4ea)",
    "violet": "light-dark(#583f84,#cbb2f5)", "gray": "light-dark(#56626e,#a4b0bc)",
}  # fmt: skip
"""The theme's own text colours (.streamlit/config.toml), which HTML cannot name; the browser picks by theme."""

_BADGE = (
    "display:inline-flex;align-items:center;gap:.2em;padding:.1em .4em;border-radius:.375rem;"
    "white-space:nowrap;background:color-mix(in srgb,currentColor 12%,transparent);"
)
_SIGN = "font-family:'Material Symbols Rounded';font-size:1.15em;line-height:1;user-select:none"
_QUIET = f"font-size:.875rem;overflow-wrap:anywhere;color:{_COLOURS['gray']};"
_ROW = "display:flex;flex-wrap:wrap;align-items:center;column-gap:.75rem;row-gap:.15rem"
_GRID = "display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:.5rem"
_BOX = "border:1px solid light-dark(#d9e0e7,#313c48);border-radius:.375rem;padding:.7rem .8rem"


def badge(state: str, *, rem: float = 0.875) -> str:
    """Return a state as word, symbol and colour, as :func:`dashboard.states.badge` draws it; ``rem``: its letters.

    >>> badge("done").endswith('>check_circle</span>done</span>')
    True
    """
    symbol, colour = look(state)
    sign = f'<span aria-hidden="true" style="{_SIGN}">{symbol}</span>'
    style = f"{_BADGE}font-size:{rem}rem;color:{_COLOURS[colour]}"
    return f'<span class="badge" style="{style}">{sign}{escape(state)}</span>'


def headline(state: str, words_: str, more: str) -> str:
    """Return a finding that a page is about: the symbol of a state in its colour, some words in bold, and the rest.

    >>> headline("whole", "All whole", ": 3 records.").endswith("<strong>All whole</strong>: 3 records.</span></div>")
    True
    """
    symbol, colour = look(state)
    sign = f'<span aria-hidden="true" style="{_SIGN};color:{_COLOURS[colour]}">{symbol}</span>'
    return f'<div class="headline">{sign}<span>{strong(words_)}{words(more)}</span></div>'


def quiet(text: str) -> str:
    """Return text as a caption has it.

    >>> quiet("a < b").partition(">")[2]
    'a &lt; b</span>'
    """
    return f'<span style="{_QUIET}" title="{escape(text)}">{words(text)}</span>'


def words(text: str) -> str:
    """Return text as HTML in which no date is broken in two.

    >>> words("to 2013-03-01 & on")
    'to <bdi class="unbroken">2013-03-01</bdi> &amp; on'
    """
    return _DATE.sub(r'<bdi class="unbroken">\g<0></bdi>', escape(text))


_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
"""Browsers break a line behind a hyphen."""


def strong(text: str) -> str:
    """Return text in bold.

    >>> strong("a & b")
    '<strong>a &amp; b</strong>'
    """
    return f"<strong>{escape(text)}</strong>"


def short_id(identity: str) -> str:
    """Return the beginning of a model's id, a digest or a report's key, the whole on hover; any other text as it is.

    >>> short_id("6f0d2bc3727d")
    '<bdi class="unbroken" title="6f0d2bc3727d">6f0d2b</bdi>'
    >>> short_id("a rule")
    'a rule'
    """
    if identity and short_ids(identity) == identity:
        return escape(identity)
    return f'<bdi class="unbroken" title="{escape(identity)}">{escape(short_ids(identity)) or "n/a"}</bdi>'


def to_copy(whole: str, text: str = "") -> str:
    """Return the beginning of an id or digest (or ``text``) with a button that copies the whole (desk.js).

    >>> to_copy("6f0d2bc3727d").partition("<button")[0]
    '<span class="to-copy"><code title="6f0d2bc3727d">6f0d2b</code>'
    """
    button = (
        f'<button type="button" data-copy="{escape(whole)}" aria-label="Copy {escape(whole)}" title="Copy the whole">'
        "content_copy</button>"
    )
    code = f'<code title="{escape(whole)}">{escape(text or short_ids(whole))}</code>'
    return f'<span class="to-copy">{code}{button}</span>'


def link(text: str, page: str, run_id: str) -> str:
    """Return a link to a page by its address, about a run.

    >>> link("a < b", "report", "r1")
    '<a href="report?run=r1" target="_self" class="to-page">a &lt; b</a>'
    """
    return f'<a href="{escape(page)}?run={quote(run_id)}" target="_self" class="to-page">{escape(text)}</a>'


def short_run(run_id: str) -> str:
    """Return what a run is called on every page, its id on hover.

    >>> short_run("20130301T210500Z-abcdef")
    '<bdi class="unbroken" title="20130301T210500Z-abcdef">2013-03-01 21:05:00</bdi>'
    """
    return (
        f'<bdi class="unbroken" title="{escape(run_id)}">{escape(run_name(run_id))}</bdi>' if run_id else ""
    )


def link_to_id(identity: str, page: str, run_id: str) -> str:
    """Return a link of an id's beginning, the whole on hover, to a page about a run."""
    return f'<span title="{escape(identity)}">{link(short_ids(identity), page, run_id)}</span>'


def badge_to(state: str, page: str, run_id: str) -> str:
    """Return a badge that leads to a page, about a run."""
    return f'<a href="{escape(page)}?run={quote(run_id)}" target="_self" class="badge-to">{badge(state)}</a>'


def unbroken(text: str) -> str:
    """Return text that stays in one line."""
    return f'<span style="white-space:nowrap">{escape(text)}</span>'


def cell(markup: str, width_px: int) -> str:
    """Return markup that takes at least so much of a row, so that rows line up."""
    return f'<span style="flex:none;min-width:{width_px}px;max-width:100%">{markup}</span>'


def row(parts: Iterable[str]) -> str:
    """Return markup side by side, wrapped where there is no room."""
    return f'<div style="{_ROW}">{"".join(parts)}</div>'


def beside(parts: Iterable[str]) -> str:
    """Return a row that takes what others in the same line leave, and wraps within that."""
    # no width of its own, or a long sentence would go to a line below what it belongs to
    return f'<div style="width:0;min-width:100%">{row(parts)}</div>'


def stack(parts: Iterable[str]) -> str:
    """Return markup one below the other."""
    return "".join(f'<div style="margin-bottom:.2rem">{part}</div>' for part in parts)


def box(key: str, parts: Iterable[str]) -> str:
    """Return a bordered box; ``key`` names it as the key of a container does."""
    return f'<div class="st-key-{escape(key)}" style="{_BOX}">{stack(parts)}</div>'


def grid(boxes: Iterable[str], *, least_px: int = 128) -> str:
    """Return boxes beside each other, as many of at least ``least_px`` in a line as there is room for."""
    return f'<div style="{_GRID.replace("128px", f"{least_px}px")}">{"".join(boxes)}</div>'


def picture(svg: str, description: str) -> str:
    """Return a drawing across the page, and in words for who cannot see it."""
    data = b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(description)}" style="width:100%;display:block">'


def draw(markup: str, *, width: Literal["content", "stretch"] = "stretch") -> None:
    """Draw what the functions of this module returned."""
    st.html(markup, width=width)


def diverging(value: float, values: Iterable[float]) -> tuple[float, float, float]:
    """Return where the bar of ``value`` begins, its length, and where zero is, in percent of the room of all bars.

    >>> diverging(-1.0, [3.0, -1.0]), diverging(3.0, [3.0, -1.0])
    ((0.0, 25.0, 25.0), (25.0, 75.0, 25.0))
    """
    several = [*values, value, 0.0]
    low, room = min(several), (max(several) - min(several)) or 1.0
    return 100 * (min(value, 0.0) - low) / room, 100 * abs(value) / room, -100 * low / room
