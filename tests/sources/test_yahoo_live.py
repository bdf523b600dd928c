"""The real Yahoo, for people who have a network: ``AFTERCLOSE_LIVE=1 pytest -m live tests/sources``."""

from __future__ import annotations

import os

import pytest

from core.errors import SourceError
from core.parameters import settings_from
from core.sources import source_named
from core.sources.context import Context
from core.sources.ingest_settings import IngestSettings

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(
        os.environ.get("AFTERCLOSE_LIVE") != "1", reason="asks the real Yahoo: set AFTERCLOSE_LIVE=1"
    ),
]

PARAMETERS = {
    "start": "2020-08-24", "end": "2020-09-04", "on_missing": "fail", "yahoo_threads": 2, "yahoo_timeout_s": 20.0,
    "yahoo_limit_wait_s": 30.0, "yahoo_overlap_sessions": 10,
}  # fmt: skip


def test_apples_split_of_2020_is_taken_out_of_the_prices_and_told(tmp_path):
    """4:1 on 2020-08-31; the close before it, about 499 dollars as traded, reads about 125."""
    frame = (
        source_named("yahoo")
        .read(settings_from(IngestSettings, PARAMETERS), ("AAPL", "MSFT"), Context(tmp_path))
        .frame
    )
    a = frame[frame["ticker"] == "AAPL"].set_index("date")
    assert list(a.index) == [
        "2020-08-24", "2020-08-25", "2020-08-26", "2020-08-27", "2020-08-28", "2020-08-31", "2020-09-01", "2020-09-02",
        "2020-09-03", "2020-09-04",
    ]  # fmt: skip
    assert a.loc["2020-08-31", "stock_splits"] == 4
    assert 120 < a.loc["2020-08-28", "close"] < 130


def test_an_unknown_ticker_is_named_with_yahoos_words(tmp_path):
    """Final, in one try."""
    with pytest.raises(SourceError, match="ZZZZNOTATICKER: "):
        source_named("yahoo").read(
            settings_from(IngestSettings, PARAMETERS), ("ZZZZNOTATICKER",), Context(tmp_path)
        )
