"""Find runs and act on them."""

from __future__ import annotations

import streamlit as st

from dashboard import acting, requesting, run_actions, run_list, shell

_OPEN = "new"
"""In an address from before there was a page Start: the form was on this page."""


def page() -> None:
    """Lay out the runs; without any, the way to the first."""
    if _OPEN in st.query_params or requesting.CLONE in st.query_params:
        clone = st.query_params.get(requesting.CLONE)
        st.switch_page("views/start.py", query_params={requesting.CLONE: clone} if clone else None)
    journal = shell.journal()
    runs = journal.count_runs() if journal else 0
    with st.container(key="first-run"):
        if not runs:
            st.info(
                "Nothing has run here yet. Start with your own prices, or with the built-in sample: it takes about "
                "fifteen seconds, and you will see every stage.",
                icon=":material/info:",
            )
            off = acting.refusal("launch")
            if st.button(
                "Start a run", icon=":material/play_arrow:", type="primary", key="new-run",
                disabled=bool(off), help=off,
            ):  # fmt: skip
                shell.go("start")
    acting.show_message(run_actions.PLACE)
    if journal is not None and runs:
        run_list.show(journal)


page()
