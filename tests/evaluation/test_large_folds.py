"""The AUC of resamples of a fold of many rows a date, counted by pairs of groups: exactly what row by row gives."""

from __future__ import annotations

import numpy as np
import pytest

from core.measures import ranking
from core.measures.ranking import PairedFold, RankedFold, fold_of, group_pairs


@pytest.mark.parametrize("digits", [9, 1], ids=["no ties", "many ties"])
def test_pairs_of_groups_give_the_very_auc_of_all_rows(digits):
    """A hundred resamples of 5,000 rows in 40 groups that do not begin at 0: bit-equal."""
    rng = np.random.default_rng(3)
    score, up = np.round(rng.normal(size=5000), digits), rng.integers(0, 2, 5000).astype(float)
    group = np.repeat(np.arange(10, 50), 125)
    weights = rng.integers(0, 4, (60, 100)).astype(float)
    by_rows = RankedFold.of(score, up, group)
    large = fold_of(score, up, group)
    assert isinstance(large, PairedFold)
    np.testing.assert_array_equal(large.auc(weights), by_rows.auc(weights))
    assert large.point() == by_rows.point()


@pytest.mark.parametrize(("tickers", "kind"), [(16, RankedFold), (17, PairedFold)])
def test_few_rows_a_date_are_gone_through(tickers, kind):
    """A fold of a long history and few tickers keeps no matrix of its dates; without rows there is nothing to pair."""
    group = np.repeat(np.arange(3, 12), tickers)
    score = np.linspace(0, 1, len(group))
    assert isinstance(fold_of(score, score, group), kind)
    assert np.isnan(fold_of(score[:0], score[:0], group[:0]).point())


def test_pairs_are_those_of_a_loop_over_all_rows(monkeypatch):
    """Small blocks, so that every border between them is met."""
    monkeypatch.setattr(ranking, "_BLOCKS_AT_ONCE", 2)
    rng = np.random.default_rng(4)
    ups, downs = rng.integers(0, 6, 300), rng.integers(0, 6, 400)
    limit = np.sort(rng.integers(0, 401, 300))
    expected = np.zeros((6, 6))
    for row, first in zip(ups, limit, strict=True):
        for down in downs[:first]:
            expected[row, down] += 1
    np.testing.assert_array_equal(group_pairs(ups, downs, limit, 6), expected)
