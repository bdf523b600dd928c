"""What a person typed and nobody has yet: kept until it is saved or given up, over a reload and a new login.

A box lives as long as the page that it is on. Who is told to load the page anew because their login has ended, or whose
text somebody else was faster to save, would lose what they had just written. The text of a report in the editor
(:mod:`dashboard.editing`) and the words of an act that was refused (a comment, a reason) stand here by one rule: each
person has their own, by what it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TypeAlias

import streamlit as st

from dashboard import shell

MOST, MOST_OF_ONE = 500, 50
"""Texts that are kept: of all people, and of one person about one subject."""

MOST_CHARACTERS = 64_000_000
"""Of all texts that are kept. Where there is more of either, the oldest of whoever has the most of it goes."""

Subject: TypeAlias = tuple[str, str, str]
"""Data root, person, and what is typed about: a report, a model, a finding."""

Words: TypeAlias = Mapping[str, str]
"""What was typed by the box that it stands in; under :data:`WHOLE` what stands in the only one."""

WHOLE = ""

_BOXES = "kept_words_shown"
"""In the session: place of the messages -> widget key -> the subject of its words."""

_LOCK = Lock()


@st.cache_resource
def _by_subject() -> dict[tuple[Subject, str], Words]:
    """Return everything that is kept, by subject and name, the newest last."""
    return {}


def subject(about: str) -> Subject:
    """Return whose words about something are meant: those of the person who looks at the page."""
    return str(shell.settings().data), shell.person().id, about


def words_about(of: Subject) -> dict[str, Words]:
    """Return what is kept about a subject by name, the newest last."""
    with _LOCK:
        return {name: words for (each, name), words in _by_subject().items() if each == of}


def keep(of: Subject, name: str, words: Words) -> None:
    """Keep words about a subject, in place of earlier ones of that name.

    Parameters
    ----------
    of : tuple of str
    name : str
        What tells them from other words about the same: a box, or one of several pages that are open.
    words : mapping of str to str
    """
    with _LOCK:
        everything = _by_subject()
        everything.pop((of, name), None)
        everything[of, name] = words
        own = [place for place in everything if place[0] == of]
        for place in own[:-MOST_OF_ONE]:
            del everything[place]
        _forget_most(everything, lambda _: 1, MOST)
        _forget_most(everything, lambda words: sum(map(len, words.values())), MOST_CHARACTERS)


def _forget_most(
    everything: dict[tuple[Subject, str], Words], size_of: Callable[[Words], int], most: int
) -> None:
    """Let the oldest words go of whoever has the most, until all together have at most ``most``.

    One text may be more than that by itself: then it goes, and nobody else's.
    """
    of_person: Counter[str] = Counter()
    for (of, _), words in everything.items():
        of_person[of[1]] += size_of(words)
    while of_person.total() > most:
        ((person, _),) = of_person.most_common(1)
        oldest = next(place for place in everything if place[0][1] == person)
        of_person[person] -= size_of(everything.pop(oldest))


def drop(of: Subject, name: str) -> None:
    """Forget words about a subject: they are saved, or given up."""
    with _LOCK:
        _by_subject().pop((of, name), None)


# ---- the boxes of an act


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
    whose = subject(about)
    st.session_state.setdefault(_BOXES, {}).setdefault(place, {})[key] = whose
    words = words_about(whose).get(key)
    if words and key not in st.session_state:
        st.session_state[key] = words[WHOLE]


def keep_boxes(place: str) -> None:
    """Keep what stands in the boxes of an act that was refused."""
    for key, whose in _boxes(place).items():
        if words := str(st.session_state.get(key) or ""):
            keep(whose, key, {WHOLE: words})
        else:
            drop(whose, key)


def drop_boxes(place: str) -> None:
    """Forget what was kept of an act that is done now."""
    for key, whose in _boxes(place).items():
        drop(whose, key)


def _boxes(place: str) -> dict[str, Subject]:
    boxes: dict[str, Subject] = st.session_state.get(_BOXES, {}).get(place, {})
    return boxes
