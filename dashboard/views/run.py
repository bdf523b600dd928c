"""One run: where it is, what it logs, and its first error. ``?run=`` in the address names it."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from core.errors import AftercloseError
from core.journal import Journal, Run
from core.journal.lengths import took_s
from core.review.signoff import standing
from core.runs.folder import RunFolder
from core.runs.launcher import cancel
from core.runs.view import StageView, asked_for, progress, sign_off_view, stage_views, utc_clock
from core.store.checkpoints import Slot
from dashboard import shell, states
from dashboard.words import plain

REFRESH_S = 1.0


def page() -> None:
    """Lay out the run named in the address, else the newest."""
    journal = shell.journal()
    named = st.query_params.get(shell.RUN_PARAMETER)
    newest = journal.runs(limit=1) if journal else []
    if not named and not newest:
        st.info(
            "There is no run to look at yet. Open the page **Runs** and press **Run**.",
            icon=":material/info:",
        )
        shell.page_link("runs", "Open Runs")
        return
    run = shell.run_named(journal, named) if named else newest[0]
    assert journal is not None, "a run was found in it"
    st.query_params[shell.RUN_PARAMETER] = run.run_id
    with st.container(key="notices"):  # always there, so that what follows keeps its place
        shell.show_notice()
    name_and_cancel(run)
    live(journal, run)


def name_and_cancel(run: Run) -> None:
    """Draw the run's name and, while it goes, the button that ends it: apart from what refreshes itself."""
    with st.container(horizontal=True, vertical_alignment="center", key="name"):
        st.markdown(f"**Run {run.run_id}**", width="content")
        if run.active and st.button(
            "Cancel this run", icon=":material/stop_circle:", key="cancel", disabled=not shell.can_write()
        ):
            confirm_cancel(run)


def live(journal: Journal, shown: Run) -> None:
    """Draw what changes; while the run goes, again every second, and the whole page once it is over."""

    @st.fragment(run_every=REFRESH_S if shown.active else None, key="live")
    def draw() -> None:
        with shell.guarded():
            run = shell.run_named(journal, shown.run_id)
            if shown.active and not run.active:
                st.rerun()
            heading(run)
            first_error(run)
            graph(journal, run)
            if run.state == "succeeded":
                next_steps(run)
            findings(run)
            log(run)

    draw()


def heading(run: Run) -> None:
    """Draw the run's state, and who asked for what."""
    took = took_s(run, datetime.now(UTC))
    facts = [
        f"{plain(run.who)}, {run.how}",
        f"started {utc_clock(run.started_at or run.created_at)} UTC",
        f"{took:,.1f} s" if took is not None else "",
        plain(asked_for(run.request)),
    ]
    with st.container(horizontal=True, vertical_alignment="center", key="run-state"):
        states.badge(run.state)
        st.caption("  ·  ".join(fact for fact in facts if fact), width="content")


def first_error(run: Run) -> None:
    """Draw the first error of a run that came to nothing."""
    if run.error and not run.active:
        shell.alarm(f"{run.state.capitalize()}: {run.error}")


def graph(journal: Journal, run: Run) -> None:
    """Draw a box for each stage and one for sign-off, in running order."""
    views = stage_views(run, journal.events(run.run_id), datetime.now(UTC))
    report = run.keys.get("report") if run.state == "succeeded" else None
    damage = shell.store().damage(Slot("report", report)) if report else None
    if damage:
        shell.alarm(damage)
    held = standing(shell.store(), journal, report) if report else None
    done, of = progress(views)
    st.caption(f"{done} of {of} stages", width="content")
    with st.grid(8, min_column_width=128, gap="xsmall"):
        for number, view in enumerate([*views, sign_off_view(run, held)]):
            box(view, first=number == 0)


def box(view: StageView, *, first: bool) -> None:
    """Draw one box: state in word, symbol and colour; rows and seconds."""
    with st.container(border=True, height="stretch", gap="xsmall", key=f"stage-{view.stage}"):
        arrow = "" if first else ":gray[→] "
        st.markdown(f"{arrow}**{view.stage.replace('_', ' ')}**")
        states.badge(view.state)
        facts = [
            f"{view.rows:,} rows" if view.rows is not None else "",
            f"{view.seconds:,.1f} s" if view.seconds is not None else "",
            plain(view.note),
        ]
        st.caption("  \n".join(fact for fact in facts if fact) or "–")


def next_steps(run: Run) -> None:
    """Draw the ways on from a finished run."""
    with st.container(horizontal=True, key="next"):
        for name, label in (
            ("data", "See the data"),
            ("model", "See the evaluation"),
            ("report", "Edit and sign"),
        ):
            if st.button(label, key=f"open-{name}", type="primary" if name == "report" else "secondary"):
                shell.go(name, run=run.run_id)


def log(run: Run) -> None:
    """Draw the end of the log, and of what the run printed."""
    folder = RunFolder(shell.settings().data, run.run_id)
    lines, printed = folder.log(), folder.output()
    tabs = st.tabs(["Log (times are UTC)", "Printed"] if printed else ["Log (times are UTC)"], key="tabs")
    for tab, text, key in zip(tabs, (lines, printed), ("log", "printed"), strict=False):
        with tab, st.container(height=320, border=False, autoscroll=True, key=key):
            st.code(text or "nothing yet", language=None, wrap_lines=True)
    st.caption(f"Files: `{folder.path}`")


def findings(run: Run) -> None:
    """Draw the findings that stopped the run, if it was the gate."""
    found = RunFolder(shell.settings().data, run.run_id).findings()
    if found:
        with st.container(key="findings"):
            st.subheader("Findings of the gate", anchor=False)
            st.caption("An error stops the run. Correct the data at its source and run again.")
            table = pd.DataFrame(found).astype("string").fillna("")
            st.dataframe(table, hide_index=True, key="findings-table")


@st.dialog("Cancel this run?", icon=":material/stop_circle:")
def confirm_cancel(run: Run) -> None:
    """Ask before ending a run; what is committed stays."""
    st.write("The run and all its processes end within a few seconds. Finished stages stay and are reused.")
    st.caption(f"Run {run.run_id}")
    if st.button("Yes, cancel the run", type="primary", key="cancel-yes"):
        try:
            asked = cancel(shell.settings(), run.run_id, person=shell.person())
        except AftercloseError as error:
            shell.problem(error)
            return
        shell.notice("The run was asked to stop." if asked else "The run was over already.")
        st.rerun()


page()
