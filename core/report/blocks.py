"""The content of a report, before it is drawn as text or a page: sections of a few kinds of blocks.

Both renderings read the same blocks, so they cannot say different things. Strings in blocks are
plain: each rendering makes them safe for its own medium (:func:`visible`, then escaping).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "verdict", "alarm", "note"]

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that steer or hide text: controls, direction marks, half pairs, line breaks."""


@dataclass(frozen=True)
class Paragraph:
    """One paragraph; ``verdict`` is the sentence to read first, ``alarm`` one not to be missed."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bullets:
    """Sentences that stand side by side, under a caption where there is one."""

    items: tuple[str, ...]
    caption: str = ""


@dataclass(frozen=True)
class Facts:
    """Pairs of name and value; ``prominent`` ones are set large on the page."""

    pairs: tuple[tuple[str, str], ...]
    prominent: bool = False


@dataclass(frozen=True)
class Grid:
    """A table.

    Parameters
    ----------
    caption : str
        What the table shows.
    head : tuple of str
        Column titles.
    rows : tuple of tuple of str
        Cells, as many in each row as there are titles.
    left_aligned : frozenset of int
        Columns of words, set flush left; numbers are set flush right.
    notes : tuple of str
        Sentences below the table, such as why a figure is missing.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left_aligned: frozenset[int] = frozenset({0})
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """A command to type."""

    text: str


@dataclass(frozen=True)
class Placeholder:
    """A place that a person fills."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A drawing for the page, as markup that :mod:`core.report.charts` made; text leaves it out.

    Among several that stand together, a ``wide`` one has the whole width.
    """

    svg: str
    caption: str
    wide: bool = False


@dataclass(frozen=True)
class Gallery:
    """Pictures that stand together: wide ones alone in their row, the others side by side."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Contents:
    """Headings of the sections that follow; links on the page."""

    titles: tuple[str, ...]


Block = Paragraph | Bullets | Facts | Grid | Command | Placeholder | Picture | Gallery | Contents


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; the ``first`` one is a page of its own, and narrower as text."""

    title: str
    blocks: tuple[Block, ...]
    first: bool = False


def visible(text: str) -> str:
    r"""Return ``text`` on one line with every steering or hidden character spelled out.

    A ticker or file name comes from outside and must not be able to start a line of its own, turn
    the reading direction or hide.

    Examples
    --------
    >>> visible("AAPL\nSigned by nobody")
    'AAPL\\u000aSigned by nobody'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
