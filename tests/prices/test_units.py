"""Pence and pounds: prices whose unit changes, planted in random walks and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prices.noise import Moves
from core.prices.units import UnitRun, unit_runs


def walk(rows=250, tickers=1, seed=0):
    """Return codes, prices and share volumes of random walks with fat tails."""
    random = np.random.default_rng(seed)
    moves = 0.01 * random.standard_t(4, (tickers, rows))
    close = 50 * np.exp(moves.cumsum(axis=1))
    volume = np.exp(random.normal(12, 0.35, (tickers, rows)))
    return np.repeat(np.arange(tickers), rows).astype(np.int64), close.ravel(), volume.ravel()


def found(codes, close, volume, **options):
    """Return the runs with noise and volumes taken from the rows themselves."""
    return unit_runs(Moves.of(codes, close, volume, 21), **options)


@pytest.mark.parametrize("factor", [100.0, 0.01, 1000.0, 0.001])
@pytest.mark.parametrize(("start", "stop"), [(249, 250), (100, 106), (100, 250), (1, 2), (0, 5)])
def test_a_planted_change_of_unit_is_found(factor, start, stop):
    """The last row alone, six days, for good, near the beginning: first row, end and factor."""
    codes, close, volume = walk()
    close[start:stop] *= factor
    if start == 0:  # the ticker begins in the other unit: what follows is what changed
        assert found(codes, close, volume) == [UnitRun(stop, 250, 1 / factor, returns=False)]
        return
    assert found(codes, close, volume) == [UnitRun(start, stop, factor, returns=stop < 250)]


def test_two_mix_ups_are_two_runs():
    """Each ends where it changes back; the next ticker begins anew."""
    codes, close, volume = walk(tickers=2)
    for part in (slice(60, 62), slice(100, 130), slice(240, 250), slice(300, 301)):
        close[part] *= 100
    assert [(run.start, run.stop, run.returns) for run in found(codes, close, volume)] == [
        (60, 62, True), (100, 130, True), (240, 250, False), (300, 301, True)
    ]  # fmt: skip


def test_shares_that_are_merged_are_none():
    """A reverse split of 1:100 trades in a hundredth of the shares; a split of 100:1 in a hundred times."""
    for factor in (100.0, 0.01):
        codes, close, volume = walk()
        close[120:] *= factor
        volume[120:] /= factor
        assert found(codes, close, volume) == []


def test_without_volume_the_price_alone_decides():
    """A table of closes: a hundredfold overnight is named."""
    codes, close, volume = walk()
    close[-1] *= 100
    assert found(codes, close, np.full(len(volume), np.nan)) == [UnitRun(249, 250, 100.0, returns=False)]


def test_what_another_rule_explains_is_excused():
    """Another company after a long gap is no change of unit."""
    codes, close, volume = walk()
    close[120:] *= 100
    assert found(codes, close, volume, excused=np.arange(250) == 120) == []


@pytest.mark.parametrize("move", [2.0, 10.0, 50.0, 30.0, 300.0, 0.1, 1 / 50])
def test_other_moves_are_none(move):
    """Halvings, tenfold and fiftyfold moves are no change of unit."""
    codes, close, volume = walk()
    close[120:] *= move
    assert found(codes, close, volume) == []


def test_random_walks_and_the_sample_have_none(sample):
    """Nothing is named in 60,000 rows of fat-tailed walks, nor in the sample."""
    assert found(*walk(rows=1500, tickers=40, seed=5)) == []
    rows = sample.sort_values(["ticker", "date"])
    codes = np.unique(rows["ticker"], return_inverse=True)[1].astype(np.int64)
    for column in ("close", "adj_close"):
        assert found(codes, rows[column].to_numpy(float), rows["volume"].to_numpy(float)) == []


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 1000), st.floats(0.01, 1000))
def test_currency_and_counting_of_shares_do_not_matter(price, shares):
    """Scaling all prices or all volumes names the same rows."""
    codes, close, volume = walk(seed=2)
    close[90:97] *= 100
    assert found(codes, close * price, volume * shares) == [UnitRun(90, 97, 100.0, returns=True)]


def test_the_order_of_tickers_does_not_matter():
    """Each ticker is judged by itself."""
    codes, close, volume = walk(tickers=2, seed=3)
    close[300:310] *= 100
    swapped = np.r_[close[250:], close[:250]], np.r_[volume[250:], volume[:250]]
    assert found(codes, close, volume) == [UnitRun(300, 310, 100.0, returns=True)]
    assert found(codes, *swapped) == [UnitRun(50, 60, 100.0, returns=True)]
    assert found(np.zeros(0, np.int64), np.zeros(0), np.zeros(0)) == []
