"""A new run in a real browser: a file brought, picked and named; the look; what it will do; nothing jumps."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from core.journal import Journal
from tests.browser.test_accessible import serious
from tests.browser.test_stillness import DRAWN, MOST, SUM_OF_SHIFTS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory, prices_file):
    """The folder in which the desk is started: some price files, and settings that take any day for a session."""
    place = tmp_path_factory.mktemp("desk")
    (place / "daily").mkdir()
    shutil.copy(prices_file, place / "prices.csv")
    shutil.copy(prices_file, place / "daily" / "may.csv")
    lines = prices_file.read_text(encoding="utf-8").splitlines()
    second = lines[1].split(",")
    second[5] = "1"
    (place / "twice.csv").write_text("\n".join([*lines, ",".join(second)]) + "\n", encoding="utf-8")
    (place / "luigi.cfg").write_text("[market]\ncalendar = 24/7\n", encoding="utf-8")
    return place


def root_of(folder):
    """The data root of the desk that is started there."""
    return folder / "data"


@pytest.fixture(scope="module")
def desk_here(start_desk, folder):
    """A desk started there, over a data root of its own."""
    started = start_desk(root_of(folder), cwd=folder)
    yield started
    started.stop()


@pytest.fixture
def page(new_page, desk_here):
    """The page of a new run, with files chosen as the source."""
    opened = new_page()
    opened.add_init_script(SUM_OF_SHIFTS)
    opened.goto(f"{desk_here.url}/start")
    opened.locator(".st-key-source button", has_text="Files").click()
    expect(opened.locator(".st-key-look")).to_contain_text("A look at your prices", timeout=PATIENCE_MS)
    return opened


def bring(page, path) -> None:
    """Give the browser a file to upload."""
    page.locator(".st-key-upload input[type=file]").first.set_input_files(path)


def expect_look(page, words: str) -> None:
    """Wait until the look says something."""
    expect(page.locator(".st-key-look")).to_contain_text(words, timeout=PATIENCE_MS)


def test_a_file_is_brought_seen_and_run(page, folder, tmp_path, prices_file, requests):
    """Uploaded it keeps its name, its digest is said, the look is drawn, and the run reads the very bytes."""
    mine = tmp_path / "mine.csv"
    shutil.copy(prices_file, mine)
    bring(page, mine)
    expect(page.locator(".st-key-upload-outcome")).to_contain_text("Kept as mine.csv", timeout=PATIENCE_MS)
    expect(page.locator(".st-key-upload-outcome")).to_contain_text("SHA-256")
    expect_look(page, "Ready to run")
    expect_look(page, "enough to judge")
    assert (folder / "uploads" / "mine.csv").read_bytes() == mine.read_bytes()
    expect(page.locator(".st-key-start-words")).to_contain_text("Profile files:mine has no champion yet")
    expect(page.locator(".st-key-start-words")).to_contain_text("0 reused, 7 to be made")
    page.locator(".st-key-run button").click()
    page.locator(".st-key-start button").last.click()
    page.wait_for_url("**/run?run=*")
    run = Journal(root_of(folder)).run(page.url.partition("run=")[2])
    assert run.request["path"] == str(folder / "uploads" / "mine.csv")
    assert requests.outside() == []


def test_another_file_of_that_name_waits_for_a_decision(page, folder, tmp_path, prices_file):
    """Nothing is written before; both are kept where that is asked for."""
    first = tmp_path / "same.csv"
    shutil.copy(prices_file, first)
    bring(page, first)
    expect(page.locator(".st-key-upload-outcome")).to_contain_text("Kept as same.csv", timeout=PATIENCE_MS)
    before = (folder / "uploads" / "same.csv").read_bytes()
    first.write_text(first.read_text() + "2021-01-01,AAA,1,1,1,1,1,1\n", encoding="utf-8")
    bring(page, first)
    expect(page.locator(".st-key-upload-outcome")).to_contain_text("there already", timeout=PATIENCE_MS)
    assert (folder / "uploads" / "same.csv").read_bytes() == before
    page.locator(".st-key-upload-beside button").click()
    expect(page.locator(".st-key-upload-outcome")).to_contain_text("Kept beside", timeout=PATIENCE_MS)
    assert (folder / "uploads" / "same.csv").read_bytes() == before
    assert len(list((folder / "uploads").glob("same-*.csv"))) == 1


def test_a_file_is_picked_by_keyboard_alone(page, folder):
    """Tab to the list, Enter opens a folder and chooses a file; the look says what would stop it, and leads to a place
    for a corrected file."""
    page.locator(".st-key-folded-browse .fold summary").press("Enter")
    rows = page.locator(".file-list button")
    expect(rows.filter(has_text="twice.csv")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(DRAWN)
    rows.filter(has_text="daily").press("Enter")
    expect(rows.filter(has_text="may.csv")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(DRAWN)
    page.locator(".way button").first.press("Enter")
    expect(rows.filter(has_text="twice.csv")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function(DRAWN)
    rows.filter(has_text="twice.csv").press("Enter")
    expect(page.locator(".st-key-field-path input")).to_have_value(
        str(folder / "twice.csv"), timeout=PATIENCE_MS
    )
    expect_look(page, "twice.csv: 1 error")
    expect_look(page, "line 602:")
    expect(page.locator(".st-key-start-words")).to_contain_text("It would stop at the gate: see the error")
    page.goto(f"{page.url.partition('?')[0]}?path={folder / 'twice.csv'}")
    expect(page.locator(".st-key-upload")).to_be_hidden(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Bring a corrected file").click()
    expect(page.locator(".st-key-upload")).to_be_visible()


def test_what_comes_later_moves_nothing(page, folder):
    """The look, the words beside the button, the message of an upload: each has its place."""
    page.locator(".st-key-folded-browse .fold summary").click()
    expect(page.locator(".file-list button", has_text="prices.csv").first).to_be_visible(timeout=PATIENCE_MS)
    page.locator(".file-list button", has_text="prices.csv").first.click()
    expect_look(page, "Ready to run")
    page.wait_for_timeout(700)  # what is still on its way would move something now
    assert page.evaluate("window.shifts") < MOST


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_a_look_has_no_serious_finding_and_nothing_jumps(chromium, desk_here, folder, scheme, width):
    """Opened with a file in the address: names, contrast, what scrolls within reach; shifts below the bound."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    opened.add_init_script(SUM_OF_SHIFTS)
    opened.goto(f"{desk_here.url}/start?path={folder / 'twice.csv'}")
    expect_look(opened, "twice.csv: 1 error")
    opened.wait_for_function(DRAWN)
    opened.wait_for_timeout(700)
    shifts = opened.evaluate("window.shifts")
    opened.locator(".st-key-more summary").click()
    expect(opened.locator(".st-key-option-words input")).to_be_visible()
    opened.wait_for_function(DRAWN)
    findings = serious(opened)
    context.close()
    assert findings == []
    assert shifts < MOST
