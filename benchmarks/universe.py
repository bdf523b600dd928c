"""A universe of any size as one Parquet file: ``python benchmarks/universe.py --tickers N --out FILE``.

Each ticker is a seeded walk of its own over the same sessions, so that a universe of 50 tickers is the
beginning of one of 5,000. Few rules have anything to say about it, as with real data. Row groups hold
whole tickers; memory is that of one.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.prices.calendar import sessions_between

SESSIONS = 2_520
"""Ten years of 252."""

FIRST, LAST = date(2014, 1, 1), date(2024, 12, 31)
TICKERS_AT_ONCE = 100
SEED = 7


def sessions(count: int = SESSIONS) -> np.ndarray:
    """Return the last ``count`` XNYS sessions up to the end of 2024, as days."""
    return sessions_between("XNYS", FIRST, LAST)[-count:]


def prices(first: int, tickers: int, days: np.ndarray) -> pa.Table:
    """Return the rows of ``tickers`` tickers from number ``first`` on, by ticker and date."""
    draws = np.stack([_draws(first + i, len(days)) for i in range(tickers)])
    moves, spread, volume = draws[:, 0], np.abs(draws[:, 1]) * 0.004, draws[:, 2]
    close = np.maximum(np.round(80 * np.exp(np.cumsum(moves * 0.012, axis=1) * 0.5 + 0.3), 4), 0.5)
    opened = np.round(close * (1 + draws[:, 3] * 0.002), 4)
    high = np.round(np.maximum(opened, close) * (1 + spread), 4)
    low = np.round(np.minimum(opened, close) * (1 - spread), 4)
    names = [f"T{first + i:05d}" for i in range(tickers)]
    return pa.table(
        {
            "date": pa.array(np.tile(days.astype("datetime64[s]"), tickers)),
            "ticker": pa.DictionaryArray.from_arrays(
                np.repeat(np.arange(tickers, dtype=np.int32), len(days)), names
            ),
            **{
                n: v.ravel()
                for n, v in zip(("open", "high", "low", "close"), (opened, high, low, close), strict=True)
            },
            "adj_close": close.ravel(),
            "volume": np.round(1e6 * np.exp(volume * 0.3)).ravel(),
        }
    )


def _draws(number: int, days: int) -> np.ndarray:
    return np.random.default_rng((SEED, number)).standard_normal((4, days))


def write(path: Path, tickers: int, count: int = SESSIONS) -> None:
    """Write a universe; the same arguments give the same rows."""
    days, writer = sessions(count), None
    for first in range(0, tickers, TICKERS_AT_ONCE):
        part = prices(first, min(TICKERS_AT_ONCE, tickers - first), days)
        writer = writer or pq.ParquetWriter(path, part.schema, compression="zstd")
        writer.write_table(part, row_group_size=len(part))
    if writer:
        writer.close()


def main() -> None:
    """Write one universe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickers", type=int, required=True)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write(arguments.out, arguments.tickers, arguments.sessions)


if __name__ == "__main__":
    main()
