"""A client of the real yfinance under a request policy.

yfinance 1.7 and threads: its data object is one per process, with one session and one set of cookies
behind a lock, and its own ``download`` calls ``Ticker.history`` from several threads as we do. What is
shared and not locked is benign: which cookie strategy comes next, and the cache of answers, which we
empty before each try. Log indentation and warning filters are process-wide; debug logging stays off and
filters are set round the whole reading, by the thread that waits.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING

from core.platform.storage import local_folder
from core.sources.context import Context, EventCallback
from core.sources.live_client import LiveClient, RequestPolicy
from core.sources.live_rows import Received
from core.sources.yahoo_errors import fault_of
from core.sources.yahoo_rows import dropped_rows, rows_of
from core.sources.yahoo_session import shared_session

if TYPE_CHECKING:
    from pathlib import Path


class YahooClient(LiveClient):
    """Asks Yahoo for the history of tickers through ``yfinance.Ticker``."""

    def __init__(self, policy: RequestPolicy, context: Context) -> None:
        super().__init__(policy, context)
        self._session = shared_session()  # made here, by one thread: yfinance has room for one only

    def _once(self, ticker: str, start: str | None, end: str) -> Received:
        """Ask once, with nothing remembered of earlier failures."""
        import yfinance
        from yfinance.data import YfData

        session = self._session
        session.forget()
        YfData.cache_get.cache_clear()
        after = (date.fromisoformat(end) + timedelta(days=1)).isoformat()
        span = {"start": start} if start else {"period": "max"}
        try:
            frame = yfinance.Ticker(ticker, session=session).history(
                **span,
                end=after,
                auto_adjust=False,
                actions=True,
                keepna=True,  # rows without prices are for the gate to name, not to vanish
                timeout=self._policy.timeout_s,
            )
            rows = rows_of(frame, ticker, start, end)
            answer = session.chart_answer()
            dropped = dropped_rows(answer.text, rows, ticker, start, end) if answer else []
        except Exception as error:
            fault = fault_of(error, session.chart_answer())
            if fault is None:
                raise
            raise fault from error
        return Received(rows, dropped)

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """Yfinance says what fails, keeps its caches in our data root, and is heard only in the run's log."""
        import yfinance

        context = self._context
        root = local_folder(context.root) if context.root else None
        _keep_caches_in(root / "cache" / "yfinance" if root else None)
        yfinance.config.debug.hide_exceptions = False
        logger = logging.getLogger("yfinance")
        heard, before = _WarningHandler(context.tell), (logger.handlers, logger.propagate)
        logger.handlers, logger.propagate = [heard], False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # yfinance's dealings with pandas are not our user's concern
                yield
        finally:
            logger.handlers, logger.propagate = before


def _keep_caches_in(folder: Path | None) -> None:
    import yfinance
    from yfinance import cache

    # without a data root: a place where no folder can be made, which yfinance takes for "no cache"
    yfinance.set_tz_cache_location(str(folder) if folder else f"{os.devnull}/none")
    # opened here, by one thread: yfinance makes its caches on first use, without a lock
    cache.get_tz_cache().lookup("")
    cache.get_cookie_cache().lookup("")


class _WarningHandler(logging.Handler):
    """Sends yfinance's warnings to the run's log."""

    def __init__(self, tell: EventCallback) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Note one record."""
        self._tell("yfinance", level=record.levelname.lower(), message=record.getMessage())
