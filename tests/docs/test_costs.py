"""The documentation's tables of large universes are made from what was measured."""

from __future__ import annotations

import importlib.util
import json

import pytest


@pytest.fixture(scope="module")
def costs(root):
    """``benchmarks/costs.py`` as a module."""
    spec = importlib.util.spec_from_file_location("costs", root / "benchmarks" / "costs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results(root):
    """What ``benchmarks/growth.py`` measured."""
    return json.loads((root / "docs" / "growth.json").read_text())


@pytest.mark.parametrize(("page", "sections"), [("performance.md", 3), ("scale.md", 1)])
def test_tables_and_arithmetic_follow_from_the_measurements(page, sections, root, costs, results):
    """Nothing between the marks was written by hand; ``python benchmarks/growth.py`` writes it."""
    text = (root / "docs" / page).read_text(encoding="utf-8")
    assert text.count("<!-- end ") == sections
    assert costs.filled(text, results) == text
    doubled = {**results, "entries": [{**e, "cpu_s": e["cpu_s"] * 2} for e in results["entries"]]}
    assert costs.filled(text, doubled) != text


def test_minute_bars_cost_what_a_calculator_says(costs):
    """A microsecond and 100 bytes a row in each of four stages, for 19.656 billion rows."""
    made = [
        {"stage": stage, "tickers": 10, "cpu_s": 1.0, "rows": 1_000_000, "bytes": 100_000_000}
        for stage in ("ingest", "validate", "clean", "feature_engineer")
    ]
    text = costs.minute_bars(made)
    assert "| all four | 4.0 s | 400 |" in text
    # 19,656 million x 4 s = 78,624 s = 21.84 h; / 64 = 20.5 min; x 400 B = 7.86 TB, x 300 B = 5.90 TB
    assert "78,624 CPU seconds: 22 hours on one core, 20 minutes on\n64 cores" in text
    assert "= 7.9 TB and read 5.9 TB of it" in text
    # 13.76 TB at 1.25 GB/s = 11,007 s = 3.1 h; 78,624 / 11,007 = 7.1
    assert "3.1 hours over a line of 10 Gbit/s: above some\n7 cores" in text
