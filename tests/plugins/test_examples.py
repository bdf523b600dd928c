"""The examples are honest, and do as they say: a run with all three modules, and the notebook's cells."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.commands import ROOT, command

EXAMPLES = ROOT / "examples"
MODULES = ",".join(str(EXAMPLES / name) for name in ("ranges.py", "momentum.py", "sectors.py"))
WORDS = ("--tickers", "AAPL,IBM,MSFT", "--start", "2008-01-02", "--end", "2011-12-30", "--mode", "train")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder in which the examples were run on three tickers, with their label over a week."""
    folder = tmp_path_factory.mktemp("examples")
    label = ("--label", "sector_neutral", "--horizon-sessions", "5")
    done = command(
        "afterclose", "run", *WORDS, *label, "--plugins", MODULES, cwd=folder, data=folder / "data"
    )
    assert done.code == 0, done.err
    return folder


def test_the_examples_pass_the_audit_and_are_seen_by_the_model(desk):
    """Four features and a label of three modules, audited after every session."""
    latest = desk / "data" / "latest"
    features = json.loads((latest / "features.json").read_text())
    names = ["range20", "close_location", "relative_volume", "momentum_rank"]
    assert [entry["name"] for entry in features["own"]] == names
    assert features["audit"]["every_session"]
    assert features["audit"]["label"] == "sector_neutral"
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


def test_their_label_is_the_return_beyond_the_sector(desk):
    """The three are of one sector: 1 where the return over five sessions is above the mean of the three."""
    features, prices = (frame_of(desk, name) for name in ("features", "prices_clean"))
    gained = prices.groupby("ticker")["adj_close"].shift(-5) / prices["adj_close"] - 1
    beyond = gained - gained.groupby(prices["date"]).transform("mean")
    label = features["up_next"]
    assert features[["date", "ticker"]].equals(prices[["date", "ticker"]])
    assert label.notna().sum() == len(label) - 3 * 5
    pd.testing.assert_series_equal(
        label, (beyond > 0).astype("float64").where(beyond.notna()), check_names=False
    )


def frame_of(desk, kind):
    """A table of the run as a frame."""
    table = json.loads((desk / "data" / "latest" / f"{kind}.json").read_text())
    return pd.DataFrame(table["rows"], columns=table["columns"])


def test_report_and_signals_speak_of_the_label(desk):
    """What is predicted, what was audited, the head of the signals, and what "up" means."""
    text = " ".join((desk / "data" / "latest" / "report.txt").read_text().split())
    for words in (
        "Predicted sector_neutral over the next 5 sessions: whether the ticker's return is above the mean of",
        "Leak audit: 17 features and the label sector_neutral over",
        "Probability of better than its sector",
        '"Up" and "a rise" mean here that the ticker\'s return is above the mean of its sector over the next 5',
    ):
        assert words in text


def test_a_model_does_not_score_under_another_text_of_its_label(desk, tmp_path):
    """The plan refuses another label (4); the stage another text of the same name (30), naming both digests."""
    data = desk / "data"
    model = json.loads((data / "latest" / "evaluation.json").read_text())["model"]["model_id"]
    promoted = command("afterclose", "promote", model, "--why", "sectors", cwd=desk, data=data)
    assert promoted.code == 0, promoted.err
    for name in ("ranges.py", "momentum.py", "sectors.py"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    (tmp_path / "sectors.py").write_text((EXAMPLES / "sectors.py").read_text().replace("> 1e-12", "> 1e-10"))
    words = ("run", *WORDS[:-1], "score", "--plugins")
    label = ("--label", "sector_neutral", "--horizon-sessions", "5")
    other = command("afterclose", *words, MODULES, "--label", "excess", *label[2:], cwd=desk, data=data)
    assert (other.code, "was trained on the sector_neutral over the next 5 sessions" in other.err) == (
        4,
        True,
    )
    texts = ",".join(str(tmp_path / name) for name in ("ranges.py", "momentum.py", "sectors.py"))
    changed = command("afterclose", *words, texts, *label, cwd=desk, data=data)
    assert changed.code == 30
    assert "was trained on the sector_neutral over the next 5 sessions of sectors.py (sha256 " in changed.err
    scored = command("afterclose", *words, MODULES, *label, cwd=desk, data=data)
    assert scored.code == 0, scored.err
    predicted = command("afterclose", "predict", "--json", cwd=desk, data=data)
    assert json.loads(predicted.out)["label"]["own"]["event"] == "better than its sector"
    card = command("afterclose", "scorecard", cwd=desk, data=data)
    assert card.code == 0, card.err


def test_a_label_that_nobody_declares_is_refused_by_the_plan(desk):
    """Exit code 4, what there is, and the nearest name."""
    done = command(
        "afterclose", "run", "--plugins", MODULES, "--label", "sector_neutrl", cwd=desk, data=desk / "data"
    )
    assert done.code == 4
    assert "--label is 'sector_neutrl'; expected one of direction, excess, sector_neutral" in done.err


def test_the_notebook_reads_the_result(desk):
    """Each cell in order, on that run; no cell holds stored output."""
    cells = json.loads((EXAMPLES / "reading_own_code.ipynb").read_text(encoding="utf-8"))["cells"]
    assert all(cell.get("outputs", []) == [] for cell in cells)
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    script = desk / "cells.py"
    script.write_text("\n\n".join(code), encoding="utf-8")
    done = command("python", str(script), cwd=desk, data=desk / "data")
    assert done.code == 0, done.err
    assert "defined in sectors.py" in done.out
    assert "momentum_rank | momentum.py" in done.out
