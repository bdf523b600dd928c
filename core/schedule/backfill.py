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
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from core.errors import AftercloseError, BusyError, ParameterError
from core.journal import locks
from core.journal.backfills import DONE, GOING, RUNNING, STOPPED, THERE, WAITING, Backfill, Backfills, Filled
from core.platform.processes import this_process
from core.prices.calendar import sessions_between
from core.request import settings as configuration
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review.people import Person, require
from core.runs.inputs import is_complete
from core.runs.log import new_run_id
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from core.schedule.definition import Schedule
from core.schedule.scheduler import Start, start_run
from core.schedule.timing import Timing
from core.sources.closing import last_closed_session
from core.store.checkpoints import Store

POLL_S = 0.5
MOST_JOBS = 16
REFUSED = "refused"

Progress = Callable[[Filled], None]


@dataclass(frozen=True)
class Range:
    """What is to be filled in: sessions ``first`` to ``last`` (inclusive), each by a run of ``request``."""

    first: str
    last: str
    request: Mapping[str, str]
    jobs: int = 2


def begin(settings: Settings, span: Range, *, person: Person, now: datetime) -> str:
    """Record a range and return its id, or the id of the same range that was stopped.

    Raises
    ------
    BusyError
        If a range with the same request and a session in common is being filled in now.
    AftercloseError
        For every mistake that can be judged before a run starts.
    """
    require(person, "launch")
    sessions = _sessions(settings, span, now)
    journal = Backfills(settings.data, settings.journal)
    with _alone(settings, "backfill-start"):
        for other in journal.backfills(limit=1000):
            if dict(other.body["request"]) != dict(span.request):
                continue
            if other.state == GOING and not _apart(other, sessions):
                raise BusyError(
                    f"backfill {other.backfill_id} fills in {other.body['first']} to {other.body['last']} right now",
                    expected="ranges of one request that do not overlap",
                    remedy="Wait for it, stop it, or choose other days.",
                )
            if other.state == STOPPED and (other.body["first"], other.body["last"]) == (
                span.first,
                span.last,
            ):
                return other.backfill_id
        backfill_id = new_run_id(now)
        body = {
            "first": span.first,
            "last": span.last,
            "request": dict(span.request),
            "jobs": span.jobs,
        }
        journal.add_backfill(backfill_id, body, sessions, who=person.label)
    return backfill_id


def _apart(other: Backfill, sessions: list[str]) -> bool:
    return str(other.body["last"]) < sessions[0] or sessions[-1] < str(other.body["first"])


def _sessions(settings: Settings, span: Range, now: datetime) -> list[str]:
    """Return the sessions of the range, or raise what is wrong with it."""
    under = settings.under(span.request.get(PROFILE, ""))
    calendar = span.request.get("calendar") or str(under["calendar"])
    try:
        first, last = date.fromisoformat(span.first), date.fromisoformat(span.last)
    except ValueError as error:
        raise ParameterError(
            f"the range is {span.first!r} to {span.last!r}",
            expected="two calendar dates written YYYY-MM-DD",
        ) from error
    if first > last:
        raise ParameterError(
            f"the range is {first} to {last}",
            expected="a first day on or before the last",
            remedy="Swap them.",
        )
    if not 1 <= span.jobs <= MOST_JOBS:
        raise ParameterError(f"--jobs is {span.jobs}", expected=f"1 to {MOST_JOBS}")
    if "end" in span.request:
        raise ParameterError(
            "--end came with a range", expected="the range alone: each run ends with its session"
        )
    closed = last_closed_session(calendar, now)
    sessions = [str(day) for day in sessions_between(calendar, first, min(last, closed))]
    if not sessions:
        raise ParameterError(
            f"there is no closed session of {calendar} from {first} to {last}", expected="at least one"
        )
    resolve({**span.request, "end": sessions[-1]}, settings=settings, now=now)
    return sessions


def fill(
    settings: Settings,
    backfill_id: str,
    *,
    start: Start = start_run,
    each: Progress = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Filled]:
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
            unfinished = any(entry.state in (WAITING, RUNNING) for entry in journal.filled(backfill_id))
            journal.end_backfill(backfill_id, STOPPED if unfinished else DONE)
    return journal.filled(backfill_id)


@dataclass
class _Filler:
    """Works through one range."""

    settings: Settings
    journal: Backfills
    backfill: Backfill
    start: Start
    each: Progress
    sleep: Callable[[float], None]

    def run(self) -> None:
        """Start what is missing, a few at a time, and wait for the last."""
        going: dict[str, str] = {}
        for entry in self.journal.filled(self.backfill.backfill_id):
            if entry.state not in (WAITING, RUNNING):
                continue
            while len(going) >= int(self.backfill.body["jobs"]):
                self._collect(going)
            if not self._is_going():
                break
            run_id = self._begin(entry)
            if run_id is not None:
                going[entry.session] = run_id
        while going:
            self._collect(going)

    def _is_going(self) -> bool:
        backfill = self.journal.backfill(self.backfill.backfill_id)
        return backfill is not None and backfill.state == GOING

    def _begin(self, entry: Filled) -> str | None:
        """Start the run of a session and return its id; None if nothing goes."""
        if entry.run_id and self.journal.run(entry.run_id) is not None:
            return entry.run_id  # started before the stop
        request = {**self.backfill.body["request"], "end": entry.session}
        try:
            if self._there(request):
                self._over(entry.session, THERE)
                return None
            run_id = new_run_id(datetime.now(UTC))
            self._record(entry.session, RUNNING, run_id=run_id)
            launched = self.start(self.settings, request, run_id, self._person())
        except AftercloseError as error:
            self._over(entry.session, REFUSED, note=str(error))
            return None
        if launched.run_id != run_id:
            self._record(entry.session, RUNNING, run_id=launched.run_id)
        return launched.run_id

    def _there(self, request: Mapping[str, str]) -> bool:
        values = resolve(request, settings=self.settings, now=datetime.now(UTC))
        return is_complete(Store(self.settings.data), stage_plans(values), set())

    def _person(self) -> Person:
        return Schedule("backfill", Timing("close"), {}, who=self.backfill.who).person(self.settings)

    def _collect(self, going: dict[str, str]) -> None:
        """Take what is over out of ``going``; wait a little if nothing is."""
        over = [
            session
            for session, run_id in going.items()
            if not (run := self.journal.run(run_id)) or not run.active
        ]
        for session in over:
            run = self.journal.run(going.pop(session))
            self._over(session, run.state if run else "interrupted", note=run.error if run else None)
        if not over:
            self.sleep(POLL_S)

    def _record(
        self, session: str, state: str, *, run_id: str | None = None, note: str | None = None
    ) -> None:
        self.journal.fill_in(self.backfill.backfill_id, session, state, run_id=run_id, note=note)

    def _over(self, session: str, state: str, *, note: str | None = None) -> None:
        self._record(session, state, note=note)
        self.each(Filled(session, state, None, note))


@contextmanager
def _alone(settings: Settings, name: str) -> Iterator[None]:
    with locks.hold(settings.data, name, str(os.getpid()), journal=settings.journal, waiting=lambda _: None):
        yield


def counts(sessions: list[Filled]) -> dict[str, int]:
    """Return how many sessions are in each state, the most common first."""
    from collections import Counter

    return dict(Counter(entry.state for entry in sessions).most_common())


def progress(sessions: list[Filled]) -> float:
    """Return the share of a range that is over, 0 to 1."""
    over = sum(entry.state not in (WAITING, RUNNING) for entry in sessions)
    return over / len(sessions) if sessions else 1.0


def in_background(settings: Settings, backfill_id: str, folder: Path) -> None:
    """Start a process of its own that fills in a range; it outlives the desk."""
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, the argument is an id
        [sys.executable, "-m", "core.schedule.backfill", backfill_id],
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
