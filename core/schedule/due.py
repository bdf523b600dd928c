"""Running every profile whose newest report lacks the session that is due: a few at a time, each for itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.errors import AftercloseError
from core.journal import Journal
from core.registry.choosing import profiles_here
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review.people import Person, require
from core.runs.launcher import launch
from core.schedule.freshness import FRESH, freshness

POLL_S = 0.5


@dataclass(frozen=True)
class Outcome:
    """What became of one profile.

    Parameters
    ----------
    profile : str
    state : str
        How its run ended; ``refused`` where it could not start.
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

    One that cannot be judged is due: running it says what is wrong.
    """
    return [
        name
        for name in sorted({*settings.profiles, *profiles_here(settings)})
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
    going: dict[str, str] = {}
    waiting = due_profiles(settings, now)
    order = list(waiting)

    def settle(outcome: Outcome) -> None:
        outcomes[outcome.profile] = outcome
        each(outcome)

    while waiting or going:
        while waiting and len(going) < jobs:
            profile = waiting.pop(0)
            try:
                request = {PROFILE: profile}
                going[profile] = launch(
                    settings, request, person=person, how="terminal", folder=Path.cwd()
                ).run_id
            except AftercloseError as error:
                settle(Outcome(profile, "refused", None, str(error)))
        for outcome in _ended(settings, going):
            del going[outcome.profile]
            settle(outcome)
        if going:
            sleep(POLL_S)
    return [outcomes[profile] for profile in order]


def _ended(settings: Settings, going: dict[str, str]) -> list[Outcome]:
    if not going:
        return []
    journal = Journal(settings.data, settings.journal, read_only=True)
    runs = {profile: journal.run(run_id) for profile, run_id in going.items()}
    return [
        Outcome(
            profile, run.state if run else "interrupted", going[profile], (run.error if run else None) or ""
        )
        for profile, run in runs.items()
        if run is None or not run.active
    ]
