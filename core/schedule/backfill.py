"""Filling in a range of past sessions: one run each, a few at a time, in order, resumed after a stop.

``python -m core.schedule.backfill ID`` does the work of the desk; ``afterclose backfill`` does its own.
A session costs the same whatever the length of the range: it is planned when its turn comes, looked up in
the checkpoints, and started only if something is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from core.errors import EXIT_DONE, EXIT_FAILED, EXIT_WAITING, AftercloseError, BusyError, ParameterError
from core.journal import Run, locks
from core.journal.backfills import (
    DONE,
    GOING,
    STOPPED,
    Backfill,
    Backfills,
)
from core.journal.heartbeats import HEARTBEAT_S
from core.journal.occurrences import NO_DATA, REFUSED, RUNNING, STARTING, THERE, UNKNOWN, WAITING, Occurrence
from core.platform.processes import MODULE, this_process
from core.registry.origins import session_behind, session_of_run
from core.request import settings as configuration
from core.request.settings import Settings
from core.review.makers import MEANING, RANGE, judge_maker, judge_meant, maker_fault, meaning_part, meant_by
from core.review.people import Person, require
from core.runs.inputs import is_complete
from core.runs.launcher import FORCE
from core.runs.log import new_run_id
from core.runs.plan import StagePlan, stage_plans
from core.runs.profile import profile_of
from core.runs.resolve import resolve
from core.schedule.acts import put_on_record
from core.schedule.coverage import Coverage, Range, coverage, sessions_there
from core.schedule.definition import Schedule
from core.schedule.starting import Start, Starter, is_open, start_run, work_through
from core.schedule.timing import Timing
from core.store.checkpoints import Slot, Store

SUCCEEDED = "succeeded"

Progress = Callable[[Occurrence], None]


def begin(
    settings: Settings, span: Range, *, person: Person, now: datetime, counted: Coverage | None = None
) -> str:
    """Record a range and return its id, or the id of the same range of the same person that was stopped.

    Somebody else's stopped range stays as it is: its runs are its maker's, and what is asked for now is not.
    A session that the source does not have is recorded as ``no data``; nothing else is made of it.

    Parameters
    ----------
    counted : Coverage, optional
        What the range comes to, where the caller has shown it; default: it is counted now.

    Raises
    ------
    BusyError
        If a range of the same profile with a session in common is being filled in now.
    AftercloseError
        For every mistake that can be judged before a run starts.
    """
    require(person, "launch")
    counted = counted or coverage(settings, span, now)
    states = {session: _state_before(session, counted) for session in counted.sessions}
    journal = Backfills(settings.data, settings.journal)
    with _alone(settings, "backfill-start"):
        others = journal.backfills(limit=1000)
        for other in others:
            if other.state == GOING and _overlap(settings, other, counted):
                raise BusyError(
                    f"backfill {other.backfill_id} fills in {other.body['first']} to {other.body['last']} right now",
                    expected="ranges of one profile that do not overlap",
                    remedy="Wait for it, stop it, or choose other days.",
                )
        stopped = next(
            (other for other in others if _may_go_on(settings, journal, other, span, person)), None
        )
        if stopped is not None:
            _count_again(journal, stopped.backfill_id, states)
            return stopped.backfill_id
        backfill_id = new_run_id(now)
        asked_for = {"first": span.first, "last": span.last, "request": dict(span.request), "jobs": span.jobs}
        body = {**asked_for, "profile": counted.profile, **meaning_part(meant_by(settings, span.request))}
        words = f"{span.first} to {span.last}"
        put_on_record(
            settings, journal, RANGE, backfill_id, body, person=person, why=words,
            also=lambda: journal.add_backfill(backfill_id, body, states, who=person.label),
        )  # fmt: skip
    return backfill_id


def _state_before(session: str, counted: Coverage) -> str:
    return UNKNOWN if counted.unanswered else NO_DATA if session in counted.missing else WAITING


def _count_again(journal: Backfills, backfill_id: str, states: Mapping[str, str]) -> None:
    """Record what the source has by now of the sessions of a stopped range that did not run yet."""
    for due in journal.sessions_of(backfill_id):
        state = states.get(due.due_at, due.state)
        if due.state in (WAITING, UNKNOWN, NO_DATA) and due.run_id is None and due.state != state:
            journal.move(due, state, note=None)


def _may_go_on(settings: Settings, journal: Backfills, other: Backfill, span: Range, person: Person) -> bool:
    """Return whether a stopped range is the one that this person asks for, as they made it."""
    mine = other.state == STOPPED and other.who == person.label
    mine = mine and _is_same(other, span, meant_by(settings, span.request))
    return mine and maker_fault(journal, other.backfill_id, other.who, other.body) is None


def _is_same(other: Backfill, span: Range, meaning: Mapping[str, str]) -> bool:
    body, asked_for = other.body, (span.first, span.last, dict(span.request), meaning)
    return (body["first"], body["last"], body["request"], body.get(MEANING, meaning)) == asked_for


def _overlap(settings: Settings, other: Backfill, counted: Coverage) -> bool:
    first, last = str(other.body["first"]), str(other.body["last"])
    if last < counted.sessions[0] or counted.sessions[-1] < first:
        return False
    return (
        other.body.get("profile") or profile_of(other.body["request"], settings, asks=True)
    ) == counted.profile


def fill(
    settings: Settings,
    backfill_id: str,
    *,
    start: Start = start_run,
    each: Progress = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Occurrence]:
    """Fill in what is waiting and return all sessions of the range as they stand.

    At most ``jobs`` runs go at once, oldest session first. A session that fails does not stop the others.

    Parameters
    ----------
    each : callable
        Told each session when it is over.

    Raises
    ------
    BusyError
        If somebody is at work on it already.
    """
    journal = Backfills(settings.data, settings.journal)
    with locks.hold(
        settings.data, f"backfill-{backfill_id}", str(os.getpid()), journal=settings.journal, waiting=None
    ):
        journal.lead_backfill(backfill_id, this_process())
        backfill = journal.backfill(backfill_id)
        if backfill is None:
            raise ParameterError(f"there is no backfill {backfill_id!r}", expected="the id of one")
        try:
            _Filler(settings, journal, backfill, start, each, sleep).run()
        finally:
            unfinished = any(map(is_open, journal.sessions_of(backfill_id)))
            journal.end_backfill(backfill_id, STOPPED if unfinished else DONE)
    return journal.sessions_of(backfill_id)


@dataclass
class _Filler:
    """Works through one range."""

    settings: Settings
    journal: Backfills
    backfill: Backfill
    start: Start
    each: Progress
    sleep: Callable[[float], None]
    _beat_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Have occurrences started as schedules have theirs; one is over as its report, not its run, says."""
        self.starter = Starter(self.settings, self.journal, self.start, self._when_run_ended)

    def run(self) -> None:
        """Start what is missing, a few at a time, and wait for the last."""
        jobs = int(self.backfill.body["jobs"])
        work_through(self._sessions(), self._begin, self._look, jobs=jobs, sleep=self._wait)

    def _wait(self, seconds: float) -> None:
        """Wait a little, with a heartbeat for those who cannot ask this process."""
        if time.monotonic() - self._beat_at >= HEARTBEAT_S:
            self._beat_at = time.monotonic()
            self.journal.beat_backfill(self.backfill.backfill_id)
        self.sleep(seconds)

    def _sessions(self) -> Iterator[Occurrence]:
        """Give what is open, the oldest first, until somebody asks to stop."""
        for due in filter(is_open, self.journal.sessions_of(self.backfill.backfill_id)):
            if self._is_stopped():
                return
            yield due

    def _is_stopped(self) -> bool:
        backfill = self.journal.backfill(self.backfill.backfill_id)
        return backfill is None or backfill.state != GOING

    def _begin(self, due: Occurrence) -> Occurrence | None:
        """Start the run of a session and return it; None if nothing goes."""
        now = datetime.now(UTC)
        due = self.starter.look(due)  # it may have been started before the stop
        if due.state in (WAITING, UNKNOWN):
            try:
                state, note, request = self._before_run(due)
            except AftercloseError as error:
                state, note, request = REFUSED, str(error), {}
            if state == WAITING:
                due = self.starter.begin(due, lambda: (request, self._person()), now)
            else:
                due = self.starter.record(due, state, note=note)
        if is_open(due):
            return due
        self.each(due)
        return None

    def _look(self, due: Occurrence) -> Occurrence | None:
        """Return how what was begun stands now, None once it is over; what lost its starter is begun again."""
        due = self.starter.look(due)
        if due.state in (STARTING, RUNNING):
            return due
        if is_open(due):
            return None if self._is_stopped() else self._begin(due)
        self.each(due)
        return None

    def _before_run(self, due: Occurrence) -> tuple[str, str | None, dict[str, str]]:
        """Return what a session is before a run of it (there, no data or waiting), why, and the request of the run.

        A live source's earlier answer that ends before the session is not taken for its answer: it is asked anew.

        Raises
        ------
        SourceError
            If a live source that did not answer when the range began does not answer now.
        """
        session, body = due.due_at, self.backfill.body
        if not body["first"] <= session <= body["last"]:  # its row is under no signature
            raise ParameterError(f"{session} is not in the range", expected="one of its sessions")
        judge_meant(self.settings, f"range {self.backfill.backfill_id}", body)
        request = {**body["request"], "end": session}
        values = resolve(request, settings=self.settings, now=datetime.now(UTC))
        store, plan, complete = Store(self.settings.data), stage_plans(values), set[Slot]()
        last_price = "" if values["input_digest"] else _last_price(store, plan.before("ingest"), complete)
        outdated = bool(last_price) and last_price < session
        if is_complete(store, plan, complete) and not outdated:
            last = session_behind(store, plan.keys["evaluate"])
            return (*_judged_by_report(THERE, session, last), request)
        ask = due.state == UNKNOWN and (outdated or not last_price)
        if ask and not sessions_there(self.settings, values, (session, session)):
            return NO_DATA, None, request
        return WAITING, None, {**request, FORCE: "ingest"} if outdated else request

    def _when_run_ended(self, due: Occurrence, run: Run) -> tuple[str, str | None]:
        if run.state != SUCCEEDED:
            return run.state, run.error
        return _judged_by_report(run.state, due.due_at, session_of_run(self.settings, run))

    def _person(self) -> Person:
        judge_maker(self.journal, self.backfill.backfill_id, self.backfill.who, self.backfill.body)
        return Schedule("backfill", Timing("close"), {}, who=self.backfill.who).person(self.settings)


def _judged_by_report(state: str, session: str, last: str | None) -> tuple[str, str | None]:
    """Return the state of a session whose report ends with ``last``: no data unless that is the session."""
    return (state, None) if last == session else (NO_DATA, f"its report ends with {last or 'no session'}")


def _last_price(store: Store, ingest: StagePlan, complete: set[Slot]) -> str:
    """Return the last day (ISO) of committed prices, empty where they are not there or damaged."""
    meta = store.meta(ingest.slot) if is_complete(store, ingest, complete) else None
    spans = (meta.body.get("tickers") or {}).values() if meta else ()
    return max((str(span["last"] or "") for span in spans), default="")


@contextmanager
def _alone(settings: Settings, name: str) -> Iterator[None]:
    with locks.hold(settings.data, name, str(os.getpid()), journal=settings.journal, waiting=lambda _: None):
        yield


def counts(sessions: list[Occurrence]) -> dict[str, int]:
    """Return how many sessions are in each state, the most common first."""
    from collections import Counter

    return dict(Counter(entry.state for entry in sessions).most_common())


def progress(sessions: list[Occurrence]) -> float:
    """Return the share of a range that is over, 0 to 1."""
    over = sum(not is_open(due) for due in sessions)
    return over / len(sessions) if sessions else 1.0


def exit_code(sessions: list[Occurrence]) -> int:
    """Return 0 where every session has its report, 20 where the source lacks some, 30 where one failed or is open.

    >>> row = lambda state: Occurrence("range", "2013-03-04", "2013-03-04", state)
    >>> [exit_code([row("there"), *map(row, more)]) for more in ((), ["no data"], ["no data", "failed"])]
    [0, 20, 30]
    """
    states = {entry.state for entry in sessions} - {SUCCEEDED, THERE}
    return EXIT_FAILED if states - {NO_DATA} else EXIT_WAITING if states else EXIT_DONE


def in_background(settings: Settings, backfill_id: str, folder: Path) -> None:
    """Start a process of its own that fills in a range; it outlives the desk."""
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, the argument is an id
        [sys.executable, *MODULE, "core.schedule.backfill", backfill_id],
        cwd=folder,
        env={**os.environ, "AFTERCLOSE_DATA": str(settings.data)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # whoever started a process must take its end, or it stays a zombie for as long as the desk runs
    threading.Thread(target=child.wait, name=f"reap-{backfill_id}", daemon=True).start()


def main(backfill_id: str) -> int:
    """Fill in a range that is on record."""
    try:
        fill(configuration.load(), backfill_id)
    except AftercloseError as error:
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
