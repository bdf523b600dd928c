"""One run: where it is, what it logs, its first error, and what it made. ``?run=`` in the address names it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import streamlit as st

from core.errors import AftercloseError
from core.journal import Journal, Run
from core.queries.runs.folder import RunFolder
from core.queries.runs.holdings import as_zip, exceeds_zip_limit, export_command
from core.queries.runs.progress import (
    StageView,
    asked_for,
    at_work,
    error_told,
    progress,
    share,
    sign_off_view,
    size_text,
    stage_views,
    utc_clock,
)
from core.request.stages import NAMES
from core.review.signoff import standing
from core.runs.heartbeat import pulse
from core.runs.launcher import cancel
from core.store.checkpoints import Slot
from dashboard import acting, compact, line, requesting, run_findings, run_log, run_made, shell, starting

REFRESH_S = 1.0
SHOW = "show"
_ICONS = {"queued": "⏳", "running": "▶️", "succeeded": "✅", "failed": "❌", "waiting": "✋"}
"""Of the browser's tab, by the run's state."""

PARTS = {"log": run_log.show, "printed": run_log.printed, "artifacts": run_made.show}
"""What the lower part of the page can show; the word stands in the address."""


def page() -> None:
    """Lay out the run named in the address, else the newest."""
    journal = shell.journal()
    run_id = st.query_params.get(shell.RUN_PARAMETER)
    newest = journal.runs(limit=1) if journal else []
    if not run_id and not newest:
        st.info(
            "There is no run to look at yet. Open the page **Runs** and press **Run**.",
            icon=":material/info:",
        )
        shell.page_link("runs", "Open Runs")
        return
    by_session = shell.chosen_run() if not run_id and shell.PROFILE_PARAMETER in st.query_params else None
    run = shell.run_named(journal, run_id) if run_id else by_session or newest[0]
    assert journal is not None, "a run was found in it"
    if run_id != run.run_id:
        shell.look_at(run.run_id)
    st.set_page_config(
        page_title=f"{run.state} · Run {run.run_id} · Afterclose", page_icon=_ICONS.get(run.state, "🔔")
    )
    shell.show_notice()
    name_and_actions(journal, run)
    live(journal, run)


def name_and_actions(journal: Journal, run: Run) -> None:
    """Draw the run's name and what can be done about it: apart from what refreshes itself."""
    with st.container(horizontal=True, vertical_alignment="center", key="name"):
        st.markdown(f"**Run {run.run_id}**", width="content")
        if run.active:
            if st.button(
                "Cancel this run",
                icon=":material/stop_circle:",
                key="cancel",
                disabled=acting.refusal("cancel") is not None,
            ):
                confirm_cancel(run)
            return
        if (
            run.state != "succeeded"
            and run.target in NAMES
            and st.button(
                "Retry",
                icon=":material/replay:",
                key="retry",
                type="primary",
                disabled=acting.refusal("launch") is not None,
                help="Ask for the same again: finished stages are reused, the failed one and those after it are made.",
            )
        ):
            starting.confirm(starting.again(run), run.target)
        shell.page_link(
            "runs", "Clone", query={requesting.CLONE: run.run_id}, help_="Fill the form as this run was"
        )
        if exceeds_zip_limit(journal, run):
            st.caption(f"All as zip: `{export_command(run)}`", width="content")
            return
        st.download_button(
            "All as zip",
            data=lambda: as_zip(shell.settings(), run),
            file_name=f"{run.run_id}.zip",
            mime="application/zip",
            on_click="ignore",
            key="zip",
            icon=":material/folder_zip:",
            type="tertiary",
        )


def live(journal: Journal, opened: Run) -> None:
    """Draw what changes; while the run goes, again every second, and the whole page once it is over."""

    @st.fragment(run_every=REFRESH_S if opened.active else None, key="live")
    def draw() -> None:
        with shell.guarded():
            run = shell.run_named(journal, opened.run_id)
            if opened.active and run.state != opened.state:
                if not run.active:
                    st.session_state.pop(run_log.FOLLOW, None)  # a failed run's log opens at its first error
                st.rerun()  # the tab's name has the state
            heading(run)
            with st.container(key="first-error"):  # each always there: the log's filters keep their place
                first_error(run)
            graph(journal, run)
            with st.container(key="next-steps"):
                if run.state == "succeeded":
                    next_steps(run)
            with st.container(key="run-findings"), shell.guarded():  # the log is there whatever is wrong here
                run_findings.show(run)
            part(run)

    draw()


def heading(run: Run) -> None:
    """Draw the run's state, and who asked for what."""
    took = run.took_s(datetime.now(UTC))
    facts = [
        f"{run.who}, {run.how}",
        f"started {utc_clock(run.started_at or run.created_at)} UTC",
        f"{took:,.1f} s" if took is not None else "",
        asked_for(run.request),
        run_findings.accepted_words(run),
    ]
    text = compact.quiet("  ·  ".join(fact for fact in facts if fact))
    with st.container(key="run-state"):
        compact.draw(compact.row((compact.badge(run.state), text)))


def first_error(run: Run) -> None:
    """Draw the first error of a run that came to nothing."""
    if run.error and not run.active:
        shell.alarm(error_told(run))


def graph(journal: Journal, run: Run) -> None:
    """Draw the line of stages up to sign-off, how far it is, and a box for each."""
    views = stage_views(run, journal.events(run.run_id), datetime.now(UTC))
    report = run.keys.get("report") if run.state == "succeeded" else None
    damage = shell.store().damage(Slot("report", report)) if report else None
    with st.container(key="report-damage"):
        if damage:
            shell.alarm(damage)
    signed = standing(shell.store(), journal, report) if report else None
    boxes = [*views, sign_off_view(run, signed)]
    signs = [(view.stage, view.state) for view in boxes]
    dark = st.context.theme.type == "dark"
    picture = compact.picture(line.line_svg(signs, dark=dark), line.describe(signs))
    done, of = progress(views)
    grid = compact.grid(box(view) for view in boxes)
    with st.container(key="line"):
        if not run.active:
            compact.draw(compact.stack((picture, compact.quiet(f"{done} of {of} stages"), grid)))
            return
        compact.draw(picture)
        how_far(run, views)
        compact.draw(grid)


def how_far(run: Run, views: list[StageView]) -> None:
    """Draw how many stages are there, how far the run is and how long ago it gave a sign."""
    done, of = progress(views)
    now = pulse(RunFolder(shell.settings().data, run.run_id).path, time.time())
    sign = f"; last sign of life {now.age_s:,.0f} s ago" if now.age_s is not None else ""
    st.progress(share(views, now), text=f"{done} of {of} stages{at_work(views, now)}{sign}")
    if now.silent:
        st.warning(
            "It gave no sign for a while and may hang: look at the log, or cancel and retry.",
            icon=":material/monitor_heart:",
        )


def box(view: StageView) -> str:
    """Return one box: state in word, symbol and colour; rows in and out, bytes, seconds, attempt."""
    facts = [
        f"{view.rows_in:,} rows in" if view.rows_in is not None else "",
        f"{view.rows:,} rows" if view.rows is not None else "",
        size_text(view.bytes) or "",
        f"{view.seconds:,.1f} s" if view.seconds is not None else "",
        f"attempt {view.attempt}" if view.attempt > 1 and "attempt" not in view.note else "",
        view.note,
    ]
    texts = [compact.quiet(fact) for fact in facts if fact] or [compact.quiet("–")]
    name = compact.strong(view.stage.replace("_", " "))
    return compact.box(f"stage-{view.stage}", (name, compact.badge(view.state), *texts))


def next_steps(run: Run) -> None:
    """Draw the ways on from a finished run."""
    with st.container(horizontal=True, key="next"):
        for name, label in (
            ("data", "See the data"),
            ("features", "See the features"),
            ("model", "See the evaluation"),
            ("report", "Edit and sign"),
        ):
            if st.button(label, key=f"open-{name}", type="primary" if name == "report" else "secondary"):
                shell.go(name, run=run.run_id)


def part(run: Run) -> None:
    """Draw the part of the page that the address names: the log, what was printed, or what was made."""
    parts = [name for name in PARTS if name != "printed" or run.how != "terminal"]
    chosen = st.segmented_control(
        "Show",
        parts,
        default="log",
        required=True,
        key=SHOW,
        bind="query-params",
        label_visibility="collapsed",
    )
    PARTS[str(chosen)](run)


@st.dialog("Cancel this run?", icon=":material/stop_circle:")
def confirm_cancel(run: Run) -> None:
    """Ask before ending a run; what is committed stays."""
    st.write("The run and all its processes end within a few seconds. Finished stages stay and are reused.")
    st.caption(f"Run {run.run_id}")
    if st.button("Yes, cancel the run", type="primary", key="cancel-yes"):
        try:
            outcome = cancel(shell.settings(), run.run_id, person=shell.person())
        except AftercloseError as error:
            shell.problem(error)
            return
        shell.notice("The run was asked to stop." if outcome else "The run was over already.")
        st.rerun()


page()
