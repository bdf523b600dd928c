"""Walk-forward splits by date: train on the past, leave the label's horizon out, test on what follows."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from core.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

MIN_TEST_SESSIONS = 20
"""A shorter rest joins the fold before it: at 20 sessions of five tickers the 95 % interval of an AUC
of .5 is still about .1 to either side, below that a fold says nothing."""


MIN_TRAIN_ROWS = 60
"""Fewer labelled rows train nothing: six or seven to each of nine coefficients."""

MIN_JUDGED_SESSIONS = 60
"""Judged sessions below which nothing is judged: the intervals of 27 and 94 rows cover .79 to .88, not .95."""

MIN_OUTCOMES = 5
"""Outcomes that do not overlap, below which nothing is judged: as many blocks as a fold is cut into at least."""

LEAST_TRAINING = 30
"""The smallest ``min_train_sessions`` that is taken."""

MOST_TRAINING = 712
"""The most sessions that ``auto`` learns from before it judges, nearly three years: further history goes to the
judgement, whose interval it narrows. The sample is judged from 2003-01-02 on."""


@dataclass(frozen=True)
class Fold:
    """One split; all dates are inclusive.

    Parameters
    ----------
    number : int
        1 for the earliest test window.
    train_from, train_to : date
        Sessions whose rows may be trained on.
    test_from, test_to : date
        Sessions whose rows are judged; after ``train_to`` by more than the label's horizon.
    """

    number: int
    train_from: date
    train_to: date
    test_from: date
    test_to: date


def walk_forward(
    sessions: Sequence[date],
    *,
    min_train_sessions: int,
    fold_sessions: int,
    horizon_sessions: int = 1,
    embargo_sessions: int = 0,
    rolling_sessions: int | None = None,
) -> Iterator[Fold]:
    """Yield folds in time order, with training windows that expand or roll.

    The first test window starts after ``min_train_sessions`` sessions; each holds ``fold_sessions``.
    The ``horizon_sessions`` before a test window are purged from training, because their labels are
    made of test prices (López de Prado, Advances in Financial Machine Learning, 7.4.1). The
    ``embargo_sessions`` before those are left out as well: features look back over many sessions, so
    the last training rows and the first test rows are made of nearly the same prices (7.4.2; there the
    embargo follows the test window, but here nothing after it is ever trained on). A last window that
    is not full is a fold of its own from :data:`MIN_TEST_SESSIONS` sessions (and two horizons) on; a shorter one joins
    the window before it; where there is no window before it, no fold is yielded.

    Parameters
    ----------
    sessions : sequence of date
        Distinct dates in ascending order.
    min_train_sessions, fold_sessions, horizon_sessions, embargo_sessions : int
        Numbers of sessions; the first is above the sum of the last two, the second at least 1.
    rolling_sessions : int or None
        The most sessions of a training window, the latest ones; None keeps all (expanding).

    Raises
    ------
    ParameterError
        If nothing would be left to train or to test on.

    Examples
    --------
    >>> from datetime import date, timedelta
    >>> days = [date(2024, 1, 1) + timedelta(days=n) for n in range(75)]
    >>> for fold in walk_forward(days, min_train_sessions=10, fold_sessions=40):
    ...     print(fold.number, fold.train_from, fold.train_to, fold.test_from, fold.test_to)
    1 2024-01-01 2024-01-09 2024-01-11 2024-02-19
    2 2024-01-01 2024-02-18 2024-02-20 2024-03-15

    Rolling over eight sessions, with an embargo of two:

    >>> for fold in walk_forward(
    ...     days, min_train_sessions=20, fold_sessions=40, rolling_sessions=8, embargo_sessions=2
    ... ):
    ...     print(fold.number, fold.train_from, fold.train_to, fold.test_from, fold.test_to)
    1 2024-01-10 2024-01-17 2024-01-21 2024-03-15
    """
    gap = horizon_sessions + embargo_sessions
    if min_train_sessions <= gap or fold_sessions < 1 or min(horizon_sessions, embargo_sessions) < 0:
        embargo = f" and {embargo_sessions} embargo" if embargo_sessions else ""
        raise ParameterError(
            f"{min_train_sessions} training, {fold_sessions} test, {horizon_sessions} horizon{embargo} sessions",
            expected="more training sessions than the horizon and embargo, and at least one test session",
        )
    if rolling_sessions is not None and rolling_sessions < 1:
        raise ParameterError(
            f"a rolling window of {rolling_sessions} sessions", expected="at least one training session"
        )
    bounds = _test_bounds(len(sessions), min_train_sessions, fold_sessions, horizon_sessions)
    for number, (start, stop) in enumerate(bounds, start=1):
        last = start - 1 - gap
        first = 0 if rolling_sessions is None else max(0, last + 1 - rolling_sessions)
        yield Fold(number, sessions[first], sessions[last], sessions[start], sessions[stop - 1])


def fitting_min_train_sessions(
    learnable: Sequence[int], *, horizon_sessions: int = 1, embargo_sessions: int = 0
) -> int:
    """Return the sessions before the first test window that fit a history: half of it, at most 712.

    A planted dependence is seen about equally often when a fifth to a half of a history is learnt from, and less often
    beyond (``benchmarks/history.py``): half is the longest training that costs the verdict nothing. It is raised
    until the first model has :data:`MIN_TRAIN_ROWS` rows to learn from, and lowered until
    :data:`MIN_JUDGED_SESSIONS` sessions are left to judge: where any value leaves enough of both, this one does.

    Parameters
    ----------
    learnable : sequence of int
        Rows with a label and all features on each labelled session, in the order of time.
    horizon_sessions : int
        How far the label looks ahead: so many sessions before each fold are left out.
    embargo_sessions : int
        Sessions that each fold leaves out beside the label's horizon.

    Examples
    --------
    >>> [fitting_min_train_sessions([5] * sessions) for sessions in (3249, 480, 100, 40)]
    [712, 240, 40, 30]
    """
    gap = horizon_sessions + embargo_sessions
    enough = bisect_left(list(accumulate(learnable)), MIN_TRAIN_ROWS) + 1 + gap
    target = max(min(len(learnable) // 2, MOST_TRAINING), enough)
    to_judge = judged_sessions_needed(horizon_sessions)
    return max(min(target, len(learnable) - to_judge), least_training(horizon_sessions, embargo_sessions))


def least_training(horizon_sessions: int, embargo_sessions: int = 0) -> int:
    """Return the smallest ``min_train_sessions`` that fits a history: more than is left out before a fold.

    >>> least_training(1), least_training(5), least_training(1, 40)
    (30, 34, 42)
    """
    return max(LEAST_TRAINING + horizon_sessions - 1, horizon_sessions + embargo_sessions + 1)


def judged_sessions_needed(horizon_sessions: int) -> int:
    """Return the judged sessions below which nothing is judged: at least five outcomes that do not overlap.

    >>> [judged_sessions_needed(h) for h in (1, 12, 63)]
    [60, 60, 315]
    """
    return max(MIN_JUDGED_SESSIONS, MIN_OUTCOMES * horizon_sessions)


def least_fold_sessions(horizon_sessions: int) -> int:
    """Return the sessions below which a fold could not be resampled: two outcomes that do not overlap.

    >>> [least_fold_sessions(h) for h in (1, 5, 63)]
    [2, 10, 126]
    """
    return 2 * horizon_sessions


def _test_bounds(sessions: int, first: int, size: int, horizon: int) -> list[tuple[int, int]]:
    """Return the test windows as (first, one past the last) positions."""
    starts = list(range(first, sessions, size))
    least = max(MIN_TEST_SESSIONS, least_fold_sessions(horizon))
    if starts and sessions - starts[-1] < min(size, least):
        starts.pop()
    return list(zip(starts, [*starts[1:], sessions], strict=True)) if starts else []
