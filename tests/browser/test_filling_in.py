"""A session that is missing is filled in from Today's strip of sessions in a real browser, on a real run."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from core.store.checkpoints import Slot, Store
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


def test_a_missing_session_is_filled_in_from_the_strip(new_page, desk, data):
    """Its square leads to the form, which has profile and session; once made, it leads to its report."""
    page, session = (
        new_page(),
        "2020-10-23",
    )  # a Friday: a session of every calendar that the profile may follow
    page.goto(desk.url)
    page.locator(f'.session-strip a.day.d-none[title^="{session}"]').click()
    expect(page.locator(".st-key-new-backfill")).to_contain_text("1 session")
    expect(
        page.locator(".st-key-backfill-start button")
    ).to_be_in_viewport()  # what was asked for comes first
    for key in ("backfill-first", "backfill-last"):
        spelled = "".join(page.locator(f".st-key-{key} [role=spinbutton]").all_inner_texts())
        assert session.replace("-", "") == "".join(filter(str.isdigit, spelled))

    page.locator(".st-key-backfill-start button").click()
    expect(page.locator('[class*="st-key-backfill-"]', has_text="1 succeeded").first).to_be_visible(
        timeout=LONG_MS
    )
    newest = Journal(data, read_only=True).runs()[0]
    assert (newest.state, newest.session) == ("succeeded", session)
    meta = Store(data).meta(Slot("validate", newest.keys["validate"]))
    assert meta.body["parameters"]["calendar"] == "24/7"
    page.get_by_role("link", name="Open its report").click()
    page.wait_for_url(f"**/report?run={newest.run_id}*")

    page.goto(desk.url)
    saturday = "2020-10-24"  # the profile's calendar is still that of its file, and its source no sample
    expect(page.locator(f'.session-strip a.day[title^="{saturday}"]')).to_be_visible()
    expect(page.locator(".line-of-work")).not_to_contain_text("sample")
    page.locator(f'.session-strip a.day[title^="{session}: draft"]').click()
    page.wait_for_url(f"**/report?profile=*&session={session}")
    expect(page.get_by_role("heading", name="Report", exact=True)).to_be_visible()
