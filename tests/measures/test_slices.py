"""Figures by slice with intervals: scikit-learn's values, textbook spreads, and coverage by simulation."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, brier_score_loss, precision_score, recall_score, roc_auc_score

from core.measures.bootstrap import Resampling, estimate
from core.measures.expanded import blocks_of, coverage
from core.measures.performance import PooledScore
from core.measures.slices import RankedRows
from core.measures.weighted import WeightedScore

HOW = Resampling(2000, 5, 0.95, 3)


def slice_aucs(rows, number):
    """By slice: scikit-learn's AUC of each fold's part, weighted by its rows."""
    values = []
    for one in range(number.max() + 1):
        parts = []
        for fold in range(len(rows.folds)):
            own = (rows.fold == fold) & (number == one)
            if len(set(rows.up[own])) == 2:
                parts.append((roc_auc_score(rows.up[own], rows.probability[own]), own.sum()))
        values.append(np.average([a for a, _ in parts], weights=[n for _, n in parts]) if parts else np.nan)
    return values


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 500))
def test_values_are_scikit_learns_with_ties_and_left_out_rows(seed):
    """Whatever the slices; rows in none, and folds of one outcome, are left out."""
    random = np.random.default_rng(seed)
    rows = built(seed=seed)
    number = random.integers(-1, 4, len(rows))
    number[:4] = [0, 1, 2, 3]
    kept = number >= 0
    found = RankedRows(rows, HOW).auc(number, 4)
    np.testing.assert_allclose(found.value, slice_aucs(rows, np.where(kept, number, -1)), rtol=1e-12)


def built(folds=(30, 20, 8), tickers=4, *, seed=0, skill=0.0, decimals=1):
    """Judged rows of random probabilities with ties."""
    import pandas as pd

    from core.measures.judged_rows import labelled_rows

    random = np.random.default_rng(seed)
    dates = sum(folds)
    probability = random.uniform(0.3, 0.7, dates * tickers)
    chance = 0.5 + skill * np.sign(probability - 0.5)
    days = pd.bdate_range("2020-01-01", periods=dates).to_numpy("datetime64[s]")
    frame = pd.DataFrame(
        {
            "date": np.repeat(days, tickers),
            "ticker": np.tile([f"T{i}" for i in range(tickers)], dates),
            "probability": probability.round(decimals) if decimals else probability,
            "up_next": (random.random(dates * tickers) < chance).astype(float),
            "fold": np.repeat(np.repeat(np.arange(1.0, len(folds) + 1), folds), tickers),
        }
    )
    return labelled_rows(frame)


def test_with_one_row_a_date_and_blocks_of_one_the_spread_is_delongs():
    """A single ticker, one fold: the textbook formula, but for n less one."""
    rows = built((300,), 1, seed=5, decimals=None)
    found = RankedRows(rows, Resampling(100, 1, 0.95, 1)).auc(np.zeros(len(rows), dtype=np.int64), 1)
    ups, falls = rows.probability[rows.up > 0], rows.probability[rows.up == 0]
    above = (ups[:, None] > falls).mean(axis=1)
    below = (ups[:, None] > falls).mean(axis=0)
    error = (above.var(ddof=1) / len(ups) + below.var(ddof=1) / len(falls)) ** 0.5
    assert found.value[0] == pytest.approx(above.mean(), rel=1e-12)
    assert found.high[0] - found.value[0] == pytest.approx(1.968 * error, rel=0.01)
    assert found.value[0] - found.low[0] == pytest.approx(found.high[0] - found.value[0], rel=1e-9)


def test_the_interval_is_as_wide_as_that_of_resamples():
    """All rows as one slice: within a tenth of the expanded percentile interval of the headline."""
    rows = built((250, 250), 6, seed=2, skill=0.03, decimals=None)
    found = RankedRows(rows, HOW).auc(np.zeros(len(rows), dtype=np.int64), 1)
    auc = estimate({"a": WeightedScore.of(rows, rows.probability)}, rows, HOW)["a"]["auc"]
    low, high = auc.interval(coverage(0.95, blocks_of(rows, HOW)))
    assert found.value[0] == pytest.approx(auc.value, rel=1e-12)
    assert found.high[0] - found.low[0] == pytest.approx(high - low, rel=0.1)


def test_intervals_of_slices_hold_the_truth():
    """Noise whose tickers move together: of 3 slices in 150 panels about 95 of 100 intervals hold one half."""
    holds = []
    for seed in range(150):
        rows = built((120, 60), 5, seed=seed, decimals=None)
        common = np.random.default_rng((seed, 1)).integers(0, 2, len(rows.group_fold))
        together = np.random.default_rng((seed, 2)).random(len(rows)) < 0.6
        rows = replace(rows, up=np.where(together, common[rows.group], rows.up).astype(float))
        found = RankedRows(rows, Resampling(100, 5, 0.95, 1)).auc(np.arange(len(rows)) % 3, 3)
        holds += ((found.low <= 0.5) & (found.high >= 0.5)).tolist()
    assert 0.925 < np.mean(holds) < 0.975


def test_few_rows_or_blocks_have_no_interval():
    """Below 60 rows, or 5 blocks beyond the first, an interval would not cover."""
    rows = built((30,), 4, seed=1, decimals=None)
    number = (np.arange(len(rows)) >= 50).astype(np.int64)
    found = RankedRows(rows, HOW).auc(number, 3)
    assert np.isnan(found.low).tolist() == [True, True, True]
    assert np.isnan(found.value).tolist() == [False, False, True]
    long = built((60,), 4, seed=1, decimals=None)
    assert np.isfinite(RankedRows(long, HOW).auc(np.zeros(240, dtype=np.int64), 1).low).all()


SCORES = {
    "precision": lambda up, p: precision_score(up, p >= 0.5),
    "recall": lambda up, p: recall_score(up, p >= 0.5),
    "hit_rate": lambda up, p: accuracy_score(up, p >= 0.5),
    "brier": brier_score_loss,
}


def test_ratios_are_scikit_learns_over_the_rows_of_each_slice():
    """Rows in no slice are left out; folds count by their rows, for all are taken together."""
    rows = built(seed=7)
    number = np.random.default_rng(1).integers(-1, 3, len(rows))
    figures = RankedRows(rows, HOW).ratios(number, 3)
    for name, score in SCORES.items():
        own = [score(rows.up[number == n], rows.probability[number == n]) for n in range(3)]
        np.testing.assert_allclose(figures[name].value, own, rtol=1e-12)


def test_with_one_row_a_date_and_blocks_of_one_the_spread_is_the_textbooks():
    """A single ticker, one fold: a share has the root of p (1 - p) / (n - 1), a mean its standard error."""
    rows = built((300,), 1, seed=5, decimals=None)
    figures = RankedRows(rows, Resampling(100, 1, 0.95, 1)).ratios(np.zeros(300, dtype=np.int64), 1)
    right = (rows.probability >= 0.5) == rows.up
    squares = (rows.probability - rows.up) ** 2
    expected = {
        "hit_rate": (right.mean() * (1 - right.mean()) / 299) ** 0.5,
        "brier": squares.std(ddof=1) / 300**0.5,
    }
    for name, error in expected.items():
        found = figures[name]
        assert found.high[0] - found.value[0] == pytest.approx(1.96793 * error, rel=1e-5)
        assert found.value[0] - found.low[0] == pytest.approx(1.96793 * error, rel=1e-5)


@pytest.mark.parametrize("name", [*SCORES, "log_loss"])
def test_the_interval_of_a_ratio_is_as_wide_as_that_of_resamples(name):
    """All rows as one slice: within an eighth of the expanded percentile interval of the headline's metrics."""
    rows = built((250, 250), 6, seed=2, skill=0.03, decimals=None)
    found = RankedRows(rows, HOW).ratios(np.zeros(len(rows), dtype=np.int64), 1)[name]
    drawn = estimate({"p": PooledScore.of(rows, rows.probability)}, rows, HOW)["p"][name]
    low, high = drawn.interval(coverage(0.95, blocks_of(rows, HOW)))
    assert found.value[0] == pytest.approx(drawn.value, rel=1e-12)
    assert found.high[0] - found.low[0] == pytest.approx(high - low, rel=0.125)


def test_intervals_of_ratios_hold_the_truth():
    """Tickers that move together: of 3 slices in 400 panels about 95 of 100 hold what is true of these calls."""
    holds = {"hit_rate": [], "precision": [], "recall": [], "brier": []}
    for seed in range(400):
        rows = built((120, 60), 5, seed=seed, decimals=None)
        common = np.random.default_rng((seed, 1)).integers(0, 2, len(rows.group_fold))
        together = np.random.default_rng((seed, 2)).random(len(rows)) < 0.6
        rows = replace(rows, up=np.where(together, common[rows.group], rows.up).astype(float))
        figures = RankedRows(rows, Resampling(100, 5, 0.95, 1)).ratios(np.arange(len(rows)) % 3, 3)
        apart = np.array([((rows.probability[n::3] - 0.5) ** 2).mean() for n in range(3)])
        called = np.array([(rows.probability[n::3] >= 0.5).mean() for n in range(3)])
        truths = {"hit_rate": 0.5, "precision": 0.5, "recall": called, "brier": 0.25 + apart}
        for name, truth in truths.items():
            holds[name] += ((figures[name].low <= truth) & (figures[name].high >= truth)).tolist()
    for name, answers in holds.items():
        assert 0.92 < np.mean(answers) < 0.97, name


def test_a_ratio_of_few_rows_or_without_spread_has_no_interval():
    """The precision of 40 calls has none while the hit rate of all rows has one; a share of 1 in every block: none."""
    rows = built((120,), 4, seed=1, decimals=None)
    few = replace(rows, frame=rows.frame.assign(probability=np.where(np.arange(480) % 12 == 0, 0.6, 0.4)))
    figures = RankedRows(few, HOW).ratios(np.zeros(480, dtype=np.int64), 2)
    assert np.isnan(figures["precision"].low).tolist() == [True, True]
    assert np.isfinite(
        [figures["precision"].value[0], figures["hit_rate"].low[0], figures["brier"].high[0]]
    ).all()
    assert all(np.isnan(figure.value[1]) for figure in figures.values())
    always = replace(rows, up=np.ones(480), frame=rows.frame.assign(probability=0.6))
    assert np.isnan(RankedRows(always, HOW).ratios(np.zeros(480, dtype=np.int64), 1)["hit_rate"].high[0])


def test_the_spread_of_a_ratio_is_that_of_its_blocks_around_each_folds_mean():
    """Two folds of unlike rates, labels that overlap, a slice that some blocks lack: worked out block by block."""
    rows = replace(built((60, 60), 3, seed=4, decimals=None), horizon_sessions=5)
    rows = replace(rows, up=np.where(rows.fold == 1, rows.probability >= 0.5, rows.up).astype(float))
    number = np.where(
        (rows.group % 60 < 10) | (rows.group % 3 == 0), 1, 0
    )  # none of 0 in each fold's first block
    right = ((rows.probability >= 0.5) == rows.up)[number == 0]
    block = (rows.group // 10)[number == 0]  # ten sessions: two horizons
    added = np.array([(right - right.mean())[block == b].sum() / len(right) for b in range(12)])
    folds = [added[1:6], added[7:12]]
    variance = sum(((own - own.mean()) ** 2).sum() * 5 / 4 for own in folds)
    visible = blocks_of(rows, HOW).visible
    assert visible < 0.95
    found = RankedRows(rows, HOW).ratios(number, 2)["hit_rate"]
    reach = 2.306004 * (variance / visible) ** 0.5  # Student's quantile of 8 degrees
    assert found.value[0] == pytest.approx(right.mean(), rel=1e-12)
    assert found.value[0] - found.low[0] == pytest.approx(reach, rel=1e-6)


def test_sixty_rows_in_six_blocks_are_just_enough():
    """One row, or one block, less has no interval; no end lies beyond 1."""
    rows = built((60,), 1, seed=3, decimals=None)
    good = (np.arange(60) % 20 > 0).astype(float)
    rows = replace(rows, frame=rows.frame.assign(probability=0.6), up=good)

    def ends(rows, sessions):
        figure = RankedRows(rows, Resampling(100, sessions, 0.95, 1)).ratios(np.zeros(len(rows), np.int64), 1)
        return figure["hit_rate"].low[0], figure["hit_rate"].high[0]

    low, high = ends(rows, 10)
    assert low < 0.95 < high == 1.0
    assert np.isnan(ends(replace(rows, frame=rows.frame[:59], up=good[:59], group=rows.group[:59]), 9)).all()
    assert np.isnan(ends(rows, 12)).all()
