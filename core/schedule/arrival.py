"""New data: a changed file, a new one in a watched folder, a session that a live source has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from core.errors import MissingFileError, ParameterError, SourceError, StageError
from core.parameters import Value
from core.platform.timelimit import StageTimeout, time_limit
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.request.stages import chain, parameters_of
from core.runs.resolve import resolve
from core.schedule.definition import Schedule
from core.sources import LIVE
from core.sources.addresses.address import names_address
from core.sources.closing import closes_between
from core.store.ticker_lists import expand

LOOK_S = 15.0
"""Seconds between two looks; what is there must be the same at two of them, or somebody still writes."""

ASK_S = 300.0
"""Seconds between two questions to a live source: one small answer of one ticker, between close and arrival only."""

PATIENCE_S = 10.0
"""Seconds that it has for its answer; it is asked again anyway."""

ADDRESS_S = 300.0
"""Seconds between two looks at an address: what is there may have to be fetched to know whether it changed."""

REST = 10
"""So many times its limit passes after a look that did not end: others are looked at meanwhile."""

GIVE_UP = timedelta(hours=12)
"""So long after the close a run starts all the same, and says itself what the source does not have."""

Content = Mapping[str, str]


def what_is_there(settings: Settings, schedule: Schedule, now: datetime) -> dict[str, Value]:
    """Return the resolved parameters of reading: with the digest of files, or a live source's last closed session.

    Raises
    ------
    AftercloseError
        If the source has nothing to read now.
    """
    names = {PROFILE, *parameters_of(chain("ingest"))}
    request = {name: text for name, text in schedule.request.items() if name in names}
    return resolve(request, settings=settings, now=now, upto="ingest")


def content_of(values: Mapping[str, Value]) -> dict[str, str]:
    """Return what tells a source's content apart, as the journal keeps it."""
    return {"digest": str(values["input_digest"] or ""), "end": str(values["end"] or "")}


def has_arrived(settings: Settings, values: Mapping[str, Value], now: datetime) -> bool:
    """Return whether a source has the session that ``values`` end with; what files have is known already.

    A live source is asked for one ticker, the first. One that does not answer has not got it yet.
    """
    if values["source"] not in LIVE:
        return True
    end = str(values["end"])
    closes = closes_between(str(values["calendar"]), date.fromisoformat(end), date.fromisoformat(end))
    if closes and now - closes[0][1] > GIVE_UP:
        return True
    from core.sources.live_probe import newest_session

    try:
        ticker = expand(str(values["tickers"]), settings.data)[0]
        return newest_session(str(values["source"]), ticker, end, timeout_s=PATIENCE_S) == end
    except SourceError:
        return False


@dataclass
class Arrivals:
    """Remembers what was seen at the last look, for one scheduler."""

    _looked: dict[str, Content] = field(default_factory=dict)
    _probed: dict[str, datetime] = field(default_factory=dict)
    _endless: dict[str, datetime] = field(default_factory=dict)
    _last_looks: dict[str, datetime] = field(default_factory=dict)

    def new(self, settings: Settings, schedule: Schedule, settled: Content, now: datetime) -> Content | None:
        """Return what has arrived since ``settled`` and stands still, None if nothing did.

        The first look of a new schedule returns what is there: that is what later looks are compared with.

        Raises
        ------
        StageTimeout
            If the look took more than ``[files] read_timeout_s``; the next one comes after ten times as long.
        """
        limit, before = settings.bounds.time_s, self._looked.get(schedule.name)
        if self._rests(schedule, limit, now):
            return None
        self._last_looks[schedule.name] = now  # also of a look that comes to nothing
        try:
            with time_limit(
                limit, f"looking at what schedule {schedule.name} reads", "[files] read_timeout_s"
            ):
                values = what_is_there(settings, schedule, now)
        except StageTimeout:
            self._endless[schedule.name] = now
            raise
        except (MissingFileError, ParameterError, StageError):
            # a file that is just being replaced; a lasting fault shows in the schedule's next run
            return None
        content = content_of(values)
        self._looked[schedule.name] = content
        if not settled:
            return content
        still = before == content
        if not still or content == settled or not self._may_ask(schedule.name, now):
            return None
        if not has_arrived(settings, values, now):
            self._probed[schedule.name] = now
            return None
        return content

    def _rests(self, schedule: Schedule, limit: float, now: datetime) -> bool:
        """Return whether the last look was a moment ago, or one that did not end within the limit not long ago."""
        wait = ADDRESS_S if names_address(schedule.request.get("path", "")) else LOOK_S
        looks = (
            (self._last_looks.get(schedule.name), wait),
            (self._endless.get(schedule.name), REST * limit),
        )
        return any(at is not None and 0 <= (now - at).total_seconds() < rest for at, rest in looks)

    def _may_ask(self, name: str, now: datetime) -> bool:
        last_probe = self._probed.get(name)
        return last_probe is None or not 0 <= (now - last_probe).total_seconds() < ASK_S
