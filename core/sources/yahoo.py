"""Daily prices of Yahoo Finance through yfinance, a ticker at a time.

Yahoo's open, high, low, close and volume are adjusted for splits and not for dividends; its adjusted
close is adjusted for both. Every split or dividend therefore restates what came before it.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from core.sources.context import Context
from core.sources.live import LiveSource, Service

if TYPE_CHECKING:
    from core.sources.live_client import LiveClient, RequestPolicy


def _client(policy: RequestPolicy, context: Context) -> LiveClient:
    from core.sources.yahoo_client import YahooClient

    return YahooClient(policy, context)


SOURCE = LiveSource(
    Service(
        "yahoo",
        "Yahoo",
        "https://query2.finance.yahoo.com/v8/finance/chart",
        "split_adjusted",
        _client,
        lambda: f"yfinance {version('yfinance')}",
    )
)
