"""TOML of files that people bring: read within bounds, and every fault is one exception.

``tomllib`` takes time by the square of the parts of a dotted key, as many levels as there are brackets, and raises
other errors than its own for numbers that are too long.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

MOST_CHARACTERS = 1 << 20
"""Of a file."""

MOST_IN_A_LINE = 1 << 16

MOST_DOTS = 64
"""In a line, outside of texts and comments: so many parts of a key cost nothing."""

_MOST_SHOWN = 80
_MOST_NUMBER = 10**18
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\.)*+(?:"|$)|\'[^\'\n]*+(?:\'|$)|#[^\n]*+', re.MULTILINE)
"""Texts and comments, also where their quotes are not closed."""


class NotToml(ValueError):
    """A text is no TOML, or more than anybody writes; the message may quote a line of it."""


def toml_of(text: str) -> dict[str, Any]:
    """Return what a text says.

    Raises
    ------
    NotToml
        If it cannot be read, or has more characters, longer lines or longer keys than anybody writes.
    """
    if len(text) > MOST_CHARACTERS:
        raise NotToml(f"more than {MOST_CHARACTERS:,} characters")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > MOST_IN_A_LINE:
            raise NotToml(f"line {number} has more than {MOST_IN_A_LINE:,} characters")
        if line.count(".") > MOST_DOTS and _QUOTED.sub("", line).count(".") > MOST_DOTS:
            raise NotToml(f"line {number} has a key of more than {MOST_DOTS} parts")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotToml(str(error)[:400]) from error


def toml_in(path: Path) -> dict[str, Any]:
    """Return what a file says.

    Raises
    ------
    NotToml
        If it is no text, or as :func:`toml_of`.
    OSError
        If it cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return toml_of(file.read(MOST_CHARACTERS + 1))
    except UnicodeDecodeError as error:
        raise NotToml(str(error)) from error


def in_short(value: object) -> str:
    """Return a value of such a file as a message quotes it: what is no text, number or day by its kind.

    >>> in_short("x"), in_short(7), in_short({"a": {}})
    ("'x'", '7', 'a table')
    """
    match value:
        case str():
            return repr(value[:_MOST_SHOWN])
        case bool() | float() | date() | time():
            return str(value)
        case int():
            return str(value) if abs(value) < _MOST_NUMBER else "a long number"
        case dict():
            return "a table"
        case _:
            return "a list"
