"""New data: a changed file, a new one in a watched folder, a session that has closed at a live source. EDGE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.errors import MissingFileError, ParameterError, StageError
from core.plan import resolve
from core.profiles import PROFILE
from core.schedule.definition import Schedule
from core.settings import Settings
from core.stages import chain, parameters_of

LOOK_S = 15.0
"""Seconds between two looks; what is there must be the same at two of them, or somebody still writes."""

Seen = Mapping[str, str]


def what_is_there(settings: Settings, schedule: Schedule, now: datetime) -> dict[str, str]:
    """Return what tells a source's content apart: the digest of its files, or its last closed session.

    Raises
    ------
    AftercloseError
        If the source has nothing to read now.
    """
    known = {PROFILE, *parameters_of(chain("ingest"))}
    request = {name: text for name, text in schedule.request.items() if name in known}
    values = resolve(request, settings=settings, now=now, upto="ingest")
    return {"digest": str(values["input_digest"] or ""), "end": str(values["end"] or "")}


@dataclass
class Arrivals:
    """Remembers what was seen at the last look, for one scheduler."""

    _looked: dict[str, tuple[datetime, Seen]] = field(default_factory=dict)

    def new(self, settings: Settings, schedule: Schedule, settled: Seen, now: datetime) -> Seen | None:
        """Return what has arrived since ``settled`` and stands still, None if nothing did.

        The first look of a new schedule returns what is there: that is what later looks are compared with.
        """
        before = self._looked.get(schedule.name)
        if before is not None and 0 <= (now - before[0]).total_seconds() < LOOK_S:
            return None
        try:
            there = what_is_there(settings, schedule, now)
        except (MissingFileError, ParameterError, StageError):
            # a file that is just being replaced; a lasting fault shows in the schedule's next run
            return None
        self._looked[schedule.name] = (now, there)
        if not settled:
            return there
        still = before is not None and before[1] == there
        return there if still and there != settled else None
