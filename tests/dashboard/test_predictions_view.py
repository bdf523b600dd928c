"""The Predictions page on real data roots: trained, scored, without a model, empty, running, damaged, read-only."""

from __future__ import annotations

import json
from functools import partial

import pytest

from core.journal import Journal


@pytest.fixture
def page(open_view):
    """Open the page on a data root: ``page(data, run=...)``."""
    return partial(open_view, "predictions")


@pytest.fixture
def promoted(finished, run_afterclose):
    """A data root with a champion."""
    (model,) = (finished / "models").glob("*.json")
    assert run_afterclose("promote", model.stem, "--why", "the only one", data=finished).code == 0
    return finished


def body_of(data, lookers, stage, name):
    return json.loads((lookers.folder_of(data, stage) / name).read_bytes())


def test_signals_and_model_are_those_of_the_predictions(page, prepared, lookers, reader):
    """Probability for probability, with model and age."""
    at = page(prepared)
    body = body_of(prepared, lookers, "train_or_score", "predictions.json")
    assert not at.exception
    assert not at.error
    verdict = body_of(prepared, lookers, "evaluate", "evaluation.json")["verdict"]
    assert f'"{verdict}": do not act on these signals' in reader.said(at.warning)
    by_probability = sorted((s["probability"] for s in body["signals"]), reverse=True)
    table = reader.table(at, "Rank", "Direction")
    assert list(table["Probability of a rise"]) == [
        f"{100 * probability:.1f}%" for probability in by_probability
    ]
    assert list(table["Rank"]) == [str(place + 1) for place in range(len(by_probability))]
    chance, outcome = body["columns"].index("probability"), body["columns"].index("up_next")
    last = [row for row in body["rows"] if row[1] == "AAA" and row[outcome] is not None][-63:]
    right = sum((row[chance] >= 0.5) == (row[outcome] == 1) for row in last)
    lately = dict(zip(table["Ticker"], table["Came true"], strict=True))
    assert lately["AAA"] == f"{right} of 63 ({100 * right / 63:.1f}%)"
    assert "of the last 63 calls a coin toss gets 24 to 39 right" in reader.said(at.caption)
    facts = reader.facts(at)
    assert facts["Model"] == body["model_id"][:6]
    assert f"for session {body['signals'][0]['session']}" in reader.said(at.caption)
    assert facts["Age"] == "1 session"
    ours = [row for row in body["rows"] if row[1] == "AAA"]
    assert len(reader.figures(at)[0]["data"][0]["x"]) == min(252, len(ours))


def test_without_a_champion_nothing_can_be_scored(page, prepared, reader):
    """And the page says who makes one."""
    at = page(prepared)
    assert at.button(key="score").disabled
    assert "This profile has no champion" in reader.said(at.caption)
    assert "No run of this profile has scored yet" in reader.said(at.caption)


@pytest.mark.slow
def test_score_now_shows_what_would_be_made_and_asks(page, promoted, reader):
    """The request is that of the run looked at, in score mode; nothing starts before a person agrees."""
    at = page(promoted)
    (run,) = Journal(promoted).runs()
    at.button(key="score").click().run()
    assert not at.error
    asked = reader.table(at, "Parameter", "Value").set_index("Parameter")["Value"]
    assert asked["mode"] == "score"
    assert asked["path"] == run.request["path"]
    assert "Of 7 stages, 3 will be made and 4 reused." in reader.said(at.markdown)
    assert at.button(key="start").label == "Start"
    assert len(Journal(promoted).runs()) == 1


@pytest.mark.slow
def test_past_signals_are_counted(page, promoted, run_luigi, small, reader):
    """One score run of two tickers: two signals, nothing known yet."""
    assert run_luigi(*small, "--mode", "score", data=promoted).code == 0
    at = page(promoted)
    assert not at.exception
    assert "2 signals of 1 score run. No outcome is known yet." in reader.said(at.caption)


def test_a_run_without_a_model_has_no_signals(page, data, run_luigi, prices_file, reader):
    """A real run without room for one fold."""
    options = ["--source", "files", "--path", str(prices_file), "--calendar", "24/7"]
    options += ["--bootstrap-samples", "100", "--mode", "train", "--min-train-sessions", "712"]
    outcome = run_luigi(*options, data=data)
    assert outcome.code == 0, outcome.err
    at = page(data)
    assert not at.exception
    assert not at.error
    assert "min_train_sessions = 239 or fewer" in reader.said(at.warning)
    assert "No row was predicted out of sample" in reader.said(at.caption)


def test_an_empty_data_root_says_what_to_press(page, data, reader):
    """And is not made by looking."""
    at = page(data)
    assert not at.exception
    assert "press **Run**" in reader.said(at.info)
    assert not data.exists()


def test_a_running_run_has_nothing_to_show_yet(page, finished, reader):
    """It says so and where to look."""
    Journal(finished).add_run("going-1", who="ann", how="desk", request={}, target="report", state="running")
    at = page(finished, run="going-1")
    assert not at.exception
    assert "not come as far as predictions" in reader.said(at.info)


def test_damaged_predictions_are_said(page, finished, lookers, reader):
    """A changed probability is never shown."""
    path = lookers.folder_of(finished, "train_or_score") / "predictions.json"
    path.write_bytes(path.read_bytes()[:-9])
    at = page(finished)
    assert not at.exception
    assert "predictions.json" in reader.said(at.error)
    assert not at.dataframe
