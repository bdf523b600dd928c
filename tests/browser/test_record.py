"""Who started, cancelled and retried a run stands in Record: seen in a real browser, on real runs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from core.queries.runs.run_labels import run_name

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE_MS = 120_000
"""A whole run of the sample on a machine that runs other tests besides."""


def press(page, key: str) -> None:
    """Press the button with this key."""
    page.locator(f".st-key-{key} button").first.click()


def expect_state(page, word: str) -> None:
    """Wait until the watched run is in a state."""
    expect(page.locator(".st-key-run-state", has_text=word).first).to_be_visible(timeout=PATIENCE_MS)


def run_in(page) -> str:
    """Return the run that the address names."""
    return page.url.partition("run=")[2]


def acts(page) -> list[tuple[str, str, str]]:
    """Return who did what to which run, the newest first, as the table has it."""
    cells = {
        name: page.locator(f'.st-key-audit_table td[data-label="{name}"]').all_inner_texts()
        for name in ("Who", "What", "About")
    }
    return [tuple(text.split("\n")[0].strip() for text in row) for row in zip(*cells.values(), strict=True)]


def test_a_start_a_cancel_and_a_retry_are_on_record(new_page, desk, data, requests):
    """Each act has a line with person, run and profile; a filter leaves the cancel alone; a line leads to its run."""
    page = new_page()
    page.goto(f"{desk.url}/runs?new=1")
    press(page, "run")
    press(page, "start")
    page.wait_for_url("**/run?run=*")
    first = run_in(page)
    expect(page.locator(".st-key-stage-ingest", has_text=re.compile("running|done")).first).to_be_visible()
    press(page, "cancel")
    press(page, "cancel-yes")
    expect_state(page, "cancelled")
    press(page, "retry")
    press(page, "start")
    page.wait_for_url(lambda url: "run?run=" in url and first not in url)
    second = run_in(page)
    expect_state(page, "succeeded")
    assert Journal(data).run(first).exit_code == 143

    page.goto(f"{desk.url}/audit")
    expect(page.locator('.st-key-audit_table td[data-label="What"]')).to_have_count(3, timeout=PATIENCE_MS)
    listed = acts(page)
    assert [(what, about) for _, what, about in listed] == [
        ("started a run again", run_name(second)), ("cancelled", run_name(first)), ("started a run", run_name(first)),
    ]  # fmt: skip
    assert all(who.startswith("local user") for who, _, _ in listed)
    assert page.locator(".st-key-audit_table .about").all_inner_texts() == ["sample"] * 3
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".sealed button").click()
    expect(page.locator(".sealed button")).to_have_attribute("aria-label", "Copied")
    seal = page.locator(".sealed code").get_attribute("title")
    assert (len(seal), page.evaluate("navigator.clipboard.readText()")) == (64, seal)
    page.locator(".st-key-no_starts label").first.click()
    expect(page.locator('.st-key-audit_table td[data-label="What"]')).to_have_count(1, timeout=PATIENCE_MS)

    page.goto(f"{desk.url}/audit?what=cancelled")
    expect(page.locator('.st-key-audit_table td[data-label="What"]')).to_have_count(1, timeout=PATIENCE_MS)
    page.locator(".st-key-audit_table a.to-page").click()
    page.wait_for_url(f"**/run?run={first}*")
    expect_state(page, "cancelled")
    assert not requests.outside()
