"""The page of the study is made from what was counted."""

from __future__ import annotations

import importlib.util
import json

import pytest


@pytest.fixture(scope="module")
def tables(root):
    """``benchmarks/truth_tables.py`` as a module."""
    spec = importlib.util.spec_from_file_location("truth_tables", root / "benchmarks" / "truth_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_follow_from_the_counts(root, tables):
    """Nothing between the marks was written by hand; ``python benchmarks/truth.py page`` writes it."""
    text = (root / "docs" / "truth.md").read_text(encoding="utf-8")
    stored = json.loads((root / "docs" / "truth.json").read_text(encoding="utf-8"))
    assert text.count("<!-- end ") == len(tables.SECTIONS)
    assert tables.filled(text, stored) == text
    stored["studies"]["noise"]["intervals"]["logistic regression: auc"]["holds"] -= 100
    assert tables.filled(text, stored) != text


def test_what_misses_the_aim_is_listed(root, tables):
    """What is sure to miss it has a row of its own; what lies outside by chance is named with its figures."""
    stored = json.loads((root / "docs" / "truth.json").read_text(encoding="utf-8"))
    text = tables.missing(stored)
    sure, possible = text.split("\n\n")
    missed = [
        (study["short"], name, counted)
        for study in (stored["studies"][world] for world in tables.WORLDS)
        for name, counted in study["intervals"].items()
        if tables.misses(counted) and not name.startswith("notebook")
    ]
    surely = [entry for entry in missed if tables.surely_misses(entry[2])]
    assert len(sure.splitlines()) == 2 + len(surely)
    assert "".join(possible.splitlines()[2:]).count("(") == len(missed) - len(surely)
    worse = dict(stored["studies"]["noise"]["intervals"]["logistic regression: auc"], holds=0, below=400)
    stored["studies"]["noise"]["intervals"]["logistic regression: auc"] = worse
    assert len(tables.missing(stored).splitlines()) == len(text.splitlines()) + 1
