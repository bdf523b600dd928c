"""Seeded panels of prices whose truth is known: nothing to predict, or a planted dependence.

Returns follow GARCH(1,1) with Student's t shocks of four degrees of freedom and one market factor. Shocks
are symmetric, so without a planted dependence every session rises with probability one half exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core import columns as col
from core.tables.artifacts import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA, BETA, DAILY_DEVIATION = 0.08, 0.9, 0.015
"""Usual values of daily stock returns: a shock is half gone after 34 sessions, 24 % a year."""

FREEDOM = 4
NIGHT = 0.5
"""What the price moves from close to open, over what it moves from open to close, in standard deviations."""

LARGEST = 0.5
"""Returns are cut here on both sides: a price stays above 0, and holding earns nothing on average."""

DRAWS = 1_000_000
"""Shocks behind the distribution that turns a planted dependence into a probability: error .0005."""


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
    """

    tickers: int = 8
    sessions: int = 1_500
    correlation: float = 0.4
    autocorrelation: float = 0.0


@dataclass(frozen=True, eq=False)
class Panel:
    """A panel and its truth.

    Parameters
    ----------
    returns : ndarray of float, shape (sessions, tickers)
        Simple returns.
    up_chance : ndarray of float, shape (sessions, tickers)
        Probability that the session after rises, by all that is known after this one.
    """

    returns: NDArray[np.float64]
    up_chance: NDArray[np.float64]

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The sessions' dates."""
        return pd.bdate_range("2010-01-04", periods=len(self.returns)).to_numpy("datetime64[s]")

    def prices(self, sessions: int | None = None) -> Table:
        """Return ``prices_clean`` of the first sessions (None: all), as the stage features reads them."""
        levels = 100 * np.cumprod(1 + self.returns[:sessions], axis=0)
        return Table("prices_clean", self._frame(levels, col.ADJ_CLOSE), {})

    def prices_with_opens(self, seed: int) -> tuple[Panel, Table]:
        """Return the panel whose tickers also move overnight, and its prices with opens.

        The returns of this panel are those of the day, from open to close. Those of the night are symmetric shocks of
        half a day's deviation. Nothing can be predicted of either, so a position earns nothing wherever it is filled.
        """
        random = np.random.default_rng((seed, 3))
        sessions, tickers = self.returns.shape
        night = NIGHT * DAILY_DEVIATION * _shocks(random, sessions, tickers, 0.4)
        whole = (1 + night) * (1 + self.returns)
        closes = 100 * np.cumprod(whole, axis=0)
        frame = self._frame(closes, col.ADJ_CLOSE)
        opens = closes / (1 + self.returns)
        frame = frame.assign(**{col.CLOSE: frame[col.ADJ_CLOSE], col.OPEN: opens.ravel()})
        return Panel(whole - 1, self.up_chance), Table("prices_clean", frame, {})

    def _frame(self, values: NDArray[np.float64], column: str) -> pd.DataFrame:
        """Return values of the first sessions, shape (sessions, tickers), as rows by date and ticker."""
        count, tickers = values.shape
        names = [f"T{number:02d}" for number in range(tickers)]
        return pd.DataFrame(
            {
                col.DATE: np.repeat(self.days[:count], tickers),
                col.TICKER: pd.array(names * count, dtype="str"),
                column: values.ravel(),
            }
        )

    def chance_of(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the true probability of an up move of each row of ``frame`` (``date``, ``ticker``)."""
        session = np.searchsorted(self.days, frame[col.DATE].to_numpy("datetime64[s]"))
        ticker = frame[col.TICKER].str[1:].astype(int).to_numpy()
        return self.up_chance[session, ticker]


def simulated(world: World, seed: int) -> Panel:
    """Return the panel of a world and a seed: the same for the same."""
    random = np.random.default_rng((seed, 0))
    shocks = _shocks(random, world.sessions, world.tickers, world.correlation)
    base, memory = DAILY_DEVIATION**2, world.autocorrelation
    fresh = np.sqrt(1 - memory**2)
    variance, last = np.full(world.tickers, base), np.zeros(world.tickers)
    returns, unit = np.empty_like(shocks), np.empty_like(shocks)
    for session, shock in enumerate(shocks):
        last = unit[session] = memory * last + fresh * shock
        returns[session] = np.sqrt(variance) * last
        variance = base * (1 - ALPHA - BETA) + ALPHA * returns[session] ** 2 + BETA * variance
    chance = _below(memory / fresh * unit, world.correlation) if memory else np.full_like(unit, 0.5)
    return Panel(np.clip(returns, -LARGEST, LARGEST), chance)


def _shocks(
    random: np.random.Generator, sessions: int, tickers: int, correlation: float
) -> NDArray[np.float64]:
    unit = np.sqrt((FREEDOM - 2) / FREEDOM)
    market = unit * random.standard_t(FREEDOM, (sessions, 1))
    own = unit * random.standard_t(FREEDOM, (sessions, tickers))
    return np.sqrt(correlation) * market + np.sqrt(1 - correlation) * own


def _below(values: NDArray[np.float64], correlation: float) -> NDArray[np.float64]:
    """Return the probability that a shock lies below each value."""
    ordered = _ordered_shocks(correlation)
    return np.searchsorted(ordered, values) / len(ordered)


@cache
def _ordered_shocks(correlation: float) -> NDArray[np.float64]:
    half = np.abs(_shocks(np.random.default_rng(0), DRAWS // 2, 1, correlation).ravel())
    return np.sort(np.concatenate((half, -half)))


def overlapping(world: World, horizon: int, seed: int) -> pd.DataFrame:
    """Return predictions whose labels overlap: does the price rise over the next ``horizon`` sessions?

    Probabilities persist (first-order autocorrelation .9) and know nothing of prices. No model is trained:
    what is looked at is whether intervals allow for neighbouring rows that share most of their outcome.
    """
    panel = simulated(world, seed)
    # sums of simple returns: symmetric, so that half of the labels are 1
    level_of_price = np.cumsum(panel.returns, axis=0)
    ahead = level_of_price[horizon:] - level_of_price[:-horizon]
    count = len(ahead)
    frame = panel.prices(count).frame[[col.DATE, col.TICKER]]
    return frame.assign(
        probability=knowing_nothing(panel.returns.shape, seed)[:count].ravel(),
        up_next=(ahead > 0).astype(float).ravel(),
        fold=1,
    )


def knowing_nothing(shape: tuple[int, ...], seed: int) -> NDArray[np.float64]:
    """Return probabilities of shape (sessions, tickers) that persist (autocorrelation .9) and know nothing."""
    random, scores = np.random.default_rng((seed, 1)), np.empty(shape)
    level = np.zeros(shape[1])
    for session in range(len(scores)):
        level = scores[session] = 0.9 * level + np.sqrt(1 - 0.9**2) * random.standard_normal(shape[1])
    return 1 / (1 + np.exp(-0.1 * scores))
