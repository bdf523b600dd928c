"""Typing on the report page while it saves: every keystroke arrives, and nothing moves under the person's hands."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from core.journal.database import FILE_NAME
from tests.dashboard.report_page import report_key

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=30_000)
PAUSE_MS = 35
"""Between two keystrokes: quick typing, so that some fall into every moment of a save."""

WORDS = "What is typed while the last box is saved."


@pytest.fixture
def report(start_desk, finished, new_page):
    """The report page of a finished run."""
    desk = start_desk(finished)
    page = new_page()
    page.goto(f"{desk.url}/report")
    expect(box(page, "ethical_considerations")).to_be_visible()
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_attached()
    at_rest(page)
    yield page
    desk.stop()


def box(page, section: str):
    """The text area of a section."""
    return page.locator(f".st-key-edit_{section} textarea")


def top_of(page, section: str) -> float:
    """Where a box stands on the page, in pixels from the top of what scrolls."""
    script = "(area) => area.getBoundingClientRect().top + document.querySelector('[data-testid=stMain]').scrollTop"
    return box(page, section).evaluate(script)


def at_rest(page) -> None:
    """Wait until the page has been drawn: its height is the same in two looks a quarter of a second apart."""
    height, before = "document.querySelector('[data-testid=stMain]').scrollHeight", 0
    while (now := page.evaluate(height)) != before:
        before = now
        page.wait_for_timeout(250)


def leave_by_mouse(page, section: str) -> None:
    box(page, section).click()


def leave_by_tab(page, section: str) -> None:
    page.keyboard.press("Tab")
    expect(box(page, section)).to_be_focused()


@pytest.mark.parametrize("leave", [leave_by_mouse, leave_by_tab])
def test_no_keystroke_is_lost_and_nothing_moves_while_a_box_is_saved(report, finished, leave):
    """Four boxes, one after the other without a pause: the save of each falls into the typing of the next."""
    names = ("context", "business_implications", "risks", "ethical_considerations")
    before = {name: top_of(report, name) for name in names}
    box(report, names[0]).click()
    for place, name in enumerate(names):
        if place:
            leave(report, name)
        report.keyboard.type(f"{name}: {WORDS}", delay=PAUSE_MS)
        assert {each: top_of(report, each) for each in names} == pytest.approx(before, abs=1)
    box(report, names[-1]).blur()
    expect(report.locator(".st-key-saving")).to_contain_text(f"Saved as draft {len(names)}")
    assert [box(report, name).input_value() for name in names] == [f"{name}: {WORDS}" for name in names]
    newest = Journal(finished).drafts(report_key(finished))[0].text
    assert all(f"\n{name}: {WORDS}\n" in newest for name in names)


def test_a_box_that_is_left_while_another_is_still_being_saved_is_saved_after_it(report, finished):
    """The page is drawn anew in a second thread meanwhile: a save is never in the way of the same person's next."""
    with closing(sqlite3.connect(finished / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # another program writes: the first save waits for it
        for name in ("context", "business_implications", "risks"):
            box(report, name).fill(f"About {name}.")
            box(report, name).blur()
            report.wait_for_timeout(700)
        other.execute("ROLLBACK")
    expect(report.locator(".st-key-saving")).to_contain_text(re.compile("Saved as draft [23]"))
    at_rest(report)
    expect(report.locator(".st-key-in-the-way")).to_be_hidden()
    newest = Journal(finished).drafts(report_key(finished))[0].text
    assert all(f"\nAbout {name}.\n" in newest for name in ("context", "business_implications", "risks"))


def test_the_comment_of_a_signature_survives_the_save_of_the_last_section(report):
    """The save changes what stands above the comment (what is still to be written); the comment is left alone."""
    for name in ("context", "business_implications", "risks"):
        box(report, name).fill(f"About {name}.")
        box(report, name).blur()
    expect(report.locator(".st-key-saving")).to_contain_text("Saved as draft 3")
    box(report, "ethical_considerations").click()
    report.keyboard.type("None known.", delay=PAUSE_MS)
    report.locator(".st-key-comment textarea").click()
    report.keyboard.type(WORDS, delay=PAUSE_MS)
    expect(report.locator(".st-key-saving")).to_contain_text("Saved as draft 4")
    expect(report.locator(".st-key-signing-as")).not_to_contain_text("Still to be written")
    assert report.locator(".st-key-comment textarea").input_value() == WORDS
    expect(report.locator(".st-key-sign button")).to_be_disabled()
    report.locator(".st-key-meaning label", has_text="Approved: may be published").click()
    expect(report.locator(".st-key-sign button")).to_be_enabled()
    assert report.locator(".st-key-comment textarea").input_value() == WORDS


def test_what_cannot_be_saved_is_said_without_moving_the_next_box(report):
    """A heading of another section is refused while the next box is typed into: no keystroke goes, no box moves."""
    box(report, "business_implications").click()
    report.keyboard.type("Risks\n-----\nNone.")
    before = top_of(report, "risks")  # a box is as high as its words
    box(report, "risks").click()
    report.keyboard.type(WORDS, delay=PAUSE_MS)
    expect(report.locator(".st-key-saving")).to_contain_text("Not saved")
    expect(report.locator(".st-key-in-the-way")).to_contain_text(re.compile("heading"))
    assert box(report, "risks").input_value() == WORDS
    assert top_of(report, "risks") == pytest.approx(before, abs=1)
    box(report, "risks").blur()  # it is saved; what was refused stands in its box and is said to be unsaved
    expect(report.locator(".st-key-sign button")).to_be_disabled()
    report.reload()
    expect(box(report, "risks")).to_have_value(WORDS)
    expect(box(report, "business_implications")).to_have_value("Risks\n-----\nNone.")
    expect(report.locator(".st-key-saving")).to_contain_text("Not saved")


def test_whether_it_is_saved_and_the_way_to_sign_stay_in_sight(report):
    """The side stands beside whatever box is typed into, a thousand pixels down the document."""
    box(report, "ethical_considerations").scroll_into_view_if_needed()
    report.evaluate("document.querySelector('[data-testid=stMain]').scrollBy(0, 900)")
    expect(report.locator(".st-key-saving")).to_be_in_viewport()
    expect(report.locator(".st-key-signing-as").get_by_role("link", name="Risks")).to_be_in_viewport()
    expect(report.locator(".st-key-sign button")).to_be_in_viewport()
