"""Profiles: what each reads, how it runs, its newest report, and what to do next. Refreshes itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

import streamlit as st

from core.errors import AftercloseError
from core.queries.operations.profile_history import calendar_of
from core.queries.operations.profile_list import ProfileRow, last_signed, profile_list
from core.report.formatting import counted
from core.schedule.freshness import FAILED, LATE, NO_DATA, STALE, URGENCY
from dashboard import compact, parts, shell, wrapped
from dashboard.fields import CHOICES

REFRESH_S = 30.0
FEWEST_FILTERED = 6
"""From so many profiles on there is a choice of states: fewer are seen at a glance."""


def page() -> None:
    """Lay out the counts, what is shown, and the table."""

    @parts.redrawn("profiles-now", every_s=REFRESH_S)
    def draw() -> None:
        _table(_rows(str(shell.settings().data), shell.settings().journal))

    draw()


@st.cache_data(ttl=REFRESH_S - 1, max_entries=4, show_spinner="Looking…")
def _rows(data: str, journal: str) -> list[ProfileRow]:
    """Return the rows, looked up once for all viewers."""
    del data, journal  # they tell two desks apart
    return profile_list(shell.settings(), datetime.now(UTC))


@st.cache_data(ttl=REFRESH_S - 1, max_entries=4, show_spinner=False)
def _signed(data: str, journal: str) -> dict[str, str] | None:
    """Return on which day a report of a profile was signed last; None where the records cannot be read."""
    del data, journal  # they tell two desks apart
    try:
        return last_signed(shell.settings())
    except AftercloseError:
        return None  # said above the page


@st.cache_data(ttl=REFRESH_S - 1, max_entries=256, show_spinner=False)
def _about(data: str, journal: str, profile: str) -> tuple[str, str]:
    """Return as HTML what a profile reads and how a run of it goes; nothing where its section is at fault."""
    del data, journal  # they tell two desks apart
    settings = shell.settings()
    try:
        under, calendar = settings.where_known(profile), calendar_of(settings, profile)
    except AftercloseError:
        return "", ""
    source, path, tickers, mode = (str(under[name] or "") for name in ("source", "path", "tickers", "mode"))
    name = path.rstrip("/").rpartition("/")[2] or _SOURCES.get(source, source.capitalize())
    reads = _below(f'<span title="{escape(path or source)}">{escape(name)}</span>', tickers or "all tickers")
    return reads, f"{CHOICES.get(mode, mode)} · calendar {calendar}"


_WHY = {LATE: "no run of it yet", STALE: "no newer session", NO_DATA: "not at the source"}
"""State that its word does not explain -> what was found, in a few more."""

_SOURCES = {"sample": "Built-in sample"}


def _below(markup: str, more: str) -> str:
    """Return a cell of two lines, the second the quieter one."""
    return f'{markup}<span class="below">{escape(more)}</span>' if more else markup


def _table(rows: list[ProfileRow]) -> None:
    if not rows:
        st.info("There is no profile yet. A run makes one: start it on **Runs**.", icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="profiles-line"):
        states = _states(rows) if len(rows) >= FEWEST_FILTERED else []
        chosen = [row for row in rows if not states or row.state in states]
        place = st.container(width="content")
    desk = str(shell.settings().data), shell.settings().journal
    signed, about = _signed(*desk), [_about(*desk, row.profile) for row in chosen]
    columns: dict[str, list[object]] = {
        "Profile": [_name(row) for row in chosen],
        "State": [wrapped.Drawn(_below(compact.badge(row.state), _WHY.get(row.state, ""))) for row in chosen],
        "Reads": [wrapped.Drawn(reads) for reads, _ in about],
        "Runs": [wrapped.Drawn(_runs(row, how)) for row, (_, how) in zip(chosen, about, strict=True)],
        "Newest report": [wrapped.Drawn(_report(row)) for row in chosen],
        "Last signed": [
            signed.get(row.profile, "never") if signed is not None else "unknown" for row in chosen
        ],
        "Next step": [wrapped.Drawn(_next_step(row)) for row in chosen],
    }
    wrapped.table(columns, "profiles-table", many=True)
    place.caption(f"{counted(len(chosen), 'profile')}, the most urgent first.")
    for row in chosen:
        if row.fault:
            shell.alarm(f"{row.profile}: {row.fault}")


def _states(rows: list[ProfileRow]) -> list[str]:
    """Draw a choice of states, each with its number, and return what is chosen."""
    counts = Counter(row.state for row in rows)
    return st.pills(
        "State", [state for state in URGENCY if counts[state]], selection_mode="multi",
        format_func=lambda state: f"{state} ({counts[state]:,})", key="profiles-state",
        label_visibility="collapsed",
    )  # fmt: skip


def _name(row: ProfileRow) -> wrapped.Drawn:
    """Return the name, a link to the profile's runs."""
    return wrapped.Drawn(
        f'<a href="{_runs_of(row)}" target="_self" class="to-page">{escape(row.profile)}</a>'
    )


def _runs(row: ProfileRow, how: str) -> str:
    """Return by which schedules a profile runs, else that none does; below, how."""
    return _below(escape(", ".join(row.schedules) or "no schedule"), how)


def _report(row: ProfileRow) -> str:
    """Return session and state of the newest report; below, its verdict."""
    if not row.run_id:
        return '<span class="quiet">none yet</span>'
    state = " ".join(filter(None, (row.signature.replace("_", " "), row.approvals)))
    return _below(compact.words(", ".join(filter(None, (row.last_session, state)))), row.verdict)


_TO_DO = {
    "draft": "Read and sign",
    "in_review": "Read and sign",
    "changes_requested": "Revise",
    "stale": "Read again",
}
"""State of a report -> what it asks for; of any other it is there to be read."""


def _next_step(row: ProfileRow) -> str:
    """Return the one thing to do with a profile now, as a link."""
    if row.run_id and row.state != FAILED:
        return compact.link(_TO_DO.get(row.signature, "Read the report"), "report", row.run_id)
    label = "See why it failed" if row.state == FAILED else "See its runs"
    return "" if row.fault else f'<a href="{_runs_of(row)}" target="_self" class="to-page">{label}</a>'


def _runs_of(row: ProfileRow) -> str:
    return f"runs?only={quote(row.profile)}"


with shell.guarded():
    page()
