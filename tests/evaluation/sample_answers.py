"""Figures of the sample's report from its raw prices and its predictions, by pandas and scikit-learn alone.

Nothing here imports the program: each figure is worked out as a notebook would, slowly and in the open.
"""

from __future__ import annotations

import gzip
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

COST = 5 / 1e4
BLOCK = 10


def prices() -> pd.DataFrame:
    """Return the sample's prices by ticker and date, with returns and what a call made after each close earns."""
    with gzip.open(str(files("core.sources") / "shipped" / "stocks.csv.gz"), "rt") as lines:
        frame = pd.read_csv(lines, keep_default_na=False)
    frame.columns = [name.lower().replace(" ", "_") for name in frame.columns]
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.sort_values(["ticker", "date"]).reset_index(drop=True)


def with_earnings(frame: pd.DataFrame) -> pd.DataFrame:
    """Return prices with ``return``, ``next`` (close to close), ``open_next`` (open to open) and ``volatility``."""
    by = frame.groupby("ticker", sort=False)
    frame = frame.assign(**{"return": by["adj_close"].pct_change()})
    opened = (frame["open"] * frame["adj_close"] / frame["close"]).groupby(frame["ticker"], sort=False)
    by = frame.groupby("ticker", sort=False)
    return frame.assign(
        next=by["return"].shift(-1),
        open_next=opened.shift(-2) / opened.shift(-1) - 1,
        volatility=by["return"].transform(lambda r: r.rolling(20).std()),
    )


def daily(rows: pd.DataFrame, earned: str) -> pd.Series:
    """Return the daily returns of long/flat at equal weights after costs."""
    rows = rows[rows[earned].notna()].sort_values(["ticker", "date"])
    position = (rows["probability"] >= 0.5).astype(float)
    moved = position.groupby(rows["ticker"]).diff().fillna(position).abs()
    return (position * rows[earned] - moved * COST).groupby(rows["date"]).mean()


def yearly(gains: pd.Series) -> tuple[float, float]:
    """Return growth a year and the Sharpe ratio."""
    growth = float((1 + gains).prod()) ** (252 / len(gains)) - 1
    return growth, float(gains.mean() / gains.std() * 252**0.5)


def auc_of(rows: pd.DataFrame) -> float:
    """Return the mean of the AUCs within folds, by rows."""
    parts = [
        (len(part), roc_auc_score(part["up_next"], part["probability"]))
        for _, part in rows.groupby("fold")
        if part["up_next"].nunique() == 2
    ]
    return sum(n * auc for n, auc in parts) / sum(n for n, _ in parts)


def auc_interval(rows: pd.DataFrame, fold: pd.DataFrame) -> tuple[float, float]:
    """Return the 95 % interval of one fold's AUC from placements summed over blocks of ten sessions of the fold."""
    ups, falls = rows[rows["up_next"] == 1], rows[rows["up_next"] == 0]
    above = ups["probability"].to_numpy()[:, None] - falls["probability"].to_numpy()
    wins = (above > 0) + (above == 0) / 2
    auc = wins.mean()
    influence = pd.concat(
        [
            pd.Series((wins.mean(axis=1) - auc) / len(ups), index=ups["date"]),
            pd.Series((wins.mean(axis=0) - auc) / len(falls), index=falls["date"]),
        ]
    )
    return around(auc, influence, fold)


def share_interval(
    part: pd.DataFrame, counted: pd.Series, right: pd.Series, fold: pd.DataFrame
) -> tuple[float, float]:
    """Return the 95 % interval of the share of ``counted`` rows of a part of one fold that are ``right``."""
    share, each = added(part, counted, right)
    return around(share, each, fold)


def recall_interval(part: pd.DataFrame, fold: pd.DataFrame) -> tuple[float, float]:
    """Return that of the recall: what it is above or below the share of rows called up varies, the calls stand."""
    called, rose = part["probability"] >= 0.5, part["up_next"] == 1
    recall, each = added(part, rose, called)
    calls = added(part, rose | True, called)[1]
    return around(recall, pd.concat([each, -calls]), fold)


def added(part: pd.DataFrame, counted: pd.Series, right: pd.Series) -> tuple[float, pd.Series]:
    """Return the share of ``counted`` rows that are ``right`` and what each adds to it, by its date."""
    share = right[counted].mean()
    each = ((right - share) / counted.sum())[counted].to_numpy()
    return share, pd.Series(each, index=part.loc[counted, "date"])


def around(value: float, influence: pd.Series, fold: pd.DataFrame) -> tuple[float, float]:
    """Return the interval from what each row (by its date) adds, summed over blocks of ten sessions of the fold."""
    sessions = np.sort(fold["date"].unique())
    block = np.searchsorted(sessions, influence.index.to_numpy()) // min(BLOCK, len(sessions) // 5)
    sums = influence.groupby(block).sum()
    error = (len(sums) / (len(sums) - 1) * ((sums - sums.mean()) ** 2).sum()) ** 0.5
    reach = student.ppf(0.975, len(sums) - 1) * error
    return value - reach, value + reach


def calibration_error(rows: pd.DataFrame) -> float:
    """Return the mean gap over ten bins of equally many rows, closed below."""
    edges = np.unique(np.quantile(rows["probability"], np.linspace(0, 1, 11)))
    bins = np.clip(np.searchsorted(edges, rows["probability"], side="right") - 1, 0, len(edges) - 2)
    by = rows.groupby(bins)
    gap = (by["probability"].mean() - by["up_next"].mean()).abs()
    return float((gap * by.size()).sum() / len(rows))


def states(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each state of the market."""
    bounds = rows["volatility"].quantile([1 / 3, 2 / 3]).to_numpy()
    third = np.searchsorted(bounds, rows["volatility"], side="left")
    growth = (1 + rows.groupby("date")["return"].mean()).rolling(20).apply(np.prod)
    over = growth.reindex(rows["date"]).to_numpy()
    named = {
        name: rows[third == n] for n, name in enumerate(("calm third", "middle third", "volatile third"))
    }
    return named | {"falling": rows[over <= 1], "rising": rows[over > 1]}


def fifths(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Return spread of the fifths a session, new tickers in the highest, and autocorrelation of ranks."""
    full = rows[rows.groupby("date")["ticker"].transform("size") >= 5]
    fifth = full.groupby("date")["probability"].transform(lambda p: pd.qcut(p, 5, labels=False))
    by = full.assign(fifth=fifth).pivot_table(index="date", columns="fifth", values="next")
    order = rows.sort_values("date")["date"].drop_duplicates()
    top = full[fifth == 4].groupby("date")["ticker"].agg(set).reindex(order)
    new = [len(now - before) / len(now) for before, now in pairwise(top)
           if isinstance(now, set) and isinstance(before, set)]  # fmt: skip
    ranks = rows.assign(rank=rows.groupby("date")["probability"].rank()).pivot_table(
        index="date", columns="ticker", values="rank"
    )
    before = ranks.shift(1)
    enough = (ranks.notna() & before.notna()).sum(axis=1) >= 3
    return (
        float((by[4] - by[0]).mean()),
        float(np.mean(new)),
        float(ranks[enough].corrwith(before[enough], axis=1).mean()),
    )


def inputs(features: pd.DataFrame, folds: list[dict[str, Any]], names: list[str]) -> pd.DataFrame:
    """Return by input and fold the loss of AUC when it is shuffled, and the coefficient."""
    rows = features.dropna(subset=[*names, "up_next"]).sort_values(["date", "ticker"])
    found = []
    for fold in folds:
        learnt = rows[(rows["date"] >= fold["train_from"]) & (rows["date"] <= fold["train_to"])]
        tested = rows[(rows["date"] >= fold["test_from"]) & (rows["date"] <= fold["test_to"])]
        learnt = learnt[learnt["known"] < pd.Timestamp(fold["test_from"])]
        scaler = StandardScaler().fit(learnt[names].to_numpy())
        model = LogisticRegression(solver="newton-cholesky", tol=1e-10)
        model.fit(scaler.transform(learnt[names].to_numpy()), learnt["up_next"])
        shuffled = permutation_importance(
            model, scaler.transform(tested[names].to_numpy()), tested["up_next"], scoring="roc_auc", n_repeats=5,
            random_state=7,
        )  # fmt: skip
        figures = zip(names, shuffled.importances_mean, model.coef_[0], strict=True)
        found += [
            {"fold": fold["fold"], "rows": len(tested), "input": name, "loss": loss, "coefficient": slope}
            for name, loss, slope in figures
        ]
    return pd.DataFrame(found)
