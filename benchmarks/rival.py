"""The rival: the same work as one script of plain Polars, numpy and scikit-learn, as a good engineer would write it.

``python benchmarks/rival.py FILE OUT`` reads a Parquet file of prices, stops at what stops a run, makes the features,
walks both models forward, judges them and writes ``predictions.parquet`` and ``figures.json``. No digests, checkpoints,
journal, findings, repairs or report. Nothing of ``core`` is used; figures have the names of ``evaluation.json``.
``--pairs N`` measures the pipeline beside it instead, in turn, whole processes, each in one process unless ``--engine``
says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # as the stages run; threads are set before anything numeric can be imported

import numpy as np  # noqa: E402 - see above
import polars as pl  # noqa: E402 - see above
import rival_figures  # noqa: E402 - see above
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: E402 - see above
from sklearn.inspection import permutation_importance  # noqa: E402 - see above
from sklearn.linear_model import LogisticRegression  # noqa: E402 - see above
from sklearn.pipeline import make_pipeline  # noqa: E402 - see above
from sklearn.preprocessing import StandardScaler  # noqa: E402 - see above

if TYPE_CHECKING:
    from measure import Usage

PRICES = ("open", "high", "low", "close", "adj_close")
INPUTS = (
    "return", "ma5_ratio", "ma10_ratio", "ma20_ratio", "volatility20", "lag1", "lag2", "lag3", "lag5",
)  # fmt: skip
MODELS = {"probability": "logistic", "probability_hist_gradient_boosting": "boosting"}
TRAINING_ROWS, FOLD, LEAST_TEST, MOST_TRAINING = 2_000_000, 252, 20, 712


def read(file: str, today: date) -> pl.DataFrame:
    """Return the rows by ticker and date, or stop at what makes them unusable."""
    prices = pl.read_parquet(file).with_columns(
        pl.col("date").cast(pl.Date), pl.col("ticker").cast(pl.Categorical)
    )
    prices = prices.sort(pl.col("ticker").cast(pl.String), "date")
    low, high = (pl.min_horizontal("open", "close"), pl.max_horizontal("open", "close"))
    usual = pl.col("volume").rolling_median(21, min_samples=1).over("ticker")
    step = pl.col("close") / pl.col("close").shift(1).over("ticker")
    size = step.log().abs()
    unit = ((size - np.log(100)).abs() < 0.2) | ((size - np.log(1_000)).abs() < 0.2)
    broken = {
        "non_positive_price": pl.any_horizontal(pl.col(PRICES) <= 0),
        "wrong_type": pl.any_horizontal(pl.col(*PRICES, "volume").is_infinite()),
        "inconsistent_ohlc": (pl.col("low") > low * (1 + 1e-6)) | (pl.col("high") < high * (1 - 1e-6)),
        "negative_volume": pl.col("volume") < 0,
        "future_row": pl.col("date") > today,
        "unit_mixup": unit & (pl.col("volume") / usual).is_between(1 / 3, 3),
        "conflicting_duplicate": (pl.col("date") == pl.col("date").shift(1).over("ticker"))
        & (pl.col("close") != pl.col("close").shift(1).over("ticker")),
    }
    counts = prices.select(
        rule.fill_null(value=False).sum().alias(name) for name, rule in broken.items()
    ).row(0, named=True)
    missing = pl.any_horizontal(pl.col(*PRICES, "volume").is_null())
    by_ticker = prices.group_by("ticker").agg(
        missing.mean().alias("missing"),
        pl.len().alias("rows"),
        pl.col("date").min().alias("first"),
        pl.col("date").max().alias("last"),
    )
    counts["too_many_missing"] = by_ticker.filter(pl.col("missing") > 0.01).height
    counts |= _calendar(prices, by_ticker)
    if stops := {name: count for name, count in counts.items() if count}:
        raise SystemExit(f"unusable: {stops}")
    return prices.filter(~missing).unique(["ticker", "date"], keep="first", maintain_order=True)


def _calendar(prices: pl.DataFrame, by_ticker: pl.DataFrame) -> dict[str, int]:
    """Return how many sessions nobody has, and how many tickers lack more than one in a hundred of theirs."""
    import exchange_calendars

    first, last = prices["date"].min(), prices["date"].max()
    sessions = exchange_calendars.get_calendar("XNYS", start=str(first)).sessions_in_range(
        str(first), str(last)
    )
    days = sessions.to_numpy().astype("datetime64[D]")
    there = np.unique(prices["date"].to_numpy())
    begin, end = (np.searchsorted(days, by_ticker[name].to_numpy()) for name in ("first", "last"))
    lacking = 1 - by_ticker["rows"].to_numpy() / (end - begin + 1)
    return {
        "missing_session_everywhere": len(np.setdiff1d(days, there)),
        "too_many_missing_sessions": int((lacking > 0.01).sum()),
    }


def features_of(prices: pl.DataFrame) -> pl.DataFrame:
    """Return the features and the label of every row, by ticker and date."""
    close = pl.col("adj_close")
    change = (close / close.shift(1) - 1).over("ticker")
    frame = prices.select("date", "ticker", "adj_close", change.alias("return"))
    ahead = pl.col("return").shift(-1).over("ticker")
    return frame.with_columns(
        *((close / close.rolling_mean(n).over("ticker") - 1).alias(f"ma{n}_ratio") for n in (5, 10, 20)),
        pl.col("return").rolling_std(20, ddof=1).over("ticker").alias("volatility20"),
        *(pl.col("return").shift(n).over("ticker").alias(f"lag{n}") for n in (1, 2, 3, 5)),
        ahead.alias("next_return"),
        (ahead > 0).cast(pl.Float64).alias("up_next"),
        pl.col("date").shift(-1).over("ticker").alias("known"),
    )


def folds(sessions: np.ndarray) -> list[tuple[np.datetime64, np.datetime64]]:
    """Return first and last day of each test window: a year each, after half of the history, at most 712 sessions."""
    starts = list(range(min(len(sessions) // 2, MOST_TRAINING), len(sessions), FOLD))
    if starts and len(sessions) - starts[-1] < LEAST_TEST:
        starts.pop()
    ends = [*starts[1:], len(sessions)]
    return [(sessions[start], sessions[end - 1]) for start, end in zip(starts, ends, strict=True)]


def models() -> dict[str, Any]:
    """Return both models, not fitted."""
    boosting = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=7, max_bins=63, learning_rate=0.05, min_samples_leaf=100, early_stopping=False,
        random_state=7,
    )  # fmt: skip
    logistic = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10, max_iter=100)
    return {"logistic": make_pipeline(StandardScaler(), logistic), "boosting": boosting}


def walk(features: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the judged rows by fold, date and ticker with both probabilities, and what was learnt on the way."""
    usable = features.filter(
        pl.all_horizontal(pl.col(INPUTS).is_not_null()) & pl.col("up_next").is_not_null()
    )
    usable = usable.sort("date", maintain_order=True)
    every = -(-features.height // TRAINING_ROWS)
    learning = usable.filter(pl.col("ticker").rank("dense").sub(1).mod(every) == 0) if every > 1 else usable
    dates, known = (learning[name].to_numpy() for name in ("date", "known"))
    inputs, label = learning.select(INPUTS).to_numpy(), learning["up_next"].to_numpy()
    tests, worth, rates = [], [], []
    labelled = features.filter(pl.col("up_next").is_not_null()).select("date", "known", "up_next")
    for number, (first, last) in enumerate(folds(np.unique(labelled["date"].to_numpy())), 1):
        own = usable.filter(pl.col("date").is_between(first, last))
        train = (dates < first) & (known < first)
        fitted = models()
        for model in fitted.values():
            model.fit(inputs[train], label[train])
        values = own.select(INPUTS).to_numpy()
        chances = [pl.Series(name, fitted[kind].predict_proba(values)[:, 1]) for name, kind in MODELS.items()]
        tests.append(own.with_columns(*chances, pl.lit(number, pl.Int32).alias("fold")))
        tested = (dates >= first) & (dates <= last)
        at = np.linspace(0, tested.sum() - 1, min(5_000, tested.sum())).round().astype(int)
        shuffled = permutation_importance(
            fitted["logistic"],
            inputs[tested][at],
            label[tested][at],
            scoring="roc_auc",
            n_repeats=5,
            random_state=7,
        )
        worth.append(dict(zip(INPUTS, shuffled.importances_mean.tolist(), strict=True)))
        earlier = labelled.filter(pl.col("known") < first)["up_next"]
        rates.append(earlier.mean())
    candidate = models()["logistic"].fit(inputs, label)
    learnt = {"importance": worth, "up_rates": rates, "coefficients": candidate[-1].coef_[0].tolist()}
    return pl.concat(tests), learnt


def run(file: str, out: Path) -> dict[str, Any]:
    """Do all of it and return the figures."""
    out.mkdir(parents=True, exist_ok=True)
    features = features_of(read(file, datetime.now(UTC).date()))
    judged, learnt = walk(features)
    judged.select("date", "ticker", *MODELS, "up_next", "fold").write_parquet(out / "predictions.parquet")
    figures = {**rival_figures.figures(judged, features, learnt["up_rates"], list(MODELS)), "learnt": learnt}
    (out / "figures.json").write_text(json.dumps(figures))
    return figures


def paired(file: str, out: Path, pairs: int, engine: str) -> None:
    """Measure the pipeline itself and this script in turn, each from nothing, and print what both cost."""
    from measure import alternated, configured, environment, spent

    here, data = Path(__file__).resolve().parent, out.resolve() / "data"
    command = [
        str(Path(sys.executable).parent / "luigi"),
        "--module",
        "luigi_tasks",
        "Report",
        "--local-scheduler",
    ]
    ours = [*command, "--source", "files", "--path", str(Path(file).resolve())]
    theirs = [sys.executable, str(here / "rival.py"), str(Path(file).resolve()), str(out.resolve() / "rival")]

    chosen = configured(out, engine)

    def pipeline() -> Usage:
        shutil.rmtree(data, ignore_errors=True)
        return spent(ours, {**environment(data), **chosen})

    found = alternated(pipeline, lambda: spent(theirs, environment(data)), pairs, warmed=pairs > 1)
    sides = zip(found.ours, found.base, strict=True)
    names = ("ours_s", "rival_s", "ours_mb", "rival_mb")
    each = [(round(a.cpu_s, 2), round(b.cpu_s, 2), round(a.peak_mb), round(b.peak_mb)) for a, b in sides]
    ratios = {"cpu_ratio": round(found.ratio, 3), "memory_ratio": round(found.memory_ratio, 3)}
    print(json.dumps({**ratios, "pairs": [dict(zip(names, pair, strict=True)) for pair in each]}, indent=1))


def main() -> None:
    """Run once, or measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file")
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=0)
    parser.add_argument("--engine", default="local", help="Of the pipeline; auto: all processors.")
    arguments = parser.parse_args()
    if arguments.pairs:
        paired(arguments.file, arguments.out, arguments.pairs, arguments.engine)
    else:
        run(arguments.file, arguments.out)


if __name__ == "__main__":
    main()
