"""The HTTP session that yfinance speaks through: its own kind, and it keeps the last chart answer.

yfinance drops rows without a word (a live row that repeats the last day, rows after the end) and
replaces some of Yahoo's explanations by a guess. What Yahoo really said is seen here.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.sources.bounded_session import BoundedSession
from core.sources.yahoo_errors import ChartAnswer

if TYPE_CHECKING:
    from curl_cffi import requests

_CHART = "/v8/finance/chart/"


class RecordingSession(BoundedSession):
    """A session as yfinance makes it that remembers, per thread, the last answer of the chart service."""

    def __init__(self) -> None:
        super().__init__(impersonate="chrome")  # as yfinance itself does; Yahoo turns others away
        self._answers = threading.local()

    def get(self, url: str, **kwargs: Any) -> requests.Response:
        """Return the answer, remembered if it is one of the chart service."""
        if _CHART in url:
            self._answers.chart = None
        answer = super().get(url, **kwargs)
        if _CHART in url:
            kind = str(answer.headers.get("content-type") or "").split(";")[0]
            self._answers.chart = ChartAnswer(answer.status_code, kind, answer.text)
        return answer

    def forget(self) -> None:
        """Forget what this thread saw: a new try begins."""
        self._answers.chart = None

    def chart_answer(self) -> ChartAnswer | None:
        """Return this thread's last chart answer since :meth:`forget`."""
        answer: ChartAnswer | None = getattr(self._answers, "chart", None)
        return answer


@lru_cache(maxsize=1)
def shared_session() -> RecordingSession:
    """Return this process's session: one set of cookies and connections, as yfinance has it."""
    return RecordingSession()
