"""Curves of runs over each other, and how the texts of their reports differ."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.queries.models import model_tables
from core.queries.models.track_record import resampling_of
from core.queries.runs.comparison import RunComparison
from core.queries.runs.facts import RunFacts
from core.store.checkpoints import Store
from dashboard import data, model_evidence, monospaced
from dashboard.charts import roc_figure, wealth_figure
from dashboard.charts.look import CONFIG
from dashboard.measure_differences import Names
from dashboard.words import literal


def curves(store: Store, several: Sequence[RunFacts], names: Names) -> None:
    """Draw the runs' ROC curves over each other, and what one unit of money became in each."""
    lines = {}
    for each in several:
        predictions = data.artifacts_of(store, each.run, ("predictions",)).get("predictions")
        if predictions is not None:
            how = resampling_of(each.evaluation["settings"])
            lines[names[each.run.run_id]] = model_evidence.curves(store, predictions, how)
    wealth = {names[each.run.run_id]: pd.DataFrame(each.evaluation.get("equity") or []) for each in several}
    with st.grid(2, min_column_width=320):
        with st.container():
            st.markdown("**ROC**")
            figure = roc_figure(model_tables.curve(lines, "roc"), height=_CURVES_PX)
            st.plotly_chart(figure, key="compare-roc", config=CONFIG, alt="ROC curves of the runs")
            st.caption("Each over its own judged rows; further up and left is better.")
        with st.container():
            st.markdown("**Equity**")
            st.plotly_chart(
                wealth_figure(wealth, height=_CURVES_PX),
                key="compare-wealth",
                config=CONFIG,
                alt="Value of 1 invested by each run",
            )
            st.caption("Value of 1 invested by each run's calls, after costs, on a logarithmic scale.")


_CURVES_PX = 420


def texts(comparison: RunComparison, names: Names) -> None:
    """Draw how each report's text differs from the first one's, folded: it is long."""
    for other, diff in zip(comparison.runs[1:], comparison.report_diffs, strict=True):
        added = sum(line.startswith("+") and not line.startswith("+++") for line in diff.splitlines())
        removed = sum(line.startswith("-") and not line.startswith("---") for line in diff.splitlines())
        label = f"Text of the reports: {literal(names[other])} ({added:,} lines added, {removed:,} removed)"
        with st.expander(label, key=f"compare-text-{other}"):
            if diff:
                label = f"Text of {names[other]} against {names[comparison.runs[0]]}"
                monospaced.scroller(diff, label=label, height_px=480, diff=True)
            else:
                st.write("The reports are the same.")
