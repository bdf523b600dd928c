"""Profiles: every one in a row, what needs somebody first. Refreshes itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

import streamlit as st

from core.errors import AftercloseError
from core.queries.operations.profile_history import Reach, calendar_of, last_days
from core.queries.operations.profile_list import URGENCY, ProfileRow, profile_list
from core.report.formatting import counted
from dashboard import compact, shell, time_pictures, wrapped
from dashboard.words import minute

REFRESH_S = 30.0
MOST_DAYS = 20
"""Sessions of a strip: a month."""

MOST_STRIPS = 40
"""Rows with a picture of their last sessions: each takes some 30 ms to look up."""


def page() -> None:
    """Lay out the counts, what is shown, and the table."""

    @st.fragment(run_every=REFRESH_S, key="profiles-now")
    def draw() -> None:
        with shell.guarded():
            _table(_rows(str(shell.settings().data), shell.settings().journal))

    draw()


@st.cache_data(ttl=REFRESH_S - 1, max_entries=4, show_spinner="Looking…")
def _rows(data: str, journal: str) -> list[ProfileRow]:
    """Return the rows, looked up once for all viewers."""
    del data, journal  # they tell two desks apart
    return profile_list(shell.settings(), datetime.now(UTC))


@st.cache_data(ttl=REFRESH_S - 1, max_entries=256, show_spinner=False)
def _strip(data: str, journal: str, row: ProfileRow) -> str:
    """Return a profile's last sessions as squares; empty where its calendar is unknown."""
    del data, journal  # they tell two desks apart
    settings, log = shell.settings(), shell.journal()
    if log is None or row.fault:
        return ""
    try:
        reach = Reach(
            calendar_of(settings, row.profile), row.session, row.last_session, row.behind, MOST_DAYS
        )
        return time_pictures.strip(last_days(settings, log, row.profile, reach), row.profile)
    except AftercloseError:
        return ""


def _strips(rows: list[ProfileRow]) -> list[object]:
    about = str(shell.settings().data), shell.settings().journal
    drawn = [wrapped.Drawn(_strip(*about, row)) for row in rows[:MOST_STRIPS]]
    return [*drawn, *([None] * (len(rows) - len(drawn)))]


def _table(rows: list[ProfileRow]) -> None:
    if not rows:
        st.info("There is no profile yet. A run makes one: start it on **Runs**.", icon=":material/info:")
        return
    counts = Counter(row.state for row in rows)
    states = st.pills(
        "State",
        [state for state in URGENCY if counts[state]],
        selection_mode="multi",
        format_func=lambda state: f"{state} ({counts[state]:,})",
        key="profiles-state",
        label_visibility="collapsed",
    )
    chosen = [row for row in rows if not states or row.state in states]
    with st.container(horizontal=True, vertical_alignment="center", key="profiles-line"):
        st.caption(f"{counted(len(chosen), 'profile')}. Last sessions:", width="content")
        compact.draw(time_pictures.legend(), width="content")
    columns: dict[str, list[object]] = {
        "Profile": [_name(row) for row in chosen],
        "State": [_state(row) for row in chosen],
        "Last sessions": _strips(chosen),
        "Newest": [_line(row.last_session or "none yet") for row in chosen],
        "Verdict": [_line(row.verdict or "no report") for row in chosen],
        "Signature": [_signature(row) for row in chosen],
        "Next run": [_line(minute(row.next_run) if row.next_run else "no schedule") for row in chosen],
    }
    wrapped.table(columns, "profiles-table")
    for row in chosen:
        if row.fault:
            shell.alarm(f"{row.profile}: {row.fault}")


def _name(row: ProfileRow) -> object:
    """Return the name, as a link to the newest report, or to the profile's runs where there is none."""
    if row.run_id:
        return wrapped.Drawn(compact.link(row.profile, "report", row.run_id))
    address, name = f"runs?only={quote(row.profile)}", escape(row.profile)
    return wrapped.Drawn(f'<a href="{address}" target="_self" class="to-page">{name}</a>')


def _line(text: str | None) -> wrapped.Drawn | None:
    return wrapped.Drawn(compact.unbroken(text)) if text else None


def _state(row: ProfileRow) -> wrapped.Drawn:
    behind = [compact.quiet(f"{counted(row.behind, 'session')} behind")] if row.behind else []
    return wrapped.Drawn(f"<div>{compact.stack([compact.badge(row.state), *behind])}</div>")


def _signature(row: ProfileRow) -> object:
    if not row.signature:
        return _line("nothing to sign")
    parts = [compact.badge(row.signature.replace("_", " "))]
    return wrapped.Drawn(compact.row([*parts, *([compact.quiet(row.approvals)] if row.approvals else [])]))


with shell.guarded():
    page()
