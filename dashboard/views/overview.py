"""What needs a person, and where things stand."""

from __future__ import annotations

import streamlit as st

from dashboard import listing, shell

LATEST = 5


def page() -> None:
    """Lay out what goes on now and the latest runs, or say how to begin."""
    journal = shell.journal()
    runs = journal.runs(limit=LATEST) if journal else []
    if not runs:
        st.info(
            "Nothing has run here yet. Open **Runs** and press **Run**: the built-in sample takes about "
            "fifteen seconds, and you will see every stage.",
            icon=":material/info:",
        )
        shell.page_link("runs", "Open Runs")
        return
    st.subheader("Latest runs", anchor=False)
    listing.rows(runs, "latest")


page()
