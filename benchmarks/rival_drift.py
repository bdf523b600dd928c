"""The rival's drift: each column's latest sessions beside those before, ranked among past windows of one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl

WINDOW, FEWEST_ROWS, FEWEST_WINDOWS = 63, 60, 19
COLUMNS = (
    "return", "ma5_ratio", "ma10_ratio", "ma20_ratio", "volatility20", "lag1", "lag2", "lag3", "lag5", "up_next",
)  # fmt: skip

Vector = np.ndarray


def drift(features: pl.DataFrame, predictions: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the four distances of every column, adjusted p values of the first, and the rank of PSI."""
    sessions = np.unique(features["date"].to_numpy())
    back = (len(sessions) - 1 - np.arange(len(sessions))) // WINDOW
    windows = len(sessions) // WINDOW - 1
    entries = {}
    for table, names in ((features, COLUMNS), (predictions, ("probability",))):
        window_of_row = back[np.searchsorted(sessions, table["date"].to_numpy())]
        for name in names:
            values = table[name].to_numpy()
            known = np.flatnonzero(~np.isnan(values))
            order = known[np.argsort(values[known])]
            entries[name] = _column(values[order], window_of_row[order], windows)
    ranked = sorted(entries, key=lambda name: entries[name]["ks_p"])
    highest = 0.0
    for place, name in enumerate(ranked):
        highest = max(highest, min(1.0, entries[name]["ks_p"] * (len(ranked) - place)))
        entries[name]["ks_p"] = highest
    return entries


def _column(values: Vector, window: Vector, windows: int) -> dict[str, Any]:
    now = window == 0
    entry = _distances(values, now)
    entry["ks_p"] = _ks_p(entry["ks"], int((~now).sum()), int(now.sum()))
    past, of_past = values[~now], window[~now]
    rows = np.bincount(of_past, minlength=windows + 1)
    psi = [_distances(past, of_past == k)["psi"] for k in range(1, windows + 1) if rows[k] >= FEWEST_ROWS]
    if len(psi) >= FEWEST_WINDOWS:
        entry["percentile"] = 100 * sum(each < entry["psi"] for each in psi) / (len(psi) + 1)
    return entry


def _distances(values: Vector, now: Vector) -> dict[str, float]:
    """Return KS, PSI, Wasserstein (in standard deviations of the others) and Jensen-Shannon of sorted values."""
    before, current = values[~now], values[now]
    apart = np.abs(np.cumsum(np.where(now, 1 / len(current), -1 / len(before))))
    steps = np.append(np.diff(values), 0.0)
    closing = steps > 0
    moved = float(apart @ steps)
    cuts = np.quantile(before, np.round(np.arange(1, 10) / 10, 1))
    shares = [
        np.diff(np.searchsorted(side, cuts), prepend=0, append=len(side)) / len(side)
        for side in (before, current)
    ]
    r, c = (np.maximum(share, 1e-4) for share in shares)
    middle = (shares[0] + shares[1]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = [np.nansum(np.where(share > 0, share * np.log(share / middle), 0.0)) for share in shares]
    return {
        "ks": float(apart[closing].max()), "psi": float(((r - c) * np.log(r / c)).sum()),
        "wasserstein": moved / float(before.std()), "js": float(max(0.0, sum(divergence) / 2) ** 0.5),
    }  # fmt: skip


def _ks_p(statistic: float, before: int, now: int) -> float:
    root = (before * now / (before + now)) ** 0.5
    x = (root + 0.12 + 0.11 / root) * statistic
    k = np.arange(1, 101)
    return 1.0 if x < 0.2 else float(np.clip(2 * ((-1.0) ** (k - 1) * np.exp(-2 * (k * x) ** 2)).sum(), 0, 1))
