"""Keys and what comes by itself in a real browser: search, going from page to page, and the word when a run ends."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from tests.browser.test_stillness import DRAWN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)


@pytest.fixture
def page(start_desk, finished, new_page):
    """The page Runs of a desk over a finished run."""
    desk = start_desk(finished)
    page = new_page()
    page.goto(f"{desk.url}/runs")
    page.wait_for_function(DRAWN)
    yield page
    desk.stop()


def test_keys_search_and_lead_from_page_to_page(page):
    """`/` finds a ticker, `g d` opens Data, `?` lists the keys; what is typed into a box is no key."""
    page.keyboard.press("/")
    box = page.locator('[role="dialog"] input').first
    expect(box).to_be_focused()
    page.keyboard.type("aaa")
    expect(page.locator(".st-key-search-hits").first).to_contain_text("prices in files:prices")
    assert page.url.endswith("/runs"), "letters in a box lead nowhere"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/data*")
    page.wait_for_function(DRAWN)
    page.keyboard.press("?")
    expect(page.locator(".st-key-keys-table").first).to_contain_text("Over time")


def test_the_end_of_a_run_is_said_on_any_page(page, finished):
    """A run that was going when the page came, and failed meanwhile; the page stays where it is."""
    journal = Journal(finished)
    journal.add_run("going-1", who="ann", how="terminal", request={}, target="report", state="running")
    expect(page.get_by_test_id("stToast")).to_have_count(0)
    page.wait_for_timeout(6_000)  # the next look: nothing on the page says that it came
    journal.end("going-1", "failed", 30, "the gate stopped the run")
    expect(page.get_by_test_id("stToast").first).to_contain_text("going-1: failed")
    assert page.url.endswith("/runs")
