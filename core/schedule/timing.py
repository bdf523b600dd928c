"""When a schedule is due: after the close, weekly, by cron line, or when new data arrives.

The clock is an argument everywhere. Days and closes come from ``core.sources.closing``, cron lines are
read by APScheduler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from core.errors import ParameterError, nearest
from core.sources.closing import closes_between, zone_of

ARRIVAL = "arrival"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORMS = "close+45m, weekly fri 18:00, cron 30 18 * * mon-fri, or arrival"

LOOK_BACK_DAYS = 92
"""Times before this are not caught up: after a quarter without a scheduler a backfill is the right tool."""

FURTHEST_BACK = timedelta(days=10 * 366)
"""No schedule is older; a row that says so would have all calendars since then built."""

_LOOK_AHEAD_DAYS = 400
"""The next times are looked for this far ahead; a yearly cron line has one within it."""

_FURTHEST_SHIFT = timedelta(days=1)
"""By how much a clock on the wall was ever put forward (Samoa, across the date line): a later time may come before."""

_CLOSE = re.compile(r"close(?:\s*\+\s*(?:(\d{1,2})h)?\s*(?:(\d{1,4})m)?)?")
_WEEKLY = re.compile(r"weekly\s+([a-z]{3})\s+(\d{1,2}):(\d{2})")
_CRON = re.compile(r"cron\s+(.+)")
_LONGEST_DELAY = timedelta(hours=24)
_CRON_DAY = re.compile(r"(?<![/\d])[0-7](?!\d)")
_CRON_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Firing:
    """A moment at which a run is due (UTC), and the last session that had closed by then."""

    at: datetime
    session: date


@dataclass(frozen=True)
class Timing:
    """A rule for when runs are due.

    Parameters
    ----------
    text : str
        ``close+45m``, ``weekly fri 18:00``, ``cron 30 18 * * mon-fri`` or ``arrival``.
    calendar : str
        A name of ``exchange_calendars``: which days are sessions, and when they close.
    zone : str
        Time zone of ``weekly`` and ``cron``; empty: the exchange's.
    sessions_only : bool
        Cron times on other days are left out; a weekly time moves to the last session day before it.
    """

    text: str
    calendar: str = "XNYS"
    zone: str = ""
    sessions_only: bool = True

    def check(self) -> Timing:
        """Return this rule if it can ever be due.

        Raises
        ------
        ParameterError
            Naming what came: an impossible line, day, time, zone or calendar.
        """
        if self.zone and self.zone not in available_timezones():
            raise ParameterError(
                f"the time zone is {self.zone!r}",
                expected="a name such as Europe/Berlin, or nothing for the exchange's own",
                remedy=nearest(self.zone, available_timezones()).strip(),
            )
        _ = self.tz  # refuses an unknown calendar
        if self.text == ARRIVAL:
            return self
        now = datetime(2024, 1, 1, tzinfo=UTC)  # any: whether it is ever due does not depend on today
        if not self.upcoming(now, 1):
            raise ParameterError(
                f"the schedule {self.text!r} is never due",
                expected=f"a time that comes at least once a year{self._on_which_days()}",
            )
        return self

    @cached_property
    def tz(self) -> ZoneInfo:
        """The zone in which ``weekly`` and ``cron`` are read."""
        exchange = zone_of(self.calendar)
        try:
            return ZoneInfo(self.zone) if self.zone else exchange
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise ParameterError(
                f"the time zone is {self.zone!r}", expected="a name such as Europe/Berlin"
            ) from error

    def _on_which_days(self) -> str:
        return f", on a session of {self.calendar}" if self.sessions_only else ""

    def upcoming(self, now: datetime, count: int) -> list[datetime]:
        """Return the next ``count`` times after ``now``, in UTC; fewer where the calendar ends, none for arrival."""
        times: list[datetime] = []
        ahead = 14
        while len(times) < count and ahead <= _LOOK_AHEAD_DAYS:
            times = _first(self.times(now, now + timedelta(days=ahead)), count)
            ahead = ahead * 5 if ahead * 5 <= _LOOK_AHEAD_DAYS else max(ahead + 1, _LOOK_AHEAD_DAYS)
        return times

    def firings(self, after: datetime, until: datetime) -> list[Firing]:
        """Return what is due after ``after`` up to and including ``until``, oldest first.

        Each moment carries the last session that had closed by then: the day that its run is about.
        """
        after = max(after, until - timedelta(days=LOOK_BACK_DAYS))
        times = list(self.times(after, until))
        if not times:
            return []
        closes = closes_between(self.calendar, _day(times[0], -31), _day(times[-1], 1))
        return [Firing(at, day) for at in times if (day := _last_closed(closes, at)) is not None]

    def times(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the due moments (UTC) after ``after`` up to and including ``until``, ascending.

        Raises
        ------
        ParameterError
            If the text is no rule.
        """
        if match := _CLOSE.fullmatch(self.text):
            yield from self._after_closes(_delay(match, self.text), after, until)
        elif match := _WEEKLY.fullmatch(self.text):
            yield from self._weekly(*_weekday_and_time(match, self.text), after, until)
        elif match := _CRON.fullmatch(self.text):
            yield from self._cron(match[1], after, until)
        elif self.text != ARRIVAL:
            raise ParameterError(f"the schedule is {self.text!r}", expected=FORMS)

    def _after_closes(self, delay: timedelta, after: datetime, until: datetime) -> Iterator[datetime]:
        for _, close in closes_between(self.calendar, _day(after, -3), _day(until, 1)):
            if after < close + delay <= until:
                yield close + delay

    def _weekly(self, weekday: int, at: time, after: datetime, until: datetime) -> Iterator[datetime]:
        sessions = {day for day, _ in closes_between(self.calendar, _day(after, -14), _day(until, 8))}
        day = _day(after, -7)
        day += timedelta(days=(weekday - day.weekday()) % 7)
        while day <= _day(until, 8):
            moved = _on_or_before(day, sessions) if self.sessions_only else day
            if moved is not None:
                moment = datetime.combine(moved, at, self.tz).astimezone(UTC)
                if after < moment <= until:
                    yield moment
            day += timedelta(days=7)

    def _cron(self, line: str, after: datetime, until: datetime) -> Iterator[datetime]:
        exchange = zone_of(self.calendar)
        sessions = {day for day, _ in closes_between(self.calendar, _day(after, -2), _day(until, 2))}
        last = after
        for wall in _wall_times(line, _wall(after, self.tz, days=-2), _wall(until, self.tz, days=2)):
            # one that comes twice when summer time ends is due once; one that is left out when it begins, an hour later
            now = wall.replace(tzinfo=self.tz).astimezone(UTC)
            if now > until + _FURTHEST_SHIFT:
                return
            if last < now <= until and self._on_session(now, exchange, sessions):
                yield now
                last = now

    def _on_session(self, moment: datetime, exchange: ZoneInfo, sessions: set[date]) -> bool:
        return not self.sessions_only or moment.astimezone(exchange).date() in sessions


def _wall(moment: datetime, zone: ZoneInfo, *, days: int) -> datetime:
    """Return what a clock on the wall of a zone shows so many days from a moment."""
    return moment.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)


def _wall_times(line: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield what a clock on the wall shows at the times of a cron line, from ``first`` to ``last``, ascending.

    Of a clock without summer time: in a zone that has one the library leaves out the first hour of the day after it
    begins (it adds 24 hours to a midnight, of a day that has 23).
    """
    trigger = _trigger(line)
    trigger.end_date = last.replace(
        tzinfo=UTC
    )  # else a day that never comes is looked for until the year 9999
    previous: datetime | None = None
    start = first.replace(tzinfo=UTC)
    while (moment := trigger.get_next_fire_time(previous, previous or start)) is not None:
        previous = moment
        yield moment.replace(tzinfo=None)


def _trigger(line: str) -> Any:
    from apscheduler.triggers.cron import CronTrigger

    fields = line.split()
    if len(fields) == 5:
        # cron counts days from Sunday, the library from Monday: names mean the same to both
        fields[4] = _CRON_DAY.sub(lambda match: _CRON_DAYS[int(match[0])], fields[4])
    try:
        return CronTrigger.from_crontab(" ".join(fields), timezone=UTC)
    except ValueError as error:
        raise ParameterError(
            f"the cron line is {line!r}: {error}",
            expected="five fields: minute, hour, day of month, month, day of week",
            remedy="For example: cron 30 18 * * mon-fri",
        ) from error


def _delay(match: re.Match[str], text: str) -> timedelta:
    delay = timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0))
    if delay > _LONGEST_DELAY:
        raise ParameterError(f"the schedule is {text!r}", expected="at most 24 hours after the close")
    return delay


def _weekday_and_time(match: re.Match[str], text: str) -> tuple[int, time]:
    day, hour, minute = match[1], int(match[2]), int(match[3])
    if day not in DAYS or hour > 23 or minute > 59:
        raise ParameterError(
            f"the schedule is {text!r}",
            expected=f"weekly, one of {', '.join(DAYS)}, and a time such as 18:00",
        )
    return DAYS.index(day), time(hour, minute)


def _on_or_before(day: date, sessions: set[date]) -> date | None:
    """Return the last session within the week that ends with ``day``, None if it has none."""
    return next((d for n in range(7) if (d := day - timedelta(days=n)) in sessions), None)


def _last_closed(closes: list[tuple[date, datetime]], at: datetime) -> date | None:
    from bisect import bisect_right

    count = bisect_right(closes, at, key=lambda entry: entry[1])
    return closes[count - 1][0] if count else None


def _day(moment: datetime, shift: int) -> date:
    return moment.astimezone(UTC).date() + timedelta(days=shift)


def _first(times: Iterator[datetime], count: int) -> list[datetime]:
    from itertools import islice

    return list(islice(times, count))
