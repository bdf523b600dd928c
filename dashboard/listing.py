"""Runs as rows of a table that wraps where there is no room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import streamlit as st

from core.journal import Run
from core.queries.runs.progress import asked_for, utc_clock
from core.queries.runs.run_labels import line_of_work
from dashboard import compact, requesting, shell

MOST_OF_REQUEST = 60


def rows(runs: Iterable[Run], name: str, *, clone: bool = False) -> None:
    """Draw ``runs`` in a box of their own, keyed by ``name``; with ``clone`` each can fill the form again."""
    with st.container(border=True, gap="small", key=f"runs-{name}"):
        for run in runs:
            row(run, name, clone=clone)


def row(run: Run, name: str, *, clone: bool) -> None:
    """Draw one run: link, state, start, whose, who and how, seconds, what was asked. The widths line rows up."""
    took = run.took_s(datetime.now(UTC))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}-{run.run_id}"):
        shell.page_link("run", f":blue[{run.run_id}]", run=run.run_id, width=224, help_="Open this run")
        request = asked_for(run.request)
        facts = (
            (utc_clock(run.started_at or run.created_at), 136),
            (line_of_work(shell.settings(), run), 136),
            (f"{run.who}, {run.how}", 136),
            (f"{took:,.1f} s" if took is not None else "–", 50),
            (request if len(request) <= MOST_OF_REQUEST else f"{request[: MOST_OF_REQUEST - 3]}...", 0),
        )
        cells = (compact.cell(compact.quiet(text), width) for text, width in facts)
        compact.draw(compact.row((compact.cell(compact.badge(run.state), 104), *cells)), width="content")
        if clone:
            st.button(
                "Clone", key=f"clone-{run.run_id}", type="tertiary", icon=":material/content_copy:",
                help="Fill the form as this run was", on_click=requesting.take, args=(run,),
            )  # fmt: skip
