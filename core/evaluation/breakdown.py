"""The same figures by fold, by ticker and by predicted probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.measures import metrics
from core.measures.performance import json_number
from core.measures.ranking import auc_within_folds
from core.measures.weighted import weighted_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.rows import JudgedRows

BINS = 10
_METRICS = ("brier", "precision", "recall", "hit_rate")


def by_fold(rows: JudgedRows) -> list[dict[str, Any]]:
    """Return one entry per fold: number (1 when there are no folds), dates, rows and metrics or None."""
    if not len(rows):
        return []
    auc = auc_within_folds(rows, np.zeros(len(rows), dtype=np.int64), 1)[:, 0]
    sums = metrics.totals_by(rows.fold, len(rows.folds), rows.probability, rows.up)
    days = rows.frame[col.DATE].to_numpy()
    last = np.cumsum(np.bincount(rows.fold)) - 1
    first = np.append(0, last[:-1] + 1)
    spans = [
        {"fold": number or 1, "from": begin, "to": end, "rows": int(b - a + 1)}
        for number, a, b, begin, end in zip(
            rows.folds, first, last, iso_dates(days[first]), iso_dates(days[last]), strict=True
        )
    ]
    return [{**span, **figures} for span, figures in zip(spans, _figures(auc, sums), strict=True)]


def by_ticker(rows: JudgedRows) -> dict[str, dict[str, Any]]:
    """Return by ticker its rows and metrics or None; AUC is the mean of its within-fold AUCs, by its rows."""
    ticker, names = pd.factorize(rows.frame[col.TICKER], sort=True)
    auc = _weighted_auc(rows, ticker, len(names))
    sums = metrics.totals_by(ticker, len(names), rows.probability, rows.up)
    entries = _figures(auc, sums)
    return {
        str(name): {"rows": int(count), **figures}
        for name, count, figures in zip(names, sums.rows, entries, strict=True)
    }


def _figures(auc: NDArray[np.float64], sums: metrics.Sums) -> list[dict[str, float | None]]:
    values = {"auc": auc, **{name: metrics.POOLED[name](sums) for name in _METRICS}}
    return [{name: json_number(array[i]) for name, array in values.items()} for i in range(len(auc))]


def _weighted_auc(rows: JudgedRows, group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """Return the AUC of each group: the mean of its parts within folds, weighted by their rows."""
    folds = len(rows.folds)
    size = np.bincount(rows.fold * groups + group, minlength=folds * groups).reshape(folds, groups)
    return weighted_mean(auc_within_folds(rows, group, groups), size.astype(np.float64))


def by_period(rows: JudgedRows) -> dict[str, dict[str, Any]]:
    """Return by calendar year its rows, sessions and metrics or None.

    A year may hold parts of two folds. Its AUC is that of the parts within their folds, weighted by
    their rows; a part with one outcome only is left out.
    """
    if not len(rows):
        return {}
    years = rows.frame[col.DATE].to_numpy("datetime64[Y]")
    names, year = np.unique(years, return_inverse=True)
    periods = len(names)
    entries = _figures(
        _weighted_auc(rows, year, periods), metrics.totals_by(year, periods, rows.probability, rows.up)
    )
    days = [len(np.unique(rows.group[year == code])) for code in range(periods)]
    counts = np.bincount(year, minlength=periods).tolist()
    return {
        str(name): {"rows": count, "sessions": sessions, **figures}
        for name, count, sessions, figures in zip(names, counts, days, entries, strict=True)
    }


def calibration(rows: JudgedRows) -> list[dict[str, Any]]:
    """Return mean probability and share up in :data:`BINS` bins of equally many rows.

    Bins are bounded by quantiles of the probability: ``low <= p < high``, the last one closed. Bins
    that equal probabilities leave empty are left out.
    """
    if not len(rows):
        return []
    p = rows.probability
    edges = np.unique(np.quantile(p, np.linspace(0, 1, BINS + 1)))
    bins = max(1, len(edges) - 1)
    place = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, bins - 1)
    count, mean, up = (np.bincount(place, weights=w, minlength=bins) for w in (np.ones_like(p), p, rows.up))
    return [
        {
            "low": float(edges[i]), "high": float(edges[min(i + 1, len(edges) - 1)]), "rows": int(count[i]),
            "mean_probability": float(mean[i] / count[i]), "share_up": float(up[i] / count[i]),
        }
        for i in np.flatnonzero(count).tolist()
    ]  # fmt: skip


def iso_dates(dates: NDArray[np.datetime64]) -> list[str]:
    """Return ISO dates.

    >>> iso_dates(np.array(["2020-01-02T00:00:00"], dtype="datetime64[s]"))
    ['2020-01-02']
    """
    return [str(day) for day in np.datetime_as_string(dates.astype("datetime64[D]"))]
