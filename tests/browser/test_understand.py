"""Understanding a run in a real browser: why it failed, accepting a finding, links, keyboard, a phone's width."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.journal import Journal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)
LONG_MS = 120_000


def press(page, where: str, says: str = "") -> None:
    """Press the first that is there: while a page is drawn anew its old elements may stand beside the new ones."""
    page.locator(where, has_text=says).first.click()


@pytest.fixture
def failed(run_luigi, bad_file, data, small) -> str:
    """A run in somebody's terminal that the gate stopped; its id."""
    options = list(small)
    options[options.index("--path") + 1] = str(bad_file)
    assert run_luigi(*options, data=data).code == 30
    return Journal(data).runs()[0].run_id


def test_from_the_overview_to_the_first_error_and_past_it(new_page, failed, start_desk, data, requests):
    """One click to the reason, whoever started the run; accepted with a reason and retried, the gate lets it pass."""
    page = new_page()
    page.goto(start_desk(data).url)
    expect(page.locator(".st-key-needs").first).to_contain_text("validate")
    press(page, ".st-key-needs a", "See why")
    page.wait_for_url(f"**/run?run={failed}*")
    expect(page.get_by_role("alert").first).to_contain_text("the gate stopped the run")
    press(page, ".st-key-log-whole button")
    expect(page.locator(".st-key-log").first).to_contain_text("ERROR: failed after")
    expect(page.locator(".st-key-follow input").first).not_to_be_checked()

    press(page, ".st-key-accept button")
    expect(page.get_by_role("dialog")).to_contain_text("stays as it is and counts")
    page.locator(".st-key-accept-why textarea").fill("The exchange corrected this bar later.")
    press(page, ".st-key-accept-yes button")
    expect(page.get_by_text(re.compile(r"Accepted 1, record \d+"))).to_be_visible()
    expect(page.locator(".st-key-finding-0").first).to_contain_text("accepted")
    expect(page.locator(".st-key-findings").first).to_contain_text("0 open, 1 accepted")
    press(page, ".st-key-retry-accepted button")  # where it was accepted
    expect(page.locator(".st-key-preview-stages").first).to_contain_text("reuse")
    press(page, ".st-key-start button")
    page.wait_for_url(lambda url: "run=" in url and failed not in url)
    passed = page.locator(".st-key-stage-validate", has_text=re.compile("done"))
    expect(passed.first).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".st-key-stage-ingest").first).to_contain_text("reused")
    expect(page.locator(".st-key-run-state", has_text="succeeded").first).to_be_visible(timeout=LONG_MS)
    expect(page.locator(".st-key-run-state").first).to_contain_text("0 errors open, 1 accepted")
    assert requests.outside() == []


def test_a_link_shows_the_same_after_a_reload(new_page, finished, start_desk):
    """Filters of the log, the stage and artifact that are looked at, and those of the list of runs."""
    url = start_desk(finished).url
    page = new_page()
    page.goto(f"{url}/run?level=error&find=nothing")
    expect(page.locator(".st-key-log").first).to_contain_text("no line is like that")
    page.goto(f"{url}/run?show=artifacts&of=clean&file=repairs.json")
    for _ in range(2):
        expect(page.locator(".st-key-held").first).to_contain_text("clean/")
        expect(page.locator(".st-key-file input").first).to_have_value("repairs.json")
        page.reload()
    page.goto(f"{url}/runs?state=failed")
    for _ in range(2):
        expect(page.get_by_text("No run is like that.")).to_be_visible()
        page.reload()


def test_pages_fit_a_phone_and_their_buttons_are_reached_by_keyboard(new_page, finished, start_desk):
    """Nothing is wider than 400 pixels; Tab comes to Run, Enter opens what would be done, Escape closes it."""
    url = start_desk(finished).url
    page = new_page()
    page.set_viewport_size({"width": 400, "height": 820})
    shown = {
        "": "needs", "runs": "run-table", "run": "line", "run?show=artifacts": "held", "data": "prices_chart",
        "features": "feature_chart", "predictions": "probability_chart", "model": "decide", "report": "sign",
        "audit": "verify_line",
    }  # fmt: skip
    for path, key in shown.items():
        page.goto(f"{url}/{path}")
        expect(page.locator(f".st-key-{key}").first, f"/{path}").to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400, f"/{path} is {wide} wide"
    page.goto(f"{url}/runs?new=1")
    expect(page.locator(".st-key-run button").first).to_be_enabled()
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('.st-key-run')"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("will be made")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
