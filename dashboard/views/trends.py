"""Figures of all runs over time; signed reports are marked."""

from __future__ import annotations

import streamlit as st

from core.history.trends import COLUMNS, MOST, trends
from dashboard import shell
from dashboard.charts import trend_figure
from dashboard.charts.look import CONFIG


def page() -> None:
    """Lay out one chart for each figure, and the table behind them."""
    journal = shell.journal()
    frame = trends(shell.store(), journal) if journal else None
    if frame is None or frame.empty:
        st.info("No run has made a report yet. Start one on **Runs**.", icon=":material/info:")
        return
    st.caption(f"The newest {MOST} runs at most, oldest first. Diamonds are signed reports. Times are UTC.")
    with st.grid(2, min_column_width=360):
        for column, label in COLUMNS.items():
            with st.container():
                st.markdown(f"**{label}**")
                figure = trend_figure(frame, column, label)
                st.plotly_chart(figure, key=f"trend-{column}", config=CONFIG, alt=f"{label} of each run")
    with st.expander("Table", key="trends-more"):
        st.dataframe(frame, hide_index=True, key="trends-table")


with shell.guarded():
    page()
