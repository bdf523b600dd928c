"""Daily prices of Tiingo, a ticker at a time; it asks for a key, which is free.

Tiingo's open, high, low, close and volume are as traded; its adjusted close is adjusted for splits and
dividends. Each row carries its dividend and split.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING

from core.sources.context import Context
from core.sources.live import LiveSource, Service
from core.sources.service_key import key_of

if TYPE_CHECKING:
    from core.sources.live_client import LiveClient, RequestPolicy

NAME = "tiingo"
URI = "https://api.tiingo.com/tiingo/daily"


def _client(policy: RequestPolicy, context: Context) -> LiveClient:
    from core.sources.tiingo_client import TiingoClient, address_of

    return TiingoClient(policy, context, key=key_of(NAME, os.environ), address=address_of(os.environ))


def _ready() -> None:
    from core.sources.tiingo_client import address_of

    key_of(NAME, os.environ)
    address_of(os.environ)


SOURCE = LiveSource(
    Service(NAME, "Tiingo", URI, "raw", _client, lambda: f"curl_cffi {version('curl_cffi')}", _ready)
)
