"""Words of an act that was refused: they stand in their box again when the page is drawn anew, also after logging in.

A box lives as long as the page that it is on. Who is told to load the page anew because their login has ended would
lose the comment that they had just written.
"""

from __future__ import annotations

from threading import Lock

import streamlit as st

from dashboard import shell

MOST = 200
"""Boxes of all people whose words are kept; the oldest go."""

_BOXES = "kept_words_shown"
"""In the session: place of the messages -> widget key -> whose words those are, and about what."""

Words = tuple[str, str, str, str]
"""Data root, person, widget key and subject: what a comment is about it is kept for."""

_LOCK = Lock()


@st.cache_resource
def _words_by_box() -> dict[Words, str]:
    return {}


def bring_back(place: str, key: str, about: str) -> None:
    """Let what was typed in a box and refused stand in it again; to be called before the box is drawn.

    Parameters
    ----------
    place : str
        Where the act says what became of it, as :func:`dashboard.acting.saying` has it.
    key : str
        Of the box.
    about : str
        What the words are about: a report, a model, a finding.
    """
    whose = (str(shell.settings().data), shell.person().id, key, about)
    st.session_state.setdefault(_BOXES, {}).setdefault(place, {})[key] = whose
    with _LOCK:
        words = _words_by_box().get(whose)
    if words and key not in st.session_state:
        st.session_state[key] = words


def forget(place: str) -> None:
    """Forget what was kept of an act that is done now."""
    with _LOCK:
        for whose in _boxes(place).values():
            _words_by_box().pop(whose, None)


def keep(place: str) -> None:
    """Keep what stands in the boxes of an act that was refused."""
    with _LOCK:
        boxes = _words_by_box()
        for key, whose in _boxes(place).items():
            boxes.pop(whose, None)
            if words := str(st.session_state.get(key) or ""):
                boxes[whose] = words  # the newest is the last
        while len(boxes) > MOST:
            del boxes[next(iter(boxes))]


def _boxes(place: str) -> dict[str, Words]:
    boxes: dict[str, Words] = st.session_state.get(_BOXES, {}).get(place, {})
    return boxes
