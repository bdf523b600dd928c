"""Own features in whole runs: keys, checkpoints, models and messages, through the stock luigi command."""

import json

import pytest

from tests.commands import command

RANGE = """
from core.plugins import feature

@feature(warm_up=19, text="mean of the last 20 bar ranges, as a share of the close")
def range20(panel):
    return panel.mean((panel.high - panel.low) / panel.close, 20)
"""
LEAK = """
import numpy as np
from core.plugins import feature

@feature(warm_up=0, text="planted")
def next_open(panel):
    return np.append(panel.open[1:], panel.open[-1]) / panel.close
"""
SMALL = ("--tickers", "AAPL,IBM", "--start", "2010-01-04", "--end", "2012-12-31")


def run(folder, *words):
    """A run of two tickers and three years in a folder with its own configuration."""
    head = ("luigi", "--module", "luigi_tasks", "Report", "--local-scheduler")
    return command(*head, *SMALL, *words, cwd=folder, data=folder / "data")


def keys(folder):
    """The keys of all checkpoints by stage."""
    home = folder / "data" / "checkpoints"
    return {stage.name: {key.name for key in stage.iterdir()} for stage in sorted(home.iterdir())}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder where a run without modules and one with a feature were made."""
    folder = tmp_path_factory.mktemp("desk")
    assert run(folder).code == 0
    before = keys(folder)
    (folder / "mine.py").write_text(RANGE)
    (folder / "luigi.cfg").write_text("[plugins]\nmodules = mine.py\n")
    done = run(folder)
    assert done.code == 0, done.err
    return folder, before


def test_a_feature_makes_new_keys_from_its_stage_on(desk):
    """Prices are reused; features, model, evaluation and report are made."""
    folder, before = desk
    after = keys(folder)
    assert {stage: len(after[stage] - before[stage]) for stage in after} == {
        "ingest": 0, "validate": 0, "clean": 0, "feature_engineer": 1, "train_or_score": 1, "evaluate": 1, "report": 1,
    }  # fmt: skip


def test_the_column_follows_the_label_and_models_see_it(desk):
    """In features, model, drift, importance and report, with its module's digest."""
    latest = desk[0] / "data" / "latest"
    features = json.loads((latest / "features.json").read_text())
    assert features["columns"][-2:] == ["up_next", "range20"]
    (own,) = features["own"]
    assert (own["name"], own["module"], own["line"], len(own["sha256"])) == ("range20", "mine.py", 4, 64)
    assert features["audit"]["features"] == 14
    model = json.loads((latest / "model.json").read_text())
    assert model["features"][-1] == "range20"
    assert model["own"] == [own]
    assert model["modules"] == features["modules"] == {own["sha256"]: {"mine.py": RANGE}}
    evaluation = json.loads((latest / "evaluation.json").read_text())
    assert "range20" in evaluation["drift"]
    assert "range20" in (latest / "report.txt").read_text()
    assert "Leak audit: 14 features" in " ".join((latest / "report.txt").read_text().split())


def test_nothing_to_do_and_a_changed_module(desk):
    """A second run makes nothing; one more blank line in the module makes features anew."""
    folder, _ = desk
    now = keys(folder)
    assert run(folder).code == 0
    assert keys(folder) == now
    (folder / "mine.py").write_text(RANGE + "\n")
    assert run(folder).code == 0
    assert len(keys(folder)["feature_engineer"] - now["feature_engineer"]) == 1
    (folder / "mine.py").write_text(RANGE)
    assert run(folder).code == 0


def test_a_model_with_an_own_feature_needs_it_to_score(desk):
    """With the module it scores; with another text of it, or without, the run stops with 30 and says why."""
    folder, _ = desk
    model = json.loads((folder / "data" / "latest" / "evaluation.json").read_text())["model"]["model_id"]
    promoted = command("afterclose", "promote", model, "--why", "range", cwd=folder, data=folder / "data")
    assert promoted.code == 0, promoted.err
    scored = run(folder, "--mode", "score")
    assert scored.code == 0, scored.err
    (folder / "mine.py").write_text(RANGE.replace("20)", "20) * 1.0"))
    changed = run(folder, "--mode", "score")
    assert changed.code == 30
    assert "was trained on the feature range20 of mine.py" in changed.err
    (folder / "mine.py").write_text(RANGE)


def test_a_leak_stops_the_run_before_features_are_committed(tmp_path):
    """Exit code 30, one message with feature, ticker, session and the two values."""
    (tmp_path / "mine.py").write_text(LEAK)
    done = run(tmp_path, "--plugins", "mine.py")
    assert done.code == 30
    assert "feature next_open of " in done.err
    assert " moves: it is " in done.err
    assert sorted(keys(tmp_path)) == ["clean", "ingest", "validate"]


def test_a_module_that_fails_makes_nothing(tmp_path):
    """Judged by the plan: exit code 4, one line, no data root."""
    (tmp_path / "mine.py").write_text("print('hello')\n")
    done = run(tmp_path, "--plugins", "mine.py")
    assert done.code == 4
    assert "mine.py, line 1: prints 'hello'" in done.err
    assert not (tmp_path / "data" / "checkpoints").exists()
    assert run(tmp_path, "--plugins", "yours.py").code == 20


def test_a_slow_feature_ends_the_run_in_the_seconds_that_are_set(tmp_path):
    """The option, or its setting, in place of 20 s; the line is named and nothing of the stage is committed."""
    (tmp_path / "mine.py").write_text(RANGE.replace("    return", "    while True: pass\n    return"))
    done = run(tmp_path, "--plugins", "mine.py", "--plugins-timeout-s", "1")
    assert done.code == 30
    assert "feature range20 fails: mine.py, line 6: takes longer than 1 s" in done.err
    assert "feature_engineer" not in keys(tmp_path)
    (tmp_path / "luigi.cfg").write_text("[plugins]\nmodules = mine.py\ntimeout_s = 1.5\n")
    assert "line 6: takes longer than 1.5 s" in run(tmp_path).err


def test_two_workers_load_the_same_module(tmp_path):
    """Luigi forks: the module travels by its path and its digest."""
    (tmp_path / "mine.py").write_text(RANGE)
    assert run(tmp_path, "--plugins", "mine.py", "--workers", "2").code == 0
