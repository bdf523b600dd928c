"""One fit as it was asked for: settings chosen on earlier rows, weights of rows, and probabilities set right.

All of it happens inside the rows that a fold may learn from: what is chosen or calibrated there has seen nothing
that the fold is judged by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError
from core.models.calibrated import CalibratedKind
from core.models.folding import split
from core.models.refitting import fit
from core.models.splits import MIN_TRAIN_ROWS, Fold, least_fold_sessions, walk_forward
from core.models.weighting import weights_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.models.kind import ModelKind
    from core.models.model_rows import Mask, Rows
    from core.models.train_settings import TrainSettings
    from core.tables.workplace import Memory

INNER_FOLDS = 3
"""Tests of each setting within the rows that are learnt from, one after the other."""

MIN_CALIBRATION_ROWS = 30
"""Fewer rows calibrate nothing: a slope and an intercept of fifteen rows each."""

CALIBRATION_SHARE = 0.2
"""Share of the sessions, the latest ones, that calibrate what the earlier ones have taught."""


@dataclass(frozen=True)
class FittedModel:
    """A kind with what it has learnt.

    Parameters
    ----------
    kind : ModelKind
        With the settings that were chosen.
    parameters : mapping
    choice : mapping
        ``chosen`` and ``log_loss`` of each setting of the grid; empty without one.
    """

    kind: ModelKind
    parameters: Mapping[str, Any]
    choice: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitter:
    """How the model that the report names is fitted.

    Parameters
    ----------
    kinds : tuple of ModelKind
        One for each setting of the grid; a single one without a grid.
    settings : TrainSettings
    horizon_sessions : int
        How far the label looks ahead.
    memory : Memory, optional
        Fits that need not be done again.
    """

    kinds: tuple[ModelKind, ...]
    settings: TrainSettings
    horizon_sessions: int
    memory: Memory | None = None

    def fit(self, rows: Rows, used: Mask) -> FittedModel:
        """Return the model of the rows ``used`` (bool array, shape (n,); complete and labelled)."""
        losses = self._losses(rows, used) if len(self.kinds) > 1 else []
        best = int(np.argmin(losses)) if losses else 0
        kind, learnt = self._calibrated(self.kinds[best], rows, used)
        if not losses:
            return FittedModel(kind, learnt)
        entries = zip((dict(k.hyperparameters) for k in self.kinds), losses, strict=True)
        settings = [{"hyperparameters": each, "log_loss": loss} for each, loss in entries]
        return FittedModel(kind, learnt, {"chosen": best, "settings": settings})

    def _losses(self, rows: Rows, used: Mask) -> list[float]:
        """Return the mean log loss of each kind over the inner tests; too few rows for any choose the first."""
        tests = list(self._inner_folds(rows, used))
        return [
            float(np.mean([self._loss(kind, rows, *test) for test in tests] or [0.0])) for kind in self.kinds
        ]

    def _inner_folds(self, rows: Rows, used: Mask) -> Sequence[tuple[Mask, Mask]]:
        days = np.unique(rows.dates[used])
        first = len(days) // 2
        size = max((len(days) - first) // INNER_FOLDS, least_fold_sessions(self.horizon_sessions))
        gap = self.horizon_sessions + self.settings.embargo_sessions
        if first <= gap:
            return []
        folds = walk_forward(
            days.tolist(), min_train_sessions=first, fold_sessions=size, horizon_sessions=self.horizon_sessions,
            embargo_sessions=self.settings.embargo_sessions,
        )  # fmt: skip
        return [masks for fold in folds if (masks := _learnable(rows, used, fold)) is not None]

    def _loss(self, kind: ModelKind, rows: Rows, train: Mask, test: Mask) -> float:
        learnt = self._uncalibrated(kind, rows, train)
        chance = np.clip(kind.probability(learnt, rows.inputs[test]), 1e-15, 1 - 1e-15)
        up = rows.label[test]
        return float(-(up * np.log(chance) + (1 - up) * np.log(1 - chance)).mean())

    def _uncalibrated(self, kind: ModelKind, rows: Rows, used: Mask) -> Mapping[str, Any]:
        return fit_plain(kind, rows, used, self.settings, self.horizon_sessions, memory=self.memory)

    def _calibrated(self, kind: ModelKind, rows: Rows, used: Mask) -> tuple[ModelKind, Mapping[str, Any]]:
        method = self.settings.calibration
        if method == "none":
            return kind, self._uncalibrated(kind, rows, used)
        days = np.unique(rows.dates[used])
        start = days[int(len(days) * (1 - CALIBRATION_SHARE))]
        earlier = used & (rows.dates < start) & (rows.label_dates < start)
        later = used & (rows.dates >= start)
        if not (_both_outcomes(rows, earlier) and _both_outcomes(rows, later, MIN_CALIBRATION_ROWS)):
            raise ModelError(
                f"there are {int(earlier.sum())} rows to learn from and {int(later.sum())} to calibrate by",
                expected=f"{MIN_TRAIN_ROWS} and {MIN_CALIBRATION_ROWS}, of both outcomes",
                remedy="Train without --calibration, or bring more history.",
            )
        base = self._uncalibrated(kind, rows, earlier)
        calibrated = CalibratedKind(kind, method)
        return calibrated, calibrated.learn(base, rows.inputs[later], rows.label[later])


def fit_plain(
    kind: ModelKind,
    rows: Rows,
    used: Mask,
    settings: TrainSettings,
    horizon_sessions: int,
    *,
    memory: Memory | None = None,
) -> Mapping[str, Any]:
    """Return what a kind learns from the rows ``used``, each with its weight; see :mod:`core.models.refitting`."""
    weights = weights_of(rows, used, settings, horizon_sessions)
    return fit(kind, rows.inputs[used], rows.label[used], seed=settings.seed, weights=weights, memory=memory)


def _learnable(rows: Rows, used: Mask, fold: Fold) -> tuple[Mask, Mask] | None:
    """Return the rows on either side of an inner fold, None where they teach or tell nothing."""
    both = split(rows, fold)
    train, test = both.train & used, both.test & used
    return (train, test) if _both_outcomes(rows, train) and test.any() else None


def _both_outcomes(rows: Rows, chosen: Mask, least: int = MIN_TRAIN_ROWS) -> bool:
    label = rows.label[chosen]
    return len(label) >= least and 0 < label.mean() < 1


def grid_of(settings: Mapping[str, Any], grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of a grid on top of fixed settings, in the order in which it is written.

    >>> grid_of({"max_iter": 50}, {"C": [0.1, 1], "tol": [1e-3]})
    [{'max_iter': 50, 'C': 0.1, 'tol': 0.001}, {'max_iter': 50, 'C': 1, 'tol': 0.001}]
    """
    return [{**settings, **dict(zip(grid, values, strict=True))} for values in product(*grid.values())]
