"""Output that is longer than the screen goes through the person's pager: on a terminal only, never into a pipe."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

import click

from core.cli.output import WrappedStream
from core.platform.streams import visible

_OFF = f"{__name__}.off"
"""Where click's context says that --no-pager was typed, before the command or behind it."""

NO_PAGER = ("", "cat")
"""Values of ``PAGER`` that mean none, as git has it."""

LESS = "-FX"
"""What less is asked for where ``LESS`` says nothing: no page for one screen, and the text stays when it ends."""

F = TypeVar("F", bound=Callable[..., Any])


def _turn_off(context: click.Context, option: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's form
    del option
    if value:
        context.meta[_OFF] = True


_ABOUT: Mapping[str, Any] = {
    "is_flag": True, "expose_value": False, "callback": _turn_off, "help": "Print long output at once.",
}  # fmt: skip
pager_option = click.option("--no-pager", **_ABOUT)
"""Adds ``--no-pager`` to a command that calls ``pages`` itself."""


def no_pager() -> click.Option:
    """Return the same option for a command whose options are a list."""
    return click.Option(["--no-pager"], **_ABOUT)


def paged(function: F) -> F:
    """Let all that a command prints go through the pager where it is long, and add ``--no-pager``."""

    @wraps(function)
    def in_pages(*args: Any, **options: Any) -> Any:
        with pages():
            return function(*args, **options)

    return cast("F", pager_option(in_pages))


@contextmanager
def pages() -> Iterator[None]:
    """Collect what is printed to a terminal and show it by the pager if it is higher than the screen.

    Where output or input is no terminal, the output is for a program, or no pager is wanted, nothing is collected. What
    was printed before an error is printed without a pager: the error has to stand below it.
    """
    stream = sys.stdout
    if not (isinstance(stream, WrappedStream) and _may_page(stream)):
        yield
        return
    terminal, collected = stream.stream, _Collected()
    stream.stream = collected
    complete = False
    try:
        yield
        complete = True
    finally:
        stream.stream, text = terminal, collected.getvalue()
        if not (complete and _is_long(text) and _shown_by_pager(text)):
            terminal.write(text)
            terminal.flush()


def _may_page(stream: WrappedStream) -> bool:
    context = click.get_current_context(silent=True)
    off = (context is not None and _OFF in context.meta) or os.environ.get("PAGER", "less") in NO_PAGER
    return not off and stream.isatty() and sys.stdin.isatty()


class _Collected(io.StringIO):
    """What is printed to a terminal, which it says it is: columns are as wide as they would be there."""

    encoding, errors = "utf-8", "strict"

    def isatty(self) -> bool:
        return True


def _is_long(text: str) -> bool:
    columns, lines = shutil.get_terminal_size()
    rows = sum(max(1, -(-len(line) // columns)) for line in text.splitlines())
    return rows >= lines  # the prompt takes one


def _shown_by_pager(text: str) -> bool:
    """Return whether a pager took the text; it may have been left before the end."""
    os.environ.setdefault("LESS", LESS)
    try:
        with click.get_pager_file(color=False) as pager:
            pager.write(visible(text))
    except (OSError, ValueError):  # PAGER names what cannot be started, or has an open quote
        return False
    return True
