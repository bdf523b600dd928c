"""Tables to be read: every cell is there whole, wrapped where there is no room; on a phone a row is a card.

Their looks are in desk.css. A grid of Streamlit cuts a cell at the edge of its column and the table at the edge
of the page, and says neither; it stays where there are more rows or columns than anybody reads.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, TypeAlias

import streamlit as st

from core.report.formatting import NA

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 200
"""More than anybody reads; a page would also grow heavy."""

Columns: TypeAlias = "Mapping[str, Sequence[object]] | pd.DataFrame"


@dataclass(frozen=True)
class Drawn:
    """A cell of markup that :mod:`dashboard.compact` made; every other cell is text."""

    markup: str


def figure(text: str) -> Drawn:
    """Return a figure for a cell: its interval in a line below it, and what has no value quieter.

    >>> figure("0.498 [0.484, 0.512]").markup, figure(NA).markup
    ('0.498<small>[0.484, 0.512]</small>', '<span class="quiet">n/a</span>')
    """
    value, bracket, interval = text.partition(" [")
    if bracket:
        return Drawn(f"{escape(value)}<small>[{escape(interval)}</small>")
    return Drawn(f'<span class="quiet">{escape(text)}</span>' if text == NA else escape(text))


def table(
    columns: Columns,
    key: str,
    *,
    titles: Mapping[str, str] | None = None,
    most_px: int = 0,
    numbers: Collection[str] = (),
    many: bool = False,
    headings: Mapping[int, str] | None = None,
) -> None:
    """Draw a table whole, of a longer one its first :data:`MOST_ROWS` rows and how many there are.

    Parameters
    ----------
    columns : mapping of str to sequence, or pandas.DataFrame
        Text, whole numbers and :class:`Drawn` by name; None and NaN are drawn as nothing.
    key : str
        Of the container around it.
    titles : mapping of str to str
        Column -> its heading; without one, its name.
    most_px : int
        A longer table scrolls in so much height, its head in sight; 0 for any length.
    numbers : collection of str
        Titles of columns whose cells are figures written as text: they end at the right, as numbers do.
    many : bool
        Whether a card of a phone has two values in a line below its name, as it has of :data:`_MANY` columns.
    headings : mapping of int to str, optional
        Number of a row from 0 -> the heading above it, across the table.
    """
    by_title = {(titles or {}).get(str(name), str(name)): list(values) for name, values in columns.items()}
    rows = len(next(iter(by_title.values()), []))
    with st.container(key=key):
        first = {name: values[:MOST_ROWS] for name, values in by_title.items()}
        st.html(markup(first, most_px=most_px, numbers=numbers, many=many, headings=headings))
        if rows > MOST_ROWS:
            st.caption(f"The first {MOST_ROWS:,} of {rows:,} rows.")


def figures(rows: Iterable[tuple[str, str | Drawn]], key: str) -> None:
    """Draw names with their values in a line, wrapped where there is no room."""
    pairs = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{value.markup if isinstance(value, Drawn) else escape(value)}</dd></div>"
        for name, value in rows
    )
    with st.container(key=key):
        st.html(f'<dl class="figures-line">{pairs}</dl>')


def facts(rows: Iterable[tuple[str, str | Drawn]], key: str) -> None:
    """Draw names with their values, a line each."""
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd>{value.markup if isinstance(value, Drawn) else _broken(value)}</dd>"
        for name, value in rows
    )
    with st.container(key=key):
        st.html(f'<dl class="facts">{lines}</dl>')


def markup(
    columns: Mapping[str, Sequence[object]],
    *,
    most_px: int = 0,
    numbers: Collection[str] = (),
    many: bool = False,
    headings: Mapping[int, str] | None = None,
) -> str:
    """Return the HTML of a table; nothing in its cells is markup.

    >>> made = markup({"A": ["<b>"], "n": [1200]})
    >>> made.partition("<tbody>")[2].partition("</tbody>")[0].replace(' role="cell"', "")
    '<tr role="row"><td data-label="A">&lt;b&gt;</td><td data-label="n" class="number">1,200</td></tr>'
    """
    heads = [
        (escape(name), _NUMBER if name in numbers or _numeric(values) else "")
        for name, values in columns.items()
    ]
    head = "".join(
        f'<th role="columnheader" scope="col"{kind}>{_broken(name)}</th>'
        for name, (_, kind) in zip(columns, heads, strict=True)
    )
    rows = "".join(
        _heading((headings or {}).get(number, ""), len(heads) - 1)
        + f'<tr role="row">{"".join(_cell(*each) for each in zip(heads, row, strict=True))}</tr>'
        for number, row in enumerate(zip(*columns.values(), strict=True))
    )
    # what scrolls must be reached by keyboard
    scrolls = f' tabindex="0" style="max-height:{most_px}px"' if most_px else ""
    kind = " many" if many or len(heads) >= _MANY else ""
    return (
        f'<div class="wrapped{kind}"{scrolls}><table role="table"><thead><tr role="row">{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _heading(text: str, columns: int) -> str:
    """Return a row with a heading; the last column has no cell in it, so that a phone can do without that column."""
    if not text:
        return ""
    cell = f'<th role="rowheader" scope="rowgroup" colspan="{columns}">{escape(text)}</th>'
    return f'<tr role="row" class="heading">{cell}</tr>'


_NUMBER = ' class="number"'
_MANY = 8
"""From so many columns on a card of a phone has two values in a line, each below its name."""


def _numeric(values: Sequence[object]) -> bool:
    return bool(len(values)) and all(isinstance(value, int | float) for value in values)


def _cell(head: tuple[str, str], value: object) -> str:
    name, kind = head
    content = value.markup if isinstance(value, Drawn) else _broken(_text(value))
    return f'<td role="cell" data-label="{name}"{kind}>{content}</td>'


def _text(value: object) -> str:
    if value is None or value != value:
        return ""  # None, or NaN: the one value that differs from itself
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _broken(text: str) -> str:
    """Return text as HTML in which a digest or a path may go on in the next line; a word, date or interval may not."""
    parts = re.split(r"(\[[^\[\]]{1,30}\]|\s)", text)
    pieces = "".join(map(_whole_or_pieces, parts))
    # on a phone a cell is a grid: its words must be one item of it
    return f"<bdi>{pieces}</bdi>" if "<bdi" in pieces else pieces


def _whole_or_pieces(word: str) -> str:
    if _UNBROKEN.fullmatch(word):
        return f'<bdi class="unbroken">{escape(word)}</bdi>'
    return escape(word) if len(word) <= _LONG_WORD else "<wbr>".join(map(escape, _pieces(word)))


def _pieces(word: str) -> Iterator[str]:
    """Yield a long word piece by piece: a path folder by folder, anything else every few characters.

    >>> list(_pieces("/srv/prices/daily/megacaps-2011.csv")), list(_pieces("0123456789abcdef0123"))
    (['/srv/', 'prices/', 'daily/', 'megacaps-2011.csv'], ['01234567', '89abcdef', '0123'])
    """
    for part in re.findall(r"/?[^/]+/?|/", word):
        if part != word and len(part) <= _LONG_WORD:
            yield part
        else:
            yield from (part[at : at + _PIECE] for at in range(0, len(part), _PIECE))


_UNBROKEN = re.compile(r"\d{4}-\d\d-\d\d[;,.]?|\[.*\]")
"""A date or an interval: browsers break a line behind a hyphen and at a space."""


_LONG_WORD, _PIECE = 28, 8
