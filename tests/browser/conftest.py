"""A real browser on a real desk: Debian's Chromium, a fresh data root, and a log of every request."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_MS = 60_000
"""For states that a loaded machine reaches late; nothing waits for a time."""


def pytest_collection_modifyitems(items):
    """Give a test in a real browser a second try; the closing line counts those that needed it."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium():
    """Chromium, shared by the tests of a process; without it they are skipped, in CI they fail."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "no chromium on PATH (Debian: apt-get install chromium)"
        if os.environ.get("AFTERCLOSE_REQUIRE_TOOLS"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Requests:
    """Everything that the pages asked for, over any protocol."""

    urls: list[str] = field(default_factory=list)

    def outside(self) -> list[str]:
        """What would have left this machine."""
        kept = ("data", "blob", "about")
        return [
            url
            for url in self.urls
            if urlsplit(url).scheme not in kept and urlsplit(url).hostname != "127.0.0.1"
        ]


@pytest.fixture
def requests() -> Requests:
    """The log of this test's requests."""
    return Requests()


@pytest.fixture
def new_page(chromium, requests):
    """Open a window of its own (cookies, storage) whose requests are logged."""
    contexts = []

    def opened():
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: requests.urls.append(request.url))
        contexts.append(context)
        page = context.new_page()
        page.on("websocket", lambda socket: requests.urls.append(socket.url))
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def desk(start_desk, data, tmp_path):
    """A desk over a fresh data root."""
    started = start_desk(data)
    yield started
    if started.process.poll() is None:
        started.stop()


@pytest.fixture
def bad_file(tmp_path, make_prices) -> Path:
    """A CSV with one impossible price: the gate must stop it."""
    lines = make_prices().splitlines()
    row = lines[100].split(",")
    lines[100] = ",".join([*row[:3], "0.01", *row[4:]])  # a high below the low
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
