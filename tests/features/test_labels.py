"""The label by pandas: direction and excess over several sessions, in one part and in many."""

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError
from core.features import engineer
from core.features.labels import SessionMeans, return_sums
from core.features.panel import Panel
from core.label import Label
from core.tables.artifacts import Table


@pytest.fixture
def prices():
    """Three hundred sessions of six random walks; one ticker begins late, one ends early, one has a hole."""
    draw = np.random.default_rng(8)
    days = pd.bdate_range("2015-01-02", periods=300).astype("datetime64[s]")
    close = np.round(30 * np.exp(np.cumsum(draw.normal(0, 0.02, (300, 6)), axis=0)), 2)
    frame = pd.DataFrame(
        {"date": np.repeat(days, 6), "ticker": np.tile(list("ABCDEF"), 300), "adj_close": close.ravel()}
    )
    out = (frame["ticker"] == "B") & (frame["date"] < days[40])
    out |= (frame["ticker"] == "C") & (frame["date"] > days[200])
    out |= (frame["ticker"] == "D") & frame["date"].between(days[100], days[130])
    return frame[~out].sample(frac=1, random_state=3).reset_index(drop=True)


def _by_pandas(frame, label):
    frame = frame.sort_values(["ticker", "date"])
    later = frame.groupby("ticker")["adj_close"].shift(-label.horizon_sessions)
    gained = later / frame["adj_close"] - 1
    if label.label == "excess":
        gained = gained - gained.groupby(frame["date"]).transform("mean")
    up = (gained > 0).astype(float).where(later.notna())
    return frame.assign(up_next=up).set_index(["date", "ticker"])["up_next"].sort_index()


@pytest.mark.parametrize("kind", ["direction", "excess"])
@pytest.mark.parametrize("sessions", [1, 2, 5, 63])
def test_the_label_is_that_of_pandas(prices, kind, sessions):
    """Row by row, null on each ticker's last rows; the header says what it is."""
    label = Label(sessions, kind)
    found = engineer(Table("prices_clean", prices), label)
    frame = found.frame.set_index(["date", "ticker"])["up_next"].sort_index()
    pd.testing.assert_series_equal(frame, _by_pandas(prices, label), check_index_type=False)
    assert frame.isna().groupby("ticker").sum().eq(sessions).all()
    assert Label.of(found.header) == label


def test_features_are_the_same_whatever_the_label(prices):
    """The label is the only column that changes."""
    plain, other = (engineer(Table("prices_clean", prices), Label(*how)) for how in ((1,), (20, "excess")))
    pd.testing.assert_frame_equal(plain.frame.drop(columns="up_next"), other.frame.drop(columns="up_next"))
    assert "label" not in plain.header


def test_a_ticker_alone_is_never_above_its_own_mean(prices):
    """Nor are tickers that move alike: equal returns are no excess, whatever their quotients round to."""
    alone = prices[prices["ticker"] == "A"].reset_index(drop=True)
    alike = pd.concat(
        [
            alone.assign(ticker=name, adj_close=alone["adj_close"] * by)
            for name, by in zip("XYZ", (1, 3, 7), strict=True)
        ]
    )
    for frame in (alone, alike.reset_index(drop=True)):
        label = engineer(Table("prices_clean", frame), Label(3, "excess")).frame["up_next"]
        assert set(label.dropna()) == {0.0}


def test_means_do_not_depend_on_the_parts():
    """Sums of whole numbers: whichever tickers come together, and in whichever order."""
    draw, days = np.random.default_rng(2), np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")
    walks = np.exp(np.cumsum(draw.normal(0, 0.1, (9, len(days))), axis=1))

    def sums(tickers):
        codes = np.repeat(np.arange(len(tickers)), len(days))
        return return_sums(Panel.of(codes, walks[tickers].ravel()), np.tile(days, len(tickers)), 4)

    whole = SessionMeans.of([sums(list(range(9)))])
    parts = SessionMeans.of([sums([8, 3]), sums([0, 1, 2, 4]), sums([7, 5]), sums([6])])
    assert whole.units.tolist() == parts.units.tolist()
    assert whole.days.tolist() == parts.days.tolist()
    expected = (walks[:, 4:] / walks[:, :-4] - 1).mean(axis=0)
    np.testing.assert_allclose(whole.units / 2**40, expected, atol=2e-12)


def test_a_history_shorter_than_the_horizon_has_no_label(prices):
    """Every row is null; nothing is made up."""
    short = prices.groupby("ticker").head(10).reset_index(drop=True)
    for kind in ("direction", "excess"):
        assert engineer(Table("prices_clean", short), Label(63, kind)).frame["up_next"].isna().all()


def test_prices_that_cannot_be_used_are_refused_before_means_are_made(prices):
    """The first pass looks at rows as the second does."""
    with pytest.raises(DataError, match="adj_close is unusable"):
        engineer(Table("prices_clean", prices.assign(adj_close=0.0)), Label(2, "excess"))
