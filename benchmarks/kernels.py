"""The features kernel beside the same in Polars: ``python benchmarks/kernels.py [--tickers N] [--pairs N]``.

Both are given a generated universe shard by shard (tickers coded, one thread) and make the same columns; what
is timed is the columns, not the making of prices. Values are compared before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import TYPE_CHECKING, Any

os.environ["POLARS_MAX_THREADS"] = "1"

from core.platform.determinism import single_threaded

single_threaded()

import numpy as np  # noqa: E402 - see above
import polars as pl  # noqa: E402 - see above
from universe import prices, sessions  # noqa: E402 - see above

from core import columns as col  # noqa: E402 - see above
from core.features.engineering import by_ticker  # noqa: E402 - see above
from core.tables.limits import PART_ROWS  # noqa: E402 - see above
from core.tables.parquet import frame_of  # noqa: E402 - see above

if TYPE_CHECKING:
    import pandas as pd

LAGS = (1, 2, 3, 5)
AVERAGES = (5, 10, 20)


def in_polars(prices: pl.DataFrame) -> pl.DataFrame:
    """Return the features table by Polars, windows by ticker with ``over``."""
    price, gained = pl.col(col.ADJ_CLOSE), pl.col(col.RETURN)
    first = prices.with_columns(
        (price / price.shift(1).over(col.TICKER) - 1).alias(col.RETURN),
        *(price.rolling_mean(n).over(col.TICKER).alias(f"ma{n}") for n in AVERAGES),
    )
    following = gained.shift(-1).over(col.TICKER)
    return first.with_columns(
        *((price / pl.col(f"ma{n}") - 1).alias(f"ma{n}_ratio") for n in AVERAGES),
        gained.rolling_std(20, ddof=1).over(col.TICKER).alias(col.VOLATILITY20),
        *(gained.shift(n).over(col.TICKER).alias(f"lag{n}") for n in LAGS),
        pl.when(following.is_null())
        .then(None)
        .otherwise((following > 0).cast(pl.Float64))
        .alias(col.UP_NEXT),
    )


def ours(prices: pd.DataFrame) -> dict[str, Any]:
    """Return the features table by the pipeline's own functions."""
    return by_ticker(prices).columns


def universe(tickers: int) -> Iterator[pd.DataFrame]:
    """Yield clean prices in shards of as many tickers as the pipeline takes."""
    days = sessions()
    each = PART_ROWS // len(days)
    for first in range(0, tickers, each):
        rows = prices(first, min(each, tickers - first), days)
        yield frame_of(rows.select([col.DATE, col.TICKER, col.ADJ_CLOSE]))


def check(frame: pd.DataFrame, table: pl.DataFrame) -> None:
    """Refuse to time two things that are not the same."""
    left, right = ours(frame), in_polars(table)
    for name in (col.RETURN, "ma20", "ma5_ratio", col.VOLATILITY20, "lag5", col.UP_NEXT):
        expected = right[name].to_numpy().astype(float)
        np.testing.assert_allclose(left[name], expected, rtol=1e-7, atol=1e-10, equal_nan=True)


def spent(work: Callable[[], Any]) -> float:
    """Return the CPU seconds of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Print the CPU seconds of both, pair by pair, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickers", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=9)
    arguments = parser.parse_args()
    frames = list(universe(arguments.tickers))
    tables = [pl.from_pandas(frame) for frame in frames]
    check(frames[0], tables[0])

    def both() -> tuple[float, float]:
        return spent(lambda: [ours(f) for f in frames]), spent(lambda: [in_polars(t) for t in tables])

    both()
    pairs = [both() for _ in range(arguments.pairs)]
    a, b = (median(side) for side in zip(*pairs, strict=True))
    print(
        json.dumps(
            {"rows": sum(map(len, frames)), "ours_s": a, "polars_s": b, "ratio": a / b, "pairs": pairs}
        )
    )


if __name__ == "__main__":
    main()
