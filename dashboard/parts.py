"""What Streamlit draws or gives without the page that it is on, where a login is asked for: so it is asked for here.

A tab may stay open for days; whoever logged out, or whose login is over, sees and gets nothing new there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from dashboard import login, shell

_Content = TypeVar("_Content")
_Arguments = ParamSpec("_Arguments")


def redrawn(key: str, *, every_s: float | None) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Let a part of a page be drawn anew by itself after so many seconds; None: when something in it changes."""

    def decorated(draw: Callable[[], None]) -> Callable[[], None]:
        @st.fragment(run_every=every_s, key=key)
        @wraps(draw)
        def drawn() -> None:
            with shell.guarded():
                shell.person()
                draw()

        return drawn

    return decorated


def question(
    title: str, **options: Any
) -> Callable[[Callable[_Arguments, None]], Callable[_Arguments, None]]:
    """Draw a part as a dialog, options as ``st.dialog`` takes them; it is drawn again without its page as well."""

    def decorated(draw: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
        @st.dialog(title, **options)
        @wraps(draw)
        def drawn(*args: _Arguments.args, **keywords: _Arguments.kwargs) -> None:
            with shell.guarded():
                shell.person()
                draw(*args, **keywords)

        return drawn

    return decorated


def to_download(load: Callable[[], _Content]) -> Callable[[], _Content]:
    """Return what gives a file when its button is pressed, to whoever it was offered to."""
    ask = login.asking_again()

    @wraps(load)
    def ask_and_load() -> _Content:
        ask()
        return load()

    return ask_and_load
