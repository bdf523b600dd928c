"""A client of a live service: bounded concurrency, timeouts, back-off, and one typed fault per ticker."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from core.platform.retry import TransientError, with_linear_backoff
from core.sources.context import Context
from core.sources.live_errors import EmptyAnswerError, NoPricesError, RateLimitedError, ServiceError
from core.sources.live_rows import Received

R = TypeVar("R")

OUTAGE_TICKERS = 8
"""Tickers in a row that failed by faults that should pass: then it is the service or the network, not they."""

MOST_EMPTY = 2
"""An empty answer is asked for once more, then it is final."""


@dataclass(frozen=True)
class RequestPolicy:
    """Concurrency, timeout and back-off of the requests to a service.

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


class LiveClient(ABC):
    """Asks a service for the history of tickers, one by one; a service says how it is asked once."""

    def __init__(self, policy: RequestPolicy, context: Context) -> None:
        self._policy = policy
        self._context = context
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self._failed_in_a_row = 0

    @abstractmethod
    def _once(self, ticker: str, start: str | None, end: str) -> Received:
        """Ask once, with nothing remembered of earlier failures.

        Raises
        ------
        ServiceError, TransientError
            Whatever is the service's or the network's doing.
        """

    @contextmanager
    def _prepared(self) -> Iterator[None]:
        """Do what is to be done around all questions."""
        yield

    @property
    def outage(self) -> bool:
        """Whether so many tickers failed in a row that asking on is of no use."""
        return self._failed_in_a_row >= OUTAGE_TICKERS

    def history(self, ticker: str, start: str | None, end: str) -> Received:
        """Return what the service has of ``ticker`` from ``start`` (None: its first day) to ``end``, inclusive.

        Raises
        ------
        ServiceError
            If its answer is final.
        TransientError
            If it failed in every try.
        """
        empty = 0

        def attempt() -> Received:
            nonlocal empty
            self._sleep(max(0.0, self._quiet_until - time.monotonic()))
            if self._stopped.is_set():
                raise ServiceError("not asked: the run was stopped")
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
        except ServiceError:
            self._count(failed=False)
            raise
        self._count(failed=False)
        return received

    def _step(self, error: BaseException) -> float:
        limited = isinstance(error, RateLimitedError)
        return self._policy.limit_wait_s if limited else self._context.wait_s

    def _sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _count(self, *, failed: bool) -> None:
        with self._lock:
            if not self.outage:
                self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0

    def ask_all(self, work: Callable[[str], R], tickers: Sequence[str]) -> dict[str, R]:
        """Return what ``work`` gives for each ticker, done by a few threads at a time."""
        pool = ThreadPoolExecutor(self._policy.threads, thread_name_prefix="source")
        done: dict[str, R] = {}
        try:
            with self._prepared():
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
