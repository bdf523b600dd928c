"""Profiles: what each reads, how it runs, what it sets, the way to change that, and what to do next."""

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
from core.request.form_words import plain_name
from core.request.profiles import ChangedSetting, changed_settings
from core.request.settings import Settings
from core.schedule.freshness import FAILED, LATE, NO_DATA, NONE, STALE, URGENCY
from dashboard import acting, compact, parts, profile_form, requesting, shell, wrapped
from dashboard.fields import CHOICES, names_in

REFRESH_S = 30.0
FEWEST_FILTERED = 6
"""From so many profiles on there is a choice of states: fewer are seen at a glance."""


def page() -> None:
    """Lay out the counts, what is shown, and the table; above them, when it was asked for, the form of a profile."""
    shell.show_notice()
    _asked_in_address()

    @parts.redrawn("profiles-now", every_s=REFRESH_S)
    def draw() -> None:
        _table(_rows(*_desk()))

    draw()
    profile_form.show()


def _asked_in_address() -> None:
    """Open the form that the address asks for, once."""
    profile, like = (str(st.query_params.pop(name, None) or "") for name in (EDIT, LIKE))
    if profile or like:
        profile_form.ask(profile, like=like)


EDIT, LIKE = "edit", "like"
"""In the address: the profile whose settings are to be changed, or the one that a new one begins with."""


def _desk() -> tuple[str, str, int]:
    """Return what tells two desks apart, and a desk before and after its file was changed."""
    settings = shell.settings()
    return str(settings.data), settings.journal, settings.file.stat().st_mtime_ns if settings.file else 0


@st.cache_data(ttl=REFRESH_S - 1, max_entries=4, show_spinner="Looking…")
def _rows(*desk: object) -> list[ProfileRow]:
    """Return the rows, looked up once for all viewers."""
    del desk
    return profile_list(shell.settings(), datetime.now(UTC))


@st.cache_data(ttl=REFRESH_S - 1, max_entries=256, show_spinner=False)
def _about(profile: str, *desk: object) -> tuple[str, str, str]:
    """Return as HTML what a profile reads, how a run of it goes and what else it sets; nothing where it is at fault."""
    del desk
    settings = shell.settings()
    try:
        under, calendar = settings.where_known(profile), calendar_of(settings, profile)
    except AftercloseError:
        return "", "", ""
    source, path, tickers, mode = (str(under[name] or "") for name in ("source", "path", "tickers", "mode"))
    name = path.rstrip("/").rpartition("/")[2] or _SOURCES.get(source, source.capitalize())
    names = ", ".join(names_in(tickers)) or "all tickers"
    reads = _below(f'<span title="{escape(path or source)}">{escape(name)}</span>', names)
    changed = [
        each for each in changed_settings(under.defaults, settings.defaults) if each.name not in _BESIDE
    ]
    return reads, f"{CHOICES.get(mode, mode)} · calendar {calendar}", _settings(settings, profile, changed)


_BESIDE = ("source", "path", "tickers", "mode", "calendar")
"""Settings that stand in the columns before."""


def _settings(settings: Settings, profile: str, changed: list[ChangedSetting]) -> str:
    """Return what a profile sets apart from the defaults; below, the way to change that."""
    several = [f"{plain_name(each.name)} {each.value.replace('_', ' ') or 'none'}" for each in changed]
    more = [f"{len(several) - _MOST_SET:,} more"] if len(several) > _MOST_SET else []
    words = escape(" · ".join([*several[:_MOST_SET], *more])) or '<span class="quiet">all defaults</span>'
    has_section = profile in settings.profiles
    address = f"profiles?{EDIT if has_section else LIKE}={quote(profile)}"
    way = f'<a href="{address}" target="_self" class="to-page">{"Edit" if has_section else "Save in luigi.cfg"}</a>'
    return f'<span title="{escape(" · ".join(several))}">{words}</span><div>{way}</div>'


_MOST_SET = 5
"""Settings that are named in a row; of more, how many there are."""


_WHY = {LATE: "no run of it yet", STALE: "no newer session", NO_DATA: "not at the source"}
"""State that its word does not explain -> what was found, in a few more."""

_SOURCES = {"sample": "Built-in sample"}


def _below(markup: str, more: str) -> str:
    """Return a cell of two lines, the second the quieter one."""
    return f'{markup}<span class="below">{escape(more)}</span>' if more else markup


def _table(rows: list[ProfileRow]) -> None:
    if not rows:
        st.info("There is no profile yet. A run makes one: start it on **Runs**.", icon=":material/info:")
        _new()
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="profiles-line"):
        states = _states(rows) if len(rows) >= FEWEST_FILTERED else []
        chosen = [row for row in rows if not states or row.state in states]
        st.caption(f"{counted(len(chosen), 'profile')}, the most urgent first.", width="content")
        _new()
    about = [_about(row.profile, *_desk()) for row in chosen]
    columns: dict[str, list[object]] = {
        "Profile": [_name(row) for row in chosen],
        "State": [wrapped.Drawn(_below(compact.badge(row.state), _WHY.get(row.state, ""))) for row in chosen],
        "Reads": [wrapped.Drawn(reads) for reads, _, _ in about],
        "Runs": [wrapped.Drawn(_runs(row, how)) for row, (_, how, _) in zip(chosen, about, strict=True)],
        "Settings": [wrapped.Drawn(sets) for _, _, sets in about],
        "Next step": [wrapped.Drawn(_next_step(row)) for row in chosen],
    }
    wrapped.table(columns, "profiles-table", many=True)
    for row in chosen:
        if row.fault:
            shell.alarm(f"{row.profile}: {row.fault}")


def _new() -> None:
    """Draw the way to a new profile."""
    refused = acting.refusal("schedule")
    if st.button(
        "New profile", icon=":material/add:", key="new-profile", disabled=bool(refused), help=refused
    ):
        profile_form.ask("")
        st.rerun(scope="app")


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
    if row.fault:
        return ""
    if row.state == NONE and row.profile in shell.settings().profiles:
        address, label = f"start?{requesting.OF}={quote(row.profile)}", "Run it"
    else:
        address, label = _runs_of(row), "See why it failed" if row.state == FAILED else "See its runs"
    return f'<a href="{address}" target="_self" class="to-page">{label}</a>'


def _runs_of(row: ProfileRow) -> str:
    return f"runs?only={quote(row.profile)}"


with shell.guarded():
    page()
