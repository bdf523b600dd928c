"""The operator's way through the desk in a real browser, on real runs. Nothing may leave this machine."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from core.journal import Journal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SECTIONS = ("context", "business_implications", "risks", "ethical_considerations")
expect.set_options(timeout=30_000)
LONG_MS = 120_000
"""A whole run of the sample on a machine that runs other tests besides."""


def press(page, key: str) -> None:
    """Press the button with this key."""
    page.locator(f".st-key-{key} button").first.click()


def launch(page, desk) -> str:
    """Open the desk, press Run and return the run's id, which is in the address at once."""
    page.goto(f"{desk.url}/runs?new=1")
    press(page, "run")
    press(page, "start")
    page.wait_for_url("**/run?run=*")
    return page.url.partition("run=")[2]


def expect_state(page, word: str) -> None:
    """Wait until the watched run is in a state."""
    # while a page is drawn anew its old elements may stand beside the new ones for a moment
    expect(page.locator(".st-key-run-state", has_text=word).first).to_be_visible(timeout=LONG_MS)


def expect_box(page, stage: str, said: str | re.Pattern[str]) -> None:
    """Wait until the box of a stage says something."""
    expect(page.locator(f".st-key-stage-{stage}", has_text=said).first).to_be_visible()


def test_from_run_to_a_published_report(new_page, desk, data, requests):
    """Run, watch, look at chart and figures, edit, reload, sign, publish: the two minutes of the README."""
    page = new_page()
    page.goto(f"{desk.url}/runs")
    expect(page.get_by_text("Nothing has run here yet")).to_be_visible()
    run_id = launch(page, desk)
    expect_box(page, "ingest", re.compile("running|done"))
    expect_box(page, "sign-off", "queued")
    expect_state(page, "succeeded")
    expect_box(page, "train_or_score", "9,973")
    expect_box(page, "sign-off", "to sign")
    expect(page.locator(".st-key-log")).to_contain_text("run finished: succeeded")

    page.get_by_test_id("stTopNavLink").filter(has_text="Data").click()
    page.wait_for_url(f"**/data?run={run_id}*")
    expect(page.locator(".st-key-prices_chart .main-svg").first).to_be_visible()
    page.goto(f"{desk.url}/model?run={run_id}")
    expect(page.locator(".st-key-estimates_chart .main-svg").first).to_be_visible()
    page.goto(f"{desk.url}/run?run={run_id}")
    press(page, "open-report")
    page.wait_for_url(f"**/report?run={run_id}*")

    write_and_save(page)
    page.reload()
    expect(page.locator(".st-key-edit_risks textarea")).to_have_value("Judged: risks.")
    sign_and_publish(page)

    (folder,) = data.glob("published/*/*")
    signed = json.loads((folder / "signature.json").read_text(encoding="utf-8"))
    text = (folder / "report.txt").read_text(encoding="utf-8")
    assert signed["content"]["user"] == "local user"
    assert "Judged: ethical considerations." in text
    assert text.startswith("Signature\n---------\nSigned by")
    page.goto(f"{desk.url}/run?run={run_id}")
    expect_box(page, "sign-off", "signed")
    assert len(requests.urls) > 50
    assert requests.outside() == []


def write_and_save(page) -> None:
    """Write every section that only a person can write; each is kept as its box is left."""
    for name in SECTIONS:
        area = page.locator(f".st-key-edit_{name} textarea")
        area.fill(f"Judged: {name.replace('_', ' ')}.")
        area.blur()
        expect(page.get_by_text("Saved as draft")).to_be_visible()
    expect(page.locator(".st-key-drafts")).to_contain_text(f"Drafts ({len(SECTIONS)})")


def sign_and_publish(page) -> None:
    """Choose a meaning (none is chosen beforehand), sign, and publish what was signed."""
    assert page.locator(".st-key-meaning input:checked").count() == 0
    page.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    page.locator(".st-key-comment textarea").fill("Read and agreed.")
    press(page, "sign")
    expect(page.locator(".header-state")).to_contain_text("signed")
    press(page, "publish")
    expect(page.get_by_text("Published: the files are as they were signed.")).to_be_visible()


def test_a_run_is_cancelled_after_asking(new_page, desk, data):
    """The dialog asks; then the whole run ends, the page says so and the button is gone."""
    page = new_page()
    run_id = launch(page, desk)
    expect_box(page, "ingest", re.compile("running|done"))
    press(page, "cancel")
    expect(page.get_by_role("dialog")).to_contain_text("Finished stages stay")
    press(page, "cancel-yes")
    expect_state(page, "cancelled")
    expect(page.locator(".st-key-cancel")).to_have_count(0)
    expect_box(page, "rest", "report")
    expect_box(page, "rest", "not run")
    assert Journal(data).run(run_id).exit_code == 143


def test_the_gate_stops_bad_prices_and_the_page_shows_why(new_page, desk, bad_file, requests):
    """The first error stands on top, the stage is red and says failed, the finding is in a table."""
    page = new_page()
    page.goto(f"{desk.url}/runs?new=1")
    page.locator(".st-key-source button", has_text="files").click()
    path = page.locator(".st-key-field-path input")
    path.fill(str(bad_file))
    path.blur()
    expect(page.locator(".st-key-start-words")).to_contain_text("It would stop at the gate")
    press(page, "run")
    press(page, "start")
    page.wait_for_url("**/run?run=*")
    expect_state(page, "failed")
    expect(page.get_by_role("alert").first).to_contain_text("the gate stopped the run")
    expect_box(page, "validate", "failed")
    expect_box(page, "rest", "clean")
    expect_box(page, "rest", "not run")
    expect(page.locator(".st-key-findings")).to_contain_text("Correct it at the source")
    assert requests.outside() == []


def test_a_mistake_is_answered_beside_its_field_as_it_is_typed(new_page, desk, data):
    """No file is there: the field says so while it is typed, nothing can be pressed, no traceback is shown."""
    page = new_page()
    page.goto(f"{desk.url}/runs?new=1")
    page.locator(".st-key-source button", has_text="files").click()
    expect(page.locator(".st-key-wrong-path")).to_contain_text("Name a file or folder")
    page.locator(".st-key-field-path input").press_sequentially("nowhere.csv")
    expect(page.locator(".st-key-wrong-path")).to_contain_text("nowhere.csv")
    expect(page.locator(".st-key-run button").first).to_be_disabled()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    assert not Journal.exists(data) or Journal(data).count_runs() == 0


def test_a_run_outlives_the_tab_and_the_server(new_page, desk, start_desk, data):
    """Reloaded, closed, server stopped and started anew: the same run goes on and is found again."""
    page = new_page()
    run_id = launch(page, desk)
    page.reload()
    expect(page.locator(".st-key-name")).to_contain_text(run_id.rpartition("-")[2])
    page.context.close()
    journal = Journal(data)
    desk.stop()
    assert journal.run(run_id).active

    again = start_desk(data)
    page = new_page()
    page.goto(f"{again.url}/runs")
    page.locator(f".run-table a[data-run='{run_id}']").first.click()
    page.wait_for_url(f"**/run?run={run_id}")
    expect_state(page, "succeeded")
    assert journal.count_runs() == 1
    again.stop()


def test_two_browsers_pressing_run_get_one_run(new_page, desk, data):
    """The second is led to the first one's run and told so."""
    one, two = new_page(), new_page()
    first = launch(one, desk)
    assert launch(two, desk) == first
    expect(two.get_by_text("already going")).to_be_visible()
    assert Journal(data).count_runs() == 1
    press(two, "cancel")
    press(two, "cancel-yes")
    expect_state(two, "cancelled")
    expect_state(one, "cancelled")
