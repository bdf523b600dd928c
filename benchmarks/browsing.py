"""Times in a real Chromium: to content, of a rerun, of a tick. Nothing leaves this machine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # pages that are not in front must not be slowed down: each stands for a viewer of its own
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    # luigid's page asks for a font of another site: refused at once here, as intercepting it would switch
    # the browser's cache off
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip

DESK_DRAWN = """(text) => {
  const app = document.querySelector('[data-testid=stApp]');
  const main = document.querySelector('[data-testid=stMainBlockContainer]');
  const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')];
  return app && main && app.dataset.testScriptState === 'notRunning' && main.innerText.includes(text)
    && !document.querySelector('[data-testid=stSkeleton]')
    && charts.every(chart => chart.querySelector('.main-svg'));
}"""
"""The script has ended, the page's words are there, every chart has its picture."""

LUIGID_DRAWN = (
    "(text) => (document.querySelector('#taskTable tbody') || {innerText: ''}).innerText.includes(text)"
)

COUNT_RERUNS = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  window.rerunsEnded = 0;
  new MutationObserver(() => { if (app.dataset.testScriptState === 'notRunning') window.rerunsEnded += 1; })
    .observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
}"""

RECORD_TICKS = """
const Original = window.WebSocket;
window.ticks = [];
window.WebSocket = class extends Original {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', () => {
      if (window.ticks.length) window.ticks[window.ticks.length - 1].last = performance.now();
    });
  }
  send(data) { window.ticks.push({sent: performance.now(), last: null}); super.send(data); }
};
"""
"""A tick is what the page asks for each second: from the request to the last message of the answer."""

TICKS = "() => window.ticks.filter(tick => tick.last !== null).map(tick => tick.last - tick.sent)"


@dataclass(frozen=True)
class Subject:
    """A page to time: its address, when it is drawn, and words that are on it only then."""

    name: str
    url: str
    drawn: str
    words: str


@contextmanager
def chromium() -> Iterator[Browser]:
    """Keep a browser open."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise SystemExit("benchmarks: no chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def window(browser: Browser) -> BrowserContext:
    """Open a window with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)
    return context


def cold_s(browser: Browser, subject: Subject) -> float:
    """Return the seconds to content with an empty cache."""
    context = window(browser)
    page = context.new_page()
    taken = _until_drawn(page, subject, lambda: page.goto(subject.url, wait_until="commit"))
    context.close()
    return taken


def reload_s(page: Page, subject: Subject) -> float:
    """Return the seconds to content of a reload."""
    return _until_drawn(page, subject, lambda: page.reload(wait_until="commit"))


def opened(browser: Browser, subject: Subject) -> Page:
    """Open a page and wait until it is drawn."""
    page = window(browser).new_page()
    _until_drawn(page, subject, lambda: page.goto(subject.url, wait_until="commit"))
    return page


def _until_drawn(page: Page, subject: Subject, act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    page.wait_for_function(subject.drawn, arg=subject.words)
    return time.perf_counter() - started


def rerun_s(page: Page, label: str) -> float:
    """Return the seconds from a click on a choice to the end of the rerun that it asks for."""
    page.evaluate(COUNT_RERUNS)
    choice = page.locator("[data-testid=stMain]").get_by_role("radio", name=label, exact=True)
    started = time.perf_counter()
    choice.click()
    page.wait_for_function("() => window.rerunsEnded > 0")
    return time.perf_counter() - started


def ticks_ms(browser: Browser, subject: Subject, seconds: float) -> list[float]:
    """Return the milliseconds of every tick that a window saw in a span."""
    context = window(browser)
    context.add_init_script(RECORD_TICKS)
    page = context.new_page()
    _until_drawn(page, subject, lambda: page.goto(subject.url, wait_until="commit"))
    page.evaluate("() => { window.ticks = []; }")
    page.wait_for_timeout(seconds * 1000)
    found = [float(tick) for tick in page.evaluate(TICKS)]
    context.close()
    return found
