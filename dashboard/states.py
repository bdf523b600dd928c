"""How states look: a word, a symbol and a colour for each, the same on every page."""

from __future__ import annotations

from typing import Literal

import streamlit as st

Colour = Literal["red", "orange", "green", "blue", "violet", "gray"]

_LOOKS: dict[str, tuple[str, Colour]] = {
    "queued": ("schedule", "gray"),
    "active": ("alarm_on", "green"),
    "going": ("play_arrow", "blue"),
    "paused": ("pause", "orange"),
    "starting": ("play_arrow", "blue"),
    "skipped": ("skip_next", "orange"),
    "refused": ("block", "red"),
    "not run": ("remove", "gray"),
    "waiting": ("hourglass_top", "orange"),
    "running": ("play_arrow", "blue"),
    "done": ("check_circle", "green"),
    "succeeded": ("check_circle", "green"),
    "reused": ("history", "violet"),
    "made": ("construction", "blue"),
    "to make": ("construction", "blue"),
    "reuse": ("history", "violet"),
    "to compare": ("compare_arrows", "orange"),
    "compared": ("compare_arrows", "orange"),
    "failed": ("error", "red"),
    "stopped": ("stop_circle", "orange"),
    "cancelled": ("cancel", "orange"),
    "interrupted": ("link_off", "orange"),
    "fresh": ("check_circle", "green"),
    "late": ("schedule", "orange"),
    "none": ("remove", "gray"),
    "behind": ("history_toggle_off", "orange"),
    "no data": ("hide_source", "orange"),
    "nothing new": ("hide_source", "orange"),
    "unknown": ("help", "gray"),
    "open": ("radio_button_unchecked", "orange"),
    "accepted": ("how_to_reg", "green"),
    "to correct": ("build", "red"),
    "whole": ("check_circle", "green"),
    "damaged": ("broken_image", "red"),
    "not made": ("remove", "gray"),
    "to decide": ("balance", "orange"),
    "to revise": ("edit_note", "orange"),
    "draft": ("edit", "gray"),
    "in review": ("rate_review", "orange"),
    "changes requested": ("edit_note", "orange"),
    "revoked": ("block", "red"),
    "superseded": ("low_priority", "gray"),
    "to sign": ("draw", "orange"),
    "signed": ("verified", "green"),
    "published": ("public", "green"),
    "missing": ("hide_source", "red"),
    "stale": ("update_disabled", "orange"),
    "rejected": ("thumb_down", "red"),
    "passed": ("check_circle", "green"),
    "not passed": ("cancel", "red"),
    "not known": ("help", "gray"),
    "ok": ("check_circle", "green"),
    "not ok": ("cancel", "red"),
    "unclear": ("help", "gray"),
    "not verified": ("help", "gray"),
    "better than chance": ("check_circle", "green"),
    "no better than chance": ("do_not_disturb_on", "orange"),
    "worse than chance": ("error", "red"),
    "insufficient data": ("help", "gray"),
    "insufficient new data": ("help", "gray"),
    "usual": ("check_circle", "green"),
    "read-only": ("lock", "orange"),
    "unusual": ("trending_up", "orange"),
    "drifted": ("error", "red"),
    "too little history": ("help", "gray"),
}


NO_STATE = "🔔"
"""Of a browser's tab that is about no report."""

_SIGNS: dict[Colour, str] = {
    "red": "🔴",
    "orange": "🟠",
    "green": "🟢",
    "blue": "🔵",
    "violet": "🟣",
    "gray": "⚪",
}


def sign(state: str) -> str:
    """Return a state as the picture of a browser's tab: a letter of the system, nothing is fetched for it.

    >>> sign("failed"), sign("published")
    ('🔴', '🟢')
    """
    return _SIGNS[look(state)[1]]


def look(state: str) -> tuple[str, Colour]:
    """Return the name of a state's symbol, and its colour."""
    return _LOOKS.get(state, ("help", "gray"))


def badge(state: str, *, width: int | Literal["content"] = "content") -> None:
    """Draw a state as word, symbol and colour."""
    symbol, colour = look(state)
    st.badge(state, icon=f":material/{symbol}:", color=colour, width=width)
