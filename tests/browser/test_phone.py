"""What a phone shows first: runs and records above their filters, the look above what is chosen of it, few lines."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_stillness import DRAWN

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=60_000)
WIDTH, HEIGHT = 400, 820


@pytest.fixture(scope="module")
def still_desk(start_desk, prepared):
    """A desk over a finished run that nobody changes."""
    started = start_desk(prepared)
    yield started
    started.stop()


@pytest.fixture
def phone(new_page):
    """A page as wide as a phone."""
    page = new_page()
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    return page


def test_the_first_run_stands_above_folded_filters(phone, still_desk):
    """One press, or Enter, unfolds them; they stay open while one is chosen, and their number is said when folded."""
    phone.goto(f"{still_desk.url}/runs")
    phone.wait_for_function(DRAWN)
    first = phone.locator(".run-table tbody tr").first
    expect(first).to_be_visible()
    place = first.bounding_box()
    assert place["y"] + place["height"] < HEIGHT  # it is seen whole
    expect(phone.locator(".st-key-state")).to_be_hidden()
    summary = phone.locator(".st-key-filters .fold summary")
    summary.focus()
    phone.keyboard.press("Enter")
    expect(phone.locator(".st-key-state")).to_be_visible()
    phone.locator(".st-key-state input").click()
    phone.get_by_role("option", name="succeeded").click()
    phone.wait_for_url("**state=succeeded*")
    expect(phone.locator(".st-key-state")).to_be_visible()
    said = "e => getComputedStyle(e, '::after').content"
    expect(summary).to_have_js_property("tagName", "SUMMARY")
    phone.wait_for_function(
        f"() => ({said})(document.querySelector('.st-key-filters .fold summary')).includes('1 set')"
    )


HEAD = """() => Math.max(...[...document.querySelectorAll(".st-key-header, .st-key-belongs-together")]
    .map(each => each.getBoundingClientRect().bottom))"""
"""Where the head ends, in pixels from the top."""


@pytest.mark.parametrize(
    ("address", "most"),
    [("", 190), ("runs", 190), ("audit", 155), ("schedules", 155), ("run", 155), ("data", 190)],
)
def test_the_head_leaves_the_page_its_room(phone, still_desk, address, most):
    """It took 270 pixels: who looks and where the data lie is in the menu, profile and session are one line, and the
    search is in the bar above, at one place on every page.
    """
    phone.goto(f"{still_desk.url}/{address}")
    phone.wait_for_function(DRAWN)
    assert phone.evaluate(HEAD) < most
    assert phone.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_the_search_stands_beside_the_menu_above_the_name_of_the_page(phone, still_desk):
    """At the end of the line on top, and it opens."""
    phone.goto(f"{still_desk.url}/runs")
    phone.wait_for_function(DRAWN)
    search, menu = phone.locator(".st-key-search-open"), phone.get_by_role("button", name="Menu", exact=True)
    places = [each.bounding_box() for each in (search, menu, phone.locator(".st-key-header h1"))]
    assert places[0]["x"] + places[0]["width"] < places[1]["x"]
    assert places[0]["y"] + places[0]["height"] < places[2]["y"]
    search.locator("button:visible").click()
    expect(phone.get_by_role("dialog")).to_be_visible()


def test_a_run_takes_four_lines(phone, still_desk):
    """A card had 240 pixels; nothing is offered before something is ticked."""
    phone.goto(f"{still_desk.url}/runs")
    phone.wait_for_function(DRAWN)
    assert phone.locator(".run-table tbody tr").first.bounding_box()["height"] < 130
    expect(phone.locator(".st-key-act-compare")).to_have_count(0)
    phone.locator(".run-table td input").first.check()
    expect(phone.locator(".st-key-act-clone")).to_be_visible()


def test_what_can_be_done_with_a_run_are_buttons_of_one_height(phone, still_desk):
    """Two ways on, and below them three others as wide as each other; some were words without a border."""
    phone.goto(f"{still_desk.url}/run")
    phone.wait_for_function(DRAWN)
    buttons = phone.locator(".st-key-name button:visible")
    every = [buttons.nth(at).bounding_box() for at in range(buttons.count())]
    boxes = [box for box in every if box["width"] > 40]  # the sign that copies the id stands beside it
    assert len(boxes) == 5
    assert {round(box["height"]) for box in boxes} == {round(boxes[0]["height"])}
    widths = sorted(round(box["width"]) for box in boxes)
    assert widths[2] - widths[0] <= 1
    assert widths[4] - widths[3] <= 1


def test_the_bar_of_a_signal_stands_beside_its_probability(phone, still_desk):
    """In one line, and the head of the table is one line, too: it names the scale."""
    phone.goto(f"{still_desk.url}/predictions")
    phone.wait_for_function(DRAWN)
    row = phone.locator(".st-key-signals_table tbody tr").first
    bar, probability = row.locator(".forest img").bounding_box(), row.locator("td").nth(3).bounding_box()
    assert probability["x"] >= bar["x"] + bar["width"]
    assert abs(probability["y"] + probability["height"] / 2 - bar["y"] - bar["height"] / 2) < 4
    assert phone.locator(".st-key-signals_table thead").bounding_box()["height"] < 40
    scale = phone.locator(".st-key-signals_table thead th").nth(4).bounding_box()
    assert abs(scale["x"] - bar["x"]) < 2
    assert abs(scale["width"] - bar["width"]) < 2


def test_the_look_at_a_file_stands_above_what_is_chosen_of_it(phone, still_desk):
    """On a phone tickers and days come after it; on a screen they are at its left."""
    phone.goto(f"{still_desk.url}/start")
    look, which = phone.locator(".st-key-start-look"), phone.locator(".st-key-start-which")
    expect(phone.locator(".st-key-look")).to_contain_text("Ready to run")
    assert look.bounding_box()["y"] < HEIGHT / 2
    assert which.bounding_box()["y"] > look.bounding_box()["y"]
    phone.set_viewport_size({"width": 1280, "height": 900})
    assert which.bounding_box()["x"] < look.bounding_box()["x"]


def test_every_input_of_the_model_takes_three_lines(phone, still_desk):
    """Name, drift and worth in the first; nothing is wider than the page."""
    phone.goto(f"{still_desk.url}/features")
    phone.wait_for_function(DRAWN)
    rows = phone.locator(".st-key-every_feature tbody tr")
    heights = [rows.nth(at).bounding_box()["height"] for at in range(rows.count())]
    assert len(heights) > 2, "all of them, none behind a line"
    heads = phone.locator(".st-key-every_feature th:visible").all_inner_texts()
    assert heads == ["Feature", "Worth in AUC", "Drift"]
    assert max(heights) < 100
    assert phone.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_prices_stand_in_the_first_screen_and_how_they_are_drawn_is_folded(phone, still_desk):
    """The ticker stands beside the line that is pressed; period and style are there once it is."""
    phone.goto(f"{still_desk.url}/data")
    phone.wait_for_function(DRAWN)
    assert phone.locator(".st-key-prices_chart").bounding_box()["y"] < HEIGHT * 0.65
    expect(phone.locator(".st-key-period")).to_be_hidden()
    phone.locator(".st-key-folded-price .fold summary").click()
    phone.locator(".st-key-style button", has_text="Candlesticks").click()
    phone.wait_for_url("**style=Candlesticks*")
    expect(phone.locator(".st-key-period")).to_be_visible()
    phone.set_viewport_size({"width": 1280, "height": 900})
    expect(phone.locator(".st-key-folded-price .fold")).to_be_hidden()


def test_what_the_advice_rests_on_is_read_without_a_sideways_scroll(phone, still_desk):
    """Folded there behind a sentence, then cards; on a screen it is a table that stands open."""
    phone.goto(f"{still_desk.url}/report")
    phone.wait_for_function(DRAWN)
    cut = "tables => tables.map(t => t.parentElement.scrollWidth - t.parentElement.clientWidth)"
    rows = phone.locator(".advice-rows .wrapped")
    expect(rows).to_be_hidden()
    phone.locator(".advice-rows .fold summary").click()
    expect(rows).to_be_visible()
    assert max(phone.locator(".advice-rows table, .report-page [data-cards]").evaluate_all(cut)) <= 0
    phone.set_viewport_size({"width": 1280, "height": 900})
    expect(phone.locator(".advice-rows .fold")).to_be_hidden()


def test_the_way_to_sign_the_report_stands_at_the_foot_of_the_screen(phone, still_desk):
    """Sign-off comes below the document there; beside it, on a screen, no way is needed."""
    phone.goto(f"{still_desk.url}/report")
    phone.wait_for_function(DRAWN)
    way = phone.get_by_role("link", name="Go to sign-off")
    expect(way).to_be_in_viewport()
    assert way.bounding_box()["y"] > HEIGHT / 2
    way.click()
    expect(phone.locator(".st-key-saving")).to_be_in_viewport()
    phone.set_viewport_size({"width": 1280, "height": 900})
    expect(way).to_be_hidden()


FULL = "document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight"


def test_the_first_record_stands_above_folded_filters(phone, still_desk):
    """The line says how many filters count, also where the address has them; open, they are there."""
    phone.goto(f"{still_desk.url}/audit")
    phone.wait_for_function(DRAWN)
    first = phone.locator(".st-key-audit_table tbody tr").first.bounding_box()
    assert first["y"] + first["height"] < HEIGHT
    expect(phone.locator(".st-key-who")).to_be_hidden()
    phone.locator(".st-key-folded-audit .fold summary").click()
    expect(phone.locator(".st-key-who")).to_be_visible()
    phone.goto(f"{still_desk.url}/audit?text=nowhere")
    expect(phone.locator(".st-key-folded-audit .fold summary")).to_be_visible()
    said = "e => getComputedStyle(document.querySelector('.st-key-folded-audit .fold summary'), '::after').content"
    phone.wait_for_function(f"() => ({said})().includes('1 set')")


def test_what_can_be_done_with_ticked_runs_takes_the_place_of_the_filters(phone, still_desk):
    """Nothing moves: the filters, one line of a screen, come back with the last tick taken away."""
    phone.set_viewport_size({"width": 1280, "height": 900})
    phone.goto(f"{still_desk.url}/runs")
    phone.wait_for_function(DRAWN)
    table, tick = phone.locator(".run-table").first, phone.locator(".run-table td input").first
    expect(phone.locator(".st-key-state")).to_be_visible()
    before = table.bounding_box()["y"]
    tick.check()
    expect(phone.locator(".st-key-act-clone")).to_be_visible()
    expect(phone.locator(".st-key-state")).to_be_hidden()
    assert abs(table.bounding_box()["y"] - before) < 2
    tick.uncheck()
    expect(phone.locator(".st-key-state")).to_be_visible()


def test_what_is_folded_on_a_phone_is_there_at_once_on_a_screen(phone, still_desk):
    """No line to press, and every field."""
    phone.set_viewport_size({"width": 1280, "height": 900})
    for address, fold, there in (
        ("data", "price", ".st-key-period"),
        ("start", "which", ".st-key-field-tickers"),
    ):
        phone.goto(f"{still_desk.url}/{address}")
        phone.wait_for_function(DRAWN)
        expect(phone.locator(there)).to_be_visible()
        expect(phone.locator(f".st-key-folded-{fold} .fold")).to_be_hidden()


def test_a_file_that_comes_with_the_address_is_looked_at_above_the_fold(phone, still_desk, prices_file):
    """Upload and browser are folded then; pressed they are there, and typing in what they hold closes nothing."""
    phone.goto(f"{still_desk.url}/start?path={prices_file}")
    expect(phone.locator(".st-key-look")).to_contain_text("Rows")
    phone.wait_for_function(DRAWN)
    assert phone.locator(".st-key-look-figures").bounding_box()["y"] < HEIGHT
    expect(phone.locator(".st-key-upload")).to_be_hidden()
    phone.locator(".st-key-folded-files .fold summary").click()
    expect(phone.locator(".st-key-upload")).to_be_visible()
    phone.locator(".st-key-folded-which .fold summary").click()
    tickers = phone.locator(".st-key-field-tickers input")
    tickers.fill("AAA")
    tickers.press("Enter")
    said = "e => getComputedStyle(document.querySelector('.st-key-folded-which .fold summary'), '::after').content"
    phone.wait_for_function(f"() => ({said})().includes('1 set')")
    phone.wait_for_function(DRAWN)
    expect(phone.locator(".st-key-upload")).to_be_visible()
    expect(phone.locator(".st-key-field-end")).to_be_visible()


def test_the_question_before_a_start_shows_a_path_whole(phone, still_desk, prices_file):
    """A grid cut it at the edge of its column; now it goes on in the next line."""
    phone.goto(f"{still_desk.url}/start?path={prices_file}")
    expect(phone.locator(".st-key-run button")).to_be_enabled()
    phone.locator(".st-key-run button").click()
    values = phone.locator('.st-key-preview-requested td[data-label="Value"]')
    expect(values.filter(has_text=prices_file.name)).to_have_text(str(prices_file))
    assert all(values.evaluate_all("cells => cells.map(cell => cell.scrollWidth <= cell.clientWidth)"))


@pytest.mark.parametrize(("address", "most"), [("model", 3300), ("schedules", 1200), ("audit", 1500)])
def test_a_page_on_a_phone_has_an_end(phone, still_desk, address, most):
    """The judgement took 5,100 pixels: what its chart shows one by one is folded as a table, a gate has two lines."""
    phone.goto(f"{still_desk.url}/{address}")
    phone.wait_for_function(DRAWN)
    phone.wait_for_load_state("networkidle")
    assert phone.evaluate(FULL) < most
    assert phone.evaluate("document.documentElement.scrollWidth") <= WIDTH


def test_every_page_says_its_name_at_one_place_and_the_bar_opens_by_a_word(phone, still_desk):
    """At the left on top, whatever stands beside it; the pages that belong together stand below, one of them marked."""
    places = {}
    for address in ("", "profiles", "runs", "start", "data", "report", "audit", "schedules", "run", "trends"):
        phone.goto(f"{still_desk.url}/{address}")
        phone.wait_for_function(DRAWN)
        name = phone.locator(".st-key-header h1")
        places[address] = tuple(round(name.bounding_box()[side]) for side in ("x", "y"))
        siblings = phone.locator(".st-key-belongs-together")
        if siblings.count():
            assert siblings.bounding_box()["y"] > name.bounding_box()["y"]
            expect(siblings.locator("strong:visible")).to_have_text([name.inner_text()])
    assert len(set(places.values())) == 1, places
    menu = phone.get_by_role("button", name="Menu", exact=True)
    assert menu.evaluate("e => getComputedStyle(e, '::after').content") == '"Menu"'
    menu.click()
    expect(phone.get_by_test_id("stSidebarNavLink").first).to_be_visible()


def test_a_form_that_is_closed_is_a_button_and_open_has_the_width_of_the_page(phone, still_desk):
    """Both ways to a schedule stand in one line; pressed, the form goes below it."""
    phone.set_viewport_size({"width": 1280, "height": 900})
    phone.goto(f"{still_desk.url}/schedules?fill=sample")
    form, other = phone.locator(".st-key-new-backfill"), phone.locator(".st-key-new-schedule")
    expect(phone.locator(".st-key-backfill-start")).to_be_visible()
    phone.wait_for_function(DRAWN)
    assert form.bounding_box()["width"] > 1000
    assert other.bounding_box()["width"] < 250
    form.locator("summary").click()
    expect(phone.locator(".st-key-backfill-start")).to_be_hidden()
    phone.wait_for_function(
        "document.querySelector('.st-key-new-backfill').getBoundingClientRect().width < 300"
    )
    assert form.bounding_box()["y"] == other.bounding_box()["y"]
