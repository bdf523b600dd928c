"""Accessibility of every page, judged by axe-core in a browser: nothing serious in light, dark and on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_stillness import DRAWN, PAGES

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SERIOUS = ("serious", "critical")
PARTS = (
    "data?part=Coverage", "data?part=All+tickers", "data?part=Findings", "model?part=Curves", "model?part=Signals",
    "model?part=Decisions", "run?show=artifacts",
)  # fmt: skip
"""Parts of pages that are drawn only when they are asked for."""

TABS = ("Edit text", "Plain text", "As generated", "Changes")


@pytest.fixture(scope="module")
def looked_at(start_desk, prepared, chromium):
    """A desk over a finished run, and a page of it in each theme and on a phone."""
    started = start_desk(prepared)
    contexts = [chromium.new_context(color_scheme=scheme) for scheme in ("light", "dark")]
    phone = {"width": 400, "height": 860}
    contexts.append(chromium.new_context(color_scheme="dark", viewport=phone))
    yield started.url, [context.new_page() for context in contexts]
    for context in contexts:
        context.close()
    started.stop()


def serious(page) -> list[str]:
    """What axe-core finds on a page that keeps somebody from using it: rule and element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {node['html'][:160]}" for v in found if v["impact"] in SERIOUS for node in v["nodes"]
    ]


def opened(page, address: str):
    """The page at an address, once it is drawn."""
    page.goto(address)
    page.wait_for_function(DRAWN)
    return page


@pytest.mark.parametrize("address", [*PAGES, *PARTS])
def test_no_page_has_a_serious_finding(looked_at, address):
    """Names for screen readers, contrast, everything that scrolls within reach of a keyboard."""
    url, pages = looked_at
    light, dark, phone = (serious(opened(page, f"{url}/{address}")) for page in pages)
    assert (light, dark, phone) == ([], [], [])


def test_no_tab_of_the_report_has_a_serious_finding(looked_at):
    """Each window of text is reached by keyboard and has a name."""
    url, (page, *_) = looked_at
    opened(page, f"{url}/report")
    page.locator(".st-key-edit_context textarea").first.wait_for()
    for tab in TABS:
        page.get_by_role("tab", name=tab).first.click()
        page.wait_for_timeout(500)  # the script has begun: until it ends, what goes is faded
        page.wait_for_function(DRAWN)
        assert serious(page) == [], tab


def test_axe_finds_what_is_wrong(looked_at):
    """A window that scrolls and that no key reaches: the rule that the report's preview once broke."""
    _, (page, *_) = looked_at
    page.set_content(
        "<main><h1>x</h1><pre style='height:40px;overflow:auto'>" + "line<br>" * 50 + "</pre></main>"
    )
    assert any("scrollable-region-focusable" in each for each in serious(page))
