"""Runs as rows of a table that wraps where there is no room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import streamlit as st

from core.journal import Run
from core.journal.lengths import took_s
from core.runs.view import asked_for, utc_clock
from dashboard import requesting, shell, states
from dashboard.words import plain

MOST_OF_REQUEST = 60


def rows(runs: Iterable[Run], name: str, *, clone: bool = False) -> None:
    """Draw ``runs`` in a box of their own, keyed by ``name``; with ``clone`` each can fill the form again."""
    with st.container(border=True, gap="small", key=f"runs-{name}"):
        for run in runs:
            row(run, name, clone=clone)


def row(run: Run, name: str, *, clone: bool) -> None:
    """Draw one run: state, link, start, who and how, seconds, what was asked. The widths line rows up."""
    took = took_s(run, datetime.now(UTC))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}-{run.run_id}"):
        states.badge(run.state, width=116)
        shell.page_link("run", f":blue[{run.run_id}]", run=run.run_id, width=224, help_="Open this run")
        st.caption(utc_clock(run.started_at or run.created_at), width=150)
        st.caption(f"{plain(run.who)}, {run.how}", width=150)
        st.caption(f"{took:,.1f} s" if took is not None else "–", width=64)
        asked = asked_for(run.request)
        st.caption(
            plain(asked if len(asked) <= MOST_OF_REQUEST else f"{asked[: MOST_OF_REQUEST - 3]}..."), width=230
        )
        if clone:
            st.button(
                "Clone", key=f"clone-{run.run_id}", type="tertiary", icon=":material/content_copy:",
                help="Fill the form as this run was", on_click=requesting.take, args=(run,),
            )  # fmt: skip
