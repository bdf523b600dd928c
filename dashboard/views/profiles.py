"""Profiles: what each reads and where it stands, a row each, what needs somebody first. Refreshes itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

import streamlit as st

from core.errors import AftercloseError
from core.queries.operations.profile_history import calendar_of
from core.queries.operations.profile_list import ProfileRow, profile_list
from core.report.formatting import counted
from core.review.decision_history import champion_of
from core.schedule.freshness import URGENCY
from dashboard import compact, shell, wrapped
from dashboard.words import minute

REFRESH_S = 30.0


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
def _about(data: str, journal: str, profile: str) -> tuple[str, str]:
    """Return what a profile reads, as HTML, and its champion; both empty where its section is at fault."""
    del data, journal  # they tell two desks apart
    settings = shell.settings()
    try:
        under = settings.where_known(profile)
        champion, calendar = champion_of(settings, profile), calendar_of(settings, profile)
    except AftercloseError:
        return "", ""
    source, path, tickers = (str(under[name] or "") for name in ("source", "path", "tickers"))
    short = path.rstrip("/").rpartition("/")[2] or ("" if source == "sample" else tickers)
    names = " · ".join(filter(None, (source, short, calendar)))
    return (
        f'<span title="{escape(path or tickers)}">{escape(names)}</span>',
        champion.model_id if champion else "none",
    )


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
    st.caption(f"{counted(len(chosen), 'profile')}.")
    desk = str(shell.settings().data), shell.settings().journal
    about = [_about(*desk, row.profile) for row in chosen]
    columns: dict[str, list[object]] = {
        "Profile": [_name(row) for row in chosen],
        "State": [_state(row) for row in chosen],
        "Reads": [wrapped.Drawn(reads) for reads, _ in about],
        "Newest": [_line(row.last_session or "none yet") for row in chosen],
        "Verdict": [_badge(row.verdict) or _line("none yet") for row in chosen],
        "Report": [_signature(row) for row in chosen],
        "Champion": [champion for _, champion in about],
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


def _badge(word: str) -> wrapped.Drawn | None:
    return wrapped.Drawn(compact.badge(word)) if word else None


def _signature(row: ProfileRow) -> object:
    if not row.signature:
        return _line("none yet")
    parts = [compact.badge(row.signature.replace("_", " "))]
    return wrapped.Drawn(compact.row([*parts, *([compact.quiet(row.approvals)] if row.approvals else [])]))


with shell.guarded():
    page()
