"""Start a run, and find those that go or went."""

from __future__ import annotations

import streamlit as st

from core.journal import Journal
from dashboard import finding, listing, requesting, shell


def page() -> None:
    """Lay out the form and the runs."""
    journal = shell.journal()
    runs = journal.count_runs() if journal else 0
    with st.container(key="first-run"):
        if not runs:
            st.info(
                "Nothing has run here yet. Press **Run**: the built-in sample takes about fifteen seconds, "
                "and you will see every stage.",
                icon=":material/info:",
            )
    requesting.show()
    if journal is not None and runs:
        active(journal)
        finding.show(journal)


def active(journal: Journal) -> None:
    """Draw the runs that go now."""
    running = journal.active_runs()
    if running:
        st.subheader("Going now", anchor=False)
        listing.rows(running, "active")


page()
