"""A question is left by the button beside the one that acts: it is gone, and nothing was done."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.journal import Journal

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def still_desk(start_desk, prepared):
    """A desk over a finished run that nobody changes."""
    started = start_desk(prepared)
    yield started
    started.stop()


def acts(root) -> tuple[int, int]:
    """How many runs and records there are."""
    journal = Journal(root, read_only=True)
    return journal.count_runs(), len(journal.records())


@pytest.mark.parametrize(
    ("address", "opener", "act"),
    [("start", "run", "start"), ("model", "promote", "promote-yes"), ("run", "act-name", "name-yes")],
)
def test_a_question_is_left_and_nothing_is_done(new_page, still_desk, prepared, address, opener, act):
    """Starting a run, promoting a model, naming a run: Cancel stands beside the button that does it."""
    before = acts(prepared)
    page = new_page()
    page.goto(f"{still_desk.url}/{address}")
    page.locator(f".st-key-{opener} button").click()
    does, leaves = page.locator(f".st-key-{act} button"), page.locator(f".st-key-leave-{act} button")
    expect(does).to_be_visible()
    apart = "(does, leaves) => does.getBoundingClientRect().y - leaves.getBoundingClientRect().y"
    assert does.evaluate(apart, leaves.element_handle()) == pytest.approx(
        0, abs=2
    )  # at once: a question slides in
    leaves.click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert acts(prepared) == before
