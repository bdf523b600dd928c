"""Runs that come by themselves: the schedules there are, their next times, and a form for a new one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from core.errors import AftercloseError
from core.queries.operations import schedule_form as form
from core.queries.operations.schedules import may_still_come, overview, profile_rows, schedule_view
from core.request.stages import MODES, SOURCES
from core.schedule import definition
from core.schedule.scheduler import run_now
from dashboard import acting, filling, shell, states, wrapped
from dashboard.words import literal

REFRESH_S = 5.0
_MISSED = "scheduler_missed"
NO_PROFILE = "(none)"
AS_SET = "(as set)"


def page() -> None:
    """Lay out the schedules and the form."""
    shell.show_notice()
    with st.container(key="schedule-list"):  # what comes and goes in it must not move the form
        listing()
    with st.expander("New schedule", icon=":material/add:", key="new-schedule", expanded=not _any()):
        new()
    with st.expander(
        "Fill in past sessions",
        icon=":material/date_range:",
        key="new-backfill",
        expanded=filling.asked_in_address(),
    ):
        filling.form()
    filling.listing()


def _any() -> bool:
    return bool(overview(shell.settings(), datetime.now(UTC))["schedules"])


def _local() -> ZoneInfo | None:
    """Return the zone of the browser, None (this machine's) where it does not say."""
    name = st.context.timezone
    return ZoneInfo(name) if name else None


@st.fragment(run_every=REFRESH_S, key="schedules")
def listing() -> None:
    """Draw every schedule; again every few seconds, because its runs come by themselves."""
    with shell.guarded():
        now = datetime.now(UTC)
        status = overview(shell.settings(), now, _local())
        if not status["schedules"]:
            st.info(
                "Nothing runs by itself yet. Set a schedule below; it never promotes, signs or publishes."
            )
            return
        watch(status, now)
        for schedule in status["schedules"]:
            draw(schedule)


def watch(status: dict[str, Any], now: datetime) -> None:
    """Warn where nobody watches the clock: not before a scheduler that was just started could leave a sign."""
    if status["watched"]:
        st.session_state.pop(_MISSED, None)
    elif may_still_come(st.session_state.setdefault(_MISSED, now), now):
        st.caption("Looking for the process that watches the clock…")
    else:
        st.warning(f"No schedule starts now: {literal(status['scheduler'])}.", icon=":material/alarm_off:")


def draw(schedule: dict[str, Any]) -> None:
    """Draw one schedule: rule, next times, last results, and what can be done with it."""
    name = schedule["name"]
    with st.container(border=True, key=f"schedule-{name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{literal(name)}**", width="content")
            states.badge(schedule["state"])
            st.caption(f"{literal(schedule['when'])} · {literal(schedule['asks_for'])}", width="content")
        if schedule["trouble"]:
            shell.alarm(schedule["trouble"])
        if schedule["next"]:
            times = {"Next (your time)": schedule["next_local"], "Exchange time": schedule["next_exchange"]}
            wrapped.table(times, f"next-{name}")
        elif schedule["state"] == "active":
            st.caption("Waits for new data at its source.")
        buttons(name, schedule["state"])
        past(name)


def buttons(name: str, state: str) -> None:
    """Draw what can be done with a schedule."""
    why = acting.refusal("schedule")
    off = why is not None
    with st.container(horizontal=True):
        if st.button("Run now", icon=":material/play_arrow:", key=f"now-{name}", disabled=off, help=why):
            act(f"{name} was started.", lambda: _start(name))
        if state == "active":
            if st.button("Pause", icon=":material/pause:", key=f"pause-{name}", disabled=off):
                act(
                    f"{name} is paused.",
                    lambda: definition.pause(shell.settings(), name, person=shell.person()),
                )
        elif st.button("Resume", icon=":material/resume:", key=f"resume-{name}", disabled=off):
            act(f"{name} goes on; what passed meanwhile is not caught up.", lambda: _resume(name))
        with st.popover("Remove", icon=":material/delete:", key=f"remove-{name}", disabled=off):
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
    shell.notice(done)
    st.rerun(scope="app")


def confirm_remove(name: str) -> None:
    """Ask before a schedule is forgotten."""
    st.write(f"{literal(name)} starts nothing more. Its past runs stay, and a run that goes now goes on.")
    if st.button("Yes, remove it", type="primary", key=f"remove-yes-{name}"):
        act(
            f"{name} is removed.",
            lambda: definition.remove(shell.settings(), name, person=shell.person()),
        )


def past(name: str) -> None:
    """Draw what became of the last times."""
    occurrences = schedule_view(shell.settings(), name, datetime.now(UTC))["occurrences"]
    if not occurrences:
        return
    with st.expander(f"Last: {occurrences[0]['state']}", key=f"past-{name}"):
        for due in occurrences[:10]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                states.badge(due["state"], width=116)
                st.caption(f"due {due['due_at'][:16].replace('T', ' ')} UTC", width=200)
                st.caption(f"session {due['session'] or 'as it came'}", width=150)
                if due["run_id"]:
                    shell.page_link("run", f":blue[{due['run_id']}]", run=due["run_id"], width=230)
                st.caption(literal(due["note"] or ""), width="content")


def new() -> None:
    """Draw the form of a new schedule and keep it when asked to."""
    settings = shell.settings()
    name = st.text_input("Name", placeholder="daily", key="schedule-name", width=320)
    text, sessions_only = when()
    request: dict[str, str] = {}
    with st.grid(4, min_column_width=180):
        profile = st.selectbox("Profile", [NO_PROFILE, *settings.profiles], key="schedule-profile")
        request["source"] = _unless_set(st.selectbox("Source", [AS_SET, *SOURCES], key="schedule-source"))
        request["mode"] = _unless_set(
            st.selectbox(
                "Mode",
                [AS_SET, *MODES],
                key="schedule-mode",
                help="Training makes a candidate, never a champion.",
            )
        )
        request["tickers"] = st.text_input("Tickers", placeholder="as set", key="schedule-tickers")
    request["path"] = (
        st.text_input("File or watched folder", key="schedule-path") if request["source"] == "files" else ""
    )
    request["profile"] = "" if profile == NO_PROFILE else profile
    if request["profile"]:
        rows = profile_rows(settings, request["profile"])
        st.caption(
            "The profile sets " + literal("; ".join(f"{p} {v or '(empty)'}" for p, v, _ in rows) + ".")
        )
    why = acting.refusal("schedule")
    if st.button("Set this schedule", type="primary", key="schedule-set", disabled=why is not None, help=why):
        schedule = form.schedule(settings, name, text, request, sessions_only=sessions_only)
        act(
            f"{name} is set.",
            lambda: definition.add(settings, schedule, now=datetime.now(UTC), person=shell.person()),
        )


def _unless_set(chosen: str) -> str:
    return "" if chosen == AS_SET else chosen


def when() -> tuple[str, bool]:
    """Draw the choice of a rule, and return its text and whether only session days count."""
    kind = st.segmented_control(
        "When", form.KINDS, default=form.AFTER_CLOSE, required=True, key="schedule-kind"
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if kind == form.AFTER_CLOSE:
            minutes = st.number_input(
                "Minutes after the close", 0, 1440, 45, key="schedule-minutes", width=220
            )
            return form.rule(kind, minutes=minutes), True
        if kind == form.NEW_DATA:
            st.caption(
                "A file or folder that changed and stands still, or a session that closed at a live source."
            )
            return form.rule(kind), True
        if kind == form.WEEKLY:
            day = st.selectbox("Day", list(form.WEEKDAYS), index=4, key="schedule-day", width=160)
            at = st.time_input("Exchange time", "18:00", key="schedule-time", width=160)
            text = form.rule(kind, day=day, at=f"{at:%H:%M}")
        else:
            line = st.text_input(
                "Cron line (exchange time)", "30 18 * * mon-fri", key="schedule-line", width=260
            )
            text = form.rule(kind, line=line)
        return text, not st.checkbox("Also on days without a session", key="schedule-every-day")


page()
