"""Runs that come by themselves: the schedules there are, their next times, and a form for a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.journal.faults import DAMAGED
from core.journal.schedules import Schedules
from core.queries.operations.prospects import doubts
from core.queries.operations.schedule_history import past_times
from core.queries.operations.schedules import may_still_come, overview
from core.report.formatting import counted
from core.runs.profile import profile_of
from core.schedule import definition
from core.schedule.definition import schedule_named
from core.schedule.scheduler import run_now
from dashboard import acting, compact, filling, parts, schedule_card, schedule_form, shell, wrapped
from dashboard.words import literal

REFRESH_S = 5.0
_MISSED = "scheduler_missed"
_CHANGING = "schedule-to-change"


def page() -> None:
    """Lay out the schedules and the form."""
    shell.show_notice()
    # the forms come first: what comes and goes in the lists must not move them
    filling_in, empty = filling.asked_in_address(), not _any()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="schedule-ways"):
        nothing = "Nothing runs by itself yet. " if empty else ""
        st.caption(f"{nothing}A schedule starts runs; it never promotes, signs or publishes.")
        # both before what is in them: the second stands above a form that is open
        making = st.expander(
            "New schedule", icon=":material/add:", key="new-schedule", expanded=empty and not filling_in
        )
        past = st.expander(
            "Fill in past sessions", icon=":material/date_range:", key="new-backfill", expanded=filling_in
        )
        with making:
            schedule_form.new(act)
        with past:
            filling.form()
    with st.container(key="schedule-list"):
        listing()
    filling.listing()
    _change_from_address()
    name = st.session_state.get(_CHANGING)
    if name:
        changing(name)


def _change_from_address() -> None:
    """Open the form of the schedule that the address names, once."""
    name = str(st.query_params.pop(schedule_card.CHANGE, None) or "")
    if not name or acting.refusal("schedule"):
        return
    if any(entry["name"] == name for entry in overview(shell.settings(), datetime.now(UTC))["schedules"]):
        ask_to_change(name)


def _any() -> bool:
    return bool(overview(shell.settings(), datetime.now(UTC))["schedules"])


@parts.redrawn("schedules", every_s=REFRESH_S)
def listing() -> None:
    """Draw every schedule; again every few seconds, because its runs come by themselves."""
    now = datetime.now(UTC)
    status = overview(shell.settings(), now, shell.local_zone())
    if not status["schedules"]:
        return
    watch(status, now)
    chosen = [entry for entry in status["schedules"] if _in_scope(entry)]
    if words := _above(chosen, len(status["schedules"]) - len(chosen), now):
        st.caption(literal(words))
    journal = Schedules.find(shell.settings().data, shell.settings().journal)
    if journal is not None:
        for entry in chosen:
            draw(entry, journal, now)


def _above(chosen: Sequence[dict[str, Any]], others: int, now: datetime) -> str:
    """Return how many schedules there are and which runs next; of one its card says it."""
    words = schedule_card.summary(chosen, now) if chosen else "No schedule of this profile."
    more = [f"{counted(others, 'schedule')} of other profiles."] if others else []
    return " ".join([*([] if len(chosen) == 1 else [words]), *more])


def _in_scope(entry: dict[str, Any]) -> bool:
    """Return whether a schedule is of the profile chosen above; one whose profile cannot be told always is shown."""
    return not shell.scope() or _profile(entry) in ("", shell.scope())


def _profile(entry: dict[str, Any]) -> str:
    """Return the profile that a schedule runs; empty where it cannot be told."""
    try:
        return profile_of(entry["request"], shell.settings())
    except AftercloseError:
        return ""


def watch(status: dict[str, Any], now: datetime) -> None:
    """Warn where nobody watches the clock: not before a scheduler that was just started could leave a sign."""
    if status["watched"]:
        st.session_state.pop(_MISSED, None)
    elif may_still_come(st.session_state.setdefault(_MISSED, now), now):
        st.caption("Looking for the process that watches the clock…")
    else:
        st.warning(f"No schedule starts now: {literal(status['scheduler'])}.", icon=":material/alarm_off:")


def draw(entry: dict[str, Any], journal: Schedules, now: datetime) -> None:
    """Draw one schedule: profile, rule, why nothing new will come, next run, last results, what can be done with it."""
    if entry["state"] == DAMAGED:
        draw_damaged(entry)
        return
    settings, name, local = shell.settings(), entry["name"], shell.local_zone()
    past = past_times(settings, journal, name, now)
    sentences = doubts(settings, schedule_named(journal, name), now)
    with st.container(border=True, key=f"schedule-{name}"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"schedule-head-{name}"):
            compact.draw(schedule_card.head(entry, _profile(entry), futile=bool(sentences)))
            buttons(name, entry["state"])
        to_change = "" if acting.refusal("schedule") else name
        compact.draw(
            schedule_card.warnings(sentences, to_change) + schedule_card.facts(entry, past, now, local)
        )
        label = (
            f"History, last: {past[0].due.state}; next times"
            if past
            else "Next times, here and at the exchange"
        )
        with st.expander(label, key=f"past-{name}"):
            if past:
                wrapped.table(schedule_card.history(past, local), f"history-{name}", most_px=420)
            if entry["next"]:
                times = {"Your time": entry["next_local"], "Exchange time": entry["next_exchange"]}
                wrapped.table(times, f"next-{name}")


def draw_damaged(entry: dict[str, Any]) -> None:
    """Draw a schedule that is not as it was written: what is wrong, and the way to be rid of it."""
    with st.container(border=True, key=f"schedule-{entry['name']}"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"schedule-head-{entry['name']}"):
            compact.draw(schedule_card.head(entry))
            remove_button(entry["name"])
        st.error(literal(entry["trouble"]), icon=":material/broken_image:")


def buttons(name: str, state: str) -> None:
    """Draw what can be done with a schedule."""
    why = acting.refusal("schedule")
    off = why is not None
    with st.container(horizontal=True, gap="small", width="content", key=f"schedule-buttons-{name}"):
        if st.button("Run now", icon=":material/play_arrow:", key=f"now-{name}", disabled=off, help=why):
            act(f"{name} was started.", lambda: _start(name))
        if state == "active":
            if st.button("Pause", icon=":material/pause:", key=f"pause-{name}", disabled=off, help=why):
                act(
                    f"{name} is paused.",
                    lambda: definition.pause(shell.settings(), name, person=shell.person()),
                )
        elif st.button("Resume", icon=":material/resume:", key=f"resume-{name}", disabled=off, help=why):
            act(f"{name} goes on; what passed meanwhile is not caught up.", lambda: _resume(name))
        if st.session_state.get(_CHANGING) == name:  # its form is open: the menu that led there is closed
            st.button("More", key=f"more-{name}", disabled=True)
            return
        with st.popover("More", key=f"more-{name}", disabled=off, help=why):
            if st.button("Change", icon=":material/edit:", key=f"change-{name}", disabled=off, help=why):
                ask_to_change(name)
                st.rerun(scope="app")
            confirm_remove(name)


def remove_button(name: str) -> None:
    """Draw the way to remove a schedule of which nothing else can be done."""
    why = acting.refusal("schedule")
    with st.popover("Remove", key=f"remove-{name}", disabled=why is not None, help=why):
        confirm_remove(name)


def _start(name: str) -> None:
    started = run_now(shell.settings(), name, now=datetime.now(UTC), person=shell.person())
    if started.run_id is None:
        raise AftercloseError(str(started.note))


def _resume(name: str) -> None:
    definition.resume(shell.settings(), name, now=datetime.now(UTC), person=shell.person())


def act(done: str, action: Any) -> None:
    """Do something and say so at the top; what is refused is said where it was asked for."""
    try:
        action()
    except AftercloseError as error:
        shell.problem(error)
        return
    closed()
    shell.notice(done)
    st.rerun(scope="app")


def confirm_remove(name: str) -> None:
    """Ask before a schedule is forgotten."""
    st.caption(
        f"Removed, {literal(name)} starts nothing more. Its past runs stay, and a run in progress goes on."
    )
    if st.button("Remove it", icon=":material/delete:", key=f"remove-yes-{name}"):
        act(
            f"{name} is removed.",
            lambda: definition.remove(shell.settings(), name, person=shell.person()),
        )


def ask_to_change(name: str) -> None:
    """Let the page open the form of a schedule: outside what refreshes itself, so that no keystroke is lost."""
    st.session_state[_CHANGING] = name


def closed() -> None:
    """Let the form of a change be gone."""
    st.session_state.pop(_CHANGING, None)


@parts.question("Change a schedule", width="large", icon=":material/edit_calendar:", on_dismiss=closed)
def changing(name: str) -> None:
    """Ask what is to be different."""
    st.markdown(f"**{literal(name)}**")
    schedule_form.change(name, act, closed)


page()
