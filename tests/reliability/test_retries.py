"""Retries exactly as promised, and the previous model that is kept when training fails for good."""

from __future__ import annotations

import json

import pytest

from core.platform.retry import TransientError, with_linear_backoff
from tests.commands import changed_on_import


def broken_fit(folder):
    """The environment of a command in which scikit-learn's logistic regression cannot fit."""
    change = """
    def fit(*args, **more):
        raise ValueError("no fit today")

    module.LogisticRegression.fit = fit
    """
    return changed_on_import(folder, "sklearn.linear_model._logistic", change)


FAULTY = """
import os
import core.runs.compute as c

made, times = c.compute, {}


def compute(stage, job):
    wanted = dict(item.split(":") for item in os.environ["FAULTS"].split(","))
    times[stage] = times.get(stage, 0) + 1
    if times[stage] <= int(wanted.get(stage, 0)):
        raise ConnectionError(f"{stage} fault {times[stage]}")
    return made(stage, job)


c.compute = compute
"""


def told(looks, data, event):
    """(stage, attempt, wait, reason) of each log line of an event."""
    return [
        (line["stage"], line.get("attempt"), line.get("wait_s"), line.get("reason"))
        for line in looks.log(data)
        if line["event"] == event
    ]


def test_any_function_is_retried_three_times_with_linear_waits():
    """The plain wrapper: 3 tries, 0.2 s, 0.4 s, then the last attempt's own error."""
    waits, calls = [], []

    def fails():
        calls.append(1)
        raise TransientError(f"fault {len(calls)}")

    with pytest.raises(TransientError, match="fault 3"):
        with_linear_backoff(fails, sleep=waits.append)
    assert len(calls) == 3
    assert waits == pytest.approx([0.2, 0.4])


@pytest.mark.slow
def test_safe_stages_ride_out_two_transient_faults(fleet, data, tmp_path, looks, lookers, undisturbed):
    """ingest, clean and feature_engineer: waits of 0.2 and 0.4 s with reasons in log and journal, the same bytes."""
    (tmp_path / "sitecustomize.py").write_text(FAULTY, encoding="utf-8")
    env = {"PYTHONPATH": str(tmp_path), "FAULTS": "ingest:2,clean:2,feature_engineer:2"}
    done = fleet.run(fleet.luigi(), data, env=env)
    assert done.returncode == 0, done.err
    stages = ("ingest", "clean", "feature_engineer")
    assert told(looks, data, "retried") == [
        (stage, attempt, pytest.approx(0.2 * attempt), f"{stage} fault {attempt}")
        for stage in stages
        for attempt in (1, 2)
    ]
    assert looks.events(data, "retried") == [stage for stage in stages for _ in range(2)]
    assert lookers.artifacts(data) == undisturbed
    run_id = looks.runs(data)[0].run_id
    shown = json.loads(fleet.run(fleet.afterclose("show", run_id, "--json"), data).out)
    of_clean = [(e["state"], e["attempt"]) for e in shown["events"] if e["stage"] == "clean"]
    assert of_clean == [("queued", None), ("started", 1), ("retried", 1), ("retried", 2), ("succeeded", 3)]
    lines = fleet.run(fleet.afterclose("show", run_id), data).out.splitlines()
    (second,) = [line.split() for line in lines if "clean fault 2" in line]
    assert " ".join(second[1:]) == "clean retried 2 - - - again in 0.4 s: clean fault 2"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "retries"),
    [("ingest", 2), ("validate", 0), ("clean", 2), ("train_or_score", 1), ("evaluate", 0), ("report", 0)],
)
def test_a_fault_that_does_not_pass_is_tried_as_often_as_promised(
    stage, retries, fleet, data, tmp_path, looks
):
    """Three attempts for the safe ones, one for the gate, two for training, one for the rest; then 30."""
    (tmp_path / "sitecustomize.py").write_text(FAULTY, encoding="utf-8")
    env = {"PYTHONPATH": str(tmp_path), "FAULTS": f"{stage}:9"}
    done = fleet.run(fleet.luigi(), data, env=env)
    assert done.returncode == 30, done.err
    assert looks.events(data, "retried") == [stage] * retries
    assert looks.events(data, "failed") == [stage]
    assert f"{stage} fault {retries + 1}" in looks.runs(data)[0].error
    line = looks.LINE
    assert looks.events(data, "succeeded") == list(line[: line.index(stage)])


@pytest.mark.slow
def test_training_that_cannot_fit_fails_without_a_champion(fleet, data, tmp_path, looks):
    """Once more, then 30: there is no model to keep."""
    done = fleet.run(fleet.luigi(), data, env=broken_fit(tmp_path))
    assert done.returncode == 30, done.err
    assert looks.events(data, "retried") == ["train_or_score"]
    assert looks.events(data, "retained") == []
    assert "no fit today" in looks.runs(data)[0].error


@pytest.mark.slow
def test_training_that_cannot_fit_keeps_the_champion_and_says_so_everywhere(
    fleet, finished, tmp_path, looks, lookers
):
    """A real failure of scikit-learn's fit: journal, log and report say retained; a later run trains again."""
    (model,) = (path.stem for path in (finished / "models").glob("????????????.json"))
    promoted = fleet.run(fleet.afterclose("promote", model, "--why", "the first"), finished)
    assert promoted.returncode == 0, promoted.err
    for path in lookers.folder_of(finished, "train_or_score").iterdir():
        path.unlink()
    before = set((finished / "models").glob("????????????.json"))
    done = fleet.run(fleet.luigi(), finished, env=broken_fit(tmp_path))
    assert done.returncode == 0, done.err
    assert looks.events(finished, "retried") == ["train_or_score"]
    assert looks.events(finished, "retained") == ["train_or_score"]
    (kept,) = [line for line in looks.log(finished) if line["event"] == "retained"]
    assert (kept["model_id"], "no fit today" in kept["reason"]) == (model, True)
    keys = looks.runs(finished)[0].keys
    assert keys["train_or_score"].endswith(f"-retained-{model}")
    assert keys["report"].endswith(f"-retained-{model}")
    assert "retained" not in keys["feature_engineer"]
    evaluation = finished / "checkpoints" / "evaluate" / keys["evaluate"] / "evaluation.json"
    assert "no fit today" in json.loads(evaluation.read_text())["model"]["retained"]
    assert "no fit today" in done.out
    assert "kept" in done.out
    assert set((finished / "models").glob("????????????.json")) == before
    again = fleet.run(fleet.luigi(), finished)
    assert again.returncode == 0, again.err
    assert "train_or_score    done" in again.err
    assert "no fit today" not in again.out
