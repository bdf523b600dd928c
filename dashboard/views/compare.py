"""Runs of one profile side by side: what differs in what they asked for, rested on and found."""

from __future__ import annotations

import streamlit as st

from core.journal import Journal
from core.queries.runs.comparison import Comparison, compare
from core.queries.runs.facts import facts
from core.queries.runs.run_labels import line_of_work
from dashboard import shell, wrapped

MOST = 50
"""Newest runs to choose from."""


def page() -> None:
    """Lay out the choice of runs and the comparison."""
    journal = shell.journal()
    done = [run for run in journal.runs(limit=MOST) if run.state == "succeeded"] if journal else []
    owners = {run.run_id: line_of_work(shell.settings(), run) for run in done if run.target == "report"}
    if journal is None or len(owners) < 2:
        st.info("Two finished runs are needed to compare. Start them on **Runs**.", icon=":material/info:")
        return
    requested = [name for name in st.query_params.get_all(shell.RUN_PARAMETER) if name in owners]
    comparable = [name for name, owner in owners.items() if list(owners.values()).count(owner) > 1]
    first = owners[next(iter([*requested, *comparable, *owners]))]  # asked for, else the newest with two runs
    profile = _profile(list(dict.fromkeys(owners.values())), first)
    names = [name for name, owner in owners.items() if owner == profile]
    if len(names) < 2:
        st.caption("This profile has one finished run: nothing to compare it with.")
        return
    requested = [name for name in requested if name in names]
    default = requested if len(requested) > 1 else names[:2][::-1]
    chosen = st.multiselect(
        "Runs", names, default=default, key="compare-runs",
        help="The first is what the others' reports are compared with.",
    )  # fmt: skip
    if len(chosen) < 2:
        st.caption("Choose two or more.")
        return
    show(journal, chosen)


def _profile(names: list[str], first: str) -> str:
    """Draw the choice of a profile where there are several, and return it: what they say is not compared across."""
    if len(names) == 1:
        return first
    return st.selectbox(
        "Profile", names, index=names.index(first), key="compare-profile", width=320,
        on_change=lambda: st.session_state.pop("compare-runs", None),
    )  # fmt: skip


def show(journal: Journal, chosen: list[str]) -> None:
    """Draw the comparison."""
    store = shell.store()
    comparison = compare([facts(store, journal, shell.run_named(journal, name)) for name in chosen])
    everything = st.toggle("Also what they agree on", key="compare-all")
    table(comparison, everything=everything)
    for other, diff in zip(comparison.runs[1:], comparison.report_diffs, strict=True):
        st.subheader(f"Report of {other} against {comparison.runs[0]}", anchor=False)
        if diff:
            st.code(diff, language="diff", wrap_lines=True)
        else:
            st.write("The reports are the same.")


def table(comparison: Comparison, *, everything: bool) -> None:
    """Draw the rows: those that differ, or all."""
    rows = comparison.rows if everything else comparison.differing()
    if not rows:
        st.success("The runs agree in everything.", icon=":material/check_circle:")
        return
    columns = {"Part": [row.part for row in rows], "What": [row.name for row in rows]}
    values = {run: [row.texts[at] for row in rows] for at, run in enumerate(comparison.runs)}
    wrapped.table({**columns, **values}, "compare-table")


with shell.guarded():
    page()
