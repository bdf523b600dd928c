"""A notebook's way with plain pandas: ``python benchmarks/plain_pandas.py FILE OUT``.

Features by ``groupby``, the label, the same two models walked forward over the same sessions, AUC and Brier score of
each fold and the Sharpe ratio of being long where the chance is above one half. No rules, intervals, drift, slices,
report or files but ``predictions.parquet``. ``benchmarks/growth.py`` puts its growth beside the pipeline's.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"  # as the stages run

import numpy as np  # noqa: E402 - see above
import pandas as pd  # noqa: E402 - see above
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: E402 - see above
from sklearn.linear_model import LogisticRegression  # noqa: E402 - see above
from sklearn.metrics import brier_score_loss, roc_auc_score  # noqa: E402 - see above
from sklearn.pipeline import make_pipeline  # noqa: E402 - see above
from sklearn.preprocessing import StandardScaler  # noqa: E402 - see above

INPUTS = ["return", "ma5_ratio", "ma10_ratio", "ma20_ratio", "volatility20", "lag1", "lag2", "lag3", "lag5"]
MOST_TRAINING, FOLD, MOST_ROWS = 712, 252, 2_000_000
LOGISTIC: dict[str, Any] = {"solver": "newton-cholesky", "tol": 1e-10}
BOOSTING: dict[str, Any] = {
    "max_iter": 40, "max_leaf_nodes": 7, "max_bins": 63, "learning_rate": 0.05, "min_samples_leaf": 100,
    "early_stopping": False, "random_state": 7,
}  # fmt: skip
YEAR = 252


def features(file: str) -> pd.DataFrame:
    """Return features and label of every row, by ticker and date."""
    frame = pd.read_parquet(file, columns=["date", "ticker", "adj_close"]).sort_values(["ticker", "date"])
    by = frame.groupby("ticker", observed=True, sort=False)["adj_close"]
    frame["return"] = by.pct_change()
    for days in (5, 10, 20):
        mean = by.rolling(days).mean().reset_index(level=0, drop=True)
        frame[f"ma{days}_ratio"] = frame["adj_close"] / mean - 1
    returns = frame.groupby("ticker", observed=True, sort=False)["return"]
    frame["volatility20"] = returns.rolling(20).std().reset_index(level=0, drop=True)
    for days in (1, 2, 3, 5):
        frame[f"lag{days}"] = returns.shift(days)
    frame["next_return"] = returns.shift(-1)
    return frame.dropna(subset=INPUTS)


def walk(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, float]]]:
    """Return the predictions of all folds, and AUC and Brier score of each fold and model."""
    frame = frame.dropna(subset=["next_return"]).sort_values(["date", "ticker"])
    frame["up_next"] = (frame["next_return"] > 0).astype(int)
    sessions = np.sort(frame["date"].unique())
    tests, scores = [], []
    for start in range(min(len(sessions) // 2, MOST_TRAINING), len(sessions), FOLD):
        days = sessions[start : start + FOLD]
        train = frame[frame["date"] < sessions[start - 1]]
        train = train.iloc[:: max(1, -(-len(train) // MOST_ROWS))]
        test = frame[frame["date"].isin(days)].copy()
        models = {
            "probability": make_pipeline(StandardScaler(), LogisticRegression(**LOGISTIC)),
            "probability_boosting": HistGradientBoostingClassifier(**BOOSTING),
        }
        score = {}
        for name, model in models.items():
            model.fit(train[INPUTS].to_numpy(), train["up_next"])
            test[name] = model.predict_proba(test[INPUTS].to_numpy())[:, 1]
            score[f"auc_{name}"] = roc_auc_score(test["up_next"], test[name])
            score[f"brier_{name}"] = brier_score_loss(test["up_next"], test[name])
        tests.append(test)
        scores.append(score)
    return pd.concat(tests), scores


def main() -> None:
    """Run once and print the figures."""
    file, out = sys.argv[1], Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    judged, scores = walk(features(file))
    held = judged["next_return"].where(judged["probability"] > 0.5, 0.0)
    daily = held.groupby(judged["date"]).mean()
    judged[["date", "ticker", "probability", "probability_boosting"]].to_parquet(out / "predictions.parquet")
    sharpe = float(daily.mean() / daily.std() * np.sqrt(YEAR))
    print(json.dumps({"folds": scores, "sharpe": sharpe, "rows": len(judged)}))


if __name__ == "__main__":
    main()
