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
    && !document.querySelector('[data-testid=stSkeleton]') && charts.every(chart => chart.querySelector('.main-svg'));
}"""


@pytest.fixture(scope="module")
def still_desk(start_desk, prepared):
    """A desk over a finished run that nobody changes."""
    started = start_desk(prepared)
    yield started
    started.stop()


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("address", PAGES)
def test_nothing_jumps_while_a_page_loads(new_page, still_desk, address, width, request):
    """The median of one cold load and two reloads, of six loads where that is too much: a busy machine draws late."""
    if (address, width) == ("report", 400):
        missed = (
            "in about four of ten loads the sections are hidden and drawn again: .55 and .60; not mended yet"
        )
        request.applymarker(pytest.mark.xfail(reason=missed, strict=False))
    page = new_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(SUM_OF_SHIFTS)
    sums = []
    while len(sums) < 3 or (len(sums) < 6 and median(sums) >= MOST):
        page.goto(f"{still_desk.url}/{address}")
        page.wait_for_function(DRAWN)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(700)  # what is still on its way would move something now
        sums.append(page.evaluate("window.shifts"))
    assert median(sums) < MOST, sums
