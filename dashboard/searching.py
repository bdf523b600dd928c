"""Search and keys, on every page: `/` finds runs, reports, models, tickers; `?` lists the keys (desk.js has them)."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

import streamlit as st

from core.queries.runs.run_labels import run_name, short_ids
from core.queries.search import MODEL, RUN, Hit, search
from dashboard import compact, parts, shell, wrapped

_TEXT = "search-text"

KEYS = {
    "/": "Search runs, reports, models and tickers",
    "?": "These keys",
    "g t": "Today", "g r": "Runs", "g d": "Data", "g f": "Features", "g m": "Model", "g i": "Signals",
    "g o": "Over time", "g p": "Report", "g a": "Record", "g s": "Schedules", "g c": "Compare",
    "g n": "New run",
    "Esc": "Close what is open",
}  # fmt: skip
"""Key -> what it does."""


def opener() -> None:
    """Draw the button that opens the search; the keys press it."""
    if st.button(
        "Search", key="search-open", icon=":material/search:", type="tertiary", help="Press / to search"
    ):
        st.session_state.pop(_TEXT, None)
        _dialog()


@parts.question("Search", width="medium")
def _dialog() -> None:
    _hits()


def _hits() -> None:
    text = st.text_input(
        "Run, report, model or ticker",
        key=_TEXT,
        type="search",
        live=True,
        placeholder="an id, a profile, AAPL, 2013-02",
    )
    journal = shell.journal()
    hits = search(shell.settings(), journal, text or "") if journal else []
    with st.container(key="search-hits"):
        if hits:
            compact.draw(f'<ul class="hits">{"".join(map(_line, hits))}</ul>')
        elif text:
            st.caption("Nothing is called that. Words of an error are found on **Runs**.")
    with st.expander("Keys", key="keys", expanded=not text):
        wrapped.table({"Key": list(KEYS), "Does": list(KEYS.values())}, "keys-table")


def _line(hit: Hit) -> str:
    address = escape(f"{hit.page}?{urlencode(hit.query)}")
    name = run_name(hit.name) if hit.kind == RUN else short_ids(hit.name) if hit.kind == MODEL else hit.name
    link = f'<a href="{address}" target="_self" class="to-page" title="{escape(hit.name)}">{escape(name)}</a>'
    return f"<li>{compact.cell(compact.quiet(hit.kind), 60)} {link} {compact.quiet(hit.about)}</li>"
