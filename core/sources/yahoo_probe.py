"""One cheap question to Yahoo: how far its prices of one ticker reach."""

from __future__ import annotations

from datetime import date, timedelta

from core import columns as col
from core.sources.context import Context

BACK_DAYS = 10
"""Days that are asked for: the longest ordinary closure, and a few kilobytes."""


def newest_session(ticker: str, end: str, *, timeout_s: float) -> str | None:
    """Return the last session up to ``end`` (ISO) that Yahoo has of ``ticker``, None if it has none of late.

    Asked once, without patience; nothing is kept.

    Raises
    ------
    SourceError
        If Yahoo does not answer in ``timeout_s`` seconds, or answers that it cannot.
    """
    from core.sources.yahoo_client import Client, Manners

    start = (date.fromisoformat(end) - timedelta(days=BACK_DAYS)).isoformat()
    client = Client(Manners(threads=1, timeout_s=timeout_s), Context(tries=1))
    rows = client.ask_all(lambda name: client.history(name, start, end), [ticker])[ticker].rows
    priced = rows[rows[col.CLOSE].notna()]
    return str(priced[col.DATE].max()) if len(priced) else None
