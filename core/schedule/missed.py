"""What becomes of times that nobody was there for: the oldest are caught up, the rest is reported. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.request.profiles import PROFILE, settable
from core.schedule.timing import Firing

ON_TIME = timedelta(minutes=15)
"""A time that is found due this soon after it came was not missed: a look at the clock takes seconds, and a
machine that is busy or was just woken takes minutes."""


@dataclass(frozen=True)
class Sorted:
    """What is due, each session once, both oldest first: what is run, and what is only reported."""

    runs: list[Firing]
    reported: list[Firing]


def caught_up(firings: list[Firing], most: int, now: datetime) -> Sorted:
    """Return what is run of everything that is due at ``now``, and what is only reported.

    Each session counts once, by its last firing. Of the missed sessions the oldest ``most`` are run. What came
    within :data:`ON_TIME` was not missed: it is run as well, after them.

    >>> from datetime import UTC, date
    >>> week = [Firing(datetime(2024, 7, d, 21, tzinfo=UTC), date(2024, 7, d)) for d in (1, 2, 3, 5)]
    >>> late = caught_up(week, 2, datetime(2024, 7, 5, 22, tzinfo=UTC))
    >>> [[f.session.day for f in part] for part in (late.runs, late.reported)]
    [[1, 2], [3, 5]]
    >>> on_the_minute = caught_up(week, 2, datetime(2024, 7, 5, 21, tzinfo=UTC))
    >>> [[f.session.day for f in part] for part in (on_the_minute.runs, on_the_minute.reported)]
    [[1, 2, 5], [3]]
    """
    by_session = {firing.session: firing for firing in firings}
    ordered = sorted(by_session.values(), key=lambda firing: firing.at)
    missed = [firing for firing in ordered if now - firing.at > ON_TIME]
    return Sorted([*missed[:most], *ordered[len(missed) :]], missed[most:])


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
    """Return what is said of sessions that were missed and are not caught up."""
    return (
        f"missed; at most {most} sessions are caught up ([schedule] catch_up). To fill in the rest: {command}"
    )


def too_old_note(days: int, command: str) -> str:
    """Return what is said of times so long ago that nobody looked for them."""
    return f"the scheduler was away for more than {days} days; of what was due before, this fills it in: {command}"
