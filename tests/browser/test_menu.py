"""The bar marks where one is, also on a page that has no entry of its own."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ENTRIES = {
    "start": "Runs", "run": "Runs", "compare": "Runs", "profiles": "Today", "features": "Data", "predictions": "Model",
    "trends": "Model", "audit": "Record",
}  # fmt: skip
MARKED = 'a:is([data-testid="stTopNavLink"], [data-testid="stSidebarNavLink"])[aria-current]'


def test_every_page_marks_one_entry_of_the_bar(new_page, desk):
    """By address and by a press within the desk; a screen reader hears it as well."""
    page = new_page()
    for address, entry in ENTRIES.items():
        page.goto(f"{desk.url}/{address}")
        expect(page.locator(MARKED)).to_have_text([entry])
    page.goto(f"{desk.url}/runs")
    expect(page.locator(MARKED)).to_have_text(["Runs"])
    page.get_by_role("link", name="New run").first.click()
    page.wait_for_url("**/start*")
    expect(page.locator(MARKED)).to_have_text(["Runs"])
    page.get_by_role("link", name="Schedules").first.click()
    page.wait_for_url("**/schedules*")
    expect(page.locator(MARKED)).to_have_text(["Schedules"])


def test_on_a_phone_the_opened_bar_marks_it_too(new_page, desk):
    """There the bar stands in a drawer."""
    page = new_page()
    page.set_viewport_size({"width": 400, "height": 820})
    page.goto(f"{desk.url}/features")
    page.get_by_test_id("stExpandSidebarButton").click()
    expect(page.locator(MARKED)).to_have_text(["Data"])
