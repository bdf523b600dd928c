"""Seeded panels of prices whose truth is known: nothing to predict, or a planted dependence.

Returns follow GARCH(1,1) with Student's t shocks of four degrees of freedom and one market factor. Shocks
are symmetric, so without a planted dependence every session rises with probability one half exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col
from core.features.engineering import engineer
from core.measures.rows import JudgedRows, judge
from core.models.document import kind_named
from core.models.predicting import predictions_frame
from core.models.rows import rows_of
from core.models.settings import TrainSettings
from core.models.training import single_thread, usable_folds
from core.tables.artifacts import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from core.models.rows import Rows
    from core.models.training import FoldRows as Split

ALPHA, BETA, DAILY_DEVIATION = 0.08, 0.9, 0.015
"""Usual values of daily stock returns: a shock is half gone after 34 sessions, 24 % a year."""

FREEDOM = 4
LARGEST = 0.5
UP_RATE = "up_rate"
"""Share of the training rows of the row's fold that went up: what was known before the fold."""

MAIN, BESIDE = "logistic_regression", "hist_gradient_boosting"


@dataclass(frozen=True)
class World:
    """What a panel is made of.

    Parameters
    ----------
    tickers, sessions : int
        Size of the panel.
    correlation : float
        Of two tickers' shocks, 0 to below 1.
    autocorrelation : float
        First-order, of standardised returns: 0 leaves nothing to predict.
    min_train_sessions, fold_sessions : int
        How the panel is judged.
    """

    tickers: int = 8
    sessions: int = 1_500
    correlation: float = 0.4
    autocorrelation: float = 0.0
    min_train_sessions: int = 712
    fold_sessions: int = 252


def returns(world: World, seed: int) -> NDArray[np.float64]:
    """Return simple returns, shape (sessions, tickers), symmetric about 0."""
    random = np.random.default_rng((seed, 0))
    unit = np.sqrt((FREEDOM - 2) / FREEDOM)
    market = unit * random.standard_t(FREEDOM, (world.sessions, 1))
    own = unit * random.standard_t(FREEDOM, (world.sessions, world.tickers))
    shocks = np.sqrt(world.correlation) * market + np.sqrt(1 - world.correlation) * own
    base = DAILY_DEVIATION**2
    variance, last = np.full(world.tickers, base), np.zeros(world.tickers)
    result = np.empty_like(shocks)
    for session, shock in enumerate(shocks):
        last = world.autocorrelation * last + np.sqrt(1 - world.autocorrelation**2) * shock
        result[session] = np.sqrt(variance) * last
        variance = base * (1 - ALPHA - BETA) + ALPHA * result[session] ** 2 + BETA * variance
    # a price stays above 0; cut on both sides, so that holding earns nothing on average either
    return np.clip(result, -LARGEST, LARGEST)


def prices(world: World, seed: int) -> pd.DataFrame:
    """Return ``date``, ``ticker`` and ``adj_close``, one row per session and ticker."""
    levels = 100 * np.cumprod(1 + returns(world, seed), axis=0)
    days = pd.bdate_range("2010-01-04", periods=world.sessions).to_numpy("datetime64[s]")
    names = [f"T{number:02d}" for number in range(world.tickers)]
    return pd.DataFrame(
        {
            col.DATE: np.repeat(days, world.tickers),
            col.TICKER: pd.array(names * world.sessions, dtype="str"),
            col.ADJ_CLOSE: levels.ravel(),
        }
    )


Candidate = tuple[str, tuple[int, ...] | None]
"""A kind of model, and which of the features it sees by their place (None: all)."""


def judged(world: World, seed: int, kinds: tuple[str, ...] = (MAIN,)) -> JudgedRows | None:
    """Return the out-of-sample rows of a panel under each kind of model, as the pipeline makes them.

    The first kind is the main model; the others stand in columns ``probability_<kind>``. Else as
    :func:`candidates_judged`.
    """
    return candidates_judged(world, seed, {name: (name, None) for name in kinds})


def candidates_judged(world: World, seed: int, candidates: Mapping[str, Candidate]) -> JudgedRows | None:
    """Return the out-of-sample rows of a panel under each candidate.

    Parameters
    ----------
    candidates : mapping of str to Candidate
        By name: the first is the main one, the others stand in columns ``probability_<name>``.

    Returns
    -------
    JudgedRows or None
        With ``return``, ``next_return`` and ``up_rate``; None when history is too short for one fold.
    """
    features = engineer(Table("prices_clean", prices(world, seed), {}))
    plan = replace(_PLAN, min_train_sessions=world.min_train_sessions, fold_sessions=world.fold_sessions)
    rows, parts = rows_of(features), []
    with single_thread():
        for split in usable_folds(rows, plan):
            chances = {
                col.PROBABILITY if number == 0 else col.probability_of(name): _chances(rows, split, candidate)
                for number, (name, candidate) in enumerate(candidates.items())
            }
            part = predictions_frame(rows, split.test, chances, split.fold.number)
            parts.append(part.assign(**{UP_RATE: rows.label[split.train].mean()}))
    if not parts:
        return None
    own = features.frame[[col.DATE, col.TICKER, col.RETURN]]
    following = own.groupby(col.TICKER, sort=False)[col.RETURN].shift(-1)
    frame = pd.concat(parts, ignore_index=True)
    return judge(frame.merge(own.assign(next_return=following), on=[col.DATE, col.TICKER], how="left"))


def _chances(rows: Rows, split: Split, candidate: Candidate) -> NDArray[np.float64]:
    name, columns = candidate
    kind, inputs = kind_named(name), rows.inputs if columns is None else rows.inputs[:, list(columns)]
    learnt = kind.fit(inputs[split.train], rows.label[split.train], seed=0)
    return kind.probability(learnt, inputs[split.test])


_PLAN = TrainSettings("logistic_regression", (), 0, 712, 252, "XNYS")
