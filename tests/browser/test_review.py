"""Review in a real browser: two tabs, a changed figure, a decision, sign, publish, verify."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from tests.champions import champion

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)


@pytest.fixture
def reviewed(start_desk, finished):
    """A desk over a finished run."""
    started = start_desk(finished)
    yield started
    started.stop()


def write(page, section, words) -> None:
    """Type into a section and leave the box."""
    area = page.locator(f".st-key-edit_{section} textarea")
    area.fill(words)
    area.blur()


def drafts(data):
    """All drafts, the newest first."""
    (folder,) = (data / "checkpoints" / "report").iterdir()
    return Journal(data).drafts(folder.name)


def test_a_second_tab_loses_nothing_over_a_conflict_and_a_reload(new_page, reviewed, finished):
    """Both write; the slower one is told, reloads, finds its words again, and keeps them beside the other's."""
    slow, fast = new_page(), new_page()
    for page in (slow, fast):
        page.goto(f"{reviewed.url}/report")
        expect(page.locator(".st-key-edit_risks textarea")).to_be_visible()
    write(fast, "risks", "From the fast tab.")
    expect(fast.get_by_text("Saved as draft 1")).to_be_visible()
    write(slow, "context", "From the slow tab.")
    expect(slow.locator(".st-key-conflict")).to_contain_text("saved draft 1 while you were writing")
    expect(slow.locator(".st-key-sign button").first).to_be_disabled()

    slow.reload()
    expect(slow.locator(".st-key-edit_context textarea")).to_have_value("From the slow tab.")
    slow.locator(".st-key-save_draft button").first.click()
    expect(slow.get_by_text("Saved as draft 2")).to_be_visible()
    assert ["From the slow tab." in d.text for d in drafts(finished)] == [True, False]
    assert "From the fast tab." in drafts(finished)[1].text
    # what the other tab shows is no longer the newest, and it says so with its next step
    write(fast, "context", "Late.")
    expect(fast.locator(".st-key-conflict")).to_be_visible()


def test_decide_sign_publish_and_verify(new_page, reviewed, finished, requests):
    """A model is promoted with a reason, the text signed and published, and the audit page checks it all."""
    page = new_page()
    page.goto(f"{reviewed.url}/model")
    page.locator(".st-key-promote button").first.click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Champion in use")
    page.locator(".st-key-promote-yes button").click()
    expect(question.get_by_text("no reason was given")).to_be_visible()
    page.locator(".st-key-decision_why textarea").fill("A first baseline.")
    page.locator(".st-key-promote-yes button").click()
    expect(question.get_by_text("something speaks against this model")).to_be_visible()
    assert champion(finished) is None
    page.locator(".st-key-decision_agreed label").click()
    page.locator(".st-key-promote-yes button").click()
    expect(page.get_by_text("is the champion of files:prices now")).to_be_visible()
    expect(question).to_have_count(0)
    assert champion(finished).why == "A first baseline."
    page.locator(".st-key-part button", has_text="Curves").click()
    expect(page.locator(".st-key-roc_chart .main-svg").first).to_be_visible()

    page.goto(f"{reviewed.url}/report")
    write(page, "risks", "The AUC of 0.913 is no promise.")
    expect(page.locator(".st-key-checks")).to_contain_text("AUC of 0.913")
    write(page, "risks", "None of these figures is a promise.")
    expect(page.locator(".st-key-checks", has_text="0.913")).to_have_count(
        0
    )  # with nothing to say it is not there
    page.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    page.locator(".st-key-comment textarea").fill("The rest stays open.")
    page.locator(".st-key-sign button").first.click()
    expect(page.locator(".header-state")).to_contain_text("signed")
    page.locator(".st-key-publish button").first.click()
    expect(page.get_by_text("the files are as they were signed")).to_be_visible()
    with page.expect_download() as download:
        page.locator(".st-key-published button", has_text="report.txt").click()
    assert "None of these figures is a promise." in download.value.path().read_text(encoding="utf-8")

    page.goto(f"{reviewed.url}/audit")
    approved = page.get_by_role("row", name=re.compile("approved"))
    expect(approved.filter(has_text="The rest stays open")).to_be_visible()
    page.locator(".st-key-verify button").first.click()
    expect(page.get_by_text("All whole")).to_be_visible()
    (published,) = finished.glob("published/*/*/report.txt")
    published.chmod(0o644)
    published.write_bytes(published.read_bytes() + b" ")
    page.locator(".st-key-verify button").first.click()
    expect(page.get_by_text("1 fault in")).to_be_visible()
    assert requests.outside() == []
