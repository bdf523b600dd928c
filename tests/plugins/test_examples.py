"""The examples are honest, and do as they say: a run with both modules, and the notebook's cells."""

import json

import numpy as np
import pytest

from tests.commands import ROOT, command

EXAMPLES = ROOT / "examples"
MODULES = ",".join(str(EXAMPLES / name) for name in ("ranges.py", "momentum.py"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder in which the examples were run on three tickers, with an excess over a week as the label."""
    folder = tmp_path_factory.mktemp("examples")
    words = ("--tickers", "AAPL,IBM,MSFT", "--start", "2008-01-02", "--end", "2011-12-30", "--mode", "train")
    label = ("--label", "excess", "--horizon-sessions", "5")
    done = command(
        "afterclose", "run", *words, *label, "--plugins", MODULES, cwd=folder, data=folder / "data"
    )
    assert done.code == 0, done.err
    return folder


def test_the_examples_pass_the_audit_and_are_seen_by_the_model(desk):
    """Four features of two modules, audited after every session."""
    latest = desk / "data" / "latest"
    features = json.loads((latest / "features.json").read_text())
    names = ["range20", "close_location", "relative_volume", "momentum_rank"]
    assert [entry["name"] for entry in features["own"]] == names
    assert features["audit"]["every_session"]
    assert json.loads((latest / "model.json").read_text())["features"][-4:] == names


def test_their_values_are_those_of_the_bars(desk):
    """Worked out here from the prices, by hand, at one row of each ticker."""
    latest = desk / "data" / "latest"
    tables = [json.loads((latest / f"{name}.json").read_text()) for name in ("features", "prices_clean")]
    features, prices = ([dict(zip(t["columns"], row, strict=True)) for row in t["rows"]] for t in tables)
    for ticker in ("AAPL", "IBM", "MSFT"):
        bars = [row for row in prices if row["ticker"] == ticker][:200]
        row = next(r for r in features if r["ticker"] == ticker and r["date"] == bars[-1]["date"])
        ranges = [(bar["high"] - bar["low"]) / bar["close"] for bar in bars[-20:]]
        assert row["range20"] == pytest.approx(np.mean(ranges), rel=1e-12)
        before = np.mean([bar["volume"] for bar in bars[-21:-1]])
        assert row["relative_volume"] == pytest.approx(bars[-1]["volume"] / before, rel=1e-12)
        bar = bars[-1]
        where = (bar["close"] - bar["low"]) / (bar["high"] - bar["low"])
        assert row["close_location"] == pytest.approx(where, rel=1e-9)
    assert sorted(r["momentum_rank"] for r in features if r["date"] == bars[-1]["date"]) == [0.0, 0.5, 1.0]
