"""Figures of all runs over time, a line for each profile; signed reports are marked."""

from __future__ import annotations

import streamlit as st

from core.queries.runs.trends import COLUMNS, MOST
from core.report.figures import NA
from dashboard import data, shell
from dashboard.charts import trend_figure
from dashboard.charts.look import CONFIG
from dashboard.charts.trends import ALONG

MOST_LINES = 6
"""Profiles that are drawn unless others are chosen: as many as there are colours."""


def page() -> None:
    """Lay out one chart for each figure, and the table behind them."""
    journal = shell.journal()
    frame = data.trends(shell.settings(), journal) if journal else None
    if frame is None or frame.empty:
        st.info("No run has made a report yet. Start one on **Runs**.", icon=":material/info:")
        return
    st.caption(
        f"The newest {MOST} runs at most. A line joins the runs of one profile; "
        "diamonds are signed reports. Times are UTC."
    )
    profiles = list(dict.fromkeys(reversed(frame["profile"].tolist())))
    with st.container(horizontal=True, vertical_alignment="bottom", key="trends-controls"):
        along = st.segmented_control(
            "Along", list(ALONG), default="When it ran", required=True, key="trends-along"
        )
        if len(profiles) > 1:
            profiles = st.multiselect(
                "Profiles", profiles, default=profiles[:MOST_LINES], key="trends-profiles"
            )
    chosen = frame[frame["profile"].isin(profiles)]
    with st.grid(2, min_column_width=360):
        for column, label in COLUMNS.items():
            with st.container():
                st.markdown(f"**{label}**")
                figure = trend_figure(chosen, column, label, along=ALONG[along])
                st.plotly_chart(figure, key=f"trend-{column}", config=CONFIG, alt=f"{label} of each run")
    with st.expander("Table", key="trends-more"):
        st.dataframe(chosen, hide_index=True, key="trends-table", placeholder=NA)


with shell.guarded():
    page()
