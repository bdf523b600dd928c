"""How the terminal commands print: one table form, one JSON form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from core.report.blocks import Grid

F = TypeVar("F", bound=Callable[..., Any])


def profile_option(help_text: str) -> Callable[[F], F]:
    """Return the option that says which profile a command is about."""
    return click.option("--profile", default="", metavar="NAME", help=help_text)


def as_json(value: Any) -> None:
    """Print ``value`` as indented JSON."""
    click.echo(json.dumps(value, indent=2, default=str))


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under their heads, columns as wide as needed; numbers to the right."""
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    _aligned([list(head), *([_cell(value) for value in row] for row in rows)], right)


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
    for row in cells:
        parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        click.echo("  ".join(parts).rstrip())


def facts(values: Mapping[str, Any]) -> None:
    """Print labels and values line by line, values under each other; lists and mappings in words."""
    width = max(map(len, values)) + 2
    for label, value in values.items():
        click.echo(f"{label.replace('_', ' '):<{width}}{_words(value)}")


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(inner)}" for name, inner in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value)) or "-"
    return "-" if value is None else str(value)


def counted(number: int, name: str) -> str:
    """Return a number with its noun, which takes an s unless there is one: ``1 model``, ``1,000 models``."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
