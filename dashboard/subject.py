"""What a page about one run looks at: the run, chosen on the page, and those of its artifacts that are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core.journal import Run
from core.queries.runs.run_labels import run_name
from core.store.checkpoints import Store
from dashboard import data, shell
from dashboard.data import StoredArtifact
from dashboard.words import literal


@dataclass(frozen=True)
class Subject:
    """A run and its artifacts by kind."""

    run: Run
    store: Store
    artifacts: dict[str, StoredArtifact]


def subject(
    needed: Sequence[str],
    also: Sequence[str] = (),
    *,
    what: str,
    instead: Callable[[Run, Store], None] = lambda *_: None,
) -> Subject | None:
    """Return the chosen run with its artifacts, or say what is missing and return None.

    Parameters
    ----------
    needed : sequence of str
        Kinds without which the page has nothing to show.
    also : sequence of str
        Kinds that are shown where they are there.
    what : str
        What the page shows, as the subject of a sentence in the plural.
    instead : callable
        Draws what there is of a run that has not come so far.

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
    artifacts = data.artifacts_of(store, run, (*needed, *also))
    if any(kind not in artifacts for kind in needed):
        st.info(
            f"Run {literal(run_name(run.run_id))} has not come as far as {what}. "
            "The page **Run** shows where it is and why."
        )
        shell.page_link("run", "Open this run", run=run.run_id)
        instead(run, store)
        return None
    return Subject(run, store, artifacts)


def chosen() -> Run | None:
    """Return the run that the page is about, chosen above; None while there is none.

    Raises
    ------
    ParameterError
        If the address names a run that is not in the journal.
    """
    return shell.chosen_run()
