"""Distances of two samples against scipy and by hand."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from core.measures.drift_statistics import SortedColumn, distances, jensen_shannon, psi
from core.measures.p_values import holm, ks_p

RANDOM = np.random.default_rng(12)
PAIRS = {
    "continuous": (RANDOM.normal(size=900), RANDOM.normal(0.2, 1.3, 150)),
    "tied": (RANDOM.integers(0, 6, 400).astype(float), RANDOM.integers(1, 8, 90).astype(float)),
    "binary": ((RANDOM.random(500) < 0.5).astype(float), (RANDOM.random(80) < 0.7).astype(float)),
    "apart": (np.arange(50.0), np.arange(100.0, 130.0)),
    "one": (np.arange(30.0), np.array([4.5])),
}
pairs = pytest.mark.parametrize(("reference", "current"), PAIRS.values(), ids=PAIRS)


def shares(reference, current):
    """Return both samples' shares by numpy's deciles of the reference, ties to the upper bin."""
    edges = np.quantile(reference, np.arange(1, 10) / 10)
    counts = [
        np.bincount(np.searchsorted(edges, x, side="right"), minlength=10) for x in (reference, current)
    ]
    return counts[0] / len(reference), counts[1] / len(current)


@pairs
def test_ks_agrees_with_scipy(reference, current):
    """The statistic is scipy's, ties and outliers included."""
    expected = stats.ks_2samp(reference, current).statistic
    assert distances(reference, current).ks == pytest.approx(expected, rel=1e-12)


@pairs
def test_wasserstein_agrees_with_scipy(reference, current):
    """The distance is scipy's over the reference's standard deviation (ddof 0)."""
    expected = stats.wasserstein_distance(reference, current) / reference.std()
    assert distances(reference, current).wasserstein == pytest.approx(expected, rel=1e-9)


@pairs
def test_psi_follows_its_formula(reference, current):
    """Sum of (r - c) ln(r / c) over deciles, shares no less than 1e-4."""
    r, c = (np.maximum(side, 1e-4) for side in shares(reference, current))
    assert distances(reference, current).psi == pytest.approx(((r - c) * np.log(r / c)).sum(), rel=1e-9)


@pairs
def test_jensen_shannon_agrees_with_scipy(reference, current):
    """The distance is scipy's on the same bins, natural logarithm."""
    expected = jensenshannon(*shares(reference, current))
    assert distances(reference, current).js == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_psi_by_hand():
    """Halves against a quarter and the rest: 0.25 ln 2 + 0.25 ln 1.5; an empty bin counts 1e-4."""
    assert psi([0.5, 0.5], [0.25, 0.75]) == pytest.approx(0.25 * np.log(2) + 0.25 * np.log(1.5), rel=1e-12)
    assert psi([0.5, 0.5], [0.0, 1.0]) == pytest.approx(0.4999 * np.log(5000) + 0.5 * np.log(2), rel=1e-12)


def test_equal_samples_are_not_apart():
    """Twice the same values: all statistics are 0."""
    found = distances(np.arange(100.0), np.arange(100.0))
    assert (found.ks, found.psi, found.wasserstein, found.js) == (0, 0, 0, 0)


def test_disjoint_shares_are_as_far_as_can_be():
    """The Jensen-Shannon distance is at most the root of ln 2."""
    assert jensen_shannon([1.0, 0.0], [0.0, 1.0]) == pytest.approx(np.log(2) ** 0.5, rel=1e-12)


def test_a_constant_reference_has_no_scale():
    """Without spread the Wasserstein distance has nothing to be measured in; the others stand."""
    found = distances(np.full(20, 0.1), np.array([0.1, 0.2]))
    assert np.isnan(found.wasserstein)
    assert found.ks == 0.5


def test_many_windows_give_what_each_gives_alone():
    """Windows of one sorted column, each against all others, as if they were two samples."""
    values = np.sort(RANDOM.normal(size=300))
    window = RANDOM.integers(0, 5, 300)
    found = SortedColumn.of(values).distances([np.flatnonzero(window == k) for k in range(5)])
    for k in range(5):
        alone = distances(values[window != k], values[window == k])
        assert found[k].ks == pytest.approx(alone.ks, rel=1e-12)
        assert found[k].psi == pytest.approx(alone.psi, rel=1e-9)
        assert found[k].wasserstein == pytest.approx(alone.wasserstein, rel=1e-9)


@pytest.mark.parametrize("statistic", [0.02, 0.05, 0.08, 0.1])
def test_ks_p_is_near_the_exact_value(statistic):
    """Within 3 % of scipy's finite-sample distribution while p is above 0.001."""
    rows = round(12_000 * 315 / 12_315)
    assert ks_p(statistic, 12_000, 315) == pytest.approx(stats.kstwo.sf(statistic, rows), rel=0.03)


def test_holm_by_hand():
    """Sorted .01, .02, .04 times 3, 2, 1, never falling; never above 1; order kept."""
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("distinct", [7, 10**9])
def test_more_rows_than_are_added_at_once_agree_with_scipy(distinct):
    """KS and Wasserstein of 100,000 rows, with equal values and without, are scipy's."""
    draw = np.random.default_rng(3)
    values = np.sort(draw.integers(0, distinct, 100_000) / 100)
    now = np.zeros(len(values), dtype=bool)
    now[draw.choice(len(values), 2_500, replace=False)] = True
    found = SortedColumn.of(values).distances([np.flatnonzero(now)])[0]
    before, current = values[~now], values[now]
    assert found.ks == pytest.approx(stats.ks_2samp(before, current).statistic, rel=1e-12)
    expected = stats.wasserstein_distance(before, current) / before.std()
    assert found.wasserstein == pytest.approx(expected, rel=1e-9)


def the_same(first, second):
    """Return whether two figures are one, undefined ones included."""
    return first == second or (np.isnan(first) and np.isnan(second))


@pytest.mark.parametrize("kind", ["continuous", "whole numbers", "far from 0", "without a variance"])
def test_a_window_beside_a_distance_is_what_all_rows_give(kind):
    """KS, PSI and JS to the last digit; the Wasserstein distance too where it is compared with itself, else to 1e-9."""
    draw = np.random.default_rng(31)
    for _ in range(200):
        rows = int(draw.integers(2, 300))
        values = np.sort(
            {
                "continuous": draw.normal(size=rows),
                "whole numbers": draw.integers(0, 4, rows).astype(float),
                "far from 0": 1e6 + draw.normal(size=rows).round(1),
                "without a variance": draw.standard_cauchy(rows),
            }[kind]
        )
        places = np.sort(draw.choice(rows, int(draw.integers(1, rows)), replace=False))
        column = SortedColumn.of(values)
        exact = column.distances([places])[0]
        (far,), (near,) = column.beside([places], -1.0), column.beside([places], exact.wasserstein)
        for name in ("ks", "psi", "js"):
            assert the_same(getattr(far, name), getattr(exact, name))
        assert the_same(near.wasserstein, exact.wasserstein)
        assert far.wasserstein == pytest.approx(exact.wasserstein, rel=1e-9, abs=1e-12, nan_ok=True)


def test_more_rows_of_a_window_than_are_looked_at_at_once_are_no_different():
    """40,000 rows of a window among 100,000, with equal values."""
    draw = np.random.default_rng(5)
    column = SortedColumn.of(np.sort(draw.integers(0, 3_000, 100_000) / 7))
    places = np.sort(draw.choice(100_000, 40_000, replace=False))
    exact, found = column.distances([places])[0], column.beside([places], -1.0)[0]
    assert (found.ks, found.psi, found.js) == (exact.ks, exact.psi, exact.js)
    assert found.wasserstein == pytest.approx(exact.wasserstein, rel=1e-9)
