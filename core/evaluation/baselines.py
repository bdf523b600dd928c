"""Rules that need no model, on the rows a model is judged by; a model that does not beat them has learnt nothing.

The rules are those of :mod:`core.models.rules`, fitted like a model on the sessions before each fold, and two
ways of holding all tickers (:mod:`core.measures.portfolio`), which make no calls and so have returns only:

* ``buy_and_hold``: each ticker bought once, at its first judged session, and kept;
* ``equal_weight_daily``: equal weights, restored every session.

The certain rules give probabilities 0 and 1, so their log loss is large by nature: it is capped at
36 per wrong row, where probabilities are clipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.evaluation.economics import earnings
from core.measures.judged_rows import JudgedRows, numbers
from core.measures.performance import PooledScore, json_number
from core.measures.ranking import auc_of
from core.measures.risk import annual_return, sharpe
from core.measures.weighted import weighted_mean
from core.models.rules import RULES, inputs_of
from core.report.formatting import EQUAL_WEIGHT, HOLD, HOLDINGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.evaluation.holding import Holdings
    from core.tables.artifacts import Table

NAMES = (*RULES, *HOLDINGS)
_ROWS_AT_ONCE = 100_000
"""Rows whose inputs, a column for each feature, are in memory together."""

FIGURES = ("auc", "precision", "recall", "hit_rate", "brier", "log_loss", "annual_return", "sharpe")


class RuleProbabilities(Mapping[str, "NDArray[np.float64]"]):
    """Probability of an up move by each rule, shape (rows,); each is made when it is asked for and not kept.

    Parameters
    ----------
    rows : JudgedRows
        With the column ``return`` (today's, a share).
    learnt : sequence of mapping
        Parameters of each rule by its name, for each fold of the rows.
    """

    def __init__(self, rows: JudgedRows, learnt: Sequence[Mapping[str, Any]]) -> None:
        self._rows, self._learnt = rows, learnt

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        returns, result = numbers(self._rows.frame, col.RETURN), np.full(len(self._rows), np.nan)
        for within, learnt in zip(self._rows.parts, self._learnt, strict=True):
            for start in range(within.start, within.stop, _ROWS_AT_ONCE):
                part = slice(start, min(start + _ROWS_AT_ONCE, within.stop))
                result[part] = RULES[name].probability(learnt[name], inputs_of(returns[part]))
        return result

    def __iter__(self) -> Iterator[str]:
        return iter(RULES)

    def __len__(self) -> int:
        return len(RULES)


def probabilities(rows: JudgedRows, features: Table | pd.DataFrame) -> RuleProbabilities:
    """Return the probability of an up move by each rule, NaN where the rule has none.

    Row t uses data up to t: today's return, or labels of sessions before the fold.

    Parameters
    ----------
    rows : JudgedRows
        With the column ``return`` (today's, a share).
    features : Table or pandas.DataFrame
        Columns ``date`` and ``up_next`` of all sessions.
    """
    sessions, counts, ups = _labels_by_session(features)
    learnt = []
    for within in rows.parts:
        place = int(np.searchsorted(sessions, rows.frame[col.DATE].to_numpy()[within][0]))
        before = max(place - rows.horizon_sessions, 0)
        earlier = _earlier_labels(int(counts[:before].sum()), int(ups[:before].sum()))
        nothing = np.empty((len(earlier), 0))
        learnt.append({name: kind.fit(nothing, earlier, seed=0) for name, kind in RULES.items()})
    return RuleProbabilities(rows, learnt)


def _labels_by_session(
    features: Table | pd.DataFrame,
) -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the sessions, rising, how many labels of each are known, and how many of them are 1; part by part."""
    columns = [col.DATE, col.UP_NEXT]
    frames = [features[columns]] if isinstance(features, pd.DataFrame) else features.each(columns)
    labels = (pd.Series(numbers(frame, col.UP_NEXT), index=frame[col.DATE]) for frame in frames)
    counts = [label.groupby(level=0).agg(["count", "sum"]) for label in labels]
    by_session = pd.concat(counts).groupby(level=0).sum()
    return (
        by_session.index.to_numpy(),
        by_session["count"].to_numpy(np.int64),
        by_session["sum"].to_numpy(np.float64),
    )


def _earlier_labels(count: int, ups: int) -> NDArray[Any]:
    """Return the labels of the sessions before a fold, ``count`` that are known, of which ``ups`` are 1, in any order.

    The sessions just before the fold, as many as the label looks ahead, are left out, as in training: their labels are
    known only from the fold's first date on. Where nothing is known, one label of either outcome stands in: what the
    judged rows came to is known afterwards. Labels are whole numbers of 8 bits: millions of them are in memory beside
    the judged rows.
    """
    zeros, ones = (count - ups, ups) if count else (1, 1)
    return np.repeat(np.array([0, 1], dtype=np.int8), [zeros, ones])


def figures(
    rows: JudgedRows, probability: NDArray[np.float64], *, cost_bps: float
) -> dict[str, float | None]:
    """Return :data:`FIGURES` of a rule's probabilities (shape (rows,)); None where undefined."""
    has_probability = ~np.isnan(probability)
    within = np.array([_auc(rows, probability, has_probability, part) for part in rows.parts])
    counted = np.array([float(has_probability[part].sum()) for part in rows.parts])
    earned = earnings(rows, probability, cost_bps=cost_bps).points()
    values = {
        "auc": float(weighted_mean(within, counted)),
        **PooledScore.of(rows, probability).points(),
        "annual_return": earned["long_flat_return"],
        "sharpe": earned["long_flat_sharpe"],
    }
    return {name: json_number(values[name]) for name in FIGURES}


def of_holding(holding: Holdings) -> dict[str, dict[str, float | None]]:
    """Return :data:`FIGURES` of both ways of holding; None for those of calls, which holding does not make."""
    daily = {HOLD: holding.bought_once.daily, EQUAL_WEIGHT: holding.rebalanced}
    return {
        name: dict.fromkeys(FIGURES)
        | {"annual_return": json_number(annual_return(gain)), "sharpe": json_number(sharpe(gain))}
        for name, gain in daily.items()
    }


def _auc(
    rows: JudgedRows, probability: NDArray[np.float64], has_probability: NDArray[np.bool_], part: slice
) -> float:
    own = has_probability[part]
    return auc_of(probability[part][own], rows.up[part][own])
