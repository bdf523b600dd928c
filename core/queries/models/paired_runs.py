"""Two runs on the rows that both judged: how far their figures are apart, with intervals, and for whom that speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError
from core.evaluation.champion import contest, least_sessions
from core.evaluation.joined import with_returns
from core.label import Label
from core.measures.judged_rows import JudgedRows, labelled_rows
from core.queries.models.track_record import resampling_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.tables.artifacts import Table

BETTER, WORSE, OPEN = "better", "worse", "no difference shown"
"""What an interval of a difference says: beyond 0 on the good side, on the bad side, or 0 lies in it."""

_LESS_IS_BETTER = ("brier", "log_loss")


@dataclass(frozen=True)
class MeasureDifference:
    """One measure of two runs on their common rows: the second less the first.

    Parameters
    ----------
    key : str
        The measure's name in an evaluation.
    first, second : float or None
        Its value in each run, on the common rows alone.
    value, low, high : float or None
        The difference and the bounds of its interval; None where it has none.
    """

    key: str
    first: float | None
    second: float | None
    value: float | None
    low: float | None
    high: float | None

    @property
    def reading(self) -> str:
        """Return :data:`BETTER`, :data:`WORSE` or :data:`OPEN`, of the second run.

        >>> MeasureDifference("brier", 0.25, 0.24, -0.01, -0.02, -0.005).reading
        'better'
        >>> MeasureDifference("auc", 0.52, 0.51, -0.01, -0.02, 0.01).reading
        'no difference shown'
        """
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return OPEN
        return BETTER if (self.low > 0) is not (self.key in _LESS_IS_BETTER) else WORSE


@dataclass(frozen=True)
class PairedRuns:
    """What two runs differ by on common rows; ``reason`` says why nothing is compared."""

    rows: int
    sessions: int
    begin: str | None
    end: str | None
    reason: str
    differences: tuple[MeasureDifference, ...]


def paired_runs(
    first: tuple[Table, Table], second: tuple[Table, Table], settings: Mapping[str, Any]
) -> PairedRuns:
    """Return the differences between two runs, on the rows that both judged by a model that had not seen them.

    Where the test periods of the two differ, rows are ranked within the sessions that lie in one period of each: then
    one model gave the probabilities of either run, and which run comes first turns signs alone.

    Parameters
    ----------
    first, second : pair of Table
        Predictions and features of each run.
    settings : mapping
        The second evaluation's own ``settings``: cost and resampling.

    Raises
    ------
    DataError
        If the tables of a run do not belong together, or the labels of the two differ.
    """
    labels = [Label.of(features.header) for _, features in (first, second)]
    if labels[0] != labels[1]:
        raise DataError(
            f"the runs judge different outcomes: {labels[0].text}, and {labels[1].text}",
            expected="runs of one label and horizon",
            remedy="Compare runs that were asked for the same.",
        )
    others = _rows_of(*first)
    rows = _of_both_folds(_rows_of(*second), others)
    how, theirs = resampling_of(settings), _aligned(rows, others)
    result = contest(rows, theirs, how, cost_bps=settings["cost_bps"])
    return PairedRuns(
        result["rows"], result["sessions"], result["from"], result["to"], result["reason"],
        tuple(_difference(result, pair) for pair in result["paired"]),
    )  # fmt: skip


def _rows_of(predictions: Table, features: Table) -> JudgedRows:
    frame = with_returns(predictions.frame, features)
    if predictions.header.get("mode") == "score":
        frame = frame.assign(fold=np.nan)  # as the evaluation judges them: one window
    return labelled_rows(frame, horizon_sessions=Label.of(features.header).horizon_sessions)


def _of_both_folds(rows: JudgedRows, others: JudgedRows) -> JudgedRows:
    """Return the rows in a fold for each pair of folds in which the two runs judged a session.

    What is left of a fold that the other run's folds cut is left out where it is too short to be resampled.
    """
    fold_of = pd.Series(others.fold, index=others.frame[col.DATE]).groupby(level=0).first()
    theirs = fold_of.reindex(rows.frame[col.DATE]).fillna(-1).to_numpy(np.int64)
    pairs = rows.fold * (len(others.folds) + 1) + theirs + 1
    first = rows.begins
    _, place, counts = np.unique(pairs[first], return_inverse=True, return_counts=True)
    sessions, apart = counts[place], theirs[first] < 0
    own, other = (np.bincount(each.group_fold, minlength=len(each.folds)) for each in (rows, others))
    whole = np.maximum(own[rows.group_fold], np.where(apart, 0, other[theirs[first]] if len(other) else 0))
    short = (sessions < whole) & (sessions < least_sessions(rows.horizon_sessions))
    chosen = ~short[rows.group]
    frame = rows.frame[chosen].assign(fold=pairs[chosen])
    return labelled_rows(frame, horizon_sessions=rows.horizon_sessions)


def _aligned(rows: JudgedRows, others: JudgedRows) -> NDArray[np.float64]:
    """Return the others' probabilities in the order of ``rows``, shape (rows,); NaN on rows that they did not judge."""
    keys = [col.DATE, col.TICKER]
    theirs = others.frame.set_index(keys)[col.PROBABILITY]
    aligned: NDArray[np.float64] = theirs.reindex(rows.frame.set_index(keys).index).to_numpy(np.float64)
    return aligned


def _difference(result: Mapping[str, Any], pair: Mapping[str, Any]) -> MeasureDifference:
    key = pair["metric"]
    first, second = (result[side].get(key, {}).get("value") for side in ("performance", "challenger"))
    return MeasureDifference(key, first, second, pair["difference"], pair["low"], pair["high"])
