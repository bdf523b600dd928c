"""Every kind of chart is drawn by what is sent of the program (dashboard/chart_program.py), and answers a pointer."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAYERS = {
    "data": (".scatterlayer .lines path",),
    "data?style=Candlesticks": (".boxlayer path", ".barlayer path"),
    "features": (".barlayer path", ".heatmaplayer image"),
    "model": (".scatterlayer .points path", ".errorbars path", ".scatterlayer .xerror"),
    "model?part=Curves": (".scatterlayer .lines path",),
}
"""Address -> what its charts draw."""


@pytest.fixture(scope="module")
def chart_desk(start_desk, prepared):
    """A desk over a finished run."""
    started = start_desk(prepared)
    yield started
    started.stop()


def test_every_kind_of_chart_is_drawn_and_names_its_values(new_page, chart_desk):
    """Nothing is missing in the program: no error in the browser's console, and a word under the pointer."""
    page, errors = new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for address, layers in LAYERS.items():
        page.goto(f"{chart_desk.url}/{address}")
        for layer in layers:
            page.locator(layer).first.wait_for(state="attached")
    page.goto(f"{chart_desk.url}/data?style=Candlesticks")
    page.locator(".boxlayer path").first.wait_for(state="attached")
    word = page.locator(".hoverlayer text", has_text="open").first
    for step in range(120):  # a chart answers a pointer that moves, once it has its place
        candle = page.locator(".boxlayer path").nth(20).bounding_box()
        page.mouse.move(candle["x"] + candle["width"] / 2 - step % 2, candle["y"] + candle["height"] / 2)
        if word.count():
            break
        page.wait_for_timeout(500)
    assert word.count()
    # a first visit asks below the page's own address where the desk is, and hears that it is not there
    assert [error for error in errors if "status of 404" not in error] == []
