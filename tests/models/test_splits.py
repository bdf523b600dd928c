"""Walk-forward splits: time order, purge, coverage."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import ParameterError
from core.models.splits import fitting_min_train_sessions, walk_forward

MONDAY = date(2024, 1, 1)


def _days(count):
    return [MONDAY + timedelta(days=n) for n in range(count)]


def _positions(folds):
    return [
        tuple((day - MONDAY).days for day in (f.train_from, f.train_to, f.test_from, f.test_to))
        for f in folds
    ]


@pytest.mark.parametrize(
    ("sessions", "answer"),
    [
        (100, []),
        (119, []),
        (120, [(0, 98, 100, 119)]),
        (150, [(0, 98, 100, 149)]),
        (169, [(0, 98, 100, 168)]),
        (170, [(0, 98, 100, 149), (0, 148, 150, 169)]),
        (200, [(0, 98, 100, 149), (0, 148, 150, 199)]),
    ],
)
def test_folds_start_after_the_minimum_and_a_short_rest_joins_the_last(sessions, answer):
    """100 sessions first, folds of 50, a rest counts from 20 sessions on."""
    assert _positions(walk_forward(_days(sessions), min_train_sessions=100, fold_sessions=50)) == answer


def test_folds_shorter_than_twenty_sessions_are_kept_whole():
    """Who asks for folds of five gets folds of five; only the rest is merged."""
    folds = list(walk_forward(_days(23), min_train_sessions=10, fold_sessions=5))
    assert _positions(folds) == [(0, 8, 10, 14), (0, 13, 15, 22)]
    assert [fold.number for fold in folds] == [1, 2]


def test_a_longer_horizon_purges_more():
    """A label over five sessions keeps five sessions out."""
    folds = walk_forward(_days(60), min_train_sessions=30, fold_sessions=30, horizon_sessions=5)
    assert _positions(folds) == [(0, 24, 30, 59)]


@pytest.mark.parametrize(("first", "size", "horizon"), [(1, 5, 1), (30, 0, 1), (30, 5, -1)])
def test_settings_that_leave_nothing_are_refused(first, size, horizon):
    """No training session, no test session, or labels from the past."""
    with pytest.raises(ParameterError, match="more training sessions than the horizon"):
        list(walk_forward(_days(99), min_train_sessions=first, fold_sessions=size, horizon_sessions=horizon))


@given(
    sessions=st.integers(0, 400),
    first=st.integers(7, 120),
    size=st.integers(1, 120),
    horizon=st.integers(0, 6),
)
def test_train_and_test_never_overlap(sessions, first, size, horizon):
    """Training ends more than the horizon before its test; tests follow each other without a gap."""
    days = _days(sessions)
    folds = list(walk_forward(days, min_train_sessions=first, fold_sessions=size, horizon_sessions=horizon))
    tested = []
    for train_from, train_to, test_from, test_to in _positions(folds):
        assert train_from == 0
        assert train_to + horizon + 1 == test_from
        tested += range(test_from, test_to + 1)
    assert tested == (list(range(first, sessions)) if folds else [])
    assert bool(folds) == (sessions - first >= min(size, 20))


def test_a_rolling_window_keeps_its_length_and_moves_on():
    """Twenty sessions each, the last ones before the purge."""
    folds = walk_forward(_days(150), min_train_sessions=50, fold_sessions=50, rolling_sessions=20)
    assert _positions(folds) == [(29, 48, 50, 99), (79, 98, 100, 149)]


def test_a_rolling_window_longer_than_history_takes_what_there_is():
    """The first fold has 49 sessions, the second its full 60."""
    folds = walk_forward(_days(150), min_train_sessions=50, fold_sessions=50, rolling_sessions=60)
    assert _positions(folds) == [(0, 48, 50, 99), (39, 98, 100, 149)]


def test_an_embargo_widens_the_gap_and_moves_no_test():
    """One session of horizon and five of embargo before each test."""
    folds = walk_forward(_days(150), min_train_sessions=50, fold_sessions=50, embargo_sessions=5)
    assert _positions(folds) == [(0, 43, 50, 99), (0, 93, 100, 149)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"embargo_sessions": 29}, "30 training, 5 test, 1 horizon and 29 embargo sessions"),
        ({"embargo_sessions": -1}, "30 training, 5 test, 1 horizon and -1 embargo sessions"),
        ({"horizon_sessions": 30}, "30 training, 5 test, 30 horizon sessions"),
        ({"rolling_sessions": 0}, "a rolling window of 0 sessions"),
    ],
)
def test_an_embargo_or_window_that_leaves_nothing_is_refused(settings, message):
    """No session to train on, or a negative number of them; an embargo is named where there is one."""
    with pytest.raises(ParameterError, match=f"^{message};"):
        list(walk_forward(_days(99), min_train_sessions=30, fold_sessions=5, **settings))


@given(
    sessions=st.integers(60, 300),
    embargo=st.integers(0, 10),
    rolling=st.one_of(st.none(), st.integers(1, 80)),
)
def test_windows_end_before_the_gap_and_never_grow_beyond_their_length(sessions, embargo, rolling):
    """Whatever rolls: train, gap of horizon and embargo, test, in this order."""
    folds = walk_forward(
        _days(sessions),
        min_train_sessions=40,
        fold_sessions=30,
        embargo_sessions=embargo,
        rolling_sessions=rolling,
    )
    for train_from, train_to, test_from, test_to in _positions(folds):
        assert train_to + 1 + embargo + 1 == test_from <= test_to
        assert train_from == (0 if rolling is None else max(0, train_to + 1 - rolling))


@pytest.mark.parametrize(
    ("sessions", "tickers", "answer"),
    [
        (3249, 3, 712),
        (1424, 1, 712),
        (1423, 1, 711),
        (480, 1, 240),
        (141, 20, 70),
        (110, 20, 50),
        (90, 20, 30),
        (40, 20, 30),
    ],
)
def test_auto_learns_from_half_of_the_history_up_to_712_and_leaves_sixty_sessions(sessions, tickers, answer):
    """By hand: half, at most 712; of 110 and fewer sessions all but the sixty to be judged, never under 30."""
    assert fitting_min_train_sessions([tickers] * sessions) == answer


def test_auto_waits_until_sixty_rows_can_be_learnt_from():
    """One ticker, 20 sessions of warm-up: the 60th row is session 80, and one more is purged: 81 of 141."""
    assert fitting_min_train_sessions([0] * 20 + [1] * 121) == 81
    assert fitting_min_train_sessions([0] * 20 + [1] * 141, embargo_sessions=10) == 91


@given(
    learnable=st.lists(st.integers(0, 3), min_size=1, max_size=300),
    embargo=st.integers(0, 60),
)
@example(learnable=[10] * 110, embargo=40)
def test_auto_finds_what_any_setting_would(learnable, embargo):
    """Where some setting leaves 60 sessions to judge and 60 rows to learn from, so does what auto takes."""

    def does(first):
        return (
            first > 1 + embargo
            and len(learnable) - first >= 60
            and sum(learnable[: first - 1 - embargo]) >= 60
        )

    if any(does(first) for first in range(30, len(learnable) + 1)):
        assert does(fitting_min_train_sessions(learnable, embargo_sessions=embargo))
