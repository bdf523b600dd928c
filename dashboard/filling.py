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
from dashboard.words import plain

REFRESH_S = 2.0
NO_PROFILE, AS_SET = "(none)", "(as set)"
SHOWN = 3
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


def start(wanted: backfill.Range) -> None:
    """Record a range and start the process that fills it in."""
    settings = shell.settings()
    try:
        backfill_id = backfill.begin(settings, wanted, person=shell.person(), now=datetime.now(UTC))
    except AftercloseError as error:
        shell.problem(error)
        return
    backfill.in_background(settings, backfill_id, Path.cwd())
    shell.notice(f"{wanted.first} to {wanted.last} is being filled in.")
    st.rerun()


@st.fragment(run_every=REFRESH_S, key="backfills")
def listing() -> None:
    """Draw the newest ranges; again every few seconds, because they go on by themselves."""
    settings = shell.settings()
    if shell.journal() is None:
        return
    journal = Backfills(settings.data, settings.journal, read_only=True)
    for found in journal.backfills(limit=SHOWN):
        draw(journal, found)


def draw(journal: Backfills, found: Backfill) -> None:
    """Draw one range: progress, counts, a way to stop it, and the table of its sessions."""
    sessions = journal.filled(found.backfill_id)
    with st.container(border=True, key=f"backfill-{found.backfill_id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{found.body['first']} to {found.body['last']}**", width="content")
            states.badge(found.state)
            counted = ", ".join(f"{count:,} {state}" for state, count in backfill.counts(sessions).items())
            st.caption(f"{counted} · {plain(found.who)}", width="content")
            if found.state == GOING and st.button("Stop", key=f"stop-{found.backfill_id}"):
                settings = shell.settings()
                Backfills(settings.data, settings.journal).ask_to_stop(found.backfill_id)
        st.progress(backfill.progress(sessions))
        with st.expander("Sessions", key=f"sessions-{found.backfill_id}"):
            columns = {
                "Session": [one.session for one in sessions],
                "State": [one.state for one in sessions],
                "Run": [one.run_id or "" for one in sessions],
                "Note": [one.note or "" for one in sessions],
            }
            st.dataframe(columns, hide_index=True, key=f"table-{found.backfill_id}")
