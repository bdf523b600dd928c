"""What went wrong with one ticker at Yahoo: worth another try, or final, in one short text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from core.errors import SourceError
from core.platform.retry import TransientError
from core.sources.live_errors import (
    SERVER_ERROR,
    TOO_MANY,
    EmptyAnswerError,
    NoPricesError,
    RateLimitedError,
    ServiceError,
    of_connection,
)

_REFUSED = (401, 403)
"""A cookie or crumb that went stale; the client takes a new one at the next try."""


@dataclass(frozen=True)
class ChartAnswer:
    """The last answer of Yahoo's chart service that the client had before it stopped.

    Parameters
    ----------
    status : int
        The HTTP status.
    content_type : str
        As the answer says.
    text : str
        The body.
    """

    status: int
    content_type: str
    text: str

    @property
    def explanation(self) -> str:
        """Yahoo's own words for why there are no prices; empty if it gave none."""
        error = self._chart().get("error")
        description = error.get("description") if isinstance(error, dict) else None
        return " ".join(str(description or "").split())[:300]

    @property
    def empty(self) -> bool:
        """Whether the answer is whole and holds neither a result nor a reason."""
        chart = self._chart()
        return "result" in chart and not chart["result"] and not chart.get("error")

    def _chart(self) -> dict[str, Any]:
        try:
            chart = json.loads(self.text)["chart"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}
        return chart if isinstance(chart, dict) else {}


def fault_of(error: Exception, answer: ChartAnswer | None) -> SourceError | None:
    """Return what ``error`` means, None if it is none of Yahoo's or the network's doing.

    Parameters
    ----------
    error : Exception
        What yfinance raised (with ``hide_exceptions`` off).
    answer : ChartAnswer or None
        The last chart answer of the same try.
    """
    from yfinance import exceptions as yahoo

    if isinstance(error, yahoo.YFRateLimitError) or (answer is not None and answer.status == TOO_MANY):
        return RateLimitedError(f"HTTP {TOO_MANY}: too many requests")
    broken = _of_connection(error)
    if broken is not None:
        return broken
    return _stated_fault(answer) or _of_form(error, answer)


def _stated_fault(answer: ChartAnswer | None) -> SourceError | None:
    """Return the fault that Yahoo itself told by status or in words."""
    if answer is not None and (answer.status >= SERVER_ERROR or answer.status in _REFUSED):
        return TransientError(
            f"HTTP {answer.status}{': ' + answer.explanation if answer.explanation else ''}"
        )
    if answer is not None and answer.empty:
        return _nothing()
    return NoPricesError(answer.explanation) if answer is not None and answer.explanation else None


def _nothing() -> EmptyAnswerError:
    return EmptyAnswerError("an empty answer: no prices, and no reason given")


def _of_connection(error: Exception) -> SourceError | None:
    from curl_cffi.requests import exceptions as http
    from peewee import PeeweeException

    if isinstance(error, http.HTTPError | json.JSONDecodeError) and not isinstance(
        error, http.IncompleteRead
    ):
        return None
    if isinstance(error, PeeweeException):
        return TransientError("yfinance's own cache in the data root cannot be used")
    return of_connection(error, "Yahoo")


def _of_form(error: Exception, answer: ChartAnswer | None) -> SourceError | None:
    from curl_cffi.requests import exceptions as http
    from yfinance import exceptions as yahoo

    if isinstance(error, yahoo.YFDataException):
        return TransientError("Yahoo says that it is down (will be right back)")
    if isinstance(error, yahoo.YFTickerMissingError):
        return _nothing()
    if isinstance(error, json.JSONDecodeError):
        kind = f" ({answer.content_type})" if answer and answer.content_type else ""
        return TransientError(f"an answer that is not JSON{kind}")
    if isinstance(
        error, http.HTTPError
    ):  # of a helper service: the chart service's own status was judged before
        return TransientError("an HTTP error outside the chart service")
    if isinstance(error, yahoo.YFException):
        return ServiceError(" ".join(str(error).split())[:300])
    of_form = LookupError | TypeError | AttributeError | ValueError | ArithmeticError | RecursionError
    unknown_form = isinstance(error, of_form)
    description = (
        f"an answer in a form that yfinance does not know ({type(error).__name__}: {str(error)[:200]})"
    )
    return ServiceError(description) if unknown_form else None
