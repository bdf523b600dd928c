"""What a comparison of runs says first: one and the same, better or worse in what, or nothing shown."""

from __future__ import annotations

import pytest

from core.queries.models.paired_runs import MeasureDifference, PairedRuns
from dashboard.measure_differences import outcome

EQUAL = MeasureDifference("auc", 0.5, 0.5, 0.0, 0.0, 0.0)
OPEN = MeasureDifference("auc", 0.51, 0.5, -0.01, -0.02, 0.01)
CLOSER = MeasureDifference("hit_rate", 0.5, 0.5001, 0.0001, -0.01, 0.01)
BETTER = MeasureDifference("brier", 0.25, 0.24, -0.01, -0.02, -0.005)
WORSE = MeasureDifference("hit_rate", 0.52, 0.5, -0.02, -0.03, -0.01)
UNKNOWN = MeasureDifference("auc", None, None, None, None, None)


@pytest.mark.parametrize(
    ("several", "words"),
    [
        (
            [EQUAL],
            "new and old give the same probability on each of the 9 rows that both judged (a to b).",
        ),
        (
            [OPEN, BETTER, WORSE],
            "in Brier score, worse in Hit rate than old; in 1 of 3 measures no difference is shown.",
        ),
        ([BETTER], "new is better in Brier score than old."),
        ([CLOSER], "Furthest from it is Hit rate, +0.01 [-1.00, +1.00] points."),
        ([CLOSER, OPEN], "every interval holds 0. Furthest from it is AUC, "),
        ([UNKNOWN], "No difference is shown between new and old."),
    ],
)
def test_the_first_sentence_says_what_the_differences_come_to(several, words):
    """The measure whose difference is largest beside its interval is named where none is beyond 0."""
    assert words in "".join(outcome(PairedRuns(9, 3, "a", "b", "", tuple(several)), "new", "old"))
