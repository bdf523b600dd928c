"""What a phone shows only when asked: a line to press before widgets or a table, which a screen shows at once; the
ways to another file and the filters of records are folded on a screen as well.

The line is the browser's own ``details``; looks in desk.css hide what stands beside it until it is open. Pressing it
asks nobody, so nothing is drawn anew and what is typed stays. Its own words never change, or it would close.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import streamlit as st

from dashboard import compact


def line(label: str, *, opened: bool = False, name: str = "") -> str:
    """Return the line that is pressed; a link to its ``name`` in the page unfolds it, as browsers do.

    >>> line("Filters")
    '<details class="fold"><summary>Filters</summary></details>'
    """
    target = f'<span id="{escape(name)}"></span>' if name else ""
    return f'<details class="fold"{" open" if opened else ""}><summary>{escape(label)}</summary>{target}</details>'


@contextmanager
def on_phone(
    key: str, label: str, *, number: int = 0, opened: bool = False, horizontal: bool = False
) -> Iterator[None]:
    """Fold what is drawn inside on a phone, behind a line with ``label``.

    Parameters
    ----------
    key : str
        Its name in the page.
    number : int
        How many of the things inside are set, said on the line.
    opened : bool
        Whether it begins open. Once it did it stays so for the session: nothing closes under a person's hands.
    horizontal : bool
        Whether what is inside stands in a line.
    """
    name = f"fold-{key}"
    opened = st.session_state[name] = bool(st.session_state.get(name)) or opened
    with st.container(
        key=f"folded-{key}", horizontal=horizontal, vertical_alignment="bottom" if horizontal else "top"
    ):
        compact.draw(line(label, opened=opened, name=f"unfold-{key}"))
        say(f".st-key-folded-{key}", number)
        yield


def say(place: str, number: int) -> None:
    """Say on the line within ``place``, a selector, how many of what it folds are set."""
    text = f" · {number} set" if number else ""
    compact.draw(f"<style>body {place} .fold summary::after {{ content: '{text}'; }}</style>")
