"""A walk forward without some inputs: that of a table that never had them, on the same rows."""

import numpy as np
import pandas as pd
import pytest

from core.errors import ParameterError
from core.features.engineering import engineer
from core.features.plugin_features import feature_set_of
from core.models.ablation import walk_without
from core.models.train_settings import TrainSettings
from core.models.training import train
from core.plugins.loading import Plugins
from core.plugins.modules import modules_named
from core.tables.artifacts import Table
from tests.plugins.changed_features import BODY

LATE = """
@feature(warm_up=100, text="the day's move a hundred sessions ago")
def late(panel):
    return panel.lag(panel.close / panel.open - 1, 100)
"""
SETTINGS = TrainSettings("logistic_regression", (), 7, 150, 60, "XNYS")


@pytest.fixture(scope="module")
def prices():
    """Three tickers of 400 sessions whose next return follows the day's move."""
    draw, frames = np.random.default_rng(3), []
    for ticker in ("AA", "BB", "CC"):
        move = draw.normal(0, 0.01, 400)
        close = 50 * np.exp(np.cumsum(np.r_[0, 0.6 * move[:-1]] + draw.normal(0, 0.01, 400)))
        days = pd.bdate_range("2020-01-02", periods=400).astype("datetime64[s]")
        columns = {"open": close / (1 + move), "high": close * 1.1, "low": close * 0.9, "close": close}
        frames.append(
            pd.DataFrame({"date": days, "ticker": ticker, **columns, "adj_close": close, "volume": 1e6})
        )
    return Table("prices_clean", pd.concat(frames, ignore_index=True))


@pytest.fixture
def features(prices, tmp_path):
    """Their features, with those of a module."""
    (tmp_path / "mine.py").write_text(BODY + LATE)
    return engineer(prices, feature_set=feature_set_of(Plugins(modules_named("mine.py", tmp_path))))


def plain(prices):
    """The out-of-sample probabilities of a training that never had a feature of a module."""
    return train(engineer(prices), SETTINGS, features_sha256="")[0].frame.sort_values(["date", "ticker"])


def test_without_a_feature_it_is_the_training_of_a_table_that_never_had_it(prices, tmp_path):
    """Bit-equal, where the feature has a value on every row."""
    (tmp_path / "mine.py").write_text(BODY)
    features = engineer(prices, feature_set=feature_set_of(Plugins(modules_named("mine.py", tmp_path))))
    fewer, expected = walk_without(features, SETTINGS, ["body"]), plain(prices)
    assert len(fewer) == len(expected) > 600
    assert (fewer["probability"].to_numpy() == expected["probability"].to_numpy()).all()
    assert (fewer["date"].to_numpy() == expected["date"].to_numpy()).all()


def test_rows_without_a_value_of_what_is_left_out_count_in_neither(prices, features):
    """A feature that begins after a hundred sessions: the same rows are judged, and fewer are learnt from."""
    whole = train(features, SETTINGS, features_sha256="")[0].frame
    fewer = walk_without(features, SETTINGS, ["late", "body"])
    assert set(zip(fewer["date"], fewer["ticker"], strict=True)) == set(
        zip(whole["date"], whole["ticker"], strict=True)
    )
    assert not np.array_equal(fewer["probability"].to_numpy(), plain(prices)["probability"].to_numpy())


@pytest.mark.parametrize(
    ("without", "message"), [(["bodi"], "has no input 'bodi'.*body"), (None, "no input would be left")]
)
def test_what_cannot_be_left_out_is_named(features, without, message):
    """An unknown name with the nearest, and every input."""
    from core.features import model_features
    from core.features.definitions import own_of

    with pytest.raises(ParameterError, match=message):
        walk_without(features, SETTINGS, without or model_features(own=own_of(features.header)))


def test_where_no_fold_has_both_outcomes_there_are_no_rows(features):
    """Prices that only rise teach nothing, with every input or with fewer: an empty table with its columns."""
    rising = features.frame.assign(
        up_next=features.frame["up_next"].where(features.frame["up_next"].isna(), 1)
    )
    fewer = walk_without(Table("features", rising, features.header), SETTINGS, ["body"])
    assert {name: str(kind) for name, kind in fewer.dtypes.items()} == {
        "date": "datetime64[s]", "ticker": "str", "probability": "float64",
    }  # fmt: skip
    assert fewer.empty
