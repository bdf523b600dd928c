"""Filling in past sessions from the desk: a form for a range, and how ranges go."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from core.errors import AftercloseError
from core.journal.backfills import GOING, Backfill, Backfills
from core.request.stages import MODES
from core.schedule import backfill
from dashboard import shell, states
from dashboard.words import literal

REFRESH_S = 2.0
NO_PROFILE, AS_SET = "(none)", "(as set)"
MOST_RANGES = 3
"""Newest ranges on the page."""


def form() -> None:
    """Draw the form of a range and start it when asked to."""
    settings = shell.settings()
    st.caption(
        "One run for each session, a few at a time. What is there is skipped; a stopped range is resumed."
    )
    with st.grid(5, min_column_width=140):
        first = st.text_input("First day", placeholder="YYYY-MM-DD", key="backfill-first")
        last = st.text_input("Last day", placeholder="YYYY-MM-DD", key="backfill-last")
        profile = st.selectbox("Profile", [NO_PROFILE, *settings.profiles], key="backfill-profile")
        mode = st.selectbox("Mode", [AS_SET, *MODES], key="backfill-mode")
        jobs = st.number_input("At the same time", 1, backfill.MOST_JOBS, 2, key="backfill-jobs")
    if st.button(
        "Fill in", icon=":material/play_arrow:", key="backfill-start", disabled=not shell.can_write()
    ):
        request = {
            name: text
            for name, text in (("profile", profile), ("mode", mode))
            if text not in (NO_PROFILE, AS_SET)
        }
        start(backfill.Range(first.strip(), last.strip(), request, int(jobs)))


def start(period: backfill.Range) -> None:
    """Record a range and start the process that fills it in."""
    settings = shell.settings()
    try:
        backfill_id = backfill.begin(settings, period, person=shell.person(), now=datetime.now(UTC))
    except AftercloseError as error:
        shell.problem(error)
        return
    backfill.in_background(settings, backfill_id, Path.cwd())
    shell.notice(f"{period.first} to {period.last} is being filled in.")
    st.rerun()


@st.fragment(run_every=REFRESH_S, key="backfills")
def listing() -> None:
    """Draw the newest ranges; again every few seconds, because they go on by themselves."""
    settings = shell.settings()
    if shell.journal() is None:
        return
    journal = Backfills(settings.data, settings.journal, read_only=True)
    for each in journal.backfills(limit=MOST_RANGES):
        draw(journal, each)


def draw(journal: Backfills, request: Backfill) -> None:
    """Draw one range: progress, counts, a way to stop it, and the table of its sessions."""
    sessions = journal.filled(request.backfill_id)
    with st.container(border=True, key=f"backfill-{request.backfill_id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{request.body['first']} to {request.body['last']}**", width="content")
            states.badge(request.state)
            counted = ", ".join(f"{count:,} {state}" for state, count in backfill.counts(sessions).items())
            st.caption(f"{counted} · {literal(request.who)}", width="content")
            if request.state == GOING and st.button("Stop", key=f"stop-{request.backfill_id}"):
                settings = shell.settings()
                Backfills(settings.data, settings.journal).ask_to_stop(request.backfill_id)
        st.progress(backfill.progress(sessions))
        with st.expander("Sessions", key=f"sessions-{request.backfill_id}"):
            columns = {
                "Session": [row.session for row in sessions],
                "State": [row.state for row in sessions],
                "Run": [row.run_id or "" for row in sessions],
                "Note": [row.note or "" for row in sessions],
            }
            st.dataframe(columns, hide_index=True, key=f"table-{request.backfill_id}")
