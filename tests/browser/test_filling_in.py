"""A session that is missing is filled in from Today's calendar in a real browser, on a real run."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from tests.shared import copy_root

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=60_000)
LONG_MS = 180_000
"""A run on a machine that runs other tests besides."""


@pytest.fixture
def data(prepared, tmp_path):
    """One finished run, of the last session of its file."""
    root = tmp_path / "data"
    copy_root(prepared, root)
    return root


def test_a_missing_session_is_filled_in_from_the_calendar(new_page, desk, data):
    """Its day leads to the form, which has profile and session; once made, the day leads to its report."""
    page, session = (
        new_page(),
        "2020-10-23",
    )  # a Friday: a session of every calendar that the profile may follow
    page.goto(desk.url)
    page.locator(f'.sessions a.day.d-none[title^="{session}"]').click()
    expect(page.locator(".st-key-new-backfill")).to_contain_text("1 session")
    for key in ("backfill-first", "backfill-last"):
        spelled = "".join(page.locator(f".st-key-{key} [role=spinbutton]").all_inner_texts())
        assert session.replace("-", "") == "".join(filter(str.isdigit, spelled))

    page.locator(".st-key-backfill-start button").click()
    expect(page.locator('[class*="st-key-backfill-"]', has_text="1 succeeded").first).to_be_visible(
        timeout=LONG_MS
    )
    newest = Journal(data, read_only=True).runs()[0]
    assert (newest.state, newest.session) == ("succeeded", session)

    page.goto(desk.url)
    page.locator(f'.sessions a.day[title^="{session}: draft"]').click()
    page.wait_for_url(f"**/report?profile=*&session={session}")
    expect(page.get_by_role("heading", name="Report", exact=True)).to_be_visible()
