"""Splits that the source did not take out: planted, in the sample's raw closes, and what is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prices.noise import Moves, own_noise
from core.prices.unadjusted import SPLITS, UnadjustedSplit, unadjusted_splits


def walk(rows=250, seed=0, deviation=0.01):
    """Return codes, prices and share volumes of a random walk with fat tails."""
    random = np.random.default_rng(seed)
    close = 50 * np.exp((deviation * random.standard_t(4, rows) / 2**0.5).cumsum())
    return np.zeros(rows, np.int64), close, np.exp(random.normal(12, 0.35, rows))


def found(codes, close, volume, **options):
    """Return the splits with noise and volumes taken from the rows themselves."""
    return unadjusted_splits(Moves.of(codes, close, volume, 21), least_tolerance=0.03, **options)


def plant(close, row, shares, own_move=0.0):
    """Return prices that fall to 1 / shares at a row, with this return of the day's own on top."""
    planted = close.copy()
    planted[row:] *= close[row - 1] / close[row] * (1 + own_move) / shares
    return planted


@pytest.mark.parametrize("shares", [*SPLITS, *(1 / s for s in SPLITS)])
@pytest.mark.parametrize("adjusted_volume", [True, False])
def test_every_usual_split_is_named(shares, adjusted_volume):
    """Forwards and in reverse, whether or not the source counts volumes in new shares."""
    codes, close, volume = walk()
    volume[:] = 1000.0
    if not adjusted_volume:
        volume[120:] *= shares
    (one,) = found(codes, plant(close, 120, shares, 0.01), volume)
    assert one == UnadjustedSplit(120, pytest.approx(shares))


@pytest.mark.parametrize(
    ("deviation", "moves", "ratios"),
    [
        (0.015, 3, ["2:1"]),
        (0.015, -3, ["2:1"]),
        (0.015, 6, []),
        (0.015, -6, []),
        (0.04, 3, ["2:1"]),
        (0.04, -3, ["2:1"]),
    ],
)
def test_the_days_own_return_comes_on_top(deviation, moves, ratios):
    """Three of the ticker's usual moves are taken for its own, whether it is calm or wild; six are not."""
    codes, close, volume = walk(deviation=deviation)
    planted = plant(close, 120, 2.0, np.expm1(moves * own_noise(codes, close)[120]))
    assert [s.ratio for s in found(codes, planted, np.full_like(volume, 1000.0))] == ratios


def test_a_fall_of_a_third_is_seen_below_a_ratio_of_one_and_a_half():
    """A split of 3:2 with a rise on the day stays within a third: it is named all the same."""
    codes, close, volume = walk()
    planted = plant(close, 120, 1.5, 0.03)
    assert planted[119] / planted[120] < 1.5
    assert [s.ratio for s in found(codes, planted, np.full_like(volume, 1000.0))] == ["3:2"]


def test_news_that_halves_a_price_is_none():
    """Eight times the usual shares change hands: that is no split; six times is what one of 2:1 may bring."""
    for times, named in ((8.0, 0), (5.9, 1), (0.34, 1), (0.3, 0)):
        codes, close, volume = walk()
        volume[:] = 1000.0
        volume[120] *= times
        assert len(found(codes, plant(close, 120, 2.0), volume)) == named


def test_the_samples_own_splits_in_raw_closes(sample):
    """AAPL twice, MSFT once; AAPL's genuine halving of September 2000 is none, adjusted closes have none."""
    rows = sample.sort_values(["ticker", "date"]).reset_index(drop=True)
    codes = np.unique(rows["ticker"], return_inverse=True)[1].astype(np.int64)
    volume = rows["volume"].to_numpy(float)
    splits = found(codes, rows["close"].to_numpy(float), volume)
    assert [(rows["ticker"][s.row], rows["date"][s.row], s.ratio) for s in splits] == [
        ("AAPL", "2000-06-21", "2:1"), ("AAPL", "2005-02-28", "2:1"), ("MSFT", "2003-02-18", "2:1")
    ]  # fmt: skip
    assert found(codes, rows["adj_close"].to_numpy(float), volume) == []


def test_planted_splits_are_named_in_nineteen_of_twenty_cases():
    """Over calm and wild tickers, with noisy volumes; and hardly a genuine row is."""
    random = np.random.default_rng(4)
    named = wrong = rows = 0
    for seed in range(100):
        codes, close, volume = walk(400, seed, float(random.choice([0.008, 0.015, 0.03])))
        wrong += len(found(codes, close, volume))
        rows += len(close)
        shares, row = float(random.choice([1.5, 2, 3, 4, 10, 0.2])), int(random.integers(80, 400))
        volume[row:] *= shares if seed % 2 else 1.0
        splits = found(codes, np.where(codes == 0, np.r_[close[:row], close[row:] / shares], 0), volume)
        named += any(s.row == row and s.shares == pytest.approx(shares) for s in splits)
    assert named >= 95
    assert wrong <= rows / 4000


def test_excused_rows_and_unknown_volumes():
    """What another rule explains is not named; without a volume the price alone decides."""
    codes, close, volume = walk()
    planted = plant(close, 120, 2.0)
    assert found(codes, planted, volume, excused=np.arange(250) == 120) == []
    assert len(found(codes, planted, np.full_like(volume, np.nan))) == 1
    assert found(np.zeros(0, np.int64), np.zeros(0), np.zeros(0)) == []


def test_ratios_in_words():
    """Shares after and before, in whole numbers."""
    words = [UnadjustedSplit(0, shares).ratio for shares in (1.5, 2.5, 2.0, 10.0, 1 / 1.5, 1 / 25)]
    assert words == ["3:2", "5:2", "2:1", "10:1", "2:3", "1:25"]


@settings(max_examples=30, deadline=None)
@given(st.floats(0.01, 1000), st.floats(0.01, 1000))
def test_currency_and_counting_of_shares_do_not_matter(price, shares):
    """Scaling all prices or all volumes names the same row."""
    codes, close, volume = walk(seed=2)
    planted = plant(close, 120, 3.0, 0.01)
    volume[120] = np.median(volume[99:120])
    splits = found(codes, planted * price, volume * shares)
    assert [(s.row, s.ratio) for s in splits] == [(120, "3:1")]
