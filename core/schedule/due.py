"""Running every profile whose newest report lacks the session that is due: a few at a time, each for itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.errors import EXIT_WAITING, AftercloseError
from core.journal import Journal
from core.registry.choosing import profiles_here
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review.people import Person, require
from core.runs.launcher import launch
from core.schedule.freshness import FRESH, freshness
from core.schedule.starting import work_through

WAITING = "waiting"
"""How a run ended, or was not begun, that waits for a file or a person."""


@dataclass(frozen=True)
class Outcome:
    """What became of one profile.

    Parameters
    ----------
    profile : str
    state : str
        How its run ended; where it could not start ``waiting`` for want of a file or a person, else ``refused``.
    run_id : str or None
    note : str
        The first error in a sentence; empty without one.
    """

    profile: str
    state: str
    run_id: str | None = None
    note: str = ""


def due_profiles(settings: Settings, now: datetime) -> list[str]:
    """Return the profiles of ``luigi.cfg`` and those that ran here whose newest report lacks the session that is due.

    One that cannot be judged, as its section is at fault, is due: running it says what is wrong.
    """
    return [
        name
        for name in sorted({*settings.profiles, *settings.profile_faults, *profiles_here(settings)})
        if _is_due(settings, name, now)
    ]


def _is_due(settings: Settings, profile: str, now: datetime) -> bool:
    try:
        return any(row.state != FRESH for row in freshness(settings, now, profile))
    except AftercloseError:
        return True


def run_due(
    settings: Settings,
    now: datetime,
    *,
    person: Person,
    jobs: int = 2,
    each: Callable[[Outcome], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Outcome]:
    """Run what is due, at most ``jobs`` profiles at a time, and return what became of each, in order.

    A profile that fails, or cannot start, leaves the others alone.

    Parameters
    ----------
    each : callable
        Told each outcome when it is known.
    """
    require(person, "launch")
    outcomes: dict[str, Outcome] = {}

    def settle(outcome: Outcome) -> None:
        outcomes[outcome.profile] = outcome
        each(outcome)

    def begin(profile: str) -> tuple[str, str] | None:
        request = {PROFILE: profile}
        try:
            launched = launch(settings, request, person=person, how="terminal", folder=Path.cwd())
        except AftercloseError as error:
            state = WAITING if error.exit_code == EXIT_WAITING else "refused"
            settle(Outcome(profile, state, None, str(error)))
            return None
        return profile, launched.run_id

    def look(going: tuple[str, str]) -> tuple[str, str] | None:
        profile, run_id = going
        run = Journal(settings.data, settings.journal, read_only=True).run(run_id)
        if run is not None and run.active:
            return going
        state, error = (run.state, run.error) if run else ("interrupted", None)
        settle(Outcome(profile, state, run_id, error or ""))
        return None

    order = due_profiles(settings, now)
    work_through(order, begin, look, jobs=jobs, sleep=sleep)
    return [outcomes[profile] for profile in order]
