"""Resampling of date blocks and the intervals it gives."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.measures import bootstrap
from core.measures.bootstrap import Resampling, block_length, visible_variance, weighted_sums, weights
from core.measures.judged_rows import labelled_rows
from core.measures.performance import measure


def all_weights(rows, how):
    """Return the weights of all chunks, shape (groups, resamples)."""
    return np.concatenate(list(weights(rows, how)), axis=1)


def test_each_fold_keeps_its_number_of_dates(predictions):
    """Whatever is drawn, a fold's dates count as often as there are dates in it."""
    rows = labelled_rows(predictions(dates=43, folds=2))
    drawn = all_weights(rows, Resampling(50, 4, 0.95, 3))
    for code in (0, 1):
        held = rows.group_fold == code
        assert (drawn[held].sum(axis=0) == held.sum()).all()


def test_blocks_are_runs_of_dates_around_the_circle():
    """With two blocks of four dates out of eight, each resample is the sum of two circular runs."""
    drawn = bootstrap._fold_weights(np.random.default_rng(0), 8, 4, 60)
    runs = [np.roll([1, 1, 1, 1, 0, 0, 0, 0], shift) for shift in range(8)]
    possible = {tuple(a + b) for a in runs for b in runs}
    assert {tuple(column) for column in drawn.T} <= possible


def test_the_last_block_is_cut_to_fit():
    """Seven dates in blocks of three are two whole runs and one of a single date."""
    drawn = bootstrap._fold_weights(np.random.default_rng(1), 7, 3, 200)
    whole = [np.roll([1, 1, 1, 0, 0, 0, 0], shift) for shift in range(7)]
    single = np.eye(7)
    possible = {tuple(a + b + c) for a in whole for b in whole for c in single}
    assert {tuple(column) for column in drawn.T} <= possible


def test_a_resample_is_the_blocks_that_were_drawn_and_the_last_is_the_short_one():
    """First dates come from the generator, a resample at a time; counted here date by date."""
    first = np.random.default_rng(4).integers(0, 11, size=(30, 3))
    expected = np.zeros((11, 30))
    for sample, starts in enumerate(first.tolist()):
        for start, length in zip(starts, (4, 4, 3), strict=True):
            for day in range(start, start + length):
                expected[day % 11, sample] += 1
    drawn = bootstrap._fold_weights(np.random.default_rng(4), 11, 4, 30)
    np.testing.assert_array_equal(drawn, expected)


def test_chunks_do_not_change_the_draws(predictions, monkeypatch):
    """The same resamples, bit for bit, whether worked on together or a few at a time."""
    table = predictions(seed=4)
    how = Resampling(101, 3, 0.9, 5)
    together = measure(table, how)
    monkeypatch.setattr(bootstrap, "CHUNK_CELLS", 700)
    assert measure(table, how) == together


def test_the_seed_decides_the_interval_and_nothing_else(predictions):
    """Same seed, same interval; another seed, the same value with another interval."""
    table = predictions(seed=4)
    how = Resampling(100, 3, 0.9, seed=1)
    first, again = measure(table, how), measure(table, how)
    other = measure(table, replace(how, seed=2))
    assert first == again
    assert first["auc"]["value"] == other["auc"]["value"]
    assert first["auc"]["low"] != other["auc"]["low"]


def test_the_order_of_the_rows_does_not_matter(predictions):
    """Rows are sorted before anything is drawn or added."""
    table = predictions(seed=4)
    how = Resampling(100, 3, 0.9, 1)
    assert measure(table.sample(frac=1, random_state=3), how) == measure(table, how)


def test_short_folds_use_shorter_blocks():
    """Ten dates are cut into at least five blocks, and one date into one."""
    assert [block_length(n, 10) for n in (1, 10, 49, 50, 1000)] == [1, 2, 9, 10, 10]


def test_weighted_sums_are_matrix_products():
    """Added without the linear algebra library, the sums are still its sums."""
    random = np.random.default_rng(0)
    values, drawn = random.normal(size=(3, 20)), random.integers(0, 4, (20, 6)).astype(float)
    np.testing.assert_allclose(weighted_sums(values, drawn), values @ drawn, rtol=1e-12)


def test_intervals_cover_the_truth_about_as_often_as_they_say(predictions):
    """Of 120 worlds without skill, 90 % intervals hold an AUC of 0.5 in 80 to 98 %."""
    held = 0
    for seed in range(120):
        table = predictions(dates=120, tickers=2, folds=2, seed=1000 + seed)
        auc = measure(table, Resampling(200, 3, 0.9, seed))["auc"]
        held += auc["low"] <= 0.5 <= auc["high"]
    assert 0.80 * 120 <= held <= 0.98 * 120


def test_dates_that_move_together_give_wider_intervals():
    """Ten copies of one row a date are one row's worth of knowledge, and the interval says so."""
    random = np.random.default_rng(8)
    rows, copies = 200, 10
    days = np.repeat(pd.bdate_range("2020-01-01", periods=rows).to_numpy("datetime64[s]"), copies)
    table = pd.DataFrame({"date": days, "ticker": np.tile(list("ABCDEFGHIJ"), rows), "fold": 1.0})
    clustered = table.assign(
        probability=np.repeat(random.random(rows), copies),
        up_next=np.repeat(random.integers(0, 2, rows), copies).astype(float),
    )
    independent = table.assign(
        probability=random.random(rows * copies),
        up_next=random.integers(0, 2, rows * copies).astype(float),
    )
    how = Resampling(400, 1, 0.95, 1)
    wide, narrow = (measure(t, how)["auc"] for t in (clustered, independent))
    # Ten perfect copies widen by the root of ten, 3.16.
    assert 2.5 < (wide["high"] - wide["low"]) / (narrow["high"] - narrow["low"]) < 4.0


def test_a_block_holds_the_labels_horizon():
    """Twice where the fold allows it, and once in any case; over one session nothing changes."""
    for horizon in (2, 5, 20, 63):
        for dates in range(2 * horizon, 400, 7):
            assert horizon <= block_length(dates, 10, horizon) <= max(10, 2 * horizon)
            assert dates // block_length(dates, 10, horizon) >= 2, "resamples of one block would all be alike"
    assert [block_length(n, 10, 1) for n in (1, 10, 49, 50, 1000)] == [1, 2, 9, 10, 10]


def test_blocks_show_the_share_of_the_variance_that_overlap_leaves_them():
    """Sums of blocks of moving sums, simulated: what their spread is of the true one."""
    draw, horizon, block = np.random.default_rng(4), 10, 20
    steps = draw.normal(size=(4_000, 400 + horizon))
    moving = np.lib.stride_tricks.sliding_window_view(steps, horizon, axis=1).sum(axis=2)[:, :400]
    true = moving.mean(axis=1).var() * 400
    inside = moving.reshape(4_000, -1, block).sum(axis=2)
    assert inside.var() / block / true == pytest.approx(visible_variance(block, horizon), rel=0.05)
