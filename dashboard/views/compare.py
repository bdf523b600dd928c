"""Runs of one profile side by side: what they differ by with intervals, curves over each other, and the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from core.journal import Run
from core.queries.runs.comparison import compare
from core.queries.runs.facts import RunFacts, facts
from core.queries.runs.run_labels import run_mark
from core.registry.origins import finished_runs, profile_of_run, session_of_run
from core.store.checkpoints import Store
from dashboard import comparing, measure_differences, shell, side_by_side

MOST = 50
"""Newest runs to choose from."""

MOST_CHOSEN = 4
"""As many lines as a chart tells apart."""

_LETTERS = "ABCD"
"""What the chosen runs are called in the tables, in their order."""


def page() -> None:
    """Lay out the choice of runs and the comparison."""
    settings, journal = shell.settings(), shell.journal()
    requested = [run for name in st.query_params.get_all(shell.RUN_PARAMETER) if (run := _finished(name))]
    profile = profile_of_run(settings, requested[0]) if requested else shell.profile()
    several = finished_runs(settings, profile)[:MOST] if journal else []
    if journal is None or len(several) < 2:
        st.info(
            f"Two finished runs of one profile are needed to compare; **{profile}** has {len(several)}. Choose another "
            "profile above, or start a run on **Runs**.", icon=":material/info:",
        )  # fmt: skip
        return
    names = _names(several)
    chosen = st.multiselect(
        "Runs to compare; the first is the reference", list(names),
        default=_default(several, [run.run_id for run in requested]), key=f"compare-runs-{profile}",
        format_func=lambda run_id: names.get(run_id, run_id), max_selections=MOST_CHOSEN,
    )  # fmt: skip
    if len(chosen) < 2:
        st.caption("Choose two or more.")
        return
    store = shell.store()
    each = [facts(store, journal, shell.run_named(journal, name)) for name in chosen]
    comparison = compare(each)
    letters = dict(zip(chosen, _LETTERS, strict=False))
    sessions = {name: names[name].partition(" · ")[0] for name in chosen}
    labels = {name: f"{letters[name]} · {sessions[name]}" for name in chosen}
    measure_differences.lead(store, each, {name: f"{letters[name]} ({sessions[name]})" for name in chosen})
    pairs = measure_differences.pairs_that_differ(store, each)
    if pairs:
        st.subheader("Difference in performance", anchor=False)
        measure_differences.table(pairs, chosen[0], labels)
        comparing.curves(store, each, labels)
    side_by_side.table(each, comparison, labels)
    if not pairs:
        _folded_curves(store, each, labels)
    comparing.texts(comparison, labels)


def _folded_curves(store: Store, several: Sequence[RunFacts], names: Mapping[str, str]) -> None:
    """Draw the curves where they are asked for: over each other they would show nothing new."""
    with st.expander("ROC and equity of each", key="compare-curves", on_change="rerun") as panel:
        if panel.open:
            comparing.curves(store, several, names)


def _finished(run_id: str) -> Run | None:
    """Return a run with a report, None for any other."""
    journal = shell.journal()
    run = journal.run(run_id) if journal else None
    return run if run and run.has_report else None


def _names(several: list[Run]) -> dict[str, str]:
    """Return the runs by id, called by their session; those of one session by the end of their id as well."""
    sessions = {run.run_id: session_of_run(shell.settings(), run) or "no session" for run in several}
    counts = Counter(sessions.values())
    return {
        name: f"{session} · {run_mark(name)}" if counts[session] > 1 else session
        for name, session in sessions.items()
    }


def _default(several: list[Run], requested: list[str]) -> list[str]:
    """Return what is compared at first: what was asked for, else the newest run and the one of the session before."""
    here = [run.run_id for run in several]
    chosen = [name for name in requested if name in here][:MOST_CHOSEN]
    if len(chosen) > 1:
        return chosen
    last = chosen[0] if chosen else here[0]
    by_id = {run.run_id: session_of_run(shell.settings(), run) or "" for run in several}
    others = [name for name in here if name != last]
    earlier = [name for name in others if by_id[name] < by_id[last]]
    return [earlier[0] if earlier else others[0], last]


with shell.guarded():
    page()
