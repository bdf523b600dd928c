"""Daily prices of a live service, a ticker at a time: what every such source does alike.

A run asks for the last closed session and no later one. What an earlier run committed is copied, a few of its
sessions are asked for again, and a ticker whose answer has changed is fetched anew. A service brings a
:class:`Service`: its name, its client, and what its prices are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import ParameterError, SourceError, listed
from core.fingerprint import sha256
from core.sources import Resolved
from core.sources.closing import last_closed_session, surely_closed
from core.sources.context import ALONE, Context, Earlier
from core.sources.ingest_settings import IngestSettings, SessionSettings

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from core.sources.live_client import LiveClient, RequestPolicy
    from core.tables.artifacts import Table


@dataclass(frozen=True)
class Service:
    """What tells one live service from another.

    Parameters
    ----------
    name : str
        As ``--source`` has it; parameters of the source begin with it.
    title : str
        As a sentence has it.
    uri : str
        Where its answers come from, without a key.
    price_basis : {'raw', 'split_adjusted', 'unknown'}
        What its prices are.
    client : callable
        Makes a client.
    software : callable
        Gives name and version of the library that asks.
    ready : callable
        Judges, without asking the service, whether it can be asked at all.
    """

    name: str
    title: str
    uri: str
    price_basis: str
    client: Callable[[RequestPolicy, Context], LiveClient]
    software: Callable[[], str]
    ready: Callable[[], None] = lambda: None


OK = "ok"
MOST_NAMED = 20
"""Missing tickers named in the message; all of them stand in the run's log."""


@dataclass(frozen=True)
class Span:
    """What is asked for of each ticker, and how much of it again."""

    start: str | None
    end: str
    overlap_sessions: int


@dataclass(frozen=True)
class Fetched:
    """What came of one ticker: rows, or why there are none."""

    outcome: str
    rows: pd.DataFrame | None = None
    answered: pd.DataFrame | None = None
    dropped: list[dict[str, str]] = field(default_factory=list)
    restated: list[dict[str, Any]] = field(default_factory=list)
    copied: int = 0
    remedy: str = ""
    """What to do about it, where the service's fault says more than the tickers."""


class LiveSource:
    """A service whose answer to the same question may differ tomorrow."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def resolve(self, settings: IngestSettings, tickers: tuple[str, ...], now: datetime) -> Resolved:
        """Return the tickers and the range, which never goes beyond the last closed session."""
        if not tickers:
            raise ParameterError(
                f"--source {self.service.name} came without --tickers",
                expected="the tickers to ask for",
                remedy="For example: --tickers AAPL,BRK-B,^GSPC or --tickers @universe.txt",
                parameter="tickers",
            )
        self.service.ready()
        start, end = settings.start, settings.end
        if not end or not surely_closed(end, now):
            closed = last_closed_session(settings.calendar, now).isoformat()
            end = min(end, closed) if end else closed
        if start and start > end:
            raise ParameterError(
                f"--start {start} is after {end}, the last closed session of {settings.calendar}",
                expected="a session that has closed",
                remedy="An unfinished day is never taken; start earlier.",
                parameter="start",
            )
        return Resolved(tickers, start or None, end, "", "", end)

    def read(self, settings: IngestSettings, tickers: tuple[str, ...], context: Context = ALONE) -> Table:
        """Return the rows of ``tickers`` from start to end, with splits and dividends as further columns."""
        name = self.service.name
        span = Span(settings.start or None, settings.end, getattr(settings, f"{name}_overlap_sessions"))
        earlier = context.earlier()
        client = self.service.client(_request_policy(settings, name), context)
        earlier_rows = _by_ticker(earlier)
        fetched = client.ask_all(partial(_fetch, client, span, earlier_rows, context.tries), tickers)
        _tell(fetched, earlier, context)
        drop = settings.on_missing == "drop"
        _judge_missing(fetched, self.service.title, drop=drop, outage=client.outage)
        return _table(fetched, earlier, self.service)

    def sessions(
        self,
        settings: SessionSettings,
        tickers: tuple[str, ...],
        span: tuple[str, str],
        context: Context = ALONE,
    ) -> frozenset[str]:
        """Return the days of ``span`` on which the service has a row of any of ``tickers`` that cleaning can keep.

        One request where the first ticker has every session of the calendar; what it lacks is asked of the others.
        """
        from core.sources.live_probe import days_of_any

        client = self.service.client(_request_policy(settings, self.service.name), context)
        return days_of_any(client, tickers, span, settings)


def _request_policy(settings: IngestSettings, name: str) -> RequestPolicy:
    from core.sources.live_client import RequestPolicy

    threads, timeout_s, limit_wait_s = (
        getattr(settings, f"{name}_{what}") for what in ("threads", "timeout_s", "limit_wait_s")
    )
    return RequestPolicy(threads, timeout_s, limit_wait_s)


def _by_ticker(earlier: Earlier | None) -> dict[str, pd.DataFrame]:
    if earlier is None:
        return {}
    return {str(name): rows for name, rows in earlier.table.frame.groupby(col.TICKER, sort=False)}


def _fetch(
    client: LiveClient, span: Span, earlier: Mapping[str, pd.DataFrame], tries: int, ticker: str
) -> Fetched:
    """Return one ticker's rows: what is new added to what is known, or the whole range."""
    from core.sources.live_errors import short

    if client.outage:
        return Fetched("not asked: too many tickers before it had failed")
    try:
        restated: list[dict[str, Any]] = []
        if len(earlier.get(ticker, ())) > span.overlap_sessions:
            added, restated = _added(client, span, earlier[ticker], ticker)
            if added is not None:
                return added
        got = client.history(ticker, span.start, span.end)
    except SourceError as error:
        return Fetched(short(error, tries), remedy=error.remedy)
    if not len(got.rows):
        return Fetched(f"no rows from {span.start or 'its first day'} to {span.end}", dropped=got.dropped)
    return Fetched(OK, got.rows, got.rows, got.dropped, restated)


def _added(
    client: LiveClient, span: Span, earlier: pd.DataFrame, ticker: str
) -> tuple[Fetched | None, list[dict[str, Any]]]:
    """Return the known rows with the new ones after them; None if the service disagrees, and where."""
    import pandas as pd

    from core.sources.live_rows import disagreements

    overlap = earlier.iloc[-span.overlap_sessions :]
    got = client.history(ticker, str(overlap[col.DATE].iloc[0]), span.end)
    restated = disagreements(overlap, got.rows)
    if restated:
        return None, restated
    # a column that only another ticker has
    earlier = earlier.drop(columns=[name for name in earlier if name not in got.rows])
    new = got.rows[got.rows[col.DATE] > earlier[col.DATE].iloc[-1]]
    rows = pd.concat([earlier, new]) if len(new) else earlier
    return Fetched(OK, rows, got.rows, got.dropped, [], len(earlier)), []


def _tell(fetched: Mapping[str, Fetched], earlier: Earlier | None, context: Context) -> None:
    """Write to the run's log what is not as it should be, and what was copied."""
    for ticker, fetch in fetched.items():
        if fetch.outcome != OK:
            context.tell("ticker_missing", level="warning", ticker=ticker, outcome=fetch.outcome)
        if fetch.restated:
            context.tell("restated", level="warning", ticker=ticker, rows=fetch.restated)
        for row in fetch.dropped:
            context.tell("row_dropped", **row)
    if earlier is not None:
        context.tell("copied", key=earlier.key, rows=sum(fetch.copied for fetch in fetched.values()))


def _judge_missing(fetched: Mapping[str, Fetched], title: str, *, drop: bool, outage: bool) -> None:
    """Refuse a set that is not whole, unless the user accepts what is missing and why is plain."""
    missing = {ticker: fetch.outcome for ticker, fetch in fetched.items() if fetch.outcome != OK}
    remedies = {fetched[ticker].remedy for ticker in missing}
    if not missing or (drop and not outage and len(missing) < len(fetched)):
        return
    by_outcome: dict[str, list[str]] = {}
    for ticker in list(missing)[:MOST_NAMED]:
        by_outcome.setdefault(missing[ticker], []).append(ticker)
    outcomes = "; ".join(f"{', '.join(names)}: {outcome}" for outcome, names in by_outcome.items())
    more = f"; and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    raise SourceError(
        f"{title} gave no prices for {len(missing)} of {len(fetched)} tickers: {outcomes}{more}",
        expected="prices for every ticker",
        remedy=remedies.pop()
        if len(remedies) == 1 and "" not in remedies
        else _remedy(missing, len(fetched), title, outage=outage),
    )


def _remedy(missing: Mapping[str, str], requested: int, title: str, *, outage: bool) -> str:
    if outage:
        return f"{title} or the network is down; run again later."
    if len(missing) == requested:
        return "Check --tickers and the network, or run again later."
    return f"Check {listed(list(missing))}, run again, or pass --on-missing drop to go on without."


def _table(fetched: Mapping[str, Fetched], earlier: Earlier | None, service: Service) -> Table:
    """Return ``prices_raw`` with a header that says what was asked, copied, dropped and restated."""
    import orjson
    import pandas as pd

    from core.sources.table import prices_table
    from core.tables.artifacts import Table

    frames = [fetch.rows for fetch in fetched.values() if fetch.rows is not None]
    answers = [
        [t, fetch.answered.to_numpy(object).tolist()]
        for t, fetch in fetched.items()
        if fetch.answered is not None
    ]
    table = prices_table(
        pd.concat(frames, ignore_index=True),
        name=service.name,
        uri=service.uri,
        digest=sha256(orjson.dumps(answers)),
        price_basis=service.price_basis,
    )
    source = {
        **table.header["source"],
        "client": service.software(),
        "tickers": {t: _outcome(t, fetch, table.header["source"]["tickers"]) for t, fetch in fetched.items()},
        "dropped": [row for fetch in fetched.values() for row in fetch.dropped],
        "restated": {t: fetch.restated for t, fetch in fetched.items() if fetch.restated},
        "copied": _copied(fetched, earlier),
    }
    return Table(table.kind, table.frame, {**table.header, "source": source})


def _outcome(ticker: str, fetch: Fetched, spans: Mapping[str, Any]) -> dict[str, Any]:
    absent = {"rows": 0, "first": None, "last": None}
    return {**spans.get(ticker, absent), "outcome": fetch.outcome}


def _copied(fetched: Mapping[str, Fetched], earlier: Earlier | None) -> dict[str, Any] | None:
    rows = {ticker: fetch.copied for ticker, fetch in fetched.items() if fetch.copied}
    if earlier is None or not rows:
        return None
    return {"from": earlier.key, "sha256": earlier.sha256, "rows": sum(rows.values()), "tickers": rows}
