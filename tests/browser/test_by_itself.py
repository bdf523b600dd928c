"""Schedules, Compare and Trends in a real browser, on real runs: one desk for all, of which one report is signed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from core.journal.schedules import Schedules
from core.request import settings
from core.review import signoff
from core.review.people import local_person
from core.store.checkpoints import Store
from tests.shared import copy_root

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=60_000)
LONG_MS = 120_000
"""A run of the sample on a machine that runs other tests besides."""

DATA_OF_CHART = """selector => document.querySelector(selector + " .js-plotly-plot").data.map(
    line => ({name: line.name, symbols: [...line.marker.symbol], count: line.x.length}))"""


@pytest.fixture(scope="module")
def data(cold, tmp_path_factory, run_luigi, small):
    """Two runs of one profile; the first one's report is signed."""
    assert cold[1].code == 0, cold[1].err
    root = tmp_path_factory.mktemp("automatic") / "data"
    copy_root(cold[0], root)
    first = Journal(root).runs()[0]
    sign(root, first.keys["report"])
    made = run_luigi(*small, "--mode", "train", "--embargo-sessions", "3", data=root)
    assert made.code == 0, made.err
    return root


def sign(root, key) -> None:
    """Approve a report as the local user."""
    configured = settings.load({"AFTERCLOSE_DATA": str(root)})
    journal = Journal(root)
    shown = signoff.signable(Store(root), journal, key).sha256
    signoff.sign(
        configured, journal, key,
        text_sha256=shown, person=local_person(configured), meaning="approved", comment="Read.",
    )  # fmt: skip


@pytest.fixture(scope="module")
def desk(start_desk, data):
    """One desk over them, with its scheduler."""
    started = start_desk(data)
    yield started
    started.stop()


def test_a_schedule_set_in_the_browser_runs_by_itself(new_page, desk, data, requests):
    """Set with the form, shown with five times in both zones, run at once, seen to its end, paused."""
    name = f"daily{len(Schedules(data).schedules())}"  # what an attempt before this one left has another
    page = new_page()
    page.goto(f"{desk.url}/schedules")
    if name != "daily0":
        page.locator(".st-key-new-schedule summary").click()
    page.locator(".st-key-schedule-name input").fill(name)
    # a profile that is there from the tests before is called after its file: no tickers are chosen beside it
    page.locator(".st-key-schedule-profile input").click()
    page.get_by_role("option", name="(none)").click()
    page.locator(".st-key-schedule-tickers input").fill("AAPL")
    page.locator(".st-key-schedule-set button").click()
    expect(page.get_by_text(f"{name} is set.")).to_be_visible(timeout=LONG_MS)
    card = page.locator(f".st-key-schedule-{name}")
    expect(card).to_contain_text("45 min after the close")
    expect(card.locator(f".st-key-next-{name} tbody tr")).to_have_count(5)
    expect(page.get_by_text("No schedule starts now")).to_have_count(0, timeout=LONG_MS)

    card.locator(f".st-key-now-{name} button").click()
    expect(page.get_by_text(f"{name} was started.")).to_be_visible(timeout=LONG_MS)
    expect(card.get_by_text("History, last: succeeded")).to_be_visible(timeout=LONG_MS)
    run = Journal(data, read_only=True).runs()[0]
    assert (run.how, run.state, run.request["tickers"]) == ("schedule", "succeeded", "AAPL")
    card.locator(f".st-key-pause-{name} button").click()
    expect(page.get_by_text(f"{name} is paused.")).to_be_visible()
    expect(card.locator(f".st-key-resume-{name}")).to_be_visible()
    expect(card).to_contain_text("nothing starts until it is resumed")

    card.locator(f".st-key-more-{name} button").click()
    page.locator(f".st-key-change-{name} button").click()
    minutes = page.locator(f".st-key-change-{name}-minutes input")
    minutes.fill("60")
    minutes.press("Tab")
    page.wait_for_timeout(6000)  # longer than the page's own refresh: what was typed is still there
    expect(page.get_by_role("dialog")).to_contain_text("close+60m, XNYS")
    page.locator(f".st-key-change-{name}-yes button").click()
    expect(card).to_contain_text("1 h after the close")
    expect(page.get_by_role("dialog")).to_have_count(0)
    card.get_by_text("History, last: succeeded").click()
    expect(card.locator(f".st-key-history-{name} tbody tr")).to_have_count(1)
    assert requests.outside() == []


def test_a_calendar_begins_with_monday(new_page, desk):
    """Whatever the browser's language says: the days are ISO dates everywhere."""
    page = new_page()
    page.goto(f"{desk.url}/audit")
    page.locator(".st-key-folded-audit .fold summary").click()
    page.locator("[data-testid=stDateInput] button").first.click()
    expect(page.locator("[role=grid] thead th, [role=grid] [role=columnheader]").first).to_have_text("M")


def test_two_runs_stand_side_by_side(new_page, desk, data):
    """The two newest of one profile are chosen by hand; what differs and the reports' diff are there."""
    runs = [run.run_id for run in Journal(data, read_only=True).runs() if run.how == "terminal"]
    page = new_page()
    page.goto(f"{desk.url}/compare?run={runs[0]}&run={runs[1]}")
    expect(page.locator(".st-key-beside-two td", has_text="Gap before each test").first).to_be_visible()
    expect(page.locator(f'.st-key-beside-two a[href$="{runs[1]}"]')).to_be_visible()
    expect(page.locator(f".st-key-differences-{runs[1]}").first).to_contain_text("AUC")
    for chart in ("roc", "wealth"):
        expect(page.locator(f".st-key-compare-{chart} .main-svg").first).to_be_visible()
    expect(page.get_by_text(f"+++ {runs[1]}")).not_to_be_visible()
    page.locator(f".st-key-compare-text-{runs[1]} summary").click()
    expect(page.get_by_text(f"+++ {runs[1]}").first).to_be_visible()


def test_trends_draw_a_line_for_each_line_of_work_and_mark_what_is_signed(new_page, desk):
    """The signed report is a diamond; two runs of a file are one line; a click on a point leads to its run."""
    page = new_page()
    page.goto(f"{desk.url}/trends?profile=files:prices")
    expect(page.locator(".st-key-trends-single tbody tr")).to_have_count(
        2
    )  # both of one session: no line yet
    page.locator(".st-key-trends-along button", has_text="When it ran").click()
    for column in ("rows", "findings"):  # the same twice: their value says it
        expect(page.locator(f".st-key-trends-level .st-key-level-{column}-0")).to_contain_text(
            "in each of 2 reports"
        )
    expect(page.locator(".st-key-trend-seconds .main-svg").first).to_be_visible()
    expect(page.get_by_text("Without a value in these reports: ")).to_be_visible()  # no drift is ranked yet
    lines = page.evaluate(DATA_OF_CHART, ".st-key-trend-seconds")
    (of_file,) = [line for line in lines if line["name"] == "files:prices"]
    assert (of_file["count"], of_file["symbols"]) == (2, ["diamond", "circle"])
    point = page.locator(".st-key-trend-seconds .points path").first.bounding_box()
    page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    page.wait_for_url("**/run?run=*")


def test_on_a_phone_nothing_is_cut_off(new_page, desk):
    """400 pixels wide: no page is wider, and the form's button can be reached."""
    page = new_page()
    page.set_viewport_size({"width": 400, "height": 820})
    # with the runs of the tests before, if there were any, or with the words that there are none
    for path, there in (
        ("compare", "[class*=st-key-compare-runs], [data-testid=stAlert]"),  # the table is folded
        ("trends", ".st-key-trends-single, .st-key-trend-auc, [data-testid=stAlert]"),
        ("schedules", ".st-key-new-schedule"),
    ):
        page.goto(f"{desk.url}/{path}")
        expect(page.locator(there).first).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400, f"/{path} is {wide} wide"
