"""Whether the labelled rows are sufficient for a verdict, and which setting would make them so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.evaluation.verdict import MIN_NEW_ROWS
from core.label import Label
from core.measures.judged_rows import JudgedRows, numbers
from core.models.splits import (
    MIN_TRAIN_ROWS,
    fitting_min_train_sessions,
    judged_sessions_needed,
    least_training,
)
from core.parameters import AUTO
from core.report.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from core.tables.artifacts import Table


def why_insufficient(rows: JudgedRows, mode: str, no_model: str | None) -> str:
    """Return why the rows are insufficient for a verdict; empty where they are sufficient.

    Parameters
    ----------
    rows : JudgedRows
    mode : str
        ``train`` or ``score``.
    no_model : str or None
        Why training gave no model, where it said so.
    """
    if not len(rows) and mode == "train":
        return (no_model or "there is no labelled out-of-sample row").rstrip(".")
    after = " after the model's training" if mode == "score" else " out of sample"
    return too_few(len(rows), judged_sessions(rows), rows.horizon_sessions, after)


def too_few(
    rows: int, sessions: int, horizon_sessions: int, which: str = "", *, noun: str = "labelled row"
) -> str:
    """Return how many rows there are in how many sessions, and how many are needed; empty where they are sufficient.

    Many tickers have 60 rows in one session, which no interval can be made of.

    >>> too_few(60, 5, 1, " after both trainings")
    '60 labelled rows in 5 sessions after both trainings, at least 60 rows in 60 sessions are needed'
    """
    needed = judged_sessions_needed(horizon_sessions)
    if rows >= MIN_NEW_ROWS and sessions >= needed:
        return ""
    return (
        f"{counted(rows, noun)} in {counted(sessions, 'session')}{which}, "
        f"at least {MIN_NEW_ROWS} {noun.rsplit(maxsplit=1)[-1]}s in {needed} sessions are needed"
    )


def judged_sessions(rows: JudgedRows) -> int:
    """Return the number of distinct dates of the judged rows."""
    return len(np.unique(rows.frame[col.DATE].to_numpy()))


def remedy(
    features: Table, model_features: Sequence[str], mode: str, walk: Mapping[str, Any] | None = None
) -> str:
    """Return what would give enough to judge, naming ``min_train_sessions`` and a value that would do.

    Parameters
    ----------
    features : Table
        All sessions.
    model_features : sequence of str
        Features of the model: a row without one of them is not learnt from.
    mode : str
        ``train`` or ``score``.
    walk : mapping, optional
        Where it is known: ``setting``, what ``min_train_sessions`` was set to in training, and
        ``embargo_sessions`` and ``rolling_sessions`` where they were set.
    """
    history = _History.of(features, model_features)
    embargo, rolling = (walk or {}).get("embargo_sessions") or 0, (walk or {}).get("rolling_sessions")
    waiting = "wait for more sessions, or " if mode == "score" else ""
    values = history.values(embargo, rolling)
    if values is None:
        blocked = history.in_the_way(embargo, rolling)
        return f"{waiting}{blocked}" if blocked else history.too_short()
    if mode == "score":
        return f"{waiting}train with {history.words(values)}"
    # what fits the history was not enough: then something else than this setting stands in the way
    setting, fitting = (walk or {}).get("setting"), history.fitting(embargo)
    auto = f", or {AUTO}" if setting not in (None, AUTO) and values[0] <= fitting <= values[1] else ""
    return f"{history.words(values)}{auto} would do"


@dataclass(frozen=True)
class _History:
    """What there is to learn from and to judge.

    Parameters
    ----------
    learnable : int array, shape (sessions,)
        Rows with a label and all features on each labelled session, in the order of time.
    horizon : int
        How many sessions the label looks ahead.
    """

    learnable: NDArray[np.int64]
    horizon: int

    @classmethod
    def of(cls, features: Table, model_features: Sequence[str]) -> _History:
        dates, usable = features[col.DATE].to_numpy(), ~np.isnan(numbers(features, col.UP_NEXT))
        sessions = np.unique(dates[usable])
        for name in model_features:
            if name in features:
                usable &= features[name].notna().to_numpy()
        place = np.searchsorted(sessions, dates[usable])
        return cls(np.bincount(place, minlength=len(sessions)), Label.of(features.header).horizon_sessions)

    @property
    def least(self) -> int:
        """The smallest ``min_train_sessions`` of a training without an embargo."""
        return least_training(self.horizon)

    def values(self, embargo: int, rolling: int | None) -> tuple[int, int] | None:
        """Return the range of ``min_train_sessions`` that would do, up to the largest; None where none would.

        Each leaves as many sessions to judge as are needed, and before its embargo and the label's horizon, within
        its rolling window, as many rows to learn from.
        """
        gap = self.horizon + embargo
        candidates = np.arange(
            least_training(self.horizon, embargo),
            len(self.learnable) - judged_sessions_needed(self.horizon) + 1,
        )
        rows = np.append(0, np.cumsum(self.learnable))
        last = candidates - gap
        first = np.zeros_like(last) if rolling is None else np.maximum(last - rolling, 0)
        does = rows[last] - rows[first] >= MIN_TRAIN_ROWS
        if not does.any():
            return None
        most = int(np.flatnonzero(does)[-1])
        lacking = np.flatnonzero(~does[:most])
        return int(candidates[lacking[-1] + 1 if len(lacking) else 0]), int(candidates[most])

    def fitting(self, embargo: int) -> int:
        """Return what ``auto`` comes to."""
        return fitting_min_train_sessions(
            self.learnable.tolist(), horizon_sessions=self.horizon, embargo_sessions=embargo
        )

    def words(self, values: tuple[int, int]) -> str:
        """Return a range of values in words."""
        low, high = values
        fewer = (
            ""
            if self.least < low == high
            else " or fewer" + (f" ({low} at least)" if low > self.least else "")
        )
        return f"min_train_sessions = {high}{fewer}"

    def in_the_way(self, embargo: int, rolling: int | None) -> str:
        """Return which setting leaves no value of ``min_train_sessions`` that would do; empty where none does."""
        without = {"embargo_sessions": (0, rolling), "rolling_sessions": (embargo, None)}
        for name, others in (*without.items(), ("embargo_sessions and rolling_sessions", (0, None))):
            values = self.values(*others)
            if values is not None:
                return f"without {name} {self.words(values)} would do"
        return ""

    def too_short(self) -> str:
        to_judge = judged_sessions_needed(self.horizon)
        return (
            f"the data hold {counted(len(self.learnable), 'labelled session')}, too few for any "
            f"min_train_sessions ({self.least} at least, and {to_judge} sessions to judge): bring more history"
        )
