"""What a page about one run looks at: the run, and those of its artifacts that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.journal import Run
from core.store.checkpoints import Store
from dashboard import data, shell
from dashboard.data import Held
from dashboard.words import minute


@dataclass(frozen=True)
class Subject:
    """A run and its artifacts by kind."""

    run: Run
    store: Store
    held: dict[str, Held]


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
    run = shell.chosen_run()
    if run is None:
        st.info(f"There is no finished run yet. Open **Runs** and press **Run**; {what} appear here.")
        shell.page_link("runs", "Open Runs")
        return None
    store = shell.store()
    held = data.made(store, run, (*needed, *also))
    if any(kind not in held for kind in needed):
        st.info(
            f"Run `{run.run_id}` has not come as far as {what}. The page **Run** shows where it is and why."
        )
        shell.page_link("run", "Open this run", run=run.run_id)
        return None
    st.caption(f"Run `{run.run_id}`, started {minute(run.started_at or run.created_at)}")
    return Subject(run, store, held)
