"""The same input gives the same bytes, whatever the process, its surroundings and its end."""

from __future__ import annotations

import os
import signal
import time

import pytest

OTHER_WORLDS = [
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata", "LC_ALL": "C", "OMP_NUM_THREADS": "4"},
    {
        "PYTHONHASHSEED": "4242",
        "TZ": "America/New_York",
        "LC_ALL": "de_DE.UTF-8",
        "OPENBLAS_NUM_THREADS": "7",
    },
]


@pytest.mark.slow
@pytest.mark.parametrize(("world", "more"), [(OTHER_WORLDS[0], []), (OTHER_WORLDS[1], ["--workers", "2"])])
def test_another_root_process_and_surroundings_give_the_same_bytes(
    world, more, data, prepared, run_luigi, small, lookers
):
    """Keys and artifacts are byte-identical under another hash seed, zone, locale, thread and worker count."""
    outcome = run_luigi(*small, "--mode", "train", *more, data=data, env=world)
    assert outcome.code == 0, outcome.err
    made = lookers.artifacts(data)
    assert len(made) == 11
    assert made == lookers.artifacts(prepared)
    assert lookers.tree(data / "models") == lookers.tree(prepared / "models")


@pytest.mark.slow
def test_the_whole_sample_gives_the_same_bytes_twice(tmp_path, run_luigi, lookers):
    """The default run on real prices: two data roots, two surroundings, the same bytes and report."""
    first = run_luigi(data=tmp_path / "a", env=OTHER_WORLDS[0])
    second = run_luigi("--workers", "2", data=tmp_path / "b", env=OTHER_WORLDS[1])
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert first.out == second.out
    assert lookers.artifacts(tmp_path / "a") == lookers.artifacts(tmp_path / "b")


def wait_for(condition, process, seconds=60):
    """Wait until the condition holds while the process lives."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"ended too early: {process.communicate()}"
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["ingest", "train_or_score"])
def test_a_killed_run_is_finished_by_the_next_with_the_same_bytes(
    stage, data, prepared, start_luigi, run_luigi, small, lookers
):
    """kill -9 while a stage's folder or its predecessor's has just appeared; then the same command again."""
    before = {"ingest": "ingest", "train_or_score": "feature_engineer"}[stage]
    process = start_luigi(*small, "--mode", "train", data=data)
    wait_for((data / "checkpoints" / before).is_dir, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (data / "checkpoints" / "report").exists()
    outcome = run_luigi(*small, "--mode", "train", data=data)
    assert outcome.code == 0, outcome.err
    made = {path: digest for path, digest in lookers.artifacts(data).items() if "/.tmp-" not in path}
    assert made == lookers.artifacts(prepared)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 143, "cancelled"), (signal.SIGINT, 130, "interrupted")]
)
@pytest.mark.parametrize(("workers", "send"), [("1", os.kill), ("2", os.kill), ("2", os.killpg)])
def test_a_signal_ends_the_run_with_the_contracts_code(
    number, code, word, workers, send, data, start_luigi, small
):
    """Terminated: 143; interrupted (as a terminal does, the whole group): 130; one word, no traceback."""
    process = start_luigi(*small, "--workers", workers, data=data)
    wait_for((data / "checkpoints" / "ingest").is_dir, process)
    send(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert f"afterclose: {word}" in err.splitlines()
    assert "Traceback" not in out + err
    assert out == ""
    (run,) = (data / "runs").iterdir()
    assert f'"state": "{word}"' in (run / "log.jsonl").read_text()
    assert not (data / "checkpoints" / "report").exists()
    assert [p for p in data.rglob("*.json") if p.name.startswith(".")] == []
