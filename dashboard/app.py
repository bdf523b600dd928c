"""The desk: its pages and what stands above each of them. Navigation only."""

from __future__ import annotations

import streamlit as st

from dashboard import ledger, login, shell

PAGES = {
    "": [
        st.Page("views/overview.py", title="Overview", default=True, help="What needs you, and where things stand."),
        st.Page("views/runs.py", title="Runs", help="Start a run, and find earlier ones."),
        st.Page("views/run.py", title="Run", help="Stages, log and first error of one run."),
        st.Page("views/data.py", title="Data", help="Prices of a run, and their quality."),
        st.Page("views/features.py", title="Features", help="Features of a run, their windows and correlation."),
        st.Page("views/predictions.py", title="Predictions", help="Signals for the next session, and past ones."),
        st.Page("views/model.py", title="Model", help="How good the predictions are, with intervals."),
        st.Page("views/report.py", title="Report", help="Edit the report and sign it."),
        st.Page("views/audit.py", title="Audit", help="Who did what, when, to which digest."),
    ],
    "More": [
        st.Page("views/profiles.py", title="Profiles", help="Every profile: how it stands, and when it runs next."),
        st.Page("views/schedules.py", title="Schedules", help="Runs that come by themselves, and their next times."),
        st.Page("views/compare.py", title="Compare", help="Runs side by side, and what differs."),
        st.Page("views/trends.py", title="Trends", help="Figures of all runs over time, signed ones marked."),
    ],
}  # fmt: skip
"""Section -> its pages; the first section is always open. A page's file has the name of its address."""

st.set_page_config(page_title="Afterclose", page_icon="🔔", layout="wide")
page = st.navigation({section: pages for section, pages in PAGES.items() if pages}, position="top")
with shell.guarded():
    if login.admitted():
        shell.header(page.title)
        with st.container(key="ledger"):  # always there, so that what follows keeps its place
            ledger.alarm()
        page.run()
shell.settle(page.title)
