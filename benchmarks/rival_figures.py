"""The rival's figures: what predictions were worth, with intervals, and drift, of plain numpy and Polars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from rival_drift import drift
from rival_market import holding, information, rebalanced
from rival_parts import Parts
from rival_rows import Judged
from scipy.special import ndtr, stdtrit

if TYPE_CHECKING:
    import polars as pl

SAMPLES, BLOCK, CONFIDENCE, SEED, COST, YEAR = 1_000, 10, 0.95, 11, 5e-4, 252
RULES = ("majority", "previous_day_sign", "reversal", "always_up")
PAIRS_AT_ONCE = 256

Vector = np.ndarray


def draws(fold_of_group: Vector) -> tuple[Vector, float]:
    """Return how often each date counts in each resample, and the share of resamples in an interval."""
    sizes, counts, blocks = np.bincount(fold_of_group), [], 0.0
    for place, dates in enumerate(sizes.tolist()):
        length = max(1, min(BLOCK, dates // 5))
        blocks += dates / length
        random = np.random.default_rng((SEED, place))
        starts = random.integers(0, dates, size=(SAMPLES, -(-dates // length)))
        drawn = (starts[:, :, None] + np.arange(length)) % dates
        drawn = drawn.reshape(SAMPLES, -1)[:, :dates] + np.arange(SAMPLES)[:, None] * dates
        counts.append(np.bincount(drawn.ravel(), minlength=SAMPLES * dates).reshape(SAMPLES, dates).T)
    freedom = blocks - len(sizes)
    student = float(stdtrit(freedom, (1 - CONFIDENCE) / 2))
    return np.concatenate(counts).astype(float), 1 - 2 * float(ndtr(student * np.sqrt(blocks / freedom)))


def interval(value: float, drawn: Vector, coverage: float) -> dict[str, float]:
    low, high = np.quantile(drawn, ((1 - coverage) / 2, (1 + coverage) / 2))
    return {"value": float(value), "low": float(low), "high": float(high)}


def pairs_won(p: Vector, up: Vector, day: Vector, days: int) -> Vector:
    """Return how often a row that rose of one date (down) is ranked above one that fell of another (across)."""
    order = np.argsort(p)
    p, up, day = p[order], up[order] > 0, day[order]
    begins = np.flatnonzero(np.append(True, p[1:] != p[:-1]))
    runs = np.diff(np.append(begins, len(p)))
    new = np.append(True, begins[1:] // PAIRS_AT_ONCE != begins[:-1] // PAIRS_AT_ONCE) | (
        runs > PAIRS_AT_ONCE
    )
    new[1:] |= runs[:-1] > PAIRS_AT_ONCE
    cuts = np.append(begins[new], len(p)).tolist()
    won, below = np.zeros((days, days)), np.zeros(days)
    for start, stop in pairwise(cuts):
        rose = up[start:stop]
        ups, downs = day[start:stop][rose], day[start:stop][~rose]
        high, low = p[start:stop][rose], p[start:stop][~rose]
        risen, fallen = (np.bincount(side, minlength=days) for side in (ups, downs))
        if p[start] == p[stop - 1]:
            won += np.outer(risen, below + fallen / 2)
        else:
            won += np.outer(risen, below)
            wins = (high[:, None] > low) + (high[:, None] == low) / 2
            near = np.bincount((ups[:, None] * days + downs).ravel(), wins.ravel(), days * days)
            won += near.reshape(days, days)
        below += fallen
    return won


def auc(rows: Judged, p: Vector, weights: Vector) -> tuple[float, Vector]:
    """Return the AUC of each fold by its rows, and that of each resample."""
    total, value, drawn = 0, 0.0, np.zeros(weights.shape[1])
    for fold in range(rows.fold_of_group[-1] + 1):
        groups = np.flatnonzero(rows.fold_of_group == fold)
        here = slice(*np.searchsorted(rows.group, (groups[0], groups[-1] + 1)))
        day, up = rows.group[here] - groups[0], rows.up[here]
        own = weights[groups]
        won = pairs_won(p[here], up, day, len(groups))
        ups = np.bincount(day, weights=up, minlength=len(groups))
        downs = np.bincount(day, minlength=len(groups)) - ups
        value += len(up) * won.sum() / (ups.sum() * downs.sum())
        drawn += len(up) * (own * (won @ own)).sum(axis=0) / ((ups @ own) * (downs @ own))
        total += len(up)
    return value / total, drawn / total


def point_auc(rows: Judged, p: Vector) -> float:
    """Return the AUC of each fold by its rows, without resamples."""
    from sklearn.metrics import roc_auc_score

    ends = [0, *(np.flatnonzero(np.diff(rows.fold_of_group[rows.group])) + 1).tolist(), len(p)]
    parts = [slice(a, b) for a, b in pairwise(ends)]
    return float(sum((s.stop - s.start) * roc_auc_score(rows.up[s], p[s]) for s in parts) / len(p))


def sums_of(rows: Judged, p: Vector) -> Vector:
    """Return what each date adds to rows, rises, calls, right calls up, right calls, squared errors and log loss."""
    call = (p >= 0.5).astype(float)
    eps = np.finfo(float).eps
    loss = -np.log(np.clip(np.where(rows.up > 0, p, 1 - p), eps, 1 - eps))
    each = (np.ones_like(p), rows.up, call, call * rows.up, call == rows.up, (p - rows.up) ** 2, loss)
    return np.stack([rows.sums(values) for values in each])


def ratios(sums: Vector) -> dict[str, Any]:
    """Return the shares of sums of any shape after the first axis."""
    n, up, calls, rightly, right, squares, loss = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "precision": rightly / calls, "recall": rightly / up, "hit_rate": right / n, "brier": squares / n,
            "log_loss": loss / n,
        }  # fmt: skip


@dataclass
class Trade:
    """What a long or flat rule earned by date before costs, and how much of it changed."""

    gross: Vector
    moved: Vector
    change: float
    exposure: float

    @classmethod
    def of(cls, rows: Judged, p: Vector, order: Vector) -> Trade:
        call = (p >= 0.5).astype(float)
        own, change = call[order], np.empty_like(call)
        ticker = rows.ticker[order]
        before = np.append(0.0, np.where(ticker[1:] == ticker[:-1], own[:-1], 0.0))
        change[order] = np.abs(own - before)
        count = np.bincount(rows.group)
        gross, moved = rows.sums(call * rows.following) / count, rows.sums(change) / count
        return cls(gross, moved, float(change.mean()), float(call.mean()))

    def net(self, cost: float) -> Vector:
        return self.gross - self.moved * cost


def growth(daily: Vector) -> float:
    return float(np.expm1(np.log1p(daily).mean() * YEAR))


def ratio(daily: Vector) -> float:
    deviation = daily.std(ddof=1)
    return float(daily.mean() / deviation * YEAR**0.5) if deviation > 0 else float("nan")


def earned(daily: Vector, weights: Vector) -> dict[str, tuple[float, Vector]]:
    """Return the return and Sharpe ratio of daily returns, and those of each resample."""
    days = weights.sum(axis=0)
    centred = daily - daily.mean()
    mean, squares = centred @ weights / days, centred**2 @ weights
    deviation = np.sqrt((squares - days * mean**2) / (days - 1))
    annual = np.expm1(np.log1p(daily) @ weights / days * YEAR)
    sharpe = (daily.mean() + mean) / deviation * YEAR**0.5
    return {"long_flat_return": (growth(daily), annual), "long_flat_sharpe": (ratio(daily), sharpe)}


def calibration(rows: Judged, weights: Vector) -> dict[str, float]:
    """Return the calibration error over ten bins of equally many rows, and what chance explains."""
    edges = np.unique(np.quantile(rows.p, np.linspace(0, 1, 11)))
    place = np.clip(np.searchsorted(edges, rows.p, side="right") - 1, 0, len(edges) - 2)
    cell, groups = place * len(rows.days) + rows.group, len(rows.days)
    gaps = np.bincount(cell, weights=rows.p - rows.up, minlength=(len(edges) - 1) * groups).reshape(
        -1, groups
    )
    chance = np.abs(gaps @ (weights - 1)).sum(axis=0) / len(rows.p)
    typical, high = np.quantile(chance, (0.5, CONFIDENCE))
    return {
        "value": float(np.abs(gaps.sum(axis=1)).sum() / len(rows.p)),
        "by_chance": float(typical),
        "by_chance_high": float(high),
    }


@dataclass
class Predictor:
    """One set of probabilities: what following it earned, and every figure with its resamples."""

    trade: Trade
    drawn: dict[str, tuple[float, Vector]]


def predictor(rows: Judged, p: Vector, order: Vector, weights: Vector, majority: Vector) -> Predictor:
    """Return a model's figures; ``majority`` are the squared errors by date of the up-rate known before."""
    sums, trade = sums_of(rows, p), Trade.of(rows, p, order)
    whole, each = sums.sum(axis=1), sums @ weights
    values, many = ratios(whole), ratios(each)
    # of the calls as they were made
    many["recall"] = np.clip(many["recall"] - each[2] / each[0] + whole[2] / whole[0], 0, 1)
    drawn = {"auc": auc(rows, p, weights), **{name: (float(values[name]), many[name]) for name in values}}
    drawn["brier_skill"] = (1 - whole[5] / majority.sum(), 1 - each[5] / (majority @ weights))
    return Predictor(trade, drawn | earned(trade.net(COST), weights))


def baselines(
    rows: Judged, rules: dict[str, Vector], order: Vector, held: Vector
) -> dict[str, dict[str, float]]:
    """Return the figures of each rule and of both ways of holding."""
    base = {}
    for name, p in rules.items():
        own, net = ratios(sums_of(rows, p).sum(axis=1)), Trade.of(rows, p, order).net(COST)
        base[name] = {"auc": point_auc(rows, p), **{k: float(v) for k, v in own.items()}}
        base[name] |= {"annual_return": growth(net), "sharpe": ratio(net)}
    for name, daily in (("buy_and_hold", held), ("equal_weight_daily", rebalanced(rows))):
        base[name] = {"annual_return": growth(daily), "sharpe": ratio(daily)}
    return base


def risk_of(trade: Trade, held: Vector, on_dates: Vector) -> dict[str, float]:
    """Return what following the main model put at risk."""
    net = trade.net(COST)
    wealth = np.append(1.0, np.cumprod(1 + net))
    return {
        "volatility": float(net.std(ddof=1) * YEAR**0.5),
        "max_drawdown": float((wealth / np.maximum.accumulate(wealth) - 1).min()),
        "turnover": trade.change * YEAR,
        "exposure": trade.exposure,
        "excess_return": growth(net) - growth(held),
        "information_ratio": ratio(net - on_dates),
    }


def figures(
    frame: pl.DataFrame, features: pl.DataFrame, up_rates: Sequence[float], models: Sequence[str]
) -> dict[str, Any]:
    """Return all figures, by the names that ``evaluation.json`` has for them."""
    rows = Judged.of(frame)
    order = np.lexsort((rows.group, rows.ticker))
    weights, coverage = draws(rows.fold_of_group)
    majority = np.array(up_rates)[rows.fold_of_group[rows.group]]
    sign = (rows.gain > 0).astype(float)
    rules = dict(zip(RULES, (majority, sign, 1 - sign, np.ones_like(sign)), strict=True))
    held, on_dates = holding(rows, features)
    errors, always = sums_of(rows, majority)[5], sums_of(rows, rules["always_up"])
    main, beside = (predictor(rows, frame[name].to_numpy(), order, weights, errors) for name in models)
    of_sign = auc(rows, sign, weights)
    hit_rates = [ratios(sums)["hit_rate"] for sums in (always.sum(axis=1), always @ weights)]
    against: list[tuple[str, str, tuple[float, Vector]]] = [
        ("previous_day_sign", "auc", of_sign),
        ("reversal", "auc", (1 - of_sign[0], 1 - of_sign[1])),
        ("hist_gradient_boosting", "auc", beside.drawn["auc"]),
        ("majority", "brier", (errors.sum() / len(rows.p), errors @ weights / (always[0] @ weights))),
        ("always_up", "hit_rate", (hit_rates[0], hit_rates[1])),
        ("buy_and_hold", "long_flat_sharpe", earned(on_dates, weights)["long_flat_sharpe"]),
    ]
    paired = []
    for name, metric, (value, many) in against:
        own = interval(main.drawn[metric][0] - value, main.drawn[metric][1] - many, coverage)
        paired.append({"against": name, "metric": metric, "difference": own.pop("value"), **own})
    performance, others = (
        {name: interval(*drawn, coverage) for name, drawn in model.drawn.items()} for model in (main, beside)
    )
    sweep = (0.0, 5.0, 10.0, 20.0)
    return {
        "performance": performance,
        "beside": {"hist_gradient_boosting": others},
        "paired": paired,
        "baselines": baselines(rows, rules, order, held),
        "risk": risk_of(main.trade, held, on_dates),
        "costs": [{"bps": bps, "annual_return": growth(main.trade.net(bps / 1e4))} for bps in sweep],
        "ic": information(rows, frame, features),
        "calibration_error": calibration(rows, weights),
        **Parts(rows, BLOCK, CONFIDENCE).figures(frame),
        "drift": drift(features, frame),
    }
