"""Starts the runs that no person starts by hand: an occurrence starts once, and how it ended is recorded.

An occurrence is a due time of a schedule or a session of a range. It is recorded as being started, with the id of its
run, before the run is started: whoever starts may be killed at any moment, and leaves nothing undone and nothing twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from core.errors import AftercloseError, BusyError
from core.journal import Run, locks
from core.journal.occurrences import OPEN, REFUSED, RUNNING, STARTING, WAITING, Occurrence, Occurrences
from core.request.settings import Settings
from core.review.people import Person, require
from core.runs.launcher import Launched, launch
from core.runs.log import new_run_id

T = TypeVar("T")
Begun = TypeVar("Begun")

HOW = "schedule"
POLL_S = 0.5
Start = Callable[[Settings, Mapping[str, str], str, Person], Launched]
"""Starts the run of a request under an id that was recorded before."""

Outcome = Callable[[Occurrence, Run], tuple[str, str | None]]
"""Gives state and note of an occurrence whose run is over."""


def start_run(settings: Settings, request: Mapping[str, str], run_id: str, person: Person) -> Launched:
    """Start a supervised run in this folder."""
    return launch(settings, request, person=person, how=HOW, folder=Path.cwd(), run_id=run_id)


def as_its_run(due: Occurrence, run: Run) -> tuple[str, str | None]:
    """Return that an occurrence is over as its run is."""
    return run.state, run.error or due.note


@dataclass(frozen=True)
class Starter:
    """Starts occurrences and records what became of them.

    Parameters
    ----------
    start : callable
        How a run is started.
    outcome : callable
        What an occurrence is when its run is over.
    """

    settings: Settings
    journal: Occurrences
    start: Start = start_run
    outcome: Outcome = as_its_run

    def begin(
        self, due: Occurrence, asks: Callable[[], tuple[Mapping[str, str], Person]], now: datetime
    ) -> Occurrence:
        """Start the run of an occurrence and return how it stands: running, or refused with the reason.

        Parameters
        ----------
        asks : callable
            Gives the request and for whom it is.
        """
        with self._starting():
            starting = self.journal.move(due, STARTING, run_id=new_run_id(now))
            if starting is None:
                return due  # somebody else took it
            try:
                request, person = asks()
                require(person, "launch")
                launched = self.start(self.settings, request, str(starting.run_id), person)
            except AftercloseError as error:
                return self.record(starting, REFUSED, run_id=None, note=str(error))
            except Exception as error:  # noqa: BLE001 - left as starting, it would begin again at each look
                note = f"unexpected {type(error).__name__}: {error}"
                return self.record(starting, REFUSED, run_id=None, note=note)
            return self.record(starting, RUNNING, run_id=launched.run_id)

    def record(self, due: Occurrence, state: str, **changes: Any) -> Occurrence:
        """Record another state and return the occurrence; as it was where somebody else moved it on."""
        return self.journal.move(due, state, **changes) or due

    def look(self, due: Occurrence) -> Occurrence:
        """Record what became of an occurrence that was started, also by somebody who was killed, and return it."""
        if due.state not in (STARTING, RUNNING):
            return due
        run = self.journal.run(due.run_id) if due.run_id else None
        if due.state == STARTING or run is None or _never_led(run):
            return self._judge_unled(due)
        if run.active:
            return due
        state, note = self.outcome(due, run)
        return self.record(due, state, note=note)

    def _judge_unled(self, due: Occurrence) -> Occurrence:
        """Put back what a starter began and left when it was killed; what is just being started is left unchanged."""
        with suppress(BusyError), self._starting(wait=False):
            # nobody is starting anything now: what is recorded and not led lost its starter
            if due.run_id:
                self.journal.give_up(due.run_id)
            run = self.journal.run(due.run_id) if due.run_id else None
            if run is None or (_never_led(run) and not run.active):
                return self.record(due, WAITING)
            if not _never_led(run):
                return self.record(due, RUNNING)
        return due

    def _starting(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """Hold what tells a start that goes on from one that was killed in the middle."""
        waiting = (lambda _: None) if wait else None
        return locks.hold(
            self.settings.data,
            "schedule-start",
            str(os.getpid()),
            journal=self.settings.journal,
            waiting=waiting,
        )


def _never_led(run: Run) -> bool:
    """Return whether no process ever led a run: whoever recorded it is just starting it, or was killed."""
    return run.process is None and (run.active or run.state == "interrupted")


def is_open(due: Occurrence) -> bool:
    """Return whether something is still to be done about an occurrence."""
    return due.state in OPEN


def work_through(
    items: Iterable[T],
    begin: Callable[[T], Begun | None],
    look: Callable[[Begun], Begun | None],
    *,
    jobs: int,
    sleep: Callable[[float], None],
) -> None:
    """Begin each item in order, at most ``jobs`` at a time, and return when the last one is over.

    Parameters
    ----------
    begin : callable
        Returns what goes on now, None if nothing does.
    look : callable
        Returns what goes on still, as it stands now, None if it is over.
    """
    going: list[Begun] = []

    def wait() -> None:
        still = [now for each in going if (now := look(each)) is not None]
        if len(still) == len(going):
            sleep(POLL_S)
        going[:] = still

    following = iter(items)
    while True:
        while len(going) >= jobs:
            wait()
        item = next(following, None)
        if item is None:
            break
        begun = begin(item)
        if begun is not None:
            going.append(begun)
    while going:
        wait()
