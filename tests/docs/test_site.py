"""The documentation as a site: whole, and needing nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FETCHED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=[\"']?((?:https?:)?//[^\"'> ]+)")


def build(root: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of the project in ``root``."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(target)],
        cwd=root,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    """The built site."""
    target = tmp_path_factory.mktemp("site")
    built = build(root, target)
    assert built.returncode == 0, built.stderr
    return target


def test_every_page_and_link_is_in_place(site, root):
    """The build is strict: a page outside the navigation or a dead link fails it."""
    pages = {path.relative_to(root / "docs").with_suffix(".html") for path in (root / "docs").rglob("*.md")}
    assert pages <= {path.relative_to(site) for path in site.rglob("*.html")}


def test_a_dead_link_fails_the_build(root, tmp_path):
    """The strictness itself: one page of its own under our configuration, with a link that leads nowhere."""
    settings = (root / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[0]
    (tmp_path / "mkdocs.yml").write_text(settings, encoding="utf-8")
    page = tmp_path / "docs" / "index.md"
    page.parent.mkdir()
    page.write_text("# A page\n\n[nowhere](no-such-page.md)\n", encoding="utf-8")
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode != 0
    assert "no-such-page.md" in built.stderr


def test_no_page_fetches_anything_from_elsewhere(site):
    """Scripts, styles, fonts and pictures all come with the site."""
    assert FETCHED.findall('<script src="https://example.com/a.js">') == ["https://example.com/a.js"]
    fetched = {url for page in site.rglob("*.html") for url in FETCHED.findall(page.read_text())}
    assert fetched == set()
