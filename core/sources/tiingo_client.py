"""Tiingo's end-of-day prices over HTTP: one question a ticker, one typed fault.

https://www.tiingo.com/documentation/end-of-day: ``GET /tiingo/daily/<ticker>/prices`` with ``startDate`` and
``endDate`` (both inclusive) and the key in the header ``Authorization``. A spent allowance is answered with status
200 and a sentence instead of JSON.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from core.errors import ParameterError, SourceError
from core.platform.retry import TransientError
from core.platform.web_addresses import is_loopback
from core.sources.bounded_session import BoundedSession
from core.sources.context import Context
from core.sources.live_client import LiveClient, RequestPolicy
from core.sources.live_errors import (
    SERVER_ERROR,
    TOO_MANY,
    NoPricesError,
    RateLimitedError,
    ServiceError,
    of_connection,
)
from core.sources.live_rows import Received
from core.sources.service_key import key_variable
from core.sources.tiingo_rows import received

if TYPE_CHECKING:
    from curl_cffi.requests import Response

URL_VARIABLE = "AFTERCLOSE_TIINGO_URL"
"""Another address of the service: a company's own gateway before it."""

_KEY = key_variable("tiingo")

FIRST_DAY = "1900-01-01"
"""Before any price there is: without a start Tiingo gives the newest row alone."""

_REFUSED, _NOT_KNOWN, _REDIRECTS = (401, 403), 404, range(300, 400)
_LONGEST = 200


def address_of(environ: Mapping[str, str]) -> str:
    """Return where Tiingo is asked, without a slash at its end.

    Raises
    ------
    ParameterError
        If the environment names an address to which the key would travel in the clear, or none at all.
    """
    text = environ.get(URL_VARIABLE, "").strip().rstrip("/") or "https://api.tiingo.com"
    with suppress(ValueError):  # brackets that hold no address of the network
        parts = urlsplit(text)
        if parts.hostname and (
            parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        ):
            return text
    raise ParameterError(
        f"{URL_VARIABLE} is no address that a key may be sent to",
        expected="https://HOST (http:// on this machine only)",
        parameter="source",
    )


class TiingoClient(LiveClient):
    """Asks Tiingo for the history of tickers."""

    def __init__(self, policy: RequestPolicy, context: Context, *, key: str, address: str) -> None:
        super().__init__(policy, context)
        self._headers = {"Authorization": f"Token {key}", "Accept": "application/json"}
        self._address = address
        self._local = threading.local()
        self._refusal: ServiceError | None = None

    def _once(self, ticker: str, start: str | None, end: str) -> Received:
        """Ask once."""
        if self._refusal is not None:  # the key is good for no other ticker either
            raise self._refusal
        url = f"{self._address}/tiingo/daily/{quote(ticker, safe='')}/prices"
        span = {"startDate": start or FIRST_DAY, "endDate": end, "format": "json"}
        try:
            answer = self._session().get(
                url,
                params=span,
                headers=self._headers,
                timeout=self._policy.timeout_s,
                allow_redirects=False,  # the key goes to nobody else
            )
        except Exception as error:
            fault = of_connection(error, "Tiingo")
            if fault is None:
                raise
            raise fault from error
        return received(self._rows_in(answer), ticker, start, end)

    def _session(self) -> BoundedSession:
        """Return this thread's own connection."""
        session: BoundedSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = BoundedSession()
        return session

    def _rows_in(self, answer: Response) -> list[Any]:
        """Return the rows of an answer as it came.

        Raises
        ------
        ServiceError, TransientError
            If it holds none.
        """
        if fault := self._fault_of(answer):
            raise fault
        try:
            content = json.loads(answer.text)
        except (ValueError, RecursionError) as error:
            raise _without_json(answer) from error
        if isinstance(content, list):
            return content
        detail = str(content.get("detail") or "") if isinstance(content, dict) else ""
        raise (
            NoPricesError(_short(detail)) if detail else ServiceError("an answer in a form that is not known")
        )

    def _fault_of(self, answer: Response) -> SourceError | None:
        status = answer.status_code
        if status == TOO_MANY:
            return RateLimitedError(f"HTTP {TOO_MANY}: too many requests")
        if status in _REFUSED:
            self._refusal = ServiceError(
                f"Tiingo refused the key (HTTP {status})",
                remedy=f"Put a key that counts into {_KEY}, or into the file that {_KEY}_FILE names.",
            )
            return self._refusal
        if status == _NOT_KNOWN:
            return NoPricesError(_detail(answer.text) or "Tiingo does not know it")
        if status >= SERVER_ERROR:
            return TransientError(f"HTTP {status}")
        if status in _REDIRECTS:
            return ServiceError(
                f"HTTP {status}: the service has moved, and the key is sent to no other address"
            )
        return None if status < _REDIRECTS.start else ServiceError(f"HTTP {status}: {_short(answer.text)}")


def _without_json(answer: Response) -> SourceError:
    """Return what an answer with status 200 that is not JSON says."""
    if "run over" in answer.text:
        # a month's allowance of tickers does not come back by waiting
        by_month = "month" in answer.text
        wait = "month" if by_month else "hour"
        return (ServiceError if by_month else RateLimitedError)(
            f"the allowance is spent: {_short(answer.text)}",
            remedy=f"Run again in the next {wait}, ask for fewer tickers, or with a key that may ask for more.",
        )
    kind = str(answer.headers.get("content-type") or "").split(";")[0]
    return TransientError(f"an answer that is not JSON{f' ({kind})' if kind else ''}")


def _detail(text: str) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return _short(str(content.get("detail") or "")) if isinstance(content, dict) else ""


def _short(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
