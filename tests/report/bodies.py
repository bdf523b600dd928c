"""Evaluations as the report gets them, written out: trained, scored, and with too little to judge."""

from __future__ import annotations

from typing import Any

FEATURES = ["return", "ma5_ratio", "ma10_ratio", "ma20_ratio", "volatility20", "lag1", "lag2", "lag3", "lag5"]
METRICS = (
    "auc",
    "precision",
    "recall",
    "hit_rate",
    "brier",
    "brier_skill",
    "log_loss",
    "long_flat_return",
    "long_flat_sharpe",
)


def estimate(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def performance() -> dict[str, Any]:
    return {
        "auc": estimate(0.49812, 0.48573, 0.51084),
        "precision": estimate(0.51247, 0.50102, 0.52401),
        "recall": estimate(0.71836, 0.69011, 0.74512),
        "hit_rate": estimate(0.50538, 0.49541, 0.51602),
        "brier": estimate(0.250312, 0.249701, 0.250934),
        "brier_skill": estimate(-0.00214, -0.00455, 0.00031),
        "log_loss": estimate(0.693774, 0.692531, 0.695018),
        "long_flat_return": estimate(0.06134, -0.04112, 0.16021),
        "long_flat_sharpe": estimate(0.3912, -0.2514, 1.0333),
    }


def beside() -> dict[str, Any]:
    return {
        "hist_gradient_boosting": {
            "auc": estimate(0.51304, 0.49985, 0.52667),
            "precision": estimate(0.52198, 0.51066, 0.53287),
            "recall": estimate(0.60117, 0.57834, 0.62401),
            "hit_rate": estimate(0.51289, 0.50301, 0.52312),
            "brier": estimate(0.250988, 0.249612, 0.252401),
            "brier_skill": estimate(-0.00481, -0.01012, 0.00048),
            "log_loss": estimate(0.695342, 0.692411, 0.698377),
            "long_flat_return": estimate(0.14261, 0.02711, 0.25988),
            "long_flat_sharpe": estimate(0.7689, 0.1403, 1.3951),
        }
    }


def baselines() -> dict[str, Any]:
    keys = ("auc", "precision", "recall", "hit_rate", "brier", "log_loss", "annual_return", "sharpe")
    table = {
        "majority": (0.5, 0.51306, 1.0, 0.51306, 0.249853, 0.692853, None, None),
        "previous_day_sign": (0.48795, 0.50121, 0.50344, 0.48844, None, None, 0.0121, 0.0789),
        "reversal": (0.51205, 0.52514, 0.49656, 0.51156, None, None, 0.1713, 0.8214),
        "always_up": (0.5, 0.51306, 1.0, 0.51306, None, None, 0.2104, 1.0192),
        "buy_and_hold": (None, None, None, None, None, None, 0.2138, 1.0217),
        "equal_weight_daily": (None, None, None, None, None, None, 0.2089, 1.0013),
    }
    return {name: dict(zip(keys, values, strict=True)) for name, values in table.items()}


def folds() -> list[dict[str, Any]]:
    aucs = (0.4761, 0.5112, 0.5037, 0.4689, 0.5291, 0.4903, 0.5178, 0.4824, 0.5006, 0.5011)
    return [
        {
            "fold": i + 1,
            "from": f"{2003 + i}-01-02",
            "to": f"{2003 + i}-12-31",
            "rows": 756 + 34 * i,
            "auc": auc,
            "brier": 0.2503,
            "precision": 0.51 + i / 1000,
            "recall": 0.7,
            "hit_rate": 0.505,
        }
        for i, auc in enumerate(aucs)
    ]


def calibration() -> list[dict[str, Any]]:
    up = (0.521, 0.507, 0.498, 0.509, 0.515, 0.512, 0.529, 0.503, 0.517, 0.519)
    return [
        {
            "low": 0.44 + 0.014 * i,
            "high": 0.454 + 0.014 * i,
            "rows": 977,
            "mean_probability": 0.447 + 0.014 * i,
            "share_up": share,
        }
        for i, share in enumerate(up)
    ]


def drift() -> dict[str, Any]:
    column = {
        "ks": 0.0913,
        "ks_p": 0.0124,
        "psi": 0.1482,
        "wasserstein": 0.1391,
        "js": 0.1127,
        "percentile": 61.3,
        "severity": "ok",
        "reason": "within what past windows show",
    }
    held = {name: dict(column) for name in (*FEATURES, "probability")}
    held["volatility20"] |= {
        "ks": 0.4127,
        "psi": 0.9123,
        "percentile": 96.4,
        "severity": "warn",
        "reason": "beyond 95 of 100 past windows",
    }
    return held


def data() -> dict[str, Any]:
    rows = {"AAPL": 3270, "FB": 199, "GOOG": 2146, "IBM": 3270, "MSFT": 3270}
    first = {"FB": "2012-05-18", "GOOG": "2004-08-19"}
    return {
        "source": {
            "name": "sample",
            "uri": "bokeh_sampledata/_data/stocks.csv.gz",
            "sha256": "5d" * 32,
            "rows": 12158,
        },
        "rows_in": 12158,
        "rows_clean": 12155,
        "tickers": {
            t: {
                "rows": n,
                "rows_clean": n - 1,
                "first": first.get(t, "2000-03-01"),
                "last": "2013-03-01",
                "outcome": "ok",
            }
            for t, n in rows.items()
        },
        "from": "2000-03-01",
        "to": "2013-03-01",
        "findings": [
            {"rule": "large_move", "severity": "warning", "count": 17},
            {"rule": "missing_session", "severity": "warning", "count": 2},
        ],
        "repairs": [{"rule": "exact_duplicate", "count": 2}, {"rule": "reverting_spike", "count": 1}],
        "price_basis": "split_adjusted",
        "adjusted_close": "source",
        "waivers": [],
    }


def features() -> dict[str, Any]:
    texts = {
        "return": "simple return of the adjusted close",
        "ma5_ratio": "adjusted close over the mean of the last 5, minus 1",
        "ma10_ratio": "adjusted close over the mean of the last 10, minus 1",
        "ma20_ratio": "adjusted close over the mean of the last 20, minus 1",
        "volatility20": "standard deviation (ddof 1) of the last 20 returns, not annualised",
        "lag1": "the return 1 session earlier",
        "lag2": "the return 2 sessions earlier",
        "lag3": "the return 3 sessions earlier",
        "lag5": "the return 5 sessions earlier",
    }
    return {
        "feature_set": "1",
        "definition_digest": "ab12" * 16,
        "rows": 12155,
        "complete_rows": 12050,
        "definitions": [{"name": n, "text": t} for n, t in texts.items()],
        "label": "1 if the next session's return is above 0, else 0; null on a ticker's last row.",
    }


def model() -> dict[str, Any]:
    return {
        "model_id": "3fa94c0de811",
        "model_kind": "logistic_regression",
        "features": list(FEATURES),
        "training": {
            "from": "2000-03-29",
            "to": "2013-02-28",
            "rows": 12050,
            "sessions": 3249,
            "tickers": ["AAPL", "FB", "GOOG", "IBM", "MSFT"],
            "features_sha256": "c4" * 32,
            "seed": 7,
            "horizon_sessions": 1,
            "libraries": {"scikit-learn": "1.9", "numpy": "2.4"},
        },
        "age_sessions": 1,
        "retained": None,
    }


def trained_body() -> dict[str, Any]:
    return {
        "verdict": "no better than chance",
        "verdict_sentence": "The model is no better than chance: its AUC is 0.498 with a 95% interval from "
        "0.486 to 0.511, which holds 0.500, the toss of a coin.",
        "mode": "train",
        "performance": performance(),
        "training_performance": None,
        "baselines": baselines(),
        "beside": beside(),
        "paired": [
            {
                "against": "previous_day_sign",
                "metric": "auc",
                "difference": 0.01017,
                "low": -0.00811,
                "high": 0.02803,
            },
            {
                "against": "hist_gradient_boosting",
                "metric": "auc",
                "difference": -0.01492,
                "low": -0.02901,
                "high": -0.00102,
            },
        ],
        "rows": 9773,
        "sessions": 2517,
        "up_rate": 0.51306,
        "from": "2003-01-02",
        "to": "2012-12-31",
        "by_fold": folds(),
        "by_ticker": {
            t: {
                "rows": n,
                "auc": auc,
                "brier": 0.2503,
                "precision": 0.512,
                "recall": 0.718,
                "hit_rate": 0.505,
            }
            for t, n, auc in (
                ("AAPL", 2517, 0.5021),
                ("FB", 155, 0.4633),
                ("GOOG", 2102, 0.4957),
                ("IBM", 2517, 0.4989),
                ("MSFT", 2482, 0.5064),
            )
        },
        "calibration": calibration(),
        "leak_alarm": {"raised": False, "reason": "AUC 0.498 is not above 0.600"},
        "drift": drift(),
        "drift_window": {
            "current_from": "2012-11-29",
            "current_to": "2013-03-01",
            "current_sessions": 63,
            "reference_from": "2000-03-29",
            "reference_to": "2012-11-28",
            "psi_bins": 10,
            "epsilon": 1e-4,
            "rows_current": 315,
            "rows_reference": 11735,
        },
        "signals": [
            {
                "ticker": t,
                "after": "2013-03-01",
                "session": "2013-03-04",
                "probability": p,
                "direction": "up" if p >= 0.5 else "down",
            }
            for t, p in (
                ("AAPL", 0.4871),
                ("FB", 0.5212),
                ("GOOG", 0.5344),
                ("IBM", 0.5093),
                ("MSFT", 0.5118),
            )
        ],
        "data": data(),
        "features": features(),
        "model": model(),
        "settings": {
            "bootstrap_samples": 1000,
            "block_sessions": 10,
            "confidence": 0.95,
            "bootstrap_seed": 11,
            "drift_sessions": 63,
            "leak_auc": 0.6,
            "cost_bps": 5.0,
        },
        "digests": {
            f"{kind}.json": (f"{i:02x}" * 32)
            for i, kind in enumerate(("features", "findings", "model", "predictions", "repairs"), start=17)
        },
    }


def scored_body() -> dict[str, Any]:
    """A champion over half a year of new sessions: one period, wide interval."""
    body = trained_body()
    window = {"from": "2012-07-02", "to": "2012-12-31"}
    fold = {
        "fold": 1,
        **window,
        "rows": 630,
        "auc": 0.5231,
        "brier": 0.2497,
        "precision": 0.52,
        "recall": 0.66,
        "hit_rate": 0.517,
    }
    body |= {
        "mode": "score",
        "rows": 630,
        "sessions": 126,
        **window,
        "by_fold": [fold],
        "beside": {},
        "paired": [],
    }
    body["performance"]["auc"] = estimate(0.5231, 0.4702, 0.5761)
    body["verdict_sentence"] = (
        "The model is no better than chance on 630 new rows: AUC 0.523, 95% interval 0.470 to 0.576."
    )
    body["model"] |= {"age_sessions": 171}
    return body


def unjudged(body: dict[str, Any], verdict: str, reason: str) -> dict[str, Any]:
    null = {"value": None, "low": None, "high": None, "reason": reason}
    nothing = {key: dict.fromkeys(held) for key, held in body["baselines"].items()}
    return body | {
        "verdict": verdict,
        "verdict_sentence": f"{verdict.capitalize()}: {reason}",
        "performance": {key: dict(null) for key in METRICS},
        "baselines": nothing,
        "beside": {},
        "paired": [],
        "by_fold": [],
        "by_ticker": {},
        "calibration": [],
        "rows": 0,
        "sessions": 0,
        "up_rate": None,
        "from": None,
        "to": None,
    }
