"""Nothing jumps while a page loads: its layout shifts, summed as a browser measures them, stay below 0.1."""

from __future__ import annotations

from statistics import median

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MOST = 0.1
"""Web Vitals: up to here a page is good."""

PAGES = ("", "runs", "start", "data", "model", "report", "audit", "schedules", "run", "features", "predictions",
         "profiles", "compare", "trends")  # fmt: skip
SUM_OF_SHIFTS = """
window.shifts = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
DRAWN = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')];
  return app && app.dataset.testScriptState === 'notRunning'
    && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')
    && charts.every(chart => chart.querySelector('.main-svg'));
}"""


GAPS = """
window.gaps = 0;
document.addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  window.gaps = Math.max(window.gaps, document.querySelectorAll('[data-testid=stSkeleton]').length);
}).observe(document.documentElement, {childList: true, subtree: true}));
"""
ASKED_FIRST = """
const Original = window.WebSocket;
window.WebSocket = class extends Original {
  constructor(...how) {
    const asked = performance.getEntriesByType("resource").filter(each => each.name.includes("/_stcore/"));
    window.askedFirst = asked.map(each => each.name);
    super(...how);
  }
};
"""
"""What the page was answered about the desk before it opened its socket."""

LOADS = 20


@pytest.fixture(scope="module")
def still_desk(start_desk, prepared):
    """A desk over a finished run that nobody changes."""
    started = start_desk(prepared)
    yield started
    started.stop()


def settled(sums: list[float]) -> bool:
    """Whether no further load is due: two below the mark keep the median of three there, whatever the third is."""
    if len(sums) < 3:
        return len(sums) == 2 and max(sums) < MOST
    return len(sums) == 6 or median(sums) < MOST


def test_a_load_is_left_out_only_where_it_could_change_nothing():
    """Two good ones settle it; one of them that is not asks for a third, and a bad median for up to six."""
    bad, good = 2 * MOST, MOST / 2
    assert [settled(s) for s in ([], [good], [good, good], [good, bad])] == [False, False, True, False]
    assert [settled(s) for s in ([bad, good, good], [good, bad, bad])] == [True, False]
    assert [settled(s) for s in ([bad] * 5, [bad] * 6)] == [False, True]


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("address", PAGES)
def test_nothing_jumps_while_a_page_loads(new_page, still_desk, address, width):
    """The median of one cold load and two reloads, of six loads where that is too much: a busy machine draws late."""
    page = new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(SUM_OF_SHIFTS)
    sums = []
    while not settled(sums):
        page.goto(f"{still_desk.url}/{address}")
        page.wait_for_function(DRAWN)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(700)  # what is still on its way would move something now
        sums.append(page.evaluate("window.shifts"))
    assert median(sums) < MOST, sums


def test_the_report_on_a_phone_never_jumps(new_page, still_desk):
    """Of twenty loads not one; four of ten did, as its sections stood as gaps until their part of the program came."""
    page = new_page()
    page.set_viewport_size({"width": 400, "height": 900})
    page.add_init_script(SUM_OF_SHIFTS)
    sums = []
    for _ in range(LOADS):
        page.goto(f"{still_desk.url}/report")
        page.wait_for_function(DRAWN)
        page.wait_for_load_state("networkidle")
        sums.append(page.evaluate("window.shifts"))
    assert max(sums) < MOST, sums


@pytest.mark.parametrize("address", ["", "run"])
def test_a_reload_draws_no_gaps_and_does_not_ask_where_the_desk_is(new_page, still_desk, address):
    """What these pages are made of is there before they are drawn, and the socket opens without a question before."""
    page = new_page()
    page.add_init_script(GAPS + ASKED_FIRST)
    page.goto(f"{still_desk.url}/{address}")
    page.wait_for_function(DRAWN)
    page.wait_for_load_state("networkidle")
    page.reload()
    page.wait_for_function(DRAWN)
    assert page.evaluate("window.gaps") == 0
    assert page.evaluate("window.askedFirst") == []
