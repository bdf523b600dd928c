"""The desk: its pages and what stands above each of them. Navigation only."""

from __future__ import annotations

import streamlit as st

from dashboard import shell

PAGES = [
    st.Page("views/run.py", title="Run", default=True, help="Start a run, and find earlier ones."),
    st.Page("views/watch.py", title="Watch", help="Stages, log and first error of one run."),
    st.Page("views/prices.py", title="Data", help="Prices and features of a finished run."),
    st.Page("views/evaluation.py", title="Evaluation", help="How good the predictions are, with intervals."),
    st.Page("views/report.py", title="Report", help="Edit the report and sign it."),
]

st.set_page_config(page_title="Afterclose", page_icon="🔔", layout="wide")
page = st.navigation(PAGES, position="top")
with shell.guarded():
    shell.header(page.title)
    page.run()
shell.settle(page.title)
