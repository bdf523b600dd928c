"""Profiles: what each reads, how it runs and what was signed last, what needs somebody first. Refreshes itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

import streamlit as st

from core.errors import AftercloseError
from core.queries.operations.profile_history import calendar_of
from core.queries.operations.profile_list import ProfileRow, last_signed, profile_list
from core.report.formatting import counted
from core.schedule.freshness import URGENCY
from dashboard import compact, parts, shell, wrapped
from dashboard.fields import CHOICES
from dashboard.words import literal

REFRESH_S = 30.0
READS = ("Source", "Calendar", "Tickers", "Mode")
"""Columns of what a profile reads and how it runs."""

FEWEST_FILTERED = 6
"""From so many profiles on there is a choice of states: fewer are seen at a glance."""

MAY_BE_SAID_ONCE = ("Calendar", "Tickers", "Mode", "Schedule", "Last signed")
"""Columns that are no link, and no state."""


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
def _about(data: str, journal: str, profile: str) -> dict[str, object]:
    """Return what a profile reads and how it runs, by column; empty where its section is at fault."""
    del data, journal  # they tell two desks apart
    settings = shell.settings()
    try:
        under, calendar = settings.where_known(profile), calendar_of(settings, profile)
    except AftercloseError:
        return dict.fromkeys(READS, "")
    source, path, tickers, mode = (str(under[name] or "") for name in ("source", "path", "tickers", "mode"))
    names = " · ".join(filter(None, (source, path.rstrip("/").rpartition("/")[2])))
    return {
        "Source": wrapped.Drawn(f'<span title="{escape(path or source)}">{escape(names)}</span>'),
        "Calendar": calendar,
        "Tickers": tickers or "all",
        "Mode": CHOICES.get(mode, mode),
    }


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
        "State": [wrapped.Drawn(compact.badge(row.state)) for row in chosen],
        **{name: [each[name] for each in about] for name in READS},
        "Schedule": [", ".join(row.schedules) or "none" for row in chosen],
        "Newest report": [_report(row) for row in chosen],
        "Last signed": [
            signed.get(row.profile, "never") if signed is not None else "unknown" for row in chosen
        ],
    }
    alike = _alike(columns)
    different = {name: cells for name, cells in columns.items() if name not in alike}
    wrapped.table(different, "profiles-table", many=True)
    the_same = ", ".join(f"{name.lower()} {value}" for name, value in alike.items())
    place.caption(f"{counted(len(chosen), 'profile')}.{f' The same for all: {the_same}.' if alike else ''}")
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


def _alike(columns: Mapping[str, list[object]]) -> dict[str, str]:
    """Return the columns that say the same of each of several profiles, with what they say: a sentence is enough."""
    return {
        name: literal(str(columns[name][0]))
        for name in MAY_BE_SAID_ONCE
        if len(columns[name]) > 1 and len(set(columns[name])) == 1
    }


def _name(row: ProfileRow) -> wrapped.Drawn:
    """Return the name, as a link to the profile's runs."""
    address, name = f"runs?only={quote(row.profile)}", escape(row.profile)
    return wrapped.Drawn(f'<a href="{address}" target="_self" class="to-page">{name}</a>')


def _report(row: ProfileRow) -> object:
    """Return session and state of the newest report, as a link to it."""
    if not row.run_id:
        return "none yet"
    state = " ".join(filter(None, (row.signature.replace("_", " "), row.approvals)))
    words = ", ".join(filter(None, (row.last_session, state)))
    return wrapped.Drawn(compact.link(words, "report", row.run_id))


with shell.guarded():
    page()
