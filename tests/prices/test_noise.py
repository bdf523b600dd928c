"""A ticker's usual move and usual volume, against a plain loop."""

import numpy as np
import pytest

from core.prices.noise import LEAP, LEAST, UNKNOWN, WINDOW, leaping, own_noise, times_usual
from core.prices.unadjusted import SPLITS, WIDEST


def panel(*lengths, seed=0):
    """Return codes and random prices of tickers with so many rows each."""
    random = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(lengths)), lengths).astype(np.int64)
    return codes, np.exp(random.normal(0, 0.02, len(codes)).cumsum() + 3)


def test_the_usual_move_is_that_of_the_rows_before():
    """1.4826 times the median absolute log return of the 63 rows before, each ticker by itself."""
    codes, close = panel(90, 70)
    found = own_noise(codes, close)
    for ticker in (0, 1):
        own, values = np.flatnonzero(codes == ticker), close[codes == ticker]
        moves = np.abs(np.diff(np.log(values)))
        for row in range(len(own)):
            # the move into row t is moves[t - 1]: the rows before t end with it at t - 2
            known = moves if row < WINDOW else moves[max(0, row - 1 - WINDOW) : row - 1]
            assert found[own[row]] == pytest.approx(1.4826 * np.median(known), rel=1e-12)


def test_what_is_unknown_is_two_percent():
    """A ticker with fewer moves than a median needs counts as an ordinary one, a single row too."""
    codes, close = panel(LEAST, 1, LEAST + 1)
    found = own_noise(codes, close)
    assert found[: LEAST + 1] == pytest.approx(UNKNOWN)
    assert (found[LEAST + 1 :] != UNKNOWN).all()
    assert len(own_noise(np.zeros(0, np.int64), np.zeros(0))) == 0


def test_the_day_itself_and_what_follows_do_not_count():
    """A leap changes the usual move neither of its own row nor of rows long before it."""
    codes, close = panel(200)
    leapt = close.copy()
    leapt[150:] *= 100
    np.testing.assert_array_equal(own_noise(codes, leapt)[WINDOW:151], own_noise(codes, close)[WINDOW:151])


def test_the_level_of_prices_does_not_matter():
    """Prices in another currency move alike."""
    codes, close = panel(100, 80)
    np.testing.assert_allclose(own_noise(codes, close * 137.0), own_noise(codes, close), rtol=1e-9)


def test_volume_is_held_against_the_rows_before():
    """The median of the window before, not of the day itself; none until it is full or where it is 0."""
    codes = np.repeat([0, 1], 8).astype(np.int64)
    volume = np.array([10.0, 30, 20, 40, 80, 5, 5, 5, 0, 0, 0, 7, 7, 7, 7, np.nan])
    found = times_usual(codes, volume, 3)
    expected = [np.nan, np.nan, np.nan, 2.0, 80 / 30, 5 / 40, 5 / 40, 1.0]
    expected += [np.nan, np.nan, np.nan, np.nan, np.nan, 1.0, 1.0, np.nan]
    np.testing.assert_allclose(found, expected)


def test_only_tickers_that_leap_need_a_usual_move():
    """No rule names a smaller move, and leaving the other tickers out changes nothing for those that leap."""
    assert np.log(SPLITS[0]) - WIDEST >= LEAP
    codes, close = panel(120, 90, 100)
    close[150:210] *= 1.5
    flags = leaping(codes, close)
    assert set(codes[flags].tolist()) == {1}
    assert (flags == (codes == 1)).all()
    np.testing.assert_array_equal(own_noise(codes[flags], close[flags]), own_noise(codes, close)[flags])
    volume = np.arange(310.0) + 1
    part = times_usual(codes[flags], volume[flags], 21)
    np.testing.assert_array_equal(part, times_usual(codes, volume, 21)[flags])
    assert not leaping(np.zeros(0, np.int64), np.zeros(0)).any()
