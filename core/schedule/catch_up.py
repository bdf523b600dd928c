"""Missed firings of a schedule: the oldest are run after all, the rest is only reported. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.request.profiles import PROFILE, settable
from core.schedule.timing import Firing

ON_TIME = timedelta(minutes=15)
"""A firing noticed this soon after its time does not count as missed: the scheduler looks every few seconds, and a
machine that is busy or just woke up takes minutes."""


@dataclass(frozen=True)
class CatchUpPlan:
    """The firings to run and those only to report, each session once, both oldest first."""

    runs: list[Firing]
    reported: list[Firing]


def catch_up_plan(firings: list[Firing], most: int, now: datetime) -> CatchUpPlan:
    """Return which of the firings due at ``now`` are run, and which are only reported.

    Each session counts once, by its last firing. Of the missed sessions the oldest ``most`` are run. What came
    within :data:`ON_TIME` was not missed: it is run as well, after them.

    >>> from datetime import UTC, date
    >>> week = [Firing(datetime(2024, 7, d, 21, tzinfo=UTC), date(2024, 7, d)) for d in (1, 2, 3, 5)]
    >>> late = catch_up_plan(week, 2, datetime(2024, 7, 5, 22, tzinfo=UTC))
    >>> [[f.session.day for f in part] for part in (late.runs, late.reported)]
    [[1, 2], [3, 5]]
    >>> on_the_minute = catch_up_plan(week, 2, datetime(2024, 7, 5, 21, tzinfo=UTC))
    >>> [[f.session.day for f in part] for part in (on_the_minute.runs, on_the_minute.reported)]
    [[1, 2, 5], [3]]
    """
    by_session = {firing.session: firing for firing in firings}
    ordered = sorted(by_session.values(), key=lambda firing: firing.at)
    missed = [firing for firing in ordered if now - firing.at > ON_TIME]
    return CatchUpPlan([*missed[:most], *ordered[len(missed) :]], missed[most:])


def backfill_command(first: str, last: str, request: Mapping[str, str]) -> str:
    """Return the command that fills in sessions (ISO days) with what a schedule asks for.

    >>> backfill_command("2024-07-03", "2024-07-05", {"profile": "us caps", "mode": "train", "end": "2024-01-02"})
    "afterclose backfill 2024-07-03 2024-07-05 --profile 'us caps' --mode train"
    """
    options = {name: parameter.option for name, parameter in settable().items()} | {PROFILE: "--profile"}
    del options["end"]  # each run of a range ends with its session
    words = [word for name, text in request.items() if name in options for word in (options[name], text)]
    return shlex.join(["afterclose", "backfill", first, last, *words])


def missed_note(most: int, command: str) -> str:
    """Return the note for missed sessions that are not run: the limit, and the command that fills them in."""
    return (
        f"missed; at most {most} sessions are caught up ([schedule] catch_up). To fill in the rest: {command}"
    )


def too_old_note(days: int, command: str) -> str:
    """Return the note for firings older than the scheduler looks back: the command that fills them in."""
    return f"the scheduler was away for more than {days} days; of what was due before, this fills it in: {command}"
