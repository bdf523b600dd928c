"""Cheap questions to a live service: how far its prices of one ticker reach, and which sessions of a range it has."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from core.errors import SourceError
from core.prices.calendar import sessions_between
from core.sources import live_service
from core.sources.context import Context
from core.sources.ingest_settings import SessionSettings
from core.sources.live_errors import NoPricesError
from core.sources.table import usable_days

if TYPE_CHECKING:
    from core.sources.live_client import LiveClient

BACK_DAYS = 10
"""Days that are asked for: the longest ordinary closure, and a few kilobytes."""


def newest_session(source: str, ticker: str, end: str, *, timeout_s: float) -> str | None:
    """Return the last session up to ``end`` (ISO) that a live source has of ``ticker``, None if it has none of late.

    Asked once, without patience; nothing is kept.

    Raises
    ------
    SourceError
        If it does not answer in ``timeout_s`` seconds, or answers that it cannot.
    """
    from core.sources.live_client import RequestPolicy

    start = (date.fromisoformat(end) - timedelta(days=BACK_DAYS)).isoformat()
    client = live_service(source).client(RequestPolicy(threads=1, timeout_s=timeout_s), Context(tries=1))
    rows = client.ask_all(lambda name: client.history(name, start, end), [ticker])[ticker].rows
    return max(usable_days(rows, SessionSettings(), whole=True), default=None)


def days_of_any(
    client: LiveClient, tickers: tuple[str, ...], span: tuple[str, str], settings: SessionSettings
) -> frozenset[str]:
    """Return the days of ``span`` (first and last, inclusive) on which the service has a usable row of any ticker.

    The first ticker is asked for the whole range. Only what it lacks of the calendar's sessions is asked of the
    others: never more requests than one run sends.

    Raises
    ------
    SourceError
        If sessions are missing and the service did not answer for a ticker that could have them.
    """
    first, last = map(date.fromisoformat, span)
    sessions = {str(day) for day in sessions_between(settings.calendar, first, last)}
    days: set[str] = set()
    faults: list[SourceError] = []

    def ask(ticker: str) -> None:
        missing = sorted(sessions - days)
        if not missing or client.outage:
            return
        try:
            rows = client.history(ticker, missing[0], missing[-1]).rows
            days.update(usable_days(rows, settings, whole=False))
        except NoPricesError:
            return  # its answer: it has nothing of this ticker there
        except SourceError as error:
            faults.append(error)

    for together in (tickers[:1], tickers[1:]):
        if together and sessions - days:
            client.ask_all(ask, together)
    if sessions - days and faults:
        raise faults[0]
    return frozenset(days)
