"""The real yfinance client with manners: bounded threads, patience, one typed fault per ticker.

yfinance 1.7 and threads: its data object is one per process, with one session and one set of cookies
behind a lock, and its own ``download`` calls ``Ticker.history`` from several threads as we do. What is
shared and not locked is benign: which cookie strategy comes next, and the cache of answers, which we
empty before each try. Log indentation and warning filters are process-wide; debug logging stays off and
filters are set round the whole reading, by the thread that waits.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from core.errors import SourceError
from core.platform.retry import TransientError, with_linear_backoff
from core.platform.storage import local_folder
from core.sources.context import Context, Tell
from core.sources.yahoo_errors import EmptyAnswerError, NoPricesError, RateLimitedError, YahooError, fault_of
from core.sources.yahoo_rows import Received, dropped_rows, rows_of
from core.sources.yahoo_session import shared_session

if TYPE_CHECKING:
    from pathlib import Path

R = TypeVar("R")

OUTAGE_TICKERS = 8
"""Tickers in a row that failed by faults that should pass: then it is Yahoo or the network, not they."""

MOST_EMPTY = 2
"""An empty answer is asked for once more, then it is final."""


@dataclass(frozen=True)
class Manners:
    """How politely and patiently Yahoo is asked.

    Parameters
    ----------
    threads : int
        Tickers asked for at the same time.
    timeout_s : float
        Seconds to wait for one answer.
    limit_wait_s : float
        First wait after "too many requests"; each further wait is as much longer. All threads wait.
    """

    threads: int = 4
    timeout_s: float = 20.0
    limit_wait_s: float = 30.0


class Client:
    """Asks Yahoo for the history of tickers, one by one, through ``yfinance.Ticker``."""

    def __init__(self, manners: Manners, context: Context) -> None:
        self._manners = manners
        self._context = context
        self._session = shared_session()  # made here, by one thread: yfinance has room for one only
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._failed_in_a_row = 0

    @property
    def outage(self) -> bool:
        """Whether so many tickers failed in a row that asking on is of no use."""
        return self._failed_in_a_row >= OUTAGE_TICKERS

    def history(self, ticker: str, start: str | None, end: str) -> Received:
        """Return what Yahoo has of ``ticker`` from ``start`` (None: its first day) to ``end``, inclusive.

        Raises
        ------
        YahooError
            If Yahoo's answer is final.
        TransientError
            If it failed in every try.
        """
        empty = 0

        def attempt() -> Received:
            nonlocal empty
            try:
                return self._once(ticker, start, end)
            except EmptyAnswerError as error:
                empty += 1
                if empty >= MOST_EMPTY:
                    raise NoPricesError(error.problem) from error
                raise

        def retried(number: int, error: BaseException, wait_s: float) -> None:
            details = {"ticker": ticker, "attempt": number, "reason": str(error), "wait_s": wait_s}
            self._context.tell("ticker_retried", level="warning", **details, cause=repr(error.__cause__))
            if isinstance(error, RateLimitedError):
                with self._lock:
                    self._quiet_until = max(self._quiet_until, time.monotonic() + wait_s)

        try:
            received = with_linear_backoff(
                attempt,
                tries=self._context.tries,
                wait_s=self._context.wait_s,
                on=(TransientError,),
                retried=retried,
                step_of=self._step,
                sleep=self._sleep,
            )
        except TransientError:
            self._count(failed=True)
            raise
        except YahooError:
            self._count(failed=False)
            raise
        self._count(failed=False)
        return received

    def _step(self, error: BaseException) -> float:
        limited = isinstance(error, RateLimitedError)
        return self._manners.limit_wait_s if limited else self._context.wait_s

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _count(self, *, failed: bool) -> None:
        with self._lock:
            if not self.outage:
                self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0

    def _once(self, ticker: str, start: str | None, end: str) -> Received:
        """Ask once, with nothing remembered of earlier failures."""
        import yfinance
        from yfinance.data import YfData

        self._sleep(max(0.0, self._quiet_until - time.monotonic()))
        if self._stopped.is_set():
            raise YahooError("not asked: the run was stopped")
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
                timeout=self._manners.timeout_s,
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

    def ask_all(self, work: Callable[[str], R], tickers: Sequence[str]) -> dict[str, R]:
        """Return what ``work`` gives for each ticker, done by a few threads at a time."""
        pool = ThreadPoolExecutor(self._manners.threads, thread_name_prefix="yahoo")
        done: dict[str, R] = {}
        try:
            with _prepared(self._context):
                futures = {pool.submit(work, ticker): ticker for ticker in tickers}
                self._context.progress(0, len(futures))
                for future in as_completed(futures):
                    done[futures[future]] = future.result()
                    self._context.progress(len(done), len(futures))
        except BaseException:
            self._stopped.set()  # wakes whoever waits, so that a cancelled run ends at once
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return {ticker: done[ticker] for ticker in tickers}


@contextmanager
def _prepared(context: Context) -> Iterator[None]:
    """Yfinance says what fails, keeps its caches in our data root, and is heard only in the run's log."""
    import yfinance

    root = local_folder(context.root) if context.root else None
    _keep_caches_in(root / "cache" / "yfinance" if root else None)
    yfinance.config.debug.hide_exceptions = False
    logger = logging.getLogger("yfinance")
    heard, before = _Heard(context.tell), (logger.handlers, logger.propagate)
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


class _Heard(logging.Handler):
    """Sends yfinance's warnings to the run's log."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Note one record."""
        self._tell("yfinance", level=record.levelname.lower(), message=record.getMessage())


def short(error: SourceError, tries: int) -> str:
    """Return the outcome of a ticker in one sentence.

    >>> short(TransientError("HTTP 500"), 3)
    'HTTP 500 (in each of 3 tries)'
    """
    return (
        f"{error.problem} (in each of {tries} tries)" if isinstance(error, TransientError) else error.problem
    )
