"""The rival that the pipeline's cost is measured beside does the same work: its figures are those of the evaluation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def script(name, *arguments):
    """A benchmark run to its end, as a person runs it."""
    command = [sys.executable, str(BENCHMARKS / name), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, cwd=BENCHMARKS.parent
    )


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    """Six tickers on 900 sessions."""
    file = tmp_path_factory.mktemp("universe") / "prices.parquet"
    assert script("universe.py", "--tickers", 6, "--sessions", 900, "--out", file).returncode == 0
    return file


def compared(ours, theirs, path=""):
    """Every number of the rival with ours of the same name."""
    if isinstance(theirs, dict):
        for name, value in theirs.items():
            yield from compared(ours[name], value, f"{path}.{name}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), path
        for place, value in enumerate(theirs):
            yield from compared(ours[place], value, f"{path}[{place}]")
    else:
        yield path, ours, theirs


def test_every_figure_of_the_rival_is_that_of_the_evaluation(universe, tmp_path):
    """Metrics, intervals, baselines, differences, risk, costs, coefficients, parts and drift, within 1e-9."""
    for name, arguments in (
        ("rival.py", (universe, tmp_path / "rival")),
        ("bare.py", ("--out", tmp_path / "ours", "--source", "files", "--path", universe)),
    ):
        outcome = script(name, *arguments)
        assert outcome.returncode == 0, outcome.stderr
    theirs = json.loads((tmp_path / "rival" / "figures.json").read_text())
    ours = json.loads((tmp_path / "ours" / "evaluation.json").read_text())
    learnt = theirs.pop("learnt")
    figures = list(compared(ours, theirs))
    apart = [
        (path, a, b) for path, a, b in figures
        if not (a == b or (a is None and b != b) or (a is not None and abs(a - b) <= 1e-9 * max(1, abs(a))))
    ]  # fmt: skip
    assert not apart
    assert len(figures) > 400
    worth = ours["importance"]["inputs"]
    rows = [fold["rows"] for fold in ours["by_fold"]]
    for name, entry in worth.items():
        mean = sum(n * fold[name] for n, fold in zip(rows, learnt["importance"], strict=True)) / sum(rows)
        assert entry["loss"] == pytest.approx(mean, abs=1e-9)


def test_the_rival_stops_where_a_run_stops(universe, tmp_path):
    """At a price of nothing, by the rule's name."""
    import pandas as pd

    prices = pd.read_parquet(universe)
    prices.loc[5, ["low", "close"]] = -1.0
    prices.to_parquet(tmp_path / "bad.parquet")
    outcome = script("rival.py", tmp_path / "bad.parquet", tmp_path / "out")
    assert outcome.returncode == 1
    assert "non_positive_price" in outcome.stderr
