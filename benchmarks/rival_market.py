"""The rival's figures that need more than the judged rows: holding, and how probabilities sort tickers."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from rival_rows import Judged

COST = 5e-4

Vector = np.ndarray


def holding(rows: Judged, features: pl.DataFrame) -> tuple[Vector, Vector]:
    """Return what buying every ticker once earned day by day, and that on the judged dates."""
    calendar = np.unique(features["date"].to_numpy())
    first, last = np.searchsorted(calendar, (rows.days[0], rows.days[-1]))
    code = features["ticker"].rank("dense").to_numpy().astype(np.int64) - 1
    gains = np.zeros((len(calendar), code.max() + 1))
    place = np.searchsorted(calendar, features["date"].to_numpy())
    gains[place, code] = np.nan_to_num(features["return"].to_numpy())
    bought = np.full(gains.shape[1], len(calendar))
    np.minimum.at(bought, rows.ticker, np.searchsorted(calendar, rows.days)[rows.group])
    there = bought < len(calendar)
    gains, bought = gains[first : last + 2, there], bought[there] - first
    grown = np.where(np.arange(len(gains))[:, None] > bought, 1 + gains, 1.0)
    grown[bought, np.arange(len(bought))] = 1 - COST
    value = np.cumprod(grown, axis=0).mean(axis=1)
    daily = value[1:] / np.append(1.0, value[1:-1])
    return daily - 1, (daily - 1)[np.searchsorted(calendar, rows.days) - first]


def rebalanced(rows: Judged) -> Vector:
    """Return what equal weights restored every session earned by date, after costs."""
    count = np.bincount(rows.group)
    mean = rows.sums(rows.following) / count
    drifted = (1 + rows.following) / (count * (1 + mean))[rows.group]
    tickers = rows.ticker.max() + 1
    moved, before = np.empty(len(count)), np.zeros(tickers)
    ends = np.append(0, np.cumsum(count)).tolist()
    for group, (start, stop) in enumerate(pairwise(ends)):
        weight = np.zeros(tickers)
        weight[rows.ticker[start:stop]] = 1 / (stop - start)
        moved[group] = np.abs(weight - before).sum()
        before = np.zeros(tickers)
        before[rows.ticker[start:stop]] = drifted[start:stop]
    return mean - moved * COST


def mean_and_t(values: Vector) -> tuple[float, float]:
    values = values[~np.isnan(values)]
    return float(values.mean()), float(values.mean() / values.std(ddof=1) * len(values) ** 0.5)


def information(rows: Judged, frame: pl.DataFrame, features: pl.DataFrame) -> dict[str, Any]:
    """Return the IC and rank IC with their decay, and returns by fifth."""
    longer = {n: (1 + pl.col("return")) for n in (5, 10, 20)}
    compound = [
        pl.reduce(lambda a, b: a * b, [growth.shift(-k).over("ticker") for k in range(1, n + 1)])
        .sub(1)
        .alias(f"r{n}")
        for n, growth in longer.items()
    ]
    ahead = features.select("date", "ticker", *compound)
    data = frame.select("date", "ticker", "probability", pl.col("next_return").alias("r1"))
    data = data.join(ahead, on=["date", "ticker"], how="left", maintain_order="left")
    decay, first = [], None
    for n in (1, 5, 10, 20):
        own = data.select("date", "probability", f"r{n}").drop_nulls()
        ranks = own.with_columns(pl.col("probability", f"r{n}").rank().over("date").name.suffix("_rank"))
        by = ranks.group_by("date").agg(
            pl.corr("probability", f"r{n}").alias("ic"),
            pl.corr("probability_rank", f"r{n}_rank").alias("rank"),
            pl.len(),
        )
        by = by.filter(pl.col("len") >= 3).sort("date")
        (mean, t), (rank, rank_t) = (mean_and_t(by[name].to_numpy()) for name in ("ic", "rank"))
        first = first or {"mean": mean, "t": t, "rank_mean": rank, "rank_t": rank_t}
        decay.append({"sessions": n, "mean": mean, "rank_mean": rank})
    below, count = pl.col("probability").rank("min").over("date") - 1, pl.len().over("date")
    fifth = pl.max_horizontal(pl.lit(1), (5 * below / (count - 1)).ceil()).cast(pl.Int32)
    fifths = data.select(
        "r1", "ticker", "date", fifth.alias("quantile"), rank=pl.col("probability").rank().over("date")
    )
    by = fifths.group_by("quantile").agg(pl.col("r1").mean()).sort("quantile")
    ends = (
        fifths.filter(pl.col("quantile").is_in([1, 5])).group_by("date", "quantile").agg(pl.col("r1").mean())
    )
    wide = ends.pivot("quantile", index="date", values="r1").sort("date")
    spread, t = mean_and_t((wide["5"] - wide["1"]).to_numpy())
    quantiles = [{"quantile": q, "mean_return": r} for q, r in by.iter_rows()]
    return {
        **first,
        "decay": decay,
        "quantiles": quantiles,
        "spread": {"mean": spread, "t": t},
        "turnover": _turnover(rows, fifths),
    }


def _turnover(rows: Judged, fifths: pl.DataFrame) -> dict[str, float]:
    """Return new tickers of the outer fifths, and how ranks correlate with those of the session before."""
    frame = fifths.with_columns(group=pl.Series(rows.group)).sort("ticker", "group")
    joined = pl.col("group").shift(1).over("ticker") == pl.col("group") - 1
    frame = frame.with_columns(
        was=pl.when(joined).then(pl.col("quantile").shift(1).over("ticker")),
        former=pl.when(joined).then(pl.col("rank").shift(1).over("ticker")),
    )
    both = frame.drop_nulls("former").group_by("group").agg(pl.corr("rank", "former"), pl.len())
    new = {
        name: frame.filter(pl.col("quantile") == q)
        .group_by("group")
        .agg((pl.col("was").ne_missing(q)).mean())
        .sort("group")["was"]
        .to_numpy()[1:]
        .mean()
        for name, q in (("top", 5), ("bottom", 1))
    }
    return {
        **{k: float(v) for k, v in new.items()},
        "autocorrelation": float(both.filter(pl.col("len") >= 3)["rank"].mean()),
    }
