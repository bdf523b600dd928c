"""One run: where it is, what it logs, its first error, and what it made. ``?run=`` in the address names it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from html import escape

import streamlit as st

from core.errors import AftercloseError
from core.journal import Journal, Run
from core.queries.operations.run_table import RunRow, rows
from core.queries.reports.listing import ReportStanding
from core.queries.runs.folder import RunFolder
from core.queries.runs.holdings import as_zip, exceeds_zip_limit, export_command
from core.queries.runs.progress import (
    StageView,
    asked_for,
    at_work,
    describe_error,
    progress,
    share,
    sign_off_view,
    stage_views,
    utc_clock,
)
from core.queries.runs.run_labels import run_mark, run_name
from core.queries.runs.usual import usual_seconds
from core.report.formatting import minute
from core.review.standing import standing
from core.runs.heartbeat import pulse
from core.runs.launcher import cancel
from core.store.checkpoints import Slot
from dashboard import (
    acting,
    asking,
    compact,
    parts,
    requesting,
    run_actions,
    run_findings,
    run_log,
    run_made,
    shell,
    stage_bars,
)

REFRESH_S = 1.0
WAITED_S = 60.0
"""A run that started so long after it was asked for had to wait."""

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
        st.rerun()  # the head was drawn before it was known which run this is about
    st.set_page_config(
        page_title=f"{run.state} · Run {run.run_id} · Afterclose", page_icon=_ICONS.get(run.state, "🔔")
    )
    shell.show_notice()
    acting.show_message(run_actions.PLACE)
    live(journal, run, name_and_actions(journal, run))


def name_and_actions(journal: Journal, run: Run) -> ReportStanding:
    """Draw the run's name and what can be done about it, apart from what is live; return its report's state."""
    (row,) = rows(shell.settings(), journal, [run], datetime.now(UTC))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="name"):
        name = compact.words(row.annotation.name or run_name(run.run_id))
        zone = "" if row.annotation.name else '<span class="quiet on-screen">UTC</span> '
        mark = compact.to_copy(run.run_id, run_mark(run.run_id))
        compact.draw(f'<span class="run-name"><strong>{name}</strong> {zone}{mark}</span>', width="content")
        actions(journal, row)
    with st.container(key="about-run"):
        about(row)
    return row.report


def actions(journal: Journal, row: RunRow) -> None:
    """Draw what can be done about a run."""
    run = row.run
    if run.active:
        if st.button(
            "Cancel this run", icon=":material/stop_circle:", key="cancel",
            disabled=acting.refusal("cancel") is not None,
        ):  # fmt: skip
            confirm_cancel(run)
        return
    if st.button(
        "Clone", icon=":material/content_copy:", key="clone", type="tertiary", help="Fill the form as this run was"
    ):  # fmt: skip
        st.switch_page("views/start.py", query_params={requesting.CLONE: run.run_id})
    if st.button(
        "Name, tags, note", icon=":material/sell:", key="act-name", type="tertiary",
        disabled=acting.refusal("annotate") is not None,
    ):  # fmt: skip
        run_actions.ask_name([run.run_id], row)
    if exceeds_zip_limit(journal, run):
        st.caption(f"Download all: `{export_command(run)}`", width="content")
    else:
        st.download_button(
            "Download all", data=parts.to_download(lambda: as_zip(shell.settings(), run)), type="tertiary",
            file_name=f"{run.run_id}.zip", mime="application/zip", on_click="ignore", key="zip",
            icon=":material/folder_zip:",
        )  # fmt: skip
    if not run_findings.are_there(run):  # else it stands among the other ways on from there
        run_actions.again(run, first=run.state != "succeeded")
    if run.state == "succeeded":
        label = "Read the report" if row.report.report_state in _OVER else "Edit and sign"
        if st.button(label, key="open-report", type="primary"):
            shell.go("report", run=run.run_id)


def about(row: RunRow) -> None:
    """Draw what people wrote about a run, and the other attempts at the same thing."""
    parts = [f'<span class="tag">{escape(tag)}</span>' for tag in row.annotation.tags]
    if row.annotation.note:
        parts.append(
            compact.quiet(f"{row.annotation.note} ({row.annotation.who}, {minute(row.annotation.at)})")
        )
    if row.attempt:
        others = [
            compact.link(f"attempt {number}", "run", run_id)
            for number, run_id in enumerate(row.attempt.runs, 1)
            if run_id != row.run.run_id
        ]
        parts += [compact.quiet(f"attempt {row.attempt.number} of {row.attempt.of}; the others:"), *others]
    if parts:
        compact.draw(compact.row(parts))


def live(journal: Journal, opened: Run, report: ReportStanding) -> None:
    """Draw what changes; while the run goes, again every second, and the whole page once it is over."""

    @parts.redrawn("live", every_s=REFRESH_S if opened.active else None)
    def draw() -> None:
        with shell.reading():
            run = shell.run_named(journal, opened.run_id)
            if opened.active and run.state != opened.state:
                if not run.active:
                    st.session_state.pop(run_log.FOLLOW, None)  # a failed run's log opens at its first error
                st.rerun()  # the tab's name has the state
            heading(run, report.verdict)
            stopped = run_findings.are_there(run)
            with st.container(key="first-error"):  # each always there: the log's filters keep their place
                if not stopped:
                    first_error(run)
            with st.container(key="run-findings"), shell.guarded():  # the log is there whatever is wrong here
                run_findings.show(run)
            graph(journal, run)
            part(run)

    draw()


def heading(run: Run, verdict: str) -> None:
    """Draw the run's state, what came of it, and who asked for what."""
    took = run.took_s(datetime.now(UTC))
    facts = [
        f"by {run.who}, {run.how}",
        _waited(run),
        f"{'for' if run.active else 'took'} {took:,.1f} s" if took is not None else "",
        _reached(run),
        run_findings.accepted_words(run),
        asked_for(run.request),
    ]
    with st.container(key="run-state"):
        outcome = [compact.badge_to(verdict, "model", run.run_id)] if verdict else []
        compact.draw(
            compact.row((compact.badge(run.state), *outcome, compact.quiet(" · ".join(filter(None, facts)))))
        )


def _waited(run: Run) -> str:
    """Return when a run started that had to wait for it: the time at which it was asked for is its name."""
    if not run.started_at:
        return ""
    wait = datetime.fromisoformat(run.started_at) - datetime.fromisoformat(run.created_at)
    return f"started {utc_clock(run.started_at)} UTC" if wait.total_seconds() >= WAITED_S else ""


def _reached(run: Run) -> str:
    """Return how many stages are there of a run that is over."""
    log = shell.journal()
    if run.active or log is None:
        return ""
    done, of = progress(stage_views(run, log.events(run.run_id), datetime.now(UTC)))
    return f"{done} of {of} stages"


def first_error(run: Run) -> None:
    """Draw the first error of a run that came to nothing."""
    if run.error and not run.active:
        shell.alarm(describe_error(run))


def graph(journal: Journal, run: Run) -> None:
    """Draw how far the run is, and its stages up to sign-off as bars against how long they usually take."""
    views = stage_views(run, journal.events(run.run_id), datetime.now(UTC))
    report = run.keys.get("report") if run.state == "succeeded" else None
    damage = shell.store().damage(Slot("report", report)) if report else None
    with st.container(key="report-damage"):
        if damage:
            shell.alarm(damage)
    signed = standing(shell.store(), journal, report) if report else None
    with st.container(key="how-far"):
        if run.active:
            how_far(run, views)
    usual = _usual(str(shell.settings().data), shell.settings().journal, run.run_id)
    if run.active or signed:  # what ended without a report comes to none
        views = [*views, sign_off_view(run, signed)]
    # the place of the table has its height before the table is there
    bars = sum(view.seconds is not None and not stage_bars.is_bar(view) for view in views)
    lines = len(stage_bars.lines(views, run))
    compact.draw(f"<style>body .st-key-line {{ --bars: {bars}; --stages: {lines}; }}</style>")
    with st.container(key="line"):
        compact.draw(stage_bars.markup(views, run, usual))


@st.cache_data(max_entries=64, show_spinner=False)
def _usual(root: str, url: str, run_id: str) -> dict[str, float]:
    del root, url  # they tell two desks apart; what went before a run does not change
    log = shell.journal()
    return usual_seconds(log, shell.run_named(log, run_id)) if log else {}


def how_far(run: Run, views: list[StageView]) -> None:
    """Draw how many stages are there, how far the run is and how long ago it gave a sign."""
    done, of = progress(views)
    now = pulse(RunFolder(shell.settings().data, run.run_id).path, time.time())
    sign = f"; last heartbeat {now.age_s:,.0f} s ago" if now.age_s is not None else ""
    st.progress(share(views, now), text=f"{_standing(run, views, done, of)}{at_work(views, now)}{sign}")
    if now.silent:
        st.warning(
            "It gave no sign for a while and may hang: look at the log, or cancel and retry.",
            icon=":material/monitor_heart:",
        )


def _standing(run: Run, views: list[StageView], done: int, of: int) -> str:
    """Return how far a run is that is not over; what is over but for the last word is said so."""
    failed = next((view.stage for view in views if view.state == "failed"), None)
    if failed:
        return f"{failed.replace('_', ' ')} failed; the run is ending"
    if run.state == "queued":
        return "Starting: its process reads the program"
    return f"{done} of {of} stages" if done < of else f"All {of} stages are there; the run is ending"


_OVER = ("signed", "published", "rejected", "superseded")
"""States of a report that asks for nothing."""


def part(run: Run) -> None:
    """Draw the part of the page that is chosen: the log, what was printed, or what was made."""
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


@parts.question("Cancel this run?", icon=":material/stop_circle:")
def confirm_cancel(run: Run) -> None:
    """Ask before ending a run; what is committed stays."""
    st.write("The run and all its processes end within a few seconds. Finished stages stay and are reused.")
    st.caption(f"Run {run_name(run.run_id)}")
    with st.container(horizontal=True):
        pressed = st.button("Yes, cancel the run", type="primary", key="cancel-yes")
        asking.leave("cancel-yes", "No, let it go on")
    if pressed:
        try:
            outcome = cancel(shell.settings(), run.run_id, person=shell.person())
        except AftercloseError as error:
            shell.problem(error)
            return
        shell.notice("The run was asked to stop." if outcome else "The run was over already.")
        st.rerun()


page()
