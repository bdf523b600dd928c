"""Labels of several sessions: what is left out of training, what counts as a test, and who may score."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from core.errors import ModelError
from core.features import engineer
from core.label import Label
from core.models.loader import load_model
from core.models.model_rows import needed, rows_from
from core.models.scoring import score
from core.models.splits import fitting_min_train_sessions, walk_forward
from core.models.train_settings import ScoreSettings, TrainSettings
from core.models.training import min_train_sessions, split, train, usable_folds
from core.parameters import settings_from
from core.tables.artifacts import Document, Table

SCORING = ScoreSettings("XNYS")


@pytest.fixture(scope="module")
def trained(walk_prices, parameters):
    """A function from a label to prices, features, predictions and model."""

    def of(label):
        prices = walk_prices(300, ("AA", "BB", "CC"), 3)
        features = engineer(prices, label)
        settings = settings_from(TrainSettings, parameters)
        return prices, features, *train(features, settings, features_sha256="")

    return of


def _walk(sessions, tickers, seed):
    draw, days = np.random.default_rng(seed), pd.bdate_range("1990-01-01", periods=sessions)
    prices = np.exp(np.cumsum(draw.normal(0, 0.01, (sessions, tickers)), axis=0))
    return pd.DataFrame(
        {
            "date": np.repeat(days.astype("datetime64[s]"), tickers),
            "ticker": np.tile([f"T{i}" for i in range(tickers)], sessions),
            "adj_close": prices.ravel(),
        }
    )


def _remembered(rows, purged, horizon):
    """Return how often the outcomes of each fold's first sessions are those that its training saw last."""
    right = []
    folds = walk_forward(
        rows.sessions(),
        min_train_sessions=200,
        fold_sessions=2 * horizon,
        horizon_sessions=horizon if purged else 0,
    )
    for fold in folds:
        chosen = split(rows, fold)
        trained_on = chosen.train if purged else rows.labelled & (rows.dates < np.datetime64(fold.test_from))
        last = pd.Series(rows.label[trained_on], rows.tickers[trained_on]).groupby(level=0).last()
        first = rows.dates == np.datetime64(fold.test_from)
        right += (rows.label[first] == last[rows.tickers[first]].to_numpy()).tolist()
    return np.array(right)


def test_a_leak_through_overlapping_labels_is_gone_once_they_are_purged():
    """Who remembers the last outcomes trained on is right far too often without the purge, and by chance with it."""
    horizon = 20
    features = engineer(Table("prices_clean", _walk(4_000, 8, 11)), Label(horizon))
    rows = rows_from(features.frame[list(needed())], Label(horizon))
    leaking, purged = (_remembered(rows, purged, horizon) for purged in (False, True))
    # outcomes that share 19 of 20 sessions agree with probability 1/2 + asin(19/20) / pi
    assert leaking.mean() == pytest.approx(0.5 + np.arcsin(19 / 20) / np.pi, abs=0.03)
    # tickers of one date are independent here: 760 tosses of a coin
    assert abs(purged.mean() - 0.5) < 3 * 0.5 / np.sqrt(len(purged))


@pytest.mark.parametrize("label", [Label(10), Label(10, "excess")])
def test_no_training_label_is_made_of_a_test_price(walk_prices, parameters, label):
    """Counted in sessions and by the date that made each label, with an embargo on top."""
    settings = settings_from(TrainSettings, {**parameters, "embargo_sessions": 3})
    rows = rows_from(engineer(walk_prices(300, ("AA", "BB"), 5), label).frame[list(needed())], label)
    sessions = rows.sessions()
    folds = list(usable_folds(rows, settings, label.horizon_sessions))
    assert len(folds) > 2
    for entry in folds:
        start = np.datetime64(entry.fold.test_from)
        assert rows.label_dates[entry.train].max() < start
        between = sessions.index(entry.fold.test_from) - sessions.index(entry.fold.train_to) - 1
        assert between == 10 + 3


def test_an_excess_is_known_when_the_last_ticker_of_its_session_is():
    """BB does not trade on the 3rd and 4th: its return from the 2nd ends on the 8th, and so does the mean."""
    days = pd.to_datetime([f"2020-01-0{n}" for n in (1, 2, 3, 6, 7, 8)])
    frame = pd.DataFrame({"date": [*days, *days.delete([2, 3])], "ticker": ["AA"] * 6 + ["BB"] * 4})
    frame = frame.assign(**dict.fromkeys(needed()[2:], 1.0))
    known = {
        kind: {
            (t, str(d)[-2:]): str(k)[-2:]
            for t, d, k in zip(rows.tickers, rows.dates, rows.label_dates, strict=True)
        }
        for kind in ("direction", "excess")
        for rows in [rows_from(frame, Label(2, kind))]
    }
    assert known["direction"] == {
        ("AA", "01"): "03", ("BB", "01"): "07", ("AA", "02"): "06", ("BB", "02"): "08", ("AA", "03"): "07",
        ("AA", "06"): "08", ("AA", "07"): "aT", ("BB", "07"): "aT", ("AA", "08"): "aT", ("BB", "08"): "aT",
    }  # fmt: skip
    assert known["excess"] == {**known["direction"], ("AA", "01"): "07", ("AA", "02"): "08"}


def test_the_last_row_of_a_ticker_is_one_whatever_the_horizon(trained):
    """One signal a ticker, after its last row, up to the last session of the horizon."""
    prices, _, predictions, _ = trained(Label(5))
    signals = predictions.header["signals"]
    assert [s["ticker"] for s in signals] == ["AA", "BB", "CC"]
    assert {s["after"] for s in signals} == {str(prices.frame["date"].max())[:10]} == {"2016-02-25"}
    assert {s["session"] for s in signals} == {"2016-03-03"}, "five sessions of the exchange later"
    assert predictions.header["label"] == {"horizon_sessions": 5, "label": "direction"}


def test_a_model_says_what_it_was_trained_on(trained):
    """And with it from when on a row is a test of it: the last label's own last session."""
    prices, features, _, model = trained(Label(5, "excess"))
    days = sorted(prices.frame["date"].unique())
    training = model.body["training"]
    assert (training["horizon_sessions"], training["label"]) == (5, "excess")
    assert (training["to"], training["labels_to"]) == (str(days[-6])[:10], str(days[-1])[:10])
    loaded = load_model(model)
    assert loaded.label == Label(5, "excess")
    assert loaded.no_test_to < date.fromisoformat(training["labels_to"])
    scored = score(features, model, SCORING)
    assert set(scored.frame["date"].astype(str)) == {training["labels_to"]}
    assert scored.header["label"] == {"horizon_sessions": 5, "label": "excess"}


def test_a_model_of_one_session_has_no_new_field(trained):
    """What was made before there was a choice is made the same."""
    *_, model = trained(Label())
    assert not {"label", "labels_to"} & set(model.body["training"])
    assert load_model(model).no_test_to == load_model(model).trained_to


@pytest.mark.parametrize("other", [Label(), Label(5, "excess"), Label(6)])
def test_scoring_with_a_model_of_another_label_is_refused(trained, walk_prices, other):
    """The message names both."""
    *_, model = trained(Label(5))
    with pytest.raises(ModelError, match=r"trained on the direction over the next 5 sessions.*" + other.name):
        score(engineer(walk_prices(300, ("AA", "BB", "CC"), 3), other), model, SCORING)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon_sessions": 0}, "horizon_sessions is '0'"),
        ({"horizon_sessions": 64}, "horizon_sessions is '64'"),
        ({"horizon_sessions": 1}, "unknown"),
        ({"label": "size"}, "label is 'size'"),
        ({"labels_to": "soon"}, "labels_to is 'soon'"),
    ],
)
def test_a_model_with_a_damaged_label_is_refused(trained, change, message):
    """Like any other damage."""
    *_, model = trained(Label(5))
    body = {**model.body, "training": {**model.body["training"], **change}}
    with pytest.raises(ModelError, match=message):
        load_model(Document("model", body))


def test_the_sessions_before_the_first_fold_leave_room_for_the_horizon(walk_prices, parameters):
    """At the least 30 sessions are left to learn from, and 5 outcomes to judge."""
    assert fitting_min_train_sessions([5] * 3_000, horizon_sessions=63) == 712
    assert fitting_min_train_sessions([5] * 500, horizon_sessions=63) == 500 - 5 * 63
    assert fitting_min_train_sessions([5] * 300, horizon_sessions=63) == 30 + 62
    settings = settings_from(TrainSettings, {**parameters, "min_train_sessions": "auto"})
    rows = rows_from(engineer(walk_prices(300, ("AA",), 5), Label(20)).frame[list(needed())], Label(20))
    assert min_train_sessions(rows, settings, 20) == 140


def test_a_rest_of_less_than_two_horizons_joins_the_fold_before(walk_prices):
    """It could not be resampled."""
    days = rows_from(engineer(walk_prices(300, ("AA",), 5), Label()).frame[list(needed())]).sessions()[:230]
    lengths = [
        [
            (days.index(f.test_to) - days.index(f.test_from) + 1)
            for f in walk_forward(days, min_train_sessions=100, fold_sessions=100, horizon_sessions=h)
        ]
        for h in (1, 16)
    ]
    assert lengths == [[100, 30], [130]]
