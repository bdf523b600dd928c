"""The judged rows by state of the market at the call: how volatile the ticker was, and which way all went.

Both are known when the call is made, so no slice is chosen by what came of it. Only the bounds of the thirds are those
of the judged rows themselves, known afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.evaluation import breakdown
from core.evaluation.breakdown import figures_of
from core.measures.judged_rows import numbers
from core.measures.slices import RankedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from core.measures.bootstrap import Resampling
    from core.measures.judged_rows import JudgedRows

VOLATILITY, MARKET = "volatility", "market"
THIRDS = ("calm third", "middle third", "volatile third")
DIRECTIONS = ("falling", "rising")

MARKET_SESSIONS = 20
"""Judged sessions over which the mean return of all judged tickers says whether the market rises."""

_NO_VOLATILITY = f"the features have no {col.VOLATILITY20}"
_FEW = f"fewer than {MARKET_SESSIONS} judged sessions"


def slice_figures(rows: JudgedRows, how: Resampling) -> dict[str, Any]:
    """Return the figures of every slice: by fold, period, ticker and market state, with the calibration."""
    ranked = RankedRows(rows, how)
    return {
        "by_fold": breakdown.by_fold(rows, ranked),
        "by_period": breakdown.by_period(rows, ranked),
        "by_ticker": breakdown.by_ticker(rows, ranked),
        "slices": by_state(rows, ranked),
        "calibration": breakdown.calibration(rows),
        "calibration_error": breakdown.calibration_error(rows, how),
    }


def empty_slices(reason: str) -> dict[str, Any]:
    """Return the entries of :func:`slice_figures` without figures, with the ``reason`` why there are none."""
    return {
        "by_fold": [], "by_period": {}, "by_ticker": {}, "slices": {VOLATILITY: [], MARKET: [], "reason": reason},
        "calibration": [], "calibration_error": None,
    }  # fmt: skip


def by_state(rows: JudgedRows, ranked: RankedRows) -> dict[str, Any]:
    """Return the figures of the judged rows by state of the market.

    Parameters
    ----------
    rows : JudgedRows
        With the column ``return`` and, if it is to be known, ``volatility20``.
    ranked : RankedRows
        The same rows, sorted.

    Returns
    -------
    dict
        ``volatility``: three entries, thirds of the rows by the ticker's ``volatility20``; ``market``: two, by the mean
        return of the judged tickers over the last 20 judged sessions up to the call, compounded. Each has ``slice``,
        ``rows``, ``sessions`` and the metrics of parts, each with its interval (``auc``, ``auc_low``, ``auc_high``). A
        list is empty where the state is not known, and ``reason`` says why.
    """
    third, direction = (_state(rows, name) for name in (VOLATILITY, MARKET))
    missing = [why for number, why in ((third, _NO_VOLATILITY), (direction, _FEW)) if (number < 0).all()]
    return {
        VOLATILITY: _entries(rows, ranked, third, THIRDS),
        MARKET: _entries(rows, ranked, direction, DIRECTIONS),
        "reason": "; ".join(missing) or None,
    }


def keep_states(rows: JudgedRows) -> None:
    """Put each row's states, a byte each, in place of its volatility, which nothing else reads."""
    for name in _STATES:
        rows.frame[_COLUMN + name] = _state(rows, name)
    if col.VOLATILITY20 in rows.frame:
        del rows.frame[col.VOLATILITY20]


def _state(rows: JudgedRows, name: str) -> NDArray[np.int8]:
    column = _COLUMN + name
    return rows.frame[column].to_numpy(np.int8) if column in rows.frame else _STATES[name](rows)


def _entries(
    rows: JudgedRows, ranked: RankedRows, number: NDArray[np.integer], names: tuple[str, ...]
) -> list[dict[str, Any]]:
    if (number < 0).all():
        return []
    figures = figures_of(ranked, number, len(names))
    counts = np.bincount(number[number >= 0], minlength=len(names)).tolist()
    days = [len(np.unique(rows.group[number == code])) for code in range(len(names))]
    return [
        {"slice": name, "rows": count, "sessions": sessions, **own}
        for name, count, sessions, own in zip(names, counts, days, figures, strict=True)
    ]


def volatility_third(rows: JudgedRows) -> NDArray[np.int8]:
    """Return the third of each row by volatility, -1 where that is not known; equal ones share a third."""
    if col.VOLATILITY20 not in rows.frame:
        return np.full(len(rows), -1, dtype=np.int8)
    volatility = numbers(rows.frame, col.VOLATILITY20)
    has_value = ~np.isnan(volatility)
    if not has_value.any():
        return np.full(len(rows), -1, dtype=np.int8)
    bounds = np.quantile(volatility[has_value], (1 / 3, 2 / 3), overwrite_input=True)
    third = np.searchsorted(bounds, volatility, side="left").astype(np.int8)
    third[~has_value] = -1
    return third


def market_direction(rows: JudgedRows) -> NDArray[np.int8]:
    """Return 1 where the market rose over the last sessions up to the call, 0 where it did not, -1 before."""
    gain = numbers(rows.frame, col.RETURN)
    has_value, groups = ~np.isnan(gain), len(rows.group_fold)
    count = np.bincount(rows.group[has_value], minlength=groups)
    total = np.bincount(rows.group[has_value], weights=gain[has_value], minlength=groups)
    growth = np.cumsum(np.log1p(np.maximum(total / np.maximum(count, 1), -0.999)))
    direction = np.full(groups, -1, dtype=np.int8)
    if groups >= MARKET_SESSIONS:
        over = growth[MARKET_SESSIONS - 1 :] - np.concatenate(([0.0], growth[: groups - MARKET_SESSIONS]))
        direction[MARKET_SESSIONS - 1 :] = over > 0
    return direction[rows.group]


_STATES: Mapping[str, Callable[[JudgedRows], NDArray[np.int8]]] = {
    VOLATILITY: volatility_third,
    MARKET: market_direction,
}
_COLUMN = "state_of_"
"""Before a state's name: the column that keeps it."""
