"""Differences of the model from each other predictor, on the rows that both have."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from core.evaluation.comparison import compare
from core.measures.bootstrap import Resampling
from core.measures.judged_rows import labelled_rows

DATES, TICKERS = 40, 5


def compared(up=None):
    """Judged rows of one fold, the previous day's sign without a value on every seventh, and the comparison."""
    draw, count = np.random.default_rng(2), DATES * TICKERS
    frame = pd.DataFrame(
        {
            "date": np.repeat(pd.bdate_range("2020-01-02", periods=DATES), TICKERS).astype("datetime64[s]"),
            "ticker": pd.Series(list("ABCDE") * DATES, dtype="str"),
            "probability": draw.random(count),
            "up_next": draw.integers(0, 2, count).astype(float) if up is None else up,
            "fold": 1.0,
            "next_return": draw.normal(0, 0.01, count),
        }
    )
    sign = np.where(np.arange(count) % 7 == 0, np.nan, draw.integers(0, 2, count))
    rules = {"previous_day_sign": sign, "always_up": np.ones(count), "majority": np.full(count, 0.5)}
    rows = labelled_rows(frame)
    made = compare(rows, {}, rules, np.zeros(DATES), Resampling(200, 5, 0.95, 1), cost_bps=5.0)
    return frame, sign, {(entry["against"], entry["metric"]): entry for entry in made.paired}


def test_a_rule_without_a_value_everywhere_is_compared_on_the_rows_that_have_one():
    """AUCs by scikit-learn; that of the reversal is the sign's, every pair won the other way round."""
    frame, sign, paired = compared()
    known = ~np.isnan(sign)
    up, probability = frame["up_next"][known], frame["probability"][known]
    ours, theirs = roc_auc_score(up, probability), roc_auc_score(up, sign[known])
    for name, auc in (("previous_day_sign", theirs), ("reversal", 1 - theirs)):
        entry = paired[name, "auc"]
        np.testing.assert_allclose(entry["difference"], ours - auc, atol=1e-12)
        assert entry["low"] < entry["difference"] < entry["high"]


def test_where_one_has_no_figure_the_reason_names_it():
    """Days that all rise have no AUC; a holding that earns nothing has no Sharpe ratio."""
    _, _, paired = compared(up=1.0)
    assert {key: entry.get("reason") for key, entry in paired.items() if entry["low"] is None} == {
        ("previous_day_sign", "auc"): "one of the two has no AUC to compare",
        ("reversal", "auc"): "one of the two has no AUC to compare",
        ("buy_and_hold", "long_flat_sharpe"): "one of the two has no long flat sharpe to compare",
    }
