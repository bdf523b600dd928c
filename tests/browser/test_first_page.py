"""The report's first page as Chromium prints it: one sheet, on A4 and on Letter, and no wider than a phone."""

from __future__ import annotations

import pytest

from tests.report.bodies import scored_body, trained_body
from tests.report.conftest import evaluation

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def worst():
    """A train run with an alarm, old data, few rows and every doubt, and with all pictures."""
    body = trained_body()
    body["leak_alarm"] = {"raised": True, "reason": "An AUC of 0.71 is more likely a leak than skill. " * 3}
    body["advice"] = {
        "decision": "retrain",
        "sentence": "The model is old, and it may see the future. " * 4,
        "reasons": [],
    }
    body["model"] |= {"age_sessions": 900}
    body |= {"rows": 200, "by_fold": body["by_fold"][:1]}
    body["data"] |= {"rows_in": 13000, "price_basis": "unknown", "adjusted_close": "copied_from_close"}
    body["equity"] = [
        {"date": f"20{y:02d}-01-02", "model": 1.1**y, "buy_and_hold": 1.3**y} for y in range(3, 13)
    ]
    return body


@pytest.mark.parametrize("make", [trained_body, scored_body, worst])
@pytest.mark.parametrize("sheet", ["A4", "Letter"])
def test_the_first_page_is_one_sheet(make, sheet, new_page, tmp_path):
    """From the title to the line about changes; the reviewer's headings begin on the second."""
    from pypdf import PdfReader

    from core.report.render import render

    path = tmp_path / "report.html"
    path.write_text(render(evaluation(make()))[1].text, encoding="utf-8")
    page = new_page()
    page.goto(path.as_uri())
    page.pdf(path=tmp_path / "report.pdf", format=sheet)
    first, second, *_ = (sheet.extract_text() for sheet in PdfReader(tmp_path / "report.pdf").pages)
    assert first.startswith("Daily equity-price report")
    assert first.rstrip().endswith("see the desk, or afterclose review.")
    assert second.startswith("Context")


def test_the_first_page_fits_a_phone(new_page, tmp_path):
    """Nothing but a table scrolls sideways at 400 pixels."""
    from core.report.render import render

    path = tmp_path / "report.html"
    path.write_text(render(evaluation(worst()))[1].text, encoding="utf-8")
    page = new_page()
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 400
