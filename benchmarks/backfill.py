"""What a session of a backfill costs beside its run: ``python benchmarks/backfill.py 200 2000``.

Every size is one range in a fresh journal on the real disk. Runs are recorded as over at once, so that what is
left is the backfill's own work: planning, looking up, recording. Beside CPU milliseconds, which scatter with what
else the machine does, stand two figures that do not: calls of Python functions and steps of SQLite's virtual machine.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.journal import Journal
from core.prices.calendar import sessions_between
from core.request import settings as configuration
from core.request.settings import Settings
from core.review.people import Person
from core.runs.launcher import Launched
from core.schedule import backfill
from core.schedule.coverage import Range

FIRST = datetime(2004, 1, 2, tzinfo=UTC).date()
NOW = datetime(2024, 7, 8, 23, tzinfo=UTC)
EVERY = 10
"""Steps of SQLite between two counts."""


@dataclass
class Work:
    """What was done so far, by counting."""

    calls: int = 0
    steps: int = 0

    def watch(self) -> None:
        """Count from now on: function calls of this thread, and steps of every connection that is opened."""
        connect = sqlite3.connect

        def counted(*given: Any, **named: Any) -> Any:
            connection = connect(*given, **named)
            connection.set_progress_handler(self._step, EVERY)
            return connection

        sqlite3.connect = counted
        sys.setprofile(self._call)

    def _step(self) -> int:
        self.steps += EVERY
        return 0

    def _call(self, frame: Any, event: str, given: Any) -> None:
        del frame, given
        self.calls += event == "call"


def over_at_once(settings: Settings, request: Mapping[str, str], run_id: str, person: Person) -> Launched:
    """Record a run that has succeeded."""
    journal = Journal(settings.data, settings.journal)
    journal.add_run(
        run_id, who=person.label, how="backfill", request=request, target="report", state="queued"
    )
    journal.rekey(run_id, {}, request["end"])
    journal.end(run_id, "succeeded", 0, None)
    return Launched(run_id, new=True)


def measured(sessions: int, folder: Path, work: Work | None) -> list[tuple[float, int, int]]:
    """Return (CPU seconds, calls, steps) after each session of a range; counted only with ``work``."""
    settings = configuration.load({"AFTERCLOSE_DATA": str(folder / "data")}, folder)
    days = sessions_between("XNYS", FIRST, NOW.date())[:sessions]
    wanted = Range(str(days[0]), str(days[-1]), {"tickers": "AAPL"})
    person = Person("local:bench", "bench", "operator")
    backfill_id = backfill.begin(settings, wanted, person=person, now=NOW)
    seen: list[tuple[float, int, int]] = []

    def each(_: object) -> None:
        counted = (work.calls, work.steps) if work else (0, 0)
        seen.append((time.process_time(), *counted))

    backfill.fill(settings, backfill_id, start=over_at_once, each=each)
    return seen


def rates(seen: list[tuple[float, int, int]], part: slice) -> tuple[float, float, float]:
    """Return CPU milliseconds, calls and steps per session of a part of a range."""
    taken = seen[part]
    first, last, count = taken[0], taken[-1], len(taken) - 1
    cpu, calls, steps = (b - a for a, b in zip(first, last, strict=True))
    return cpu / count * 1000, calls / count, steps / count


def main() -> None:
    """Measure each size twice, timed and counted, and print the first and the last tenth of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sessions", type=int, nargs="*", default=[200, 2000])
    sizes = parser.parse_args().sessions
    print("| sessions | part | CPU ms each | calls each | SQLite steps each |\n|---|---|---|---|---|")
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="afterclose-backfill-") as timed:
            plain = measured(size, Path(timed), None)
        with tempfile.TemporaryDirectory(prefix="afterclose-backfill-") as counted:
            work = Work()
            work.watch()
            told = measured(size, Path(counted), work)
            sys.setprofile(None)
        tenth = max(3, size // 10)
        for name, part in (("first tenth", slice(1, tenth)), ("last tenth", slice(-tenth, None))):
            cpu, (_, calls, steps) = rates(plain, part)[0], rates(told, part)
            print(f"| {size:,} | {name} | {cpu:.1f} | {calls:,.0f} | {steps:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
