"""How the terminal commands print: one table form, one JSON form."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

import click

if TYPE_CHECKING:
    from core.report.blocks import Grid

WIDTH = 80
"""Characters of a line of help at most."""

LEAST_WIDTH, LEAST_COLUMN, GAP = 40, 8, "  "
"""Characters: of the narrowest terminal that is written for, of a narrowed column, and between columns."""

FILE = click.Path(readable=False)
"""A file or folder that the shell completes; whether it can be read is said by who reads it."""

F = TypeVar("F", bound=Callable[..., Any])


def profile_option(help_text: str) -> Callable[[F], F]:
    """Return the option that says which profile a command is about."""
    return click.option("--profile", default="", metavar="NAME", help=help_text)


def features_option() -> Callable[[F], F]:
    """Return the option that names a file of features."""
    about = "A features file. [default: the latest made]"
    return click.option("--features", default="", type=FILE, metavar="FILE", help=about)


def json_option(help_text: str) -> Callable[[F], F]:
    """Return the option that prints what a command did as JSON."""
    return click.option("--json", "as_json", is_flag=True, help=help_text)


def as_json(value: Any) -> None:
    """Print ``value`` as indented JSON."""
    click.echo(json.dumps(value, indent=2, default=str))


def answer(values: Any, *lines: str, json_wanted: bool) -> None:
    """Print what a command did: ``values`` as JSON where that is wanted, else the lines."""
    if json_wanted:
        as_json(values)
        return
    for line in lines:
        click.echo(line)


def width(stream: TextIO | None = None) -> int | None:
    """Return how many characters a line of the terminal has; None where ``stream`` (output) is a file or a pipe."""
    stream = sys.stdout if stream is None else stream
    if not (stream.isatty() or os.environ.get("COLUMNS", "").isdecimal()):
        return None
    return max(shutil.get_terminal_size().columns, LEAST_WIDTH)


class WrappedStream:
    """A stream that breaks lines at blanks where they are longer than the terminal is wide.

    A word that is longer, such as a path, stands on a line of its own, whole: it can still be copied.
    """

    def __init__(self, stream: TextIO, room: int) -> None:
        self.stream, self._room = stream, room

    def write(self, text: str) -> int:
        """Write ``text``; lines that move the cursor themselves, as progress bars do, pass as they are."""
        if len(text) <= self._room or "\r" in text or "\x1b" in text:
            return self.stream.write(text)
        lines = (_broken(each, self._room, long_words=False) for each in text.split("\n"))
        self.stream.write("\n".join(part for parts in lines for part in parts))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def fit_terminal() -> None:
    """Break long lines of this process where it writes to a terminal; what is for machines stays whole."""
    if {"--json", "--csv"} & set(sys.argv):
        return
    if (room := width(sys.stdout)) is not None:
        sys.stdout = cast("TextIO", WrappedStream(sys.stdout, room))
    if (room := width(sys.stderr)) is not None:
        sys.stderr = cast("TextIO", WrappedStream(sys.stderr, room))


def as_it_is(text: str) -> None:
    """Print a text whose lines are its own, such as a whole report, whatever the terminal's width."""
    stream = sys.stdout
    click.echo(text, nl=False, file=stream.stream if isinstance(stream, WrappedStream) else stream)


def _broken(text: str, room: int, *, long_words: bool) -> list[str]:
    """Return one line as lines of at most ``room`` characters, the later ones set in as the first is and two more."""
    if len(text) <= room:
        return [text]
    indent = text[: len(text) - len(text.lstrip())]
    wrapped = textwrap.wrap(
        text, room, subsequent_indent=indent + GAP if indent else "", break_on_hyphens=False,
        replace_whitespace=False, break_long_words=long_words,
    )  # fmt: skip
    return wrapped or [""]


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], *, exact: bool = False) -> None:
    """Print rows under their heads, numbers to the right.

    On a terminal columns are narrowed, the widest first, until the lines fit; where the narrowest do not fit either,
    each row is printed as lines of its own. ``exact`` writes numbers with six digits instead of two decimals.
    """
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    _aligned([list(head), *([_cell(value, exact=exact) for value in row] for row in rows)], right)


def grid(content: Grid) -> None:
    """Print a table of the report, and its notes below."""
    _aligned(
        [list(content.head), *map(list, content.rows)],
        [place not in content.left_aligned for place in range(len(content.head))],
    )
    for note in content.notes:
        click.echo(note)


def _aligned(cells: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    room = width()
    if room is not None and sum(widths) + len(GAP) * (len(widths) - 1) > room:
        narrow = _narrowed(cells, widths, right, room)
        if narrow is None:
            _stacked(cells, room)
            return
        widths = narrow
    for row in cells:
        for parts in zip_longest(
            *(_in_width(cell, w) for cell, w in zip(row, widths, strict=True)), fillvalue=""
        ):
            aligned = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(parts, widths, right, strict=True)]
            click.echo(GAP.join(aligned).rstrip())


def _in_width(cell: str, room: int) -> list[str]:
    return _broken(cell, room, long_words=True)


def _narrowed(
    cells: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool], room: int
) -> list[int] | None:
    """Return widths that fit, None where the columns are too many: numbers and first columns stay whole."""
    least = [
        w if r or place == 0 else min(w, max(LEAST_COLUMN, len(head)))
        for place, (w, r, head) in enumerate(zip(widths, right, cells[0], strict=True))
    ]
    room -= len(GAP) * (len(widths) - 1)
    if sum(least) > room:
        return None
    narrow = list(widths)
    while sum(narrow) > room:
        widest = max(
            (place for place in range(len(narrow)) if narrow[place] > least[place]), key=narrow.__getitem__
        )
        narrow[widest] -= 1
    return narrow


def _stacked(cells: Sequence[Sequence[str]], room: int) -> None:
    """Print each row as lines ``head  value``, rows separated by an empty line."""
    head, *rows = cells
    label = max(map(len, head)) + len(GAP)
    for number, row in enumerate(rows):
        if number:
            click.echo()
        for name, cell in zip(head, row, strict=True):
            first, *more = _broken(cell, max(room - label, LEAST_COLUMN), long_words=True)
            click.echo(f"{name:<{label}}{first}".rstrip())
            for part in more:
                click.echo(f"{'':<{label}}{part}")


def facts(values: Mapping[str, Any]) -> None:
    """Print labels and values line by line, values under each other; lists and mappings in words."""
    label = max(map(len, values)) + len(GAP)
    for name, value in values.items():
        click.echo(f"{name.replace('_', ' '):<{label}}{_words(value)}")


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(inner)}" for name, inner in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "-"
    return "-" if value is None else str(value)


def brief(text: str, most: int = 70) -> str:
    """Return a text of at most ``most`` characters, shortened at a word, which three points say."""
    return textwrap.shorten(text, most, placeholder=" ...")


def _cell(value: Any, *, exact: bool = False) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}" if exact else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
