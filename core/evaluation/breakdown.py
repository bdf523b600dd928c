"""The same figures by fold, year, ticker, state of the market and predicted probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.measures.bootstrap import Resampling, estimate
from core.measures.calibration import BINNING, CalibrationBins, CalibrationChance
from core.measures.performance import json_number
from core.measures.slices import RankedRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.measures.judged_rows import JudgedRows

_METRICS = ("brier", "precision", "recall", "hit_rate")


def by_fold(rows: JudgedRows, ranked: RankedRows) -> list[dict[str, Any]]:
    """Return one entry per fold: number (1 when there are no folds), dates, rows and metrics or None."""
    if not len(rows):
        return []
    figures = figures_of(ranked, rows.fold, len(rows.folds))
    days = rows.frame[col.DATE].to_numpy()
    first, last = np.array([(part.start, part.stop - 1) for part in rows.parts]).T
    spans = [
        {"fold": number or 1, "from": begin, "to": end, "rows": int(b - a + 1)}
        for number, a, b, begin, end in zip(
            rows.folds, first, last, iso_dates(days[first]), iso_dates(days[last]), strict=True
        )
    ]
    return [{**span, **own} for span, own in zip(spans, figures, strict=True)]


def by_ticker(rows: JudgedRows, ranked: RankedRows) -> dict[str, dict[str, Any]]:
    """Return by ticker its rows and metrics or None; AUC is the mean of its within-fold AUCs, by its rows."""
    ticker, names = pd.factorize(rows.frame[col.TICKER], sort=True)
    counts = np.bincount(ticker, minlength=len(names)).tolist()
    entries = figures_of(ranked, ticker.astype(np.int32), len(names))
    return {
        str(name): {"rows": count, **own} for name, count, own in zip(names, counts, entries, strict=True)
    }


def figures_of(ranked: RankedRows, number: NDArray[np.integer], slices: int) -> list[dict[str, float | None]]:
    """Return by slice the metrics that are shown of parts, each with its interval; None where undefined.

    Parameters
    ----------
    number : ndarray of int, shape (rows,)
        Slice of each row, 0 to ``slices`` - 1; -1: the row is in none.
    """
    ratios = ranked.ratios(number, slices)
    figures = {"auc": ranked.auc(number, slices), **{name: ratios[name] for name in _METRICS}}
    values = {
        name + end: array
        for name, figure in figures.items()
        for end, array in (("", figure.value), ("_low", figure.low), ("_high", figure.high))
    }
    return [{name: json_number(array[i]) for name, array in values.items()} for i in range(slices)]


def by_period(rows: JudgedRows, ranked: RankedRows) -> dict[str, dict[str, Any]]:
    """Return by calendar year its rows, sessions and metrics or None.

    A year may hold parts of two folds. Its AUC is that of the parts within their folds, weighted by
    their rows; a part with one outcome only is left out.
    """
    if not len(rows):
        return {}
    # all rows of a group are of one date
    years = rows.frame[col.DATE].to_numpy()[rows.begins].astype("datetime64[Y]")
    names, year_of_group = np.unique(years, return_inverse=True)
    year = year_of_group.astype(np.int32)[rows.group]
    entries = figures_of(ranked, year, len(names))
    days = np.bincount(year_of_group, minlength=len(names)).tolist()
    counts = np.bincount(year, minlength=len(names)).tolist()
    return {
        str(name): {"rows": count, "sessions": sessions, **figures}
        for name, count, sessions, figures in zip(names, counts, days, entries, strict=True)
    }


def calibration(rows: JudgedRows) -> list[dict[str, Any]]:
    """Return mean probability and share up in ten bins of equally many rows.

    Bins are bounded by quantiles of the probability: ``low <= p < high``, the last one closed. Bins
    that equal probabilities leave empty are left out.
    """
    if not len(rows):
        return []
    bins = CalibrationBins.of(rows)
    edges = bins.edges.tolist()
    return [
        {
            "low": edges[i], "high": edges[min(i + 1, len(edges) - 1)], "rows": int(bins.rows[i]),
            "mean_probability": float(bins.probability[i] / bins.rows[i]), "share_up": float(bins.up[i] / bins.rows[i]),
        }
        for i in np.flatnonzero(bins.rows).tolist()
    ]  # fmt: skip


def calibration_error(rows: JudgedRows, how: Resampling) -> dict[str, Any]:
    """Return the expected calibration error, and what probabilities that are true would show on the same rows.

    Returns
    -------
    dict
        ``value``; ``by_chance`` (its median were the probabilities true) and ``by_chance_high`` (reached with a
        probability of 1 - ``confidence`` then); ``bins`` and ``binning``.
    """
    chance = CalibrationChance.of(rows, CalibrationBins.of(rows))
    error = estimate({"gaps": chance}, rows, how)["gaps"]["calibration_error"]
    typical, high = np.quantile(error.draws, (0.5, how.confidence))
    return {
        "value": error.value, "by_chance": float(typical), "by_chance_high": float(high),
        "bins": len(chance.gaps), "binning": BINNING,
    }  # fmt: skip


def iso_dates(dates: NDArray[np.datetime64]) -> list[str]:
    """Return ISO dates.

    >>> iso_dates(np.array(["2020-01-02T00:00:00"], dtype="datetime64[s]"))
    ['2020-01-02']
    """
    return [str(day) for day in np.datetime_as_string(dates.astype("datetime64[D]"))]
