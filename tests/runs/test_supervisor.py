"""However a run ends, its supervisor says how; and when the supervisor itself is gone, the journal knows."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from core.journal import Journal

pytestmark = pytest.mark.slow


@pytest.fixture
def journal(desk_settings) -> Journal:
    """The journal of the desk."""
    return Journal(desk_settings.data)


@pytest.fixture
def going(only_new_processes, launched, journal, wait_until):
    """A run of the whole sample in its first stage: the run, and the process of the pipeline."""
    run_id = launched({}).run_id
    wait_until(lambda: any(e.state == "started" for e in journal.events(run_id)), "the first stage to start")
    run = journal.run(run_id)
    (child,) = psutil.Process(run.process.pid).children()
    return run, child


def test_a_killed_pipeline_is_a_failed_run_that_names_the_signal(going, journal, wait_until):
    """SIGKILL leaves no word from the pipeline; the supervisor writes what happened to it."""
    run, child = going
    child.kill()
    wait_until(lambda: journal.run(run.run_id).exit_code is not None, "the supervisor to write the end")
    ended = journal.run(run.run_id)
    assert (ended.state, ended.exit_code) == ("failed", 40)
    assert ended.error == "its process was ended by signal 9; most often because memory ran out"


def test_a_killed_supervisor_takes_the_pipeline_along_and_reads_interrupted(going, journal, wait_until):
    """Nothing of a run outlives its supervisor, and nobody has to write that down for it to be seen."""
    run, child = going
    os.kill(run.process.pid, signal.SIGKILL)
    wait_until(
        lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE,
        "the pipeline to die",
        timeout_s=2,
    )
    assert journal.run(run.run_id).state == "interrupted"
    assert journal.active_runs() == []


def test_a_failing_gate_is_a_failed_run_with_the_first_error(
    launched, small_request, journal, wait_until, tmp_path, make_prices
):
    """The stage's own message stands in the journal, not the exit code that followed."""
    lines = make_prices().splitlines()
    row = lines[100].split(",")
    lines[100] = ",".join([*row[:3], "0.01", *row[4:]])  # a high below the low
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run_id = launched({**small_request, "path": str(path)}).run_id
    wait_until(lambda: journal.run(run_id).exit_code is not None, "the run to end")
    run = journal.run(run_id)
    assert (run.state, run.exit_code) == ("failed", 30)
    assert run.error.startswith("validate: the gate stopped the run: 1 error by rule")
    assert [e.state for e in journal.events(run_id) if e.stage == "validate"][-2:] == ["started", "failed"]
