"""The page of the study is made from what was counted."""

from __future__ import annotations

import importlib
import json

import pytest


@pytest.fixture
def tables(root, monkeypatch):
    """``benchmarks/truth_tables.py`` as a module; it stands beside the other benchmarks and not in a package."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return importlib.import_module("truth_tables")


@pytest.fixture
def counting(tables):
    """``benchmarks/truth_counts.py``, which it rests on."""
    return importlib.import_module("truth_counts")


def test_the_tables_follow_from_the_counts(root, tables):
    """Nothing between the marks was written by hand; ``python benchmarks/truth.py page`` writes it."""
    text = (root / "docs" / "truth.md").read_text(encoding="utf-8")
    stored = json.loads((root / "docs" / "truth.json").read_text(encoding="utf-8"))
    assert text.count("<!-- end ") == len(tables.SECTIONS)
    assert tables.filled(text, stored) == text
    stored["studies"]["noise"]["intervals"]["logistic regression: auc"]["holds"] -= 100
    assert tables.filled(text, stored) != text


def test_what_misses_the_aim_is_listed(root, tables, counting):
    """What is sure to miss it has a row of its own; what lies outside by chance is named with its figures."""
    stored = json.loads((root / "docs" / "truth.json").read_text(encoding="utf-8"))
    text = tables.missing(stored)
    sure, possible = text.split("\n\n")
    missed = [
        (study["short"], name, counted)
        for study in (stored["studies"][world] for world in tables.WORLDS)
        for name, counted in study["intervals"].items()
        if counting.misses(counted) and not name.startswith("notebook")
    ]
    surely = [entry for entry in missed if counting.surely_misses(entry[2])]
    assert len(sure.splitlines()) == 2 + len(surely)
    assert "".join(possible.splitlines()[2:]).count("(") == len(missed) - len(surely)
    worse = dict(stored["studies"]["noise"]["intervals"]["logistic regression: auc"], holds=0, below=400)
    stored["studies"]["noise"]["intervals"]["logistic regression: auc"] = worse
    assert len(tables.missing(stored).splitlines()) == len(text.splitlines()) + 1
