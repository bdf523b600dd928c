"""What every page's buttons share: whether they may be pressed, and what they have to say afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable

import streamlit as st

from core.errors import AftercloseError
from core.review.people import may
from dashboard import asking, kept_words, shell
from dashboard.words import literal

SUCCESS, ERROR = "success", "error"


def refusal(action: str) -> str | None:
    """Return why the person at this desk cannot do ``action``, None if nothing speaks against it.

    For switching a button off; the service judges again when it is pressed.
    """
    person = shell.person()
    if not shell.can_write():
        return "The data root cannot be written."
    return None if may(person, action) else f"Your role, {person.role}, may not."


def saying(page: str, act: Callable[[], str]) -> bool:
    """Do ``act`` and keep what it says for the next drawing of ``page``; return whether it was done.

    What was typed for an act that was refused is kept, too (:mod:`dashboard.kept_words`).
    """
    try:
        say(page, SUCCESS, act())
    except (AftercloseError, OSError) as error:
        kept_words.keep_boxes(page)
        say(page, ERROR, str(error))
        return False
    except Exception as error:
        # a callback runs before the page's own guard
        logging.getLogger("afterclose").exception("unexpected error of a button")
        kept_words.keep_boxes(page)
        say(
            page,
            ERROR,
            f"Unexpected {type(error).__name__}; the details are printed where the desk was started.",
        )
        return False
    kept_words.drop_boxes(page)
    return True


def say(page: str, kind: str, text: str) -> None:
    """Keep a message, as :data:`SUCCESS` or :data:`ERROR`, for the next drawing of ``page``."""
    st.session_state[f"{page}_said"] = (kind, text)


def has_message(page: str) -> bool:
    """Return whether the last button of ``page`` has something to say that was not drawn yet."""
    return f"{page}_said" in st.session_state


def has_error(page: str) -> bool:
    """Return whether the last button of ``page`` was refused, and nobody has read why yet."""
    return bool(st.session_state.get(f"{page}_said", (SUCCESS, ""))[0] == ERROR)


def confirm(page: str, label: str, key: str, act: Callable[[], None]) -> None:
    """Draw the buttons of a question: one does ``act``, and what is refused is said below while the question stays;
    one leaves it.
    """
    with st.container(horizontal=True):
        pressed = st.button(label, key=key, type="primary", on_click=act)
        asking.leave(key)
    if not pressed:
        return
    if has_error(page):
        st.error(literal(take_message(page)[1]))
        return
    st.rerun()


def show_message(page: str) -> None:
    """Draw once what the last button of ``page`` had to say, in a place that is there also without a message.

    A message that came and went by itself would give all that follows another place in the page: the browser would
    make those elements anew, and what is typed meanwhile would be lost.
    """
    with st.container(key=f"{page}-message"):
        kind, text = take_message(page)
        if text:
            (st.success if kind == SUCCESS else st.error)(literal(text))


def take_message(page: str) -> tuple[str, str]:
    """Return once what the last button of ``page`` had to say, as :data:`SUCCESS` or :data:`ERROR` and a text."""
    kind, text = st.session_state.pop(f"{page}_said", (SUCCESS, ""))
    return kind, text
