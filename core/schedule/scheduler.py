"""The scheduler: looks at the clock, records what is due, and has it started, each thing once.

What is due is recorded together with how far the clock was looked at; :mod:`core.schedule.starting` starts it. The lock
that lets one scheduler watch at a time saves work; correctness does not rest on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import AftercloseError, SignOffError
from core.journal import Journal
from core.journal.connection import DamagedRow
from core.journal.occurrences import REFUSED, RUNNING, SKIPPED, WAITING, Occurrence
from core.journal.schedules import ACTIVE, PAUSED, Schedules, Stored
from core.notices.outgoing import Notice, notify
from core.platform.processes import this_process
from core.request.settings import Settings
from core.review.makers import judge_meant
from core.review.people import Person, require
from core.runs.log import RunLog
from core.schedule.arrival import Arrivals
from core.schedule.catch_up import backfill_command, catch_up_plan, missed_note, too_old_note
from core.schedule.deadman import tell_if_missing
from core.schedule.definition import (
    Schedule,
    damage,
    schedule_as_made,
    schedule_named,
    stamp,
    whole_and_damaged,
)
from core.schedule.reminders import tell_people
from core.schedule.starting import Start, Starter, start_run
from core.schedule.timing import ARRIVAL, FURTHEST_BACK, LOOK_BACK_DAYS, Firing

LOG = "scheduler"
"""Name of the scheduler's own log among the runs' folders."""

BEAT_S = 30.0


@dataclass
class Scheduler:
    """Watches the clock for one data root.

    Parameters
    ----------
    load : callable
        The settings as they are now: a profile that was edited counts at once.
    start : callable
        How a run is started.
    trouble : str
        The fault that the last look met, which is on record already; empty where it met none.
    """

    load: Callable[[], Settings]
    start: Start = start_run
    trouble: str = ""
    _arrivals: Arrivals = field(default_factory=Arrivals)
    _beat: datetime | None = None
    _notices_at: datetime | None = None
    _damaged: dict[str, str] = field(default_factory=dict)

    def tick(self, now: datetime) -> None:
        """Record what is due at ``now`` and start what is next. Does nothing where there is no schedule."""
        settings = self.load()
        if not Journal.exists(settings.data, settings.journal):
            return  # made with the first schedule; an empty one would hide that a journal was lost
        self._tell_people(settings, now)
        reading = Schedules(settings.data, settings.journal, read_only=True)
        stored, open_ = reading.each_schedule(), reading.each_open_occurrence()
        if not stored and not open_:
            return
        journal = Schedules(settings.data, settings.journal)
        log = RunLog(settings.data, LOG)
        beating = self._tell_of_life(journal, now)
        schedules, damaged = whole_and_damaged(stored)
        self._tell_of_damage(
            settings, [*damaged, *(due for due in open_ if isinstance(due, DamagedRow))], now, log
        )
        for due in _whole(open_):
            with _apart(due.schedule, log):
                Starter(settings, journal).look(due)
        for schedule in schedules:
            if schedule.state == ACTIVE:
                with _apart(schedule.name, log):
                    self._record(settings, journal, schedule, now, log)
        paused = {schedule.name for schedule in schedules if schedule.state == PAUSED}
        self._start_next(settings, journal, log, now, paused)
        expected = [
            entry.created_at for entry in stored if isinstance(entry, Stored) and entry.state == ACTIVE
        ]
        if expected and beating:
            tell_if_missing(settings, now, log, since=min(expected))

    def _tell_of_damage(
        self, settings: Settings, damaged: Sequence[DamagedRow], now: datetime, log: RunLog
    ) -> None:
        """Log each row that is not as it was written when it is first seen, and tell people once on that day."""
        faults = {row.name: damage(row) for row in damaged}
        for name, fault in faults.items():
            if self._damaged.get(name) != str(fault):
                log.write("schedule_trouble", level="error", schedule=name, reason=str(fault))
                once = f"damaged {name} {now.date()} {fault.problem}"
                _notify(
                    settings,
                    Notice("failed", f"Schedule {name} is damaged", str(fault), "schedules", once=once),
                    log,
                )
        self._damaged = {name: str(fault) for name, fault in faults.items()}

    def _tell_people(self, settings: Settings, now: datetime) -> None:
        """Send now and then what waits in the queue of notices, and what is due about signatures."""
        if self._notices_at is None or not 0 <= (now - self._notices_at).total_seconds() < BEAT_S:
            self._notices_at = now
            tell_people(settings, now, RunLog(settings.data, LOG))

    def _tell_of_life(self, journal: Schedules, now: datetime) -> bool:
        """Record now and then that this process watches, and return whether it did now."""
        if self._beat is not None and 0 <= (now - self._beat).total_seconds() < BEAT_S:
            return False
        journal.beat(this_process(), stamp(now))
        self._beat = now
        return True

    def _record(
        self, settings: Settings, journal: Schedules, schedule: Schedule, now: datetime, log: RunLog
    ) -> None:
        stored = journal.schedule(schedule.name)
        if stored is None:
            return
        if schedule.timing.text == ARRIVAL:
            content = self._arrivals.new(settings, schedule, stored.settled, now)
            if content is not None:
                arrived = [_occurrence(schedule, stamp(now), None, WAITING)] if stored.settled else []
                journal.advance(schedule.name, arrived, since=stored.since, until=stamp(now), settled=content)
            return
        since = datetime.fromisoformat(stored.since)
        if since > now:  # the clock was ahead when it was last looked at
            closed = _session_at(schedule, now)
            journal.set_back(schedule.name, since=stored.since, until=stamp(now), closed=closed)
            log.write("clock_set_back", level="warning", schedule=schedule.name, looked_up_to=stored.since)
            return
        due = catch_up_plan(schedule.timing.firings(since, now), int(settings["schedule_catch_up"] or 0), now)
        waiting = [_occurrence(schedule, stamp(f.at), str(f.session), WAITING) for f in due.runs]
        reported = [
            *_too_old(schedule, since, now - timedelta(days=LOOK_BACK_DAYS)),
            *_not_caught_up(settings, schedule, due.reported),
        ]
        if not waiting and not reported:
            return
        if journal.advance(schedule.name, [*reported, *waiting], since=stored.since, until=stamp(now)):
            _report(settings, schedule, reported, log)

    def _start_next(
        self, settings: Settings, journal: Schedules, log: RunLog, now: datetime, paused: set[str]
    ) -> None:
        """Start the oldest thing of each schedule that has none going; of one that is paused it waits."""
        begun = set(paused)
        for due in _whole(journal.each_open_occurrence()):
            if due.schedule not in begun and due.state == WAITING:
                with _apart(due.schedule, log):
                    self.begin(settings, journal, due, log, now)
            begun.add(due.schedule)

    def begin(
        self,
        settings: Settings,
        journal: Schedules,
        due: Occurrence,
        log: RunLog,
        now: datetime,
        *,
        person: Person | None = None,
    ) -> Occurrence:
        """Start the run of one occurrence and return how it stands; a refusal is logged, and people are told.

        Parameters
        ----------
        person : Person, optional
            Who asks for it now; default: it comes by itself, and is the schedule's maker's.
        """

        def asks() -> tuple[Mapping[str, str], Person]:
            # of its row, and of what is due, whoever can write there says that it goes
            schedule = schedule_as_made(journal, due.schedule, going=person is None)
            if person is None:
                _judge_session(schedule, due, now)
            judge_meant(settings, f"schedule {schedule.name}", schedule.body())
            return schedule.asks_for(due.session), person or schedule.person(settings)

        begun = Starter(settings, journal, self.start).begin(due, asks, now)
        if begun.state == RUNNING:
            log.write("schedule_started", schedule=due.schedule, session=due.session, started=begun.run_id)
        elif begun.state == REFUSED:
            log.write("schedule_refused", level="error", schedule=due.schedule, reason=begun.note)
            title = f"Schedule {due.schedule} could not start"
            text = f"{due.session or due.due_at}: {begun.note}"
            _notify(settings, Notice("failed", title, text, "schedules"), log)
        return begun


def run_now(
    settings: Settings, name: str, *, now: datetime, person: Person, start: Start = start_run
) -> Occurrence:
    """Start what a schedule asks for at once, whether it is paused or due, and return how it stands.

    Raises
    ------
    ParameterError
        If there is no such schedule.
    """
    require(person, "launch")
    journal = Schedules(settings.data, settings.journal)
    schedule = schedule_named(journal, name)
    due = _occurrence(
        schedule, stamp(now), _session_at(schedule, now), WAITING, f"asked for by {person.label}"
    )
    journal.add_occurrence(due)
    log = RunLog(settings.data, LOG)
    return Scheduler(lambda: settings, start).begin(settings, journal, due, log, now, person=person)


def _whole(entries: Iterable[Occurrence | DamagedRow]) -> list[Occurrence]:
    return [entry for entry in entries if isinstance(entry, Occurrence)]


@contextmanager
def _apart(schedule: str, log: RunLog) -> Iterator[None]:
    """Log what goes wrong with one schedule: it stops none of the others."""
    try:
        yield
    except AftercloseError as error:
        log.write("schedule_trouble", level="error", schedule=schedule, reason=str(error))
    except Exception as error:  # noqa: BLE001 - a row that nobody wrote may have a value that nobody thought of
        reason = f"unexpected {type(error).__name__}: {error}"
        log.write("schedule_trouble", level="error", schedule=schedule, reason=reason)


def _judge_session(schedule: Schedule, due: Occurrence, now: datetime) -> None:
    """Raise unless a session is one that a schedule can be due for: its rows of what is due are under no signature.

    Whoever can write the database would have its maker ask for any day. One that closed since it was set it asks for
    by itself; where nothing says when that was, or the clock is behind that, any that has closed.
    """
    if due.session is None:
        return
    set_at = schedule.set_at if schedule.set_at is not None and schedule.set_at <= now else None
    first, last = _session_at(schedule, set_at) if set_at else "", _session_at(schedule, now)
    if not first <= due.session <= last:
        raise SignOffError(
            f"schedule {schedule.name} was never due for session {due.session}",
            expected=f"one from {first or 'its first'} to {last}",
            remedy="Find out who put it there. For an earlier session: afterclose backfill.",
        )


def _session_at(schedule: Schedule, now: datetime) -> str:
    from core.sources.closing import last_closed_session

    return last_closed_session(schedule.timing.calendar, now).isoformat()


def _occurrence(
    schedule: Schedule, at: str, session: str | None, state: str, note: str | None = None
) -> Occurrence:
    return Occurrence(schedule.name, at, session, state, None, note)


def _too_old(schedule: Schedule, since: datetime, limit: datetime) -> list[Occurrence]:
    """Return one record for all that was due so long ago that it is not looked for; nothing if nothing was."""
    since = max(since, limit - FURTHEST_BACK)
    if since >= limit or next(schedule.timing.times(since, limit), None) is None:
        return []
    command = backfill_command(f"{since:%Y-%m-%d}", f"{limit:%Y-%m-%d}", schedule.request)
    return [_occurrence(schedule, stamp(limit), None, SKIPPED, too_old_note(LOOK_BACK_DAYS, command))]


def _not_caught_up(settings: Settings, schedule: Schedule, missed: list[Firing]) -> list[Occurrence]:
    """Return the records of sessions that are not caught up, each with the command that fills in all of them."""
    if not missed:
        return []
    command = backfill_command(str(missed[0].session), str(missed[-1].session), schedule.request)
    note = missed_note(int(settings["schedule_catch_up"] or 0), command)
    return [_occurrence(schedule, stamp(f.at), str(f.session), SKIPPED, note) for f in missed]


def _report(settings: Settings, schedule: Schedule, skipped: list[Occurrence], log: RunLog) -> None:
    """Write to the log, and tell people, what is not caught up: one notice however many sessions."""
    for note in dict.fromkeys(str(due.note) for due in skipped):
        sessions = [due.session for due in skipped if due.note == note and due.session]
        span: dict[str, Any] = {"first": sessions[0], "last": sessions[-1]} if sessions else {}
        details = {"schedule": schedule.name, **span, "sessions": len(sessions), "reason": note}
        log.write("schedule_skipped", level="warning", **details)
    if skipped:
        text = "\n".join(dict.fromkeys(str(due.note) for due in skipped))
        title = f"Schedule {schedule.name} missed sessions"
        _notify(settings, Notice("no_report", title, text, "schedules"), log)


def _notify(settings: Settings, notice: Notice, log: RunLog) -> None:
    trouble = notify(settings, notice)
    if trouble:
        log.write("notice_trouble", level="warning", reason=trouble)


def utc_clock() -> datetime:
    """Return the present time with its zone."""
    return datetime.now(UTC)
