"""Find runs and act on them; start one."""

from __future__ import annotations

import streamlit as st

from dashboard import acting, finding, requesting, run_actions, shell


def page() -> None:
    """Lay out the button that opens the form, and the runs."""
    journal = shell.journal()
    runs = journal.count_runs() if journal else 0
    with st.container(key="first-run"):
        if not runs:
            st.info(
                "Nothing has run here yet. Press **Run**: the built-in sample takes about fifteen seconds, "
                "and you will see every stage.",
                icon=":material/info:",
            )
    requesting.drawer(needed=not runs)
    acting.show_message(run_actions.PLACE)
    if journal is not None and runs:
        finding.show(journal)


page()
