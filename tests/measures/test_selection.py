"""The best of several candidates by chance, and the deflated Sharpe ratio, against skfolio."""

import numpy as np
import pytest

from core.measures.bootstrap import Estimate
from core.measures.selection import best_by_chance, deflated_sharpe, expected_best_sharpe
from tests.late import Late

skfolio = Late("skfolio.measures")


def candidates(count, *, seed=0, spread=0.01):
    """Return estimates of independent candidates without skill."""
    random = np.random.default_rng(seed)
    values = 0.5 + spread * random.normal(size=count)
    return [Estimate(float(value), value + spread * random.normal(size=4000)) for value in values]


def test_the_best_of_ten_is_that_of_ten_normal_numbers():
    """Median and 97.5 % quantile of the maximum of ten independent ones: Phi^-1(q ** (1 / 10))."""
    found = best_by_chance(candidates(10), chance=0.5, confidence=0.95)
    assert found.tries == 10
    assert found.typical == pytest.approx(0.5 + 0.01 * 1.499, abs=0.0008)
    assert found.high == pytest.approx(0.5 + 0.01 * 2.800, abs=0.0012)


def test_ten_copies_are_one_try():
    """What candidates share is kept: the same predictions ten times are no more than once."""
    alone = candidates(1)
    once, ten = (best_by_chance(alone * n, chance=0.5, confidence=0.95) for n in (1, 10))
    assert (ten.typical, ten.high, ten.p_value) == (once.typical, once.high, once.p_value)


def test_candidates_that_are_not_at_hand_count_as_further_tries():
    """With tries that nobody kept the best by chance rises, whatever their order is seeded with."""
    three = candidates(3)
    found = [best_by_chance(three, chance=0.5, confidence=0.95, tries=n) for n in (None, 3, 7, 30)]
    assert found[0] == found[1]
    assert [one.tries for one in found] == [3, 3, 7, 30]
    assert found[1].typical < found[2].typical < found[3].typical
    assert best_by_chance(three, chance=0.5, confidence=0.95, tries=7, seed=1) != found[2]


def test_more_candidates_never_lower_the_best():
    """A further try can only raise what the best reaches and its p value, permuting them nothing."""
    all_of_them = candidates(6, seed=4)
    found = [best_by_chance(all_of_them[:n], chance=0.5, confidence=0.9) for n in range(1, 7)]
    highs = [one.high for one in found]
    assert highs == sorted(highs)
    assert best_by_chance(all_of_them[::-1], chance=0.5, confidence=0.9) == found[-1]


def test_p_values_of_candidates_without_skill_are_uniform():
    """Of 400 searches over five candidates, 5 % have a p value below .05: a search does not cry wolf."""
    values = [best_by_chance(candidates(5, seed=s), chance=0.5, confidence=0.95).p_value for s in range(400)]
    assert 8 <= sum(p <= 0.05 for p in values) <= 35
    skilled = [Estimate(0.55, c.draws - c.value + 0.55) for c in candidates(5)]
    assert best_by_chance(skilled, chance=0.5, confidence=0.95).p_value < 0.001


def test_a_candidate_without_value_or_without_resamples_is_none():
    """What cannot be judged is no try and never the best: neither alone nor beside one that can be."""
    (sound,) = candidates(1)
    without_value, without_draws = Estimate(np.nan, sound.draws), Estimate(0.9, np.full(4000, np.nan))
    for other in (without_value, without_draws):
        assert best_by_chance([other], chance=0.5, confidence=0.95) is None
        beside = best_by_chance([sound, other], chance=0.5, confidence=0.95)
        assert beside == best_by_chance([sound], chance=0.5, confidence=0.95)
        assert beside.tries == 1


def test_deviations_can_be_stretched():
    """Where resamples are too narrow by a tenth, the best by chance lies a tenth farther out."""
    three = candidates(3)
    plain, wide = (best_by_chance(three, chance=0.5, confidence=0.95, stretch=size) for size in (1.0, 1.1))
    assert wide.high - 0.5 == pytest.approx(1.1 * (plain.high - 0.5), rel=1e-9)
    assert wide.p_value >= plain.p_value


def test_what_is_undefined_is_no_try():
    """A candidate without a value is left out, and nothing is known of none."""
    empty = Estimate(np.nan, np.full(10, np.nan))
    assert best_by_chance([empty], chance=0.5, confidence=0.95) is None
    one = candidates(1)
    assert best_by_chance([*one, empty], chance=0.5, confidence=0.95).tries == 1


def test_expected_best_is_skfolios():
    """Of one try nothing is expected; of more, what skfolio gives."""
    for tries in (2, 7, 250):
        expected = skfolio.expected_max_sharpe_ratio(tries, 0.03)
        assert expected_best_sharpe(tries, 0.03) == pytest.approx(expected, rel=1e-12)
    assert expected_best_sharpe(1, 0.03) == 0.0


def test_deflated_sharpe_is_skfolios():
    """The probability that the chosen one's ratio is above 0 in spite of seven tries, tails and skew counted."""
    random = np.random.default_rng(6)
    daily = random.standard_t(4, 500) * 0.01 + 0.0012
    others = [float(daily.mean() / daily.std(ddof=1)), *(0.03 * random.normal(size=6))]
    found = deflated_sharpe(daily, others)
    assert found.probability == pytest.approx(skfolio.deflated_sharpe_ratio(daily, others), rel=1e-10)
    assert found.tries == 7
    more = deflated_sharpe(np.append(daily, np.nan), others, tries=50)
    assert more.expected_best == pytest.approx(
        skfolio.expected_max_sharpe_ratio(50, np.std(others, ddof=1)), rel=1e-12
    )
    assert more.probability < found.probability


def test_one_try_is_the_probabilistic_sharpe_ratio():
    """With a single candidate nothing is deflated; with tries of which no ratio is known its own error is."""
    daily = np.random.default_rng(1).normal(0.001, 0.01, 300)
    own = [float(daily.mean() / daily.std(ddof=1))]
    found = deflated_sharpe(daily, own)
    assert found.probability == pytest.approx(skfolio.deflated_sharpe_ratio(daily, own), rel=1e-10)
    assert found.expected_best == 0.0
    assert deflated_sharpe(daily, own, tries=10).expected_best > 0


@pytest.mark.parametrize("daily", [[0.01, 0.02], [0.01] * 50, [np.nan] * 9], ids=["two", "no spread", "none"])
def test_too_little_has_no_deflated_ratio(daily):
    """Two returns, equal returns and none have no ratio to deflate."""
    assert deflated_sharpe(np.array(daily), [0.1]) is None
