"""Runs as rows of a table that wraps where there is no room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import streamlit as st

from core.journal import Run
from core.journal.lengths import took_s
from core.runs.view import utc_clock
from dashboard import shell, states
from dashboard.words import plain


def rows(runs: Iterable[Run], name: str) -> None:
    """Draw ``runs`` in a box of their own, keyed by ``name``."""
    with st.container(border=True, gap="small", key=f"runs-{name}"):
        for run in runs:
            row(run, name)


def row(run: Run, name: str) -> None:
    """Draw one run: state, link, start, who and how, seconds, report. The widths line rows up."""
    took = took_s(run, datetime.now(UTC))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}-{run.run_id}"):
        states.badge(run.state, width=116)
        shell.page_link("run", f":blue[{run.run_id}]", run=run.run_id, width=224, help_="Open this run")
        st.caption(utc_clock(run.started_at or run.created_at), width=150)
        st.caption(f"{plain(run.who)}, {run.how}", width=150)
        st.caption(f"{took:,.1f} s" if took is not None else "–", width=64)
        report = run.keys.get("report") if run.state == "succeeded" else None
        st.caption(f"report {plain(report)}" if report else "no report", width=240)
