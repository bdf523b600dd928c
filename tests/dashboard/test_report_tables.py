"""The table of reasons on the page Report: made anew from the evaluation with plain numbers, or as it came."""

from __future__ import annotations

import json

from core.queries.reports.document import CHANGED, document, markup_of
from core.report.about_models import reasons_grid
from dashboard.report_tables import with_plain_reasons

REASONS = [
    {
        "name": "highest drift percentile", "value": 68.2927, "threshold": 99, "trend": None, "says": "neither",
        "text": "4 findings in 12154 rows",
    }
]  # fmt: skip


def test_reasons_have_plain_numbers_and_what_is_not_known_is_empty():
    """A dash for no trend, four decimals and a count without thousands apart are the report's own."""
    page = f"<p>12154 rows</p>{markup_of(reasons_grid(REASONS))}"
    made = with_plain_reasons(page, {"advice": {"reasons": REASONS}})
    assert ">68.2927<" in page
    assert made.startswith("<p>12154 rows</p>")
    assert ">68.3<" in made
    assert "4 findings in 12,154 rows" in made
    assert ">-<" not in made


def test_another_table_stays_as_it_came():
    """A report by an earlier version may have another: nothing in it is touched."""
    page = markup_of(reasons_grid(REASONS)).replace("Threshold", "Bound")
    assert with_plain_reasons(page, {"advice": {"reasons": REASONS}}) == page
    assert with_plain_reasons(page, {}) == page


def test_the_table_made_anew_is_that_of_the_page(finished):
    """Of a real report, so that its numbers are plain on the desk."""
    (page,) = finished.glob("checkpoints/report/*/report.html")
    (body,) = finished.glob("checkpoints/evaluate/*/evaluation.json")
    reasons = json.loads(body.read_text(encoding="utf-8"))["advice"]["reasons"]
    assert page.read_text(encoding="utf-8").count(markup_of(reasons_grid(reasons))) == 1


def test_a_text_without_a_heading_is_a_report_too():
    """Whoever saved one took the page away from everybody, also from those who would edit it back."""
    generated = "T\n\nDecision\n--------\nNo.\n"
    (alone,) = document("", generated, "All is well.\n")
    assert (alone.title, alone.kind, alone.text) == ("", CHANGED, "All is well.")
    assert [section.title for section in document("", "All is well.", generated)] == ["", "Decision"]
