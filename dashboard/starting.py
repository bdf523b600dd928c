"""Starting a run from the desk: what it would do is shown first, and nothing starts before a person agrees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from core.errors import AftercloseError
from core.journal import Run
from core.queries.runs.preview import COMPARED, COMPUTED, REUSED, Effective, Preview, preview
from core.report.formatting import counted
from core.review.makers import request_on_record
from core.review.waive import file_for, own_file
from core.runs.launcher import launch
from dashboard import acting, asking, parts, shell, states, wrapped
from dashboard.words import literal

Request = Mapping[str, str]


def confirm(request: Request, target: str = "report", plan: Preview | None = None, doubt: str = "") -> None:
    """Show the stages and the effective parameters of a run, and start it if a person agrees.

    Parameters
    ----------
    plan : Preview, optional
        What the run would do, if the page knows it already; it is looked up otherwise, once for as long as
        the question stands.
    doubt : str
        What the page knows against it.
    """
    try:
        plan = plan or preview(shell.settings(), request, now=datetime.now(UTC), target=target)
    except AftercloseError as error:
        _question(request, target, error, doubt)
    else:
        _question(request, target, plan, doubt)


@parts.question("Start this run?", width="medium", icon=":material/play_arrow:")
def _question(request: Request, target: str, plan: Preview | AftercloseError, doubt: str) -> None:
    if isinstance(plan, AftercloseError):
        shell.problem(plan)
        return
    st.write(summary(plan))
    if doubt:
        st.warning(literal(doubt), icon=":material/warning:")
    if plan.shortage:
        st.warning(literal(plan.shortage), icon=":material/history:")
    for words in filter(None, (plan.unused, plan.later)):
        st.info(literal(words), icon=":material/info:")
    with st.container(horizontal=True):
        off = acting.refusal("launch") is not None
        pressed = st.button("Start", type="primary", key="start", disabled=off)
        asking.leave("start")
    if pressed:
        start(request, target)
    _steps(plan)
    _parameters(plan)


def summary(plan: Preview) -> str:
    """Return in one sentence how much of a run is there already."""
    computed, reused, compared = (plan.count(does) for does in (COMPUTED, REUSED, COMPARED))
    if not computed and not compared:
        return "Everything is there already: all stages are reused, and the run ends at once."
    again = f", {compared} computed again and compared" if compared else ""
    return f"Of {counted(len(plan.steps), 'stage')}, {computed} will be made and {reused} reused{again}."


_AHEAD = {COMPUTED: "to make", REUSED: "reuse", COMPARED: "to compare"}
"""What a plan does with a stage, said of what is not done yet."""


def _steps(plan: Preview) -> None:
    with st.container(border=True, gap="xxsmall", key="preview-stages"):
        for step in plan.steps:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                states.badge(_AHEAD.get(step.does, step.does), width=110)
                st.markdown(step.stage.replace("_", " "), width="content")


def _parameters(plan: Preview) -> None:
    requested = [each for each in plan.parameters if each.origin == "asked"]
    if requested:
        st.markdown("**Asked for**")
        _table(requested, "preview-requested")
    else:
        st.caption("Nothing differs from the settings.")
    with st.expander(f"All {len(plan.parameters)} effective parameters", key="preview-parameters"):
        _table(plan.parameters, "preview-all")


def _table(parameters: list[Effective] | tuple[Effective, ...], key: str) -> None:
    columns = {
        "Parameter": [each.name for each in parameters],
        "Value": [_short(each.value) for each in parameters],
        "From": [each.origin for each in parameters],
    }
    wrapped.table(columns, key)


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."


def start(request: Request, target: str = "report") -> None:
    """Start a run and go to it; a run that does the same already is shown instead."""
    settings = shell.settings()
    try:
        launched = launch(
            settings,
            request,
            person=shell.person(),
            how="desk",
            folder=Path.cwd(),
            target=target,
            resolved=True,  # for the question that a person has just answered
        )
    except AftercloseError as error:
        shell.problem(error)
        return
    if not launched.new:
        shell.notice("This very run is already going; here it is.")
    shell.look_at_newest()  # what is made now is what pages should show next
    shell.go("run", run=launched.run_id)


def again(run: Run) -> dict[str, str]:
    """Return the request that does once more what ``run`` was for, with the findings accepted at this desk.

    Raises
    ------
    CheckpointError, JournalError
        If the ledger does not say what it was.
    """
    settings, journal = shell.settings(), shell.journal()
    request = request_on_record(journal, run) if journal else dict(run.request)
    path = file_for(settings, request)
    accepted = {"waivers": str(path)} if path == own_file(settings) and path.is_file() else {}
    return {**request, **accepted}
