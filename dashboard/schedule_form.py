"""The form of a schedule, new or changed: its rule, what it asks for, and what speaks against it before it is set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import AftercloseError
from core.journal.schedules import Schedules
from core.queries.operations import prospects
from core.queries.operations import schedule_form as form
from core.queries.operations.schedules import next_sentence, profile_rows
from core.request.known_profiles import KnownProfiles
from core.request.profiles import PROFILE
from core.request.stages import MODES, SOURCES
from core.schedule import definition
from core.schedule.definition import Schedule, schedule_named
from core.schedule.timing import Timing
from dashboard import acting, asking, shell
from dashboard.fields import AS_SET, NO_PROFILE
from dashboard.words import literal

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

READ_S = 600.0
"""Seconds for which it is remembered whether a file has ended, unless the file changes."""

AT_ONCE_BYTES = 24_000_000
"""A larger file is not read for a warning."""


def new(act: Callable[[str, Callable[[], None]], None]) -> None:
    """Draw the form of a new schedule and keep it when asked to; ``act`` does it and says so."""
    line = _line()
    name = line.text_input("Name", placeholder="daily", key="schedule-name", width=200)
    schedule = _fields("schedule", name, None, line)
    why = acting.refusal("schedule")
    if st.button("Set this schedule", type="primary", key="schedule-set", disabled=why is not None, help=why):
        settings = shell.settings()
        act(
            f"{name} is set.",
            lambda: definition.add(settings, schedule, now=datetime.now(UTC), person=shell.person()),
        )


def change(name: str, act: Callable[[str, Callable[[], None]], None], forget: Callable[[], None]) -> None:
    """Draw the form of a schedule that is there, with what it has, and change it when asked to.

    Parameters
    ----------
    forget : callable
        Forgets that the form was asked for, when it is left without a change.
    """
    settings = shell.settings()
    journal = Schedules.find(settings.data, settings.journal)
    if journal is None:
        return
    before = schedule_named(journal, name)
    st.caption("The change is kept on record, with who made it. Runs in progress are not touched.")
    after = _fields(f"change-{name}", name, before, _line())
    differences = definition.changes(before, after)
    with st.container(key="schedule-differences"):
        st.caption(literal("; ".join(differences)) if differences else "Nothing is changed yet.")
    off = acting.refusal("schedule") or (None if differences else "Nothing is changed yet.")
    with st.container(horizontal=True):
        pressed = st.button(
            "Change it", type="primary", key=f"change-{name}-yes", disabled=off is not None, help=off
        )
        asking.leave(f"change-{name}-yes", forget=forget)
    if pressed:
        act(
            f"{name} is changed: {'; '.join(differences)}.",
            lambda: definition.change(settings, after, now=datetime.now(UTC), person=shell.person()),
        )


def _line() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="bottom")


def _fields(key: str, name: str, before: Schedule | None, line: DeltaGenerator) -> Schedule:
    """Draw the fields, those of the rule into ``line``, and return the schedule that they describe."""
    request = dict(before.request) if before else {}
    with line:
        text, sessions_only = _when(key, before)
    settings = shell.settings()
    own = [request[PROFILE]] if request.get(PROFILE) else []
    names = list(dict.fromkeys([*settings.profiles, *KnownProfiles(settings.data).names(), *own]))
    answers: dict[str, str] = {}
    with st.grid(4, min_column_width=150):
        begins = request.get(PROFILE) if before else shell.profile_to_begin_with(names)
        profile = _choice("Profile", [NO_PROFILE, *names], begins, f"{key}-profile")
        # a profile that nobody configured is called after its prices: they are not to be chosen beside it
        fixed = "The profile says which." if profile not in (NO_PROFILE, *settings.profiles) else None
        own_source = [request["source"]] if request.get("source") else []
        sources = [AS_SET, *(own_source if fixed else SOURCES)]
        source = _choice("Source", sources, request.get("source"), f"{key}-source", help_=fixed)
        mode = _choice(
            "Mode", [AS_SET, *MODES], request.get("mode"), f"{key}-mode",
            help_="Training makes a candidate, never a champion.",
        )  # fmt: skip
        answers["tickers"] = st.text_input(
            "Tickers", request.get("tickers", ""), placeholder="the profile's" if fixed else "as configured",
            key=f"{key}-tickers", help=fixed, disabled=fixed is not None,
        )  # fmt: skip
    answers |= {"source": _unless_set(source), "mode": _unless_set(mode), "path": ""}
    if fixed and not before:
        answers |= {"source": "", "tickers": ""}
    elif source == "files":
        answers["path"] = st.text_input(
            "File or watched folder",
            request.get("path", ""),
            key=f"{key}-path",
            placeholder="prices/daily.csv",
        )
    answers[PROFILE] = "" if profile == NO_PROFILE else profile
    if answers[PROFILE] in settings.profiles:
        rows = profile_rows(settings, answers[PROFILE])
        changed = "; ".join(f"{p} {v or '(empty)'}" for p, v, _ in rows)
        st.caption(f"The profile sets {literal(changed)}." if changed else "The profile changes no default.")
    elif answers[PROFILE]:
        under = settings.where_known(answers[PROFILE])
        st.caption(literal(f"The profile reads {under['path'] or under['source']}."))
    schedule = _definition(key, name, text, answers, sessions_only=sessions_only, before=before)
    with st.container(key=f"{key}-next"):
        st.caption(literal(next_sentence(schedule, datetime.now(UTC), shell.local_zone())))
    with st.container(key=f"{key}-doubts"):
        for sentence in _doubts(schedule):
            st.warning(literal(sentence), icon=":material/hourglass_disabled:")
    return schedule


def _definition(
    key: str, name: str, text: str, answers: dict[str, str], *, sessions_only: bool, before: Schedule | None
) -> Schedule:
    """Return the schedule of the form; a change may also clear a fixed end, the one thing that stops all news."""
    if before and before.request.get("end") and st.checkbox("Clear the fixed end", key=f"{key}-clear-end"):
        answers["end"] = ""
    return form.schedule(shell.settings(), name, text, answers, sessions_only=sessions_only, before=before)


def _choice(
    label: str,
    options: list[str],
    chosen: str | None,
    key: str,
    *,
    help_: str | None = None,
) -> str:
    at = options.index(chosen) if chosen in options else 0
    return str(st.selectbox(label, options, index=at, key=key, help=help_))


def _unless_set(chosen: str) -> str:
    return "" if chosen == AS_SET else chosen


def _when(key: str, before: Schedule | None) -> tuple[str, bool]:
    """Draw the choice of a rule, and return its text and whether only session days count."""
    was = form.choices_of(before.timing.text) if before else form.Choices()
    kind = st.segmented_control("When", form.KINDS, default=was.kind, required=True, key=f"{key}-kind")
    if kind == form.AFTER_CLOSE:
        minutes = st.number_input(
            "Minutes after the close", 0, 1440, was.minutes, key=f"{key}-minutes", width=200
        )
        return form.rule(kind, minutes=minutes), True
    if kind == form.NEW_DATA:
        st.caption(
            "A file or folder that changed and stands still, or a session that closed at a live source."
        )
        return form.rule(kind), True
    if kind == form.WEEKLY:
        days = list(form.WEEKDAYS)
        day = st.selectbox("Day", days, index=days.index(was.day), key=f"{key}-day", width=160)
        at = st.time_input("Exchange time", was.at, key=f"{key}-time", width=160)
        text = form.rule(kind, day=day, at=f"{at:%H:%M}")
    else:
        line = st.text_input("Cron line (exchange time)", was.line, key=f"{key}-line", width=260)
        text = form.rule(kind, line=line)
    every_day = not before.timing.sessions_only if before else False
    return text, not st.checkbox("Also on days without a session", every_day, key=f"{key}-every-day")


def _doubts(schedule: Schedule) -> list[str]:
    """Return why the schedule would bring nothing new; what is wrong with it is said when it is set."""
    settings, now = shell.settings(), datetime.now(UTC)
    try:
        schedule.timing.check()
        sentences = prospects.doubts(settings, schedule, now)
        ended = "" if sentences else _ended(settings.data, schedule)
    except (AftercloseError, OSError):
        return []
    return [*sentences, *([ended] if ended else [])]


def _ended(root: object, schedule: Schedule) -> str:
    path = Path(schedule.request.get("path", ""))
    if not path.is_file() or path.stat().st_size > AT_ONCE_BYTES or acting.refusal("launch"):
        return ""
    return _ended_file(
        str(root), schedule.name, schedule.timing, tuple(schedule.request.items()), path.stat().st_mtime_ns
    )


@st.cache_data(ttl=READ_S, max_entries=32, show_spinner="Looking how far the file goes…")
def _ended_file(
    root: str, name: str, timing: Timing, request: tuple[tuple[str, str], ...], changed: int
) -> str:
    del root, changed  # they only tell data roots and versions of the file apart
    return prospects.ended_source(shell.settings(), Schedule(name, timing, dict(request)), datetime.now(UTC))
