"""The page that says where a change belongs names files and names that are there."""

from __future__ import annotations

import re

import pytest

PAGE = "docs/where-it-belongs.md"
KINDS = ("rule", "feature", "figure", "source", "stage", "parameter", "command", "page", "message")


@pytest.fixture(scope="module")
def page(root):
    """The page's text."""
    return (root / PAGE).read_text(encoding="utf-8")


def rows(text):
    """Each table row as its cells."""
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_kind_of_change_has_a_section(page):
    """A newcomer who looks for one of these finds it by its heading."""
    heads = [line for line in page.splitlines() if line.startswith("## ")]
    assert [kind for kind in KINDS if not any(kind in head for head in heads)] == []


def test_each_place_is_there_and_has_the_names_beside_it(page, root):
    """A table row's files exist; each name in its second cell that looks like code of ours is in one of them."""
    missing = []
    for places, what, *_ in rows(page):
        paths = [root / place for place in re.findall(r"`([\w./]+)`", places)]
        missing += [str(path) for path in paths if not path.exists()]
        files = [
            p for path in paths for p in ([path] if path.is_file() else path.rglob("*.py")) if p.exists()
        ]
        text = "\n".join(path.read_text(encoding="utf-8") for path in files)
        for name in re.findall(r"`([A-Za-z_]\w+)`", what):
            if not re.search(rf"\b{name}\b", text):
                missing.append(f"{places}: {name}")
    assert missing == []


def test_names_outside_the_tables_are_files_too(page, root):
    """Every path that the page writes is a file or a folder."""
    written = set(re.findall(r"`((?:core|dashboard|docs|tests|luigi_tasks)/[\w./]*)`", page))
    assert len(written) > 30
    assert [path for path in sorted(written) if not (root / path).exists()] == []
