"""The gate over a million rows, beside merely making them: ``python benchmarks/gate.py [--judge]``.

500 tickers on every XNYS session of eight years; prices of a seeded walk, so that few rules have
anything to say, as with real data.
"""

from __future__ import annotations

import argparse
import time
from datetime import date

import numpy as np
import pandas as pd

from core.parameters import settings_from
from core.prices.calendar import sessions_between
from core.prices.cleaning import clean
from core.prices.gate_settings import CleanSettings, ValidateSettings
from core.prices.validation import validate
from core.request.stages import stage_named
from core.tables.artifacts import Table

TICKERS = 500
FIRST, LAST = date(2012, 1, 1), date(2019, 12, 31)


def prices() -> Table:
    """Return ``prices_raw`` of about a million rows, dates as text."""
    days = sessions_between("XNYS", FIRST, LAST)
    rng = np.random.default_rng(7)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.01, (len(days), TICKERS)), axis=0)), 4).ravel()
    frame = pd.DataFrame(
        {
            "date": np.repeat(days.astype(str).astype(object), TICKERS),
            "ticker": np.tile(np.array([f"T{i:03}" for i in range(TICKERS)], dtype=object), len(days)),
            "open": close,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "adj_close": close,
            "volume": rng.integers(100_000, 200_000, len(close)).astype(float),
        }
    )
    return Table("prices_raw", frame, {"price_basis": "raw", "adjusted_close": "source"})


def main() -> None:
    """Make the rows; with ``--judge`` validate and clean them, and print the CPU seconds of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", action="store_true", help="Validate and clean, too.")
    table = prices()
    if not parser.parse_args().judge:
        return
    defaults = {
        s: settings_from(kind, {p.name: p.parse(p.default) for p in stage_named(s).parameters})
        for s, kind in (("validate", ValidateSettings), ("clean", CleanSettings))
    }
    started = time.process_time()
    valid, findings = validate(table, defaults["validate"], today=date(2026, 1, 1))
    judged = time.process_time()
    clean(valid, defaults["clean"])
    print(
        f"{len(table.frame):,} rows: validate {judged - started:.2f} s, clean {time.process_time() - judged:.2f} s,"
    )
    print(f"{len(findings.body['findings'])} findings")


if __name__ == "__main__":
    main()
