"""What a phone shows first: the runs above their filters, the look above what is chosen of it, inputs in few lines."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_stillness import DRAWN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTH, HEIGHT = 400, 820


@pytest.fixture(scope="module")
def still_desk(start_desk, prepared):
    """A desk over a finished run that nobody changes."""
    started = start_desk(prepared)
    yield started
    started.stop()


@pytest.fixture
def phone(new_page):
    """A page as wide as a phone."""
    page = new_page()
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    return page


def test_the_first_run_stands_above_folded_filters(phone, still_desk):
    """One press, or Enter, unfolds them; they stay open while one is chosen, and their number is said when folded."""
    phone.goto(f"{still_desk.url}/runs")
    phone.wait_for_function(DRAWN)
    first = phone.locator(".run-table tbody tr").first
    expect(first).to_be_visible()
    place = first.bounding_box()
    assert place["y"] + place["height"] < HEIGHT  # it is seen whole
    expect(phone.locator(".st-key-state")).to_be_hidden()
    summary = phone.locator(".fold-filters summary")
    summary.focus()
    phone.keyboard.press("Enter")
    expect(phone.locator(".st-key-state")).to_be_visible()
    phone.locator(".st-key-state input").click()
    phone.get_by_role("option", name="succeeded").click()
    phone.wait_for_url("**state=succeeded*")
    expect(phone.locator(".st-key-state")).to_be_visible()
    said = "e => getComputedStyle(e, '::after').content"
    expect(summary).to_have_js_property("tagName", "SUMMARY")
    phone.wait_for_function(
        f"() => ({said})(document.querySelector('.fold-filters summary')).includes('1 set')"
    )


def test_the_look_at_a_file_stands_above_what_is_chosen_of_it(phone, still_desk):
    """On a phone tickers and days come after it; on a screen they are at its left."""
    phone.goto(f"{still_desk.url}/start")
    look, which = phone.locator(".st-key-start-look"), phone.locator(".st-key-start-which")
    expect(phone.locator(".st-key-look")).to_contain_text("Ready to run")
    assert look.bounding_box()["y"] < HEIGHT / 2
    assert which.bounding_box()["y"] > look.bounding_box()["y"]
    phone.set_viewport_size({"width": 1280, "height": 900})
    assert which.bounding_box()["x"] < look.bounding_box()["x"]


def test_every_input_of_the_model_takes_three_lines(phone, still_desk):
    """Name, drift and worth in the first; nothing is wider than the page."""
    phone.goto(f"{still_desk.url}/features")
    phone.wait_for_function(DRAWN)
    rows = phone.locator(".st-key-every_feature tbody tr")
    heights = [rows.nth(at).bounding_box()["height"] for at in range(rows.count())]
    assert heights
    assert max(heights) < 100
    assert phone.evaluate("document.documentElement.scrollWidth") <= WIDTH
