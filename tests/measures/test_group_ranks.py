"""Ranks within groups, against pandas, with ties, missing values and groups beyond 16 bits."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.measures.group_ranks import GroupOrder


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, 70_000]), st.booleans())
def test_ranks_are_those_of_pandas(seed, step, by_group):
    """Mean and lowest ranks, of all rows and of a subset, in whatever order the rows stand."""
    random = np.random.default_rng(seed)
    values, group = random.integers(0, 6, 80) / 5, random.integers(0, 7, 80) * step
    values[random.random(80) < 0.1] = np.nan
    group = np.sort(group) if by_group else group
    order, subset = GroupOrder.of(values, group), random.random(80) < 0.7
    series = pd.Series(values).groupby(group)
    np.testing.assert_array_equal(order.ranks(), series.rank())
    np.testing.assert_array_equal(order.ranks(lowest=True), series.rank(method="min"))
    part = pd.Series(np.where(subset, values, np.nan)).groupby(group)
    np.testing.assert_array_equal(order.ranks(subset), part.rank())


def test_nothing_has_no_ranks():
    """No rows, and rows without a value."""
    empty = np.empty(0)
    assert len(GroupOrder.of(empty, empty.astype(np.int64)).ranks()) == 0
    assert np.isnan(GroupOrder.of(np.full(3, np.nan), np.zeros(3, dtype=np.int64)).ranks()).all()
