"""The reports of the profile that is looked at: how many stand in each state, and a way to each."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.journal import Journal
from core.queries.reports.listing import UNSIGNED, ReportEntry, reports
from core.report.formatting import minute
from core.request.settings import Settings
from dashboard import compact, document, shell, wrapped

MOST = 60
"""Newest reports of a profile that are listed."""

ALL = "all"


def draw(report_key: str) -> None:
    """Draw the list, folded: its line says how many reports stand in each state; and the next that waits."""
    entries = listed(shell.settings(), shell.profile())
    counts = Counter(state_of(entry) for entry in entries)
    summary = ", ".join(f"{number:,} {state}" for state, number in counts.most_common())
    waiting = next((e for e in entries if e.state in UNSIGNED and e.report != report_key), None)
    with st.container(key="reports-line"):
        listing, next_one = st.columns(document.WIDTHS, gap="medium", vertical_alignment="center")
        with listing, st.expander(f"Reports of {shell.profile()}: {summary}", key="reports"):
            states = [ALL, *counts]
            chosen = st.segmented_control(
                "State", states, default=ALL, required=True, key="reports-state", label_visibility="collapsed"
            )
            _table([entry for entry in entries if chosen in (ALL, state_of(entry))], report_key)
        if waiting:
            here = next((entry.session for entry in entries if entry.report == report_key), "")
            words = next_words(waiting.session or "no session", here or "no session")
            with next_one:
                shell.page_link("report", f":blue[{words}]", run=waiting.run_id)


def next_words(session: str, here: str) -> str:
    """Return which report waits next: one of the session that is open already is told apart from it.

    >>> next_words("2013-02-22", "2013-03-01"), next_words("2013-03-01", "2013-03-01")
    ('Next to sign: 2013-02-22', 'Another to sign for 2013-03-01')
    """
    return f"Another to sign for {session}" if session == here else f"Next to sign: {session}"


def _table(entries: list[ReportEntry], report_key: str) -> None:
    wrapped.table(
        {
            "Session": [_link(entry, report_key) for entry in entries],
            "State": [wrapped.Drawn(compact.badge(state_of(entry))) for entry in entries],
            "Verdict": [entry.verdict for entry in entries],
            "Made": [minute(entry.created_at) for entry in entries],
            "Report": [wrapped.Drawn(compact.short_id(entry.report)) for entry in entries],
        },
        "reports_table",
        most_px=320,
    )


def _link(entry: ReportEntry, report_key: str) -> wrapped.Drawn:
    session = entry.session or "no session"
    if entry.report == report_key:
        return wrapped.Drawn(compact.strong(f"{session} (open)"))
    return wrapped.Drawn(f'<bdi class="unbroken">{compact.link(session, "report", entry.run_id)}</bdi>')


def state_of(entry: ReportEntry) -> str:
    """Return how a report stands in one word of the desk."""
    return "published" if entry.state == "signed" and entry.published else entry.state.replace("_", " ")


def listed(settings: Settings, profile: str) -> list[ReportEntry]:
    """Return a profile's reports, the newest session first; looked up anew with each run and act."""
    journal = Journal.find(settings.data, settings.journal)
    last = max((record.seq for record in journal.records()), default=0) if journal else 0
    return _listed(profile, journal.count_runs() if journal else 0, last, _settings=settings)


@st.cache_data(
    ttl=5, max_entries=8, show_spinner=False
)  # a draft that was saved is no act, and makes a report stale
def _listed(profile: str, *key: Any, _settings: Settings) -> list[ReportEntry]:  # noqa: ARG001 - what it rests on
    return reports(_settings, datetime.now(UTC), profile, limit=MOST)
