"""The desk: its pages and what stands above each of them. Navigation only."""

from __future__ import annotations

import streamlit as st

from dashboard import heading, ledger, login, shell, watching

PAGES = [
    st.Page("views/overview.py", title="Today", default=True, help="What needs you, and where things stand."),
    st.Page("views/runs.py", title="Runs", help="Every run, and the way to a new one."),
    st.Page("views/data.py", title="Data", help="Prices and features of a run, and their quality."),
    st.Page("views/model.py", title="Model", help="How good the predictions are, the signals, and deciding."),
    st.Page("views/report.py", title="Report", help="Edit the report and sign it."),
    st.Page("views/audit.py", title="Record", help="Who did what, when, to which digest."),
    st.Page(
        "views/schedules.py", title="Schedules", help="Runs that come by themselves, and their next times."
    ),
    # each has its address, and is opened from the page that it belongs to
    st.Page("views/start.py", title="New run", visibility="hidden"),
    st.Page("views/run.py", title="Run", visibility="hidden"),
    st.Page("views/features.py", title="Features", visibility="hidden"),
    st.Page("views/predictions.py", title="Signals", visibility="hidden"),
    st.Page("views/profiles.py", title="Profiles", visibility="hidden"),
    st.Page("views/compare.py", title="Compare", visibility="hidden"),
    st.Page("views/trends.py", title="Over time", visibility="hidden"),
]
"""The pages; a page's file has the name of its address."""

st.set_page_config(page_title="Afterclose", page_icon="🔔", layout="wide")
page = st.navigation(PAGES, position="top")
with shell.guarded():
    if login.admitted():
        with shell.reading():
            shell.header()
            heading.draw(page.url_path or "overview", page.title)
            with st.container(key="ledger"):  # always there, so that what follows keeps its place
                ledger.alarm()
            page.run()
            with st.container(key="watching"):
                watching.draw()
shell.settle(page.title)
