"""Small tables of prices for the tests of this folder."""

from __future__ import annotations

import gzip
from datetime import date
from importlib.resources import files

import pandas as pd
import pytest

from core import columns as col
from core.errors import ValidationFailed
from core.parameters import settings_from
from core.prices.gate_settings import CleanSettings, ValidateSettings
from core.prices.validation import validate
from core.request.stages import stage_named
from core.tables.artifacts import Table

TODAY = date(2026, 1, 1)

SESSIONS = [
    # The first 30 XNYS sessions of 2012, by the exchange's published holiday list (Jan 2 and Jan 16 closed).
    "2012-01-03", "2012-01-04", "2012-01-05", "2012-01-06", "2012-01-09", "2012-01-10", "2012-01-11",
    "2012-01-12", "2012-01-13", "2012-01-17", "2012-01-18", "2012-01-19", "2012-01-20", "2012-01-23",
    "2012-01-24", "2012-01-25", "2012-01-26", "2012-01-27", "2012-01-30", "2012-01-31", "2012-02-01",
    "2012-02-02", "2012-02-03", "2012-02-06", "2012-02-07", "2012-02-08", "2012-02-09", "2012-02-10",
    "2012-02-13", "2012-02-14",
]  # fmt: skip


def defaults(stage: str, **changes):
    """The settings of a stage with their defaults."""
    values = {p.name: p.parse(p.default) for p in stage_named(stage).parameters}
    return settings_from({"validate": ValidateSettings, "clean": CleanSettings}[stage], values | changes)


def quiet_frame(ticker: str = "AAA", days=None) -> pd.DataFrame:
    """Rows that no rule has anything to say about: a close between 100 and 101 that always moves."""
    days = SESSIONS if days is None else days
    rows = [
        [day, ticker, 100.0 + i % 7 / 10, 102.0, 99.0, 100.05 + i % 5 / 10, 100.05 + i % 5 / 10, 1000.0 + i]
        for i, day in enumerate(days)
    ]
    return pd.DataFrame(rows, columns=list(col.PRICES)).astype({"date": object, "ticker": object})


def table(frame: pd.DataFrame, **header) -> Table:
    """A raw table with its header."""
    return Table("prices_raw", frame, {"price_basis": "raw", "adjusted_close": "source"} | header)


def gate(frame: pd.DataFrame, *, today: date = TODAY, header=None, **changes):
    """Return the findings as records, whether or not the gate stopped."""
    prices, parameters = table(frame, **(header or {})), defaults("validate", **changes)
    try:
        _, document = validate(prices, parameters, today=today)
    except ValidationFailed as error:
        return error.findings["findings"]
    return document.body["findings"]


def change(row: int, **values) -> pd.DataFrame:
    """The quiet table with other values in one row."""
    frame = quiet_frame().astype(object)
    for name, value in values.items():
        frame.loc[row, name] = value
    return frame


def said(findings):
    """Return (rule, ticker, date, value) of each finding."""
    return [(f["rule"], f["ticker"], f["date"], f["value"]) for f in findings]


@pytest.fixture(scope="session")
def sample() -> pd.DataFrame:
    """The embedded sample as ingest gives it."""
    path = files("core.sources") / "shipped" / "stocks.csv.gz"
    with gzip.open(str(path), "rt") as lines:
        frame = pd.read_csv(lines, keep_default_na=False, dtype={"Date": object, "Ticker": object})
    frame.columns = [name.lower().replace(" ", "_") for name in frame.columns]
    return frame[list(col.PRICES)].astype({"volume": float})


PRICES = ["open", "high", "low", "close", "adj_close"]


def scaled(row: int, factor: float, *, days=None, **volume) -> pd.DataFrame:
    """Quiet rows whose prices are ``factor`` times as high from ``row`` on; the adjusted close follows."""
    frame = quiet_frame(days=days)
    frame.loc[frame.index >= row, PRICES] *= factor
    if volume:
        frame.loc[frame.index >= row, "volume"] *= volume["volume"]
    return frame


def rules(frame, **changes):
    """The rules that fire."""
    return [f["rule"] for f in gate(frame, **changes)]
