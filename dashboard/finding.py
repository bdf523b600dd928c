"""The list of runs with its filters; what is chosen stands in the address."""

from __future__ import annotations

import streamlit as st

from core.journal import Journal
from core.journal.rows import ACTIVE, ENDED
from core.queries.runs.search import RunFilter, find_runs, people
from core.report.figures import counted
from core.request.stages import SOURCES
from dashboard import listing, shell

RUNS_A_PAGE = 10
_STATE, _SOURCE, _WHO, _TEXT, _PAGE = "state", "from", "who", "text", "page"


def show(journal: Journal) -> None:
    """Draw the filters, and the runs that match, a page at a time."""
    st.subheader("Recent runs", anchor=False)
    wanted = _filter(journal)
    matches = find_runs(journal, wanted, page=_page_number(), size=RUNS_A_PAGE)
    if not matches.runs:
        st.caption("No run is like that. Take a filter away to see more.")
        return
    listing.rows(matches.runs, "recent", clone=True)
    pages = -(-matches.count // RUNS_A_PAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        if pages > 1:
            st.pagination(pages, key=_PAGE, bind="query-params")
        st.caption(f"{counted(matches.count, 'run')}. Times are UTC.", width="content")


def _page_number() -> int:
    """Return the page in the address: it counts before the widget for it is drawn."""
    number = st.session_state.get(_PAGE) or st.query_params.get(_PAGE, "1")
    return int(number) if str(number).isdecimal() else 1


def _first_page() -> None:
    st.session_state[_PAGE] = 1


def _filter(journal: Journal) -> RunFilter:
    names = people(journal)
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        state = _choice("State", (*ACTIVE, *ENDED), _STATE)
        source = _choice("Source", SOURCES, _SOURCE)
        who = _choice("Who", names, _WHO)
        text = st.text_input(
            "Words", key=_TEXT, type="search", live=True, bind="query-params", width=220,
            placeholder="id, person, option, error", on_change=_first_page,
        )  # fmt: skip
    default = str(shell.settings()["source"])
    return RunFilter(state or "", source or "", who or "", text or "", default)


def _choice(label: str, options: tuple[str, ...] | list[str], key: str) -> str | None:
    return st.selectbox(
        label, options, index=None, placeholder="any", key=key, bind="query-params", width=150,
        on_change=_first_page,
    )  # fmt: skip
