"""What a page about one run looks at: the run, chosen on the page, and those of its artifacts that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.errors import AftercloseError
from core.journal import Run
from core.queries.runs.run_labels import called, described, runs_to_show
from core.store.checkpoints import Store
from dashboard import data, shell
from dashboard.data import StoredArtifact
from dashboard.words import minute, plain

_PICKED = "picked_run"


@dataclass(frozen=True)
class Subject:
    """A run and its artifacts by kind."""

    run: Run
    store: Store
    held: dict[str, StoredArtifact]


def subject(needed: Sequence[str], also: Sequence[str] = (), *, what: str) -> Subject | None:
    """Return the chosen run with its artifacts, or say what is missing and return None.

    Parameters
    ----------
    needed : sequence of str
        Kinds without which the page has nothing to show.
    also : sequence of str
        Kinds that are shown where they are there.
    what : str
        What the page shows, as the subject of a sentence in the plural.

    Raises
    ------
    AftercloseError
        If the address names an unknown run, or a checkpoint is damaged.
    """
    run = chosen()
    if run is None:
        st.info(f"There is no finished run yet. Open **Runs** and press **Run**; {what} appear here.")
        shell.page_link("runs", "Open Runs")
        return None
    store = shell.store()
    held = data.artifacts_of(store, run, (*needed, *also))
    if any(kind not in held for kind in needed):
        st.info(
            f"Run `{run.run_id}` has not come as far as {what}. The page **Run** shows where it is and why."
        )
        shell.page_link("run", "Open this run", run=run.run_id)
        return None
    return Subject(run, store, held)


def chosen(*, forget: Sequence[str] = ()) -> Run | None:
    """Draw the choice of a run and what is known of the one shown; return it, None while there is none.

    Parameters
    ----------
    forget : sequence of str
        Keys of widgets whose choice is about one run and must not be carried over to another.

    Raises
    ------
    ParameterError
        If the address names a run that is not in the journal.
    """
    run, known, settings = shell.chosen_run(), shell.journal(), shell.settings()
    if run is None or known is None:
        return None
    runs = {each.run_id: each for each in runs_to_show(known, run)}
    st.session_state[_PICKED] = run.run_id  # the address has the say, also over what was picked before
    with st.container(horizontal=True, vertical_alignment="bottom", key="which_run"):
        st.selectbox(
            "Run", list(runs), key=_PICKED, width=440, on_change=_picked, args=(tuple(forget),),
            format_func=lambda run_id: called(settings, runs[run_id]),
            help="The newest finished runs. The page **Runs** finds older ones.",
        )  # fmt: skip
        started = minute(run.started_at or run.created_at)
        about = f"Shown: {described(settings, run, _data_to(run))}, started {started}."
        st.caption(plain(about), width="stretch")
    return run


def _picked(forget: tuple[str, ...]) -> None:
    for key in forget:
        st.session_state.pop(key, None)
    shell.look_at(str(st.session_state[_PICKED]))


def _data_to(run: Run) -> str | None:
    """Return the last session in a run's data; None where no whole evaluation says it."""
    store = shell.store()
    try:
        evaluation = data.artifact_of(store, run.keys, "evaluation")
        return str(data.document(store, evaluation)["data"]["to"]) if evaluation else None
    except AftercloseError:
        return None  # the page's own parts say what is damaged
