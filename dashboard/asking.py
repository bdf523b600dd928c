"""The way out of a question: beside the button that does something stands one that does nothing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def leave(key: str, label: str = "Cancel", *, forget: Callable[[], None] | None = None) -> None:
    """Draw the button that closes the question it stands in, without an answer.

    Parameters
    ----------
    key : str
        Of the button that does what is asked: this one's is made from it.
    label : str
        Its words; of a question about cancelling another than *Cancel*.
    forget : callable
        What the page remembers of the question, to be forgotten with it.
    """
    if st.button(label, key=f"leave-{key}", type="tertiary"):
        if forget is not None:
            forget()
        st.rerun()
