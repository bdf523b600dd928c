"""A word when a run ends, on whatever page one is: looked up every few seconds, shown over the page."""

from __future__ import annotations

import streamlit as st

from core.errors import AftercloseError
from core.journal.runs_and_drafts import ACTIVE
from core.queries.runs.run_labels import run_name
from dashboard import parts, shell
from dashboard.states import look
from dashboard.words import literal

EVERY_S = 5
_GOING = "runs_going"
_NEWEST = 30
"""Runs that are looked at: more at one time are not announced one by one."""


@parts.redrawn("ended-runs", every_s=EVERY_S)
def draw() -> None:
    """Say which of the runs that were going at the last look have ended since, and how."""
    try:
        with shell.reading():
            journal = shell.journal()
            runs = journal.runs(limit=_NEWEST) if journal else []
    except AftercloseError:
        return  # the page says what is wrong with the journal
    before: set[str] = st.session_state.get(_GOING, set())
    for run in runs:
        if run.run_id in before and run.state not in ACTIVE:
            symbol, _ = look(run.state)
            st.toast(
                literal(f"Run {run_name(run.run_id)}: {run.state}."),
                icon=f":material/{symbol}:",
                duration="long",
            )
    st.session_state[_GOING] = {run.run_id for run in runs if run.state in ACTIVE}
