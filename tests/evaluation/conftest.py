"""Small worlds for the tests of evaluation: predictions, features and whole inputs of the stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.request.stages import stage_named
from core.tables.artifacts import Artifact, Document, Table

SEEN = ("return", "ma5_ratio", "volatility20")


@pytest.fixture
def settings() -> dict[str, Any]:
    """The evaluate stage's defaults, with fewer resamples."""
    defaults = {p.name: p.parse(p.default) for p in stage_named("evaluate").parameters}
    return {**defaults, "bootstrap_samples": 200}


@pytest.fixture
def world() -> Callable[..., dict[str, Artifact]]:
    """A builder of the stage's inputs whose labels are those of its own random returns."""

    def build(
        dates: int = 200,
        tickers: int = 3,
        *,
        judged: int = 120,
        folds: int = 3,
        seed: int = 0,
        signal: float = 0.0,
        mode: str = "train",
        beside: bool = True,
        known: Iterable[str] = SEEN,
    ) -> dict[str, Artifact]:
        random = np.random.default_rng(seed)
        shape = (dates, tickers)
        returns = random.normal(0, 0.01, shape)
        after = np.vstack([returns[1:], np.full((1, tickers), np.nan)])
        up = np.where(np.isnan(after), np.nan, (after > 0).astype(float))
        sessions = np.repeat(pd.bdate_range("2020-01-01", periods=dates).to_numpy("datetime64[s]"), tickers)
        names = np.tile([f"T{i}" for i in range(tickers)], dates)
        features = pd.DataFrame(
            {
                "date": sessions, "ticker": names, "adj_close": 100 * np.cumprod(1 + returns, axis=0).ravel(),
                "return": returns.ravel(), "ma5_ratio": random.normal(size=dates * tickers),
                "volatility20": random.uniform(size=dates * tickers), "up_next": up.ravel(),
            }
        )  # fmt: skip
        noise = random.uniform(-0.1, 0.1, shape)
        probability = 0.5 + noise + signal * np.where(np.isnan(up), 0, up - 0.5)
        table = features[["date", "ticker", "up_next"]].assign(probability=probability.clip(0, 1).ravel())
        table = table.iloc[-judged * tickers :].reset_index(drop=True)
        place = np.repeat(np.arange(judged) * folds // judged + 1, tickers)
        table["fold"] = np.nan if mode == "score" else place.astype(float)
        if beside:
            table["probability_hist_gradient_boosting"] = random.uniform(0.4, 0.6, len(table))
        table = table[["date", "ticker", "probability", "up_next", *list(table.columns)[4:]]]
        signals = [
            {
                "ticker": "T0",
                "after": "2020-10-06",
                "session": "2020-10-07",
                "probability": 0.5,
                "direction": "up",
            }
        ]
        end = str(np.datetime_as_string(sessions[-judged * tickers - 1], unit="D"))
        model = {
            "model_kind": "logistic_regression", "features": list(known),
            "training": {"from": "2020-01-01", "to": end, "rows": 10},
            "walk_forward": {"folds": 3, "performance": {"auc": {"value": 0.51, "low": 0.5, "high": 0.52}}},
        }  # fmt: skip
        source = {
            "name": "files", "uri": "prices.csv", "sha256": "ab", "rows": len(features), "price_basis": "raw",
            "adjusted_close": "source", "waivers": [],
            "tickers": {"T0": {"rows": dates, "first": "2020-01-01", "last": "2020-10-06", "outcome": "ok"}},
        }  # fmt: skip
        return {
            "predictions": Table(
                "predictions", table, {"mode": mode, "signals": signals, "no_model_reason": None}
            ),
            "features": Table("features", features, {"feature_set": 1}),
            "findings": Document("findings", {"source": source, "findings": []}),
            "repairs": Document(
                "repairs", {"rows_in": len(features) + 1, "rows_out": len(features), "repairs": []}
            ),
            "model": Document("model", model),
        }

    return build
