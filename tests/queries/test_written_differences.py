"""Two values and their difference as pages write them: whoever subtracts one from the other gets the third."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.queries.models import model_tables
from core.queries.models.written_differences import decimals, difference_text, value_text
from core.queries.reports.document import markup_of
from core.report.about_models import contest_grid
from dashboard.report_tables import with_figures_that_add_up

SHARES = st.floats(0.0, 1.0).map(lambda value: round(value, 6))
VALUES = {"auc": (0.4984, 0.5117), "hit_rate": (0.51349, 0.50381)}
"""Champion and candidate: 0.498, 0.512 and 0.013, 51.3%, 50.4% and -1.0 points do not add up."""
BODY = {
    "settings": {"confidence": 0.95},
    "champion": {
        "compared": True,
        "performance": {
            key: {"value": first, "low": first - 0.01, "high": first + 0.01} for key, (first, _) in VALUES.items()
        },
        "challenger": {key: {"value": second, "low": None, "high": None} for key, (_, second) in VALUES.items()},
        "paired": [
            {"metric": key, "difference": second - first, "low": -0.002, "high": 0.0286}
            for key, (first, second) in VALUES.items()
        ],
    },
}  # fmt: skip


def number(text: str) -> Decimal:
    """The figure at the beginning of a cell."""
    return Decimal(text.partition(" ")[0].removesuffix("%"))


@pytest.mark.parametrize("key", ["auc", "brier", "hit_rate", "long_flat_sharpe"])
@given(first=SHARES, second=SHARES)
def test_three_figures_add_up(key, first, second):
    """Of any measure, whatever its unit; a difference that is none reads as 0, and no other does."""
    places = decimals(key, first, second)
    texts = [value_text(value, key, places) for value in (first, second)]
    apart = number(difference_text({"value": second - first, "low": None, "high": None}, key, places))
    assert number(texts[1]) - number(texts[0]) == apart
    assert (apart == 0) == (first == second)


def test_candidate_and_champion_add_up_on_the_page_model():
    """With as many decimals as that takes; shares differ by points."""
    table = model_tables.contest(BODY)
    assert table.values.tolist() == [
        ["AUC", "0.5117 n/a", "0.4984 [0.4884, 0.5084]", "+0.0133 [-0.0020, +0.0286]"],
        ["Hit rate", "50.38% n/a", "51.35% [50.35%, 52.35%]", "-0.97 [-0.20, +2.86] points"],
    ]


def test_on_the_page_report_they_add_up_as_well():
    """The report's own bytes stay; one that has another table is shown as it came."""
    page = f"<p>0.5117</p>{markup_of(contest_grid(BODY, BODY['champion']))}"
    assert "+0.0133" not in page
    assert "+0.0133 [-0.0020, +0.0286]" in with_figures_that_add_up(page, BODY)
    other = page.replace("Measure", "Figure")
    assert with_figures_that_add_up(other, BODY) == other
    assert with_figures_that_add_up(page, {}) == page
