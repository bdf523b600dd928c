"""Features and trained models that model tests share."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from core.features import engineer
from core.models.train_settings import TrainSettings
from core.models.training import train
from core.parameters import settings_from
from core.tables.artifacts import Table

PARAMETERS = {
    "mode": "train",
    "model": "logistic_regression",
    "beside": "hist_gradient_boosting",
    "seed": 7,
    "min_train_sessions": 100,
    "fold_sessions": 50,
    "calendar": "XNYS",
    "model_id": None,
}


def _walk_prices(sessions, tickers, seed):
    draw = np.random.default_rng(seed)
    days = pd.bdate_range("2015-01-02", periods=sessions).astype("datetime64[s]")
    parts = [
        pd.DataFrame(
            {
                "date": days,
                "ticker": name,
                "adj_close": 40 * np.exp(np.cumsum(draw.normal(0, 0.02, sessions))),
            }
        )
        for name in tickers
    ]
    return Table("prices_clean", pd.concat(parts, ignore_index=True).astype({"ticker": "str"}))


@pytest.fixture(scope="session")
def parameters():
    """Settings of the train stage that suit a few hundred sessions."""
    return dict(PARAMETERS)


@pytest.fixture(scope="session")
def walk_prices():
    """A function (sessions, tickers, seed) to random-walk prices on weekdays from 2015-01-02."""
    return _walk_prices


@pytest.fixture(scope="session")
def features():
    """Features of 260 sessions of three random walks."""
    return engineer(_walk_prices(260, ("AA", "BB", "CC"), 3))


@pytest.fixture(scope="session")
def trained(features):
    """By model kind: predictions and model document trained on ``features``."""
    kinds = {"logistic_regression": "hist_gradient_boosting", "hist_gradient_boosting": None}
    return {
        kind: train(
            features,
            settings_from(TrainSettings, {**PARAMETERS, "model": kind, "beside": beside}),
            features_sha256="ab" * 32,
        )
        for kind, beside in kinds.items()
    }


@pytest.fixture(scope="session")
def sample_features():
    """Features of the embedded sample."""
    path = files("core.sources") / "shipped" / "stocks.csv.gz"
    frame = pd.read_csv(path, compression="gzip", keep_default_na=False)
    frame = frame.rename(columns={"Adj Close": "adj_close"}).rename(columns=str.lower)
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[s]")
    return engineer(Table("prices_clean", frame.astype({"ticker": "str"})))
