"""What a range of past sessions comes to, before anything starts: its sessions, and which of them the source has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from core.errors import ParameterError, SourceError
from core.parameters import Value, settings_from
from core.prices.calendar import sessions_between
from core.report.formatting import counted
from core.request.profiles import PROFILE
from core.request.roots import AllowedFiles
from core.request.settings import Settings
from core.runs.profile import profile_of
from core.runs.resolve import resolve
from core.sources.closing import last_closed_session
from core.sources.context import Context
from core.sources.ingest_settings import SessionSettings
from core.sources.reading import sessions_within
from core.sources.symbols import with_former
from core.store import universe_files
from core.store.ticker_lists import expand

MOST_JOBS = 16


@dataclass(frozen=True)
class Range:
    """What is to be filled in: sessions ``first`` to ``last`` (inclusive), each by a run of ``request``."""

    first: str
    last: str
    request: Mapping[str, str]
    jobs: int = 2


@dataclass(frozen=True)
class Coverage:
    """The sessions of a range.

    Parameters
    ----------
    profile : str
        The profile that their runs belong to.
    sessions : tuple of str
        ISO days, ascending.
    missing : frozenset of str
        Those that the source does not have.
    unanswered : str
        Why a live source could not say which it has; empty where it could.
    """

    profile: str
    sessions: tuple[str, ...]
    missing: frozenset[str] = frozenset()
    unanswered: str = ""

    def __str__(self) -> str:
        """Return how many sessions there are in each state, for a person.

        >>> print(Coverage("sample", ("2013-03-01", "2013-03-04"), frozenset({"2013-03-04"})))
        2 sessions, of which 1 the source does not hold
        >>> print(Coverage("sample", ("2013-03-01",)))
        1 session, which the source holds
        """
        count = len(self.sessions)
        total = counted(count, "session")
        if self.unanswered:
            return f"{total}; each is asked for at its turn, because the source does not answer: {self.unanswered}"
        if self.missing:
            return f"{total}, of which {len(self.missing):,} the source does not hold"
        return f"{total}, {'which' if count == 1 else 'all of which'} the source holds"


def coverage(settings: Settings, span: Range, now: datetime) -> Coverage:
    """Return what a range comes to; the source is asked once, and nothing is recorded.

    Raises
    ------
    AftercloseError
        For every mistake that can be judged before a run starts.
    """
    request = span.request
    under = settings.under(request.get(PROFILE, ""))
    sessions = _sessions(request.get("calendar") or str(under["calendar"]), span, now)
    start = request.get("start") or str(under["start"] or "")
    if start > sessions[-1]:
        raise ParameterError(
            f"--start {start} is after {sessions[-1]}, the last session of the range",
            expected="a start on or before it",
            parameter="start",
        )
    values = resolve(span.request, settings=settings, now=now)
    profile, unanswered = profile_of(span.request, settings, asks=True), ""
    try:
        there = sessions_there(settings, values, (sessions[0], sessions[-1]))
    except SourceError as error:
        if values["input_digest"]:  # a file that cannot be read today cannot be read by a run either
            raise
        there, unanswered = frozenset(sessions), error.problem
    return Coverage(profile, sessions, frozenset(sessions) - there, unanswered)


def sessions_there(settings: Settings, values: Mapping[str, Value], span: tuple[str, str]) -> frozenset[str]:
    """Return the days from first to last (ISO, inclusive) that the source of a run has.

    Parameters
    ----------
    values : mapping
        As :func:`core.runs.resolve.resolve` gives them.

    Raises
    ------
    SourceError
        If the source cannot say.
    """
    context = Context(
        settings.data,
        tries=int(settings["retry_tries"] or 1),
        wait_s=float(settings["retry_wait_s"] or 0),
        allowed=AllowedFiles(settings),
    )
    listed = expand(str(values["tickers"] or ""), settings.data)
    tickers = with_former(listed, universe_files.behind(values, settings.data)[1])  # as a run reads them
    source_settings = settings_from(SessionSettings, values)
    return sessions_within(settings.bounds, source_settings, tickers, span, context)


def _sessions(calendar: str, span: Range, now: datetime) -> tuple[str, ...]:
    """Return the closed sessions of the range, or raise what is wrong with it."""
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
    sessions = tuple(str(day) for day in sessions_between(calendar, first, min(last, closed)))
    if not sessions:
        raise ParameterError(
            f"there is no closed session of {calendar} from {first} to {last}", expected="at least one"
        )
    return sessions
