"""Ended at random moments, by SIGKILL and by SIGTERM: nothing torn, nobody left, the same bytes in the end."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.commands import slow

pytestmark = pytest.mark.slow

SLOW_S = 0.25
"""Each stage stands still twice for so long: before it computes, and between artifacts and commit mark."""

STAGES = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")
CHAINS = 8 if os.environ.get("HYPOTHESIS_PROFILE") == "steady" else 3
"""Data roots; each is ended once in every stage: 56 for each of the two signals where all examples run, else 21, every
stage through every door once."""

PATIENCE_S = 60.0


@dataclass
class Hit:
    """One ended run: which stage it was in, how it was started, and what was seen afterwards."""

    stage: str
    door: str
    faults: list[str]


def door_of(number: int) -> str:
    """How the run is started, in turn: alone, with forked workers, under a supervisor."""
    return ("alone", "workers", "supervised")[number % 3]


def command(fleet, door):
    """The words that start a run through a door."""
    words = {
        "alone": fleet.luigi(),
        "workers": fleet.luigi("--workers", "2"),
        "supervised": fleet.supervised(),
    }
    return words[door]


def begun(data, stage, process):
    """Wait until the stage has started, as it never had before here; False if the run ended first."""
    sought = f'"stage": "{stage}", "event": "started"'.encode()
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        if any(sought in path.read_bytes() for path in (data / "runs").glob("*/log.jsonl")):
            return True
        time.sleep(0.01)
    return False


def aim(looks, data, door, process):
    """Return the process to kill: the command itself, or the supervisor behind it."""
    if door != "supervised":
        return process.pid
    return looks.runs(data)[0].process.pid


def hit(fleet, looks, data, stage, door, draw, number):
    """Start a run, end it at a random moment of a stage, and say what is wrong afterwards."""
    process = fleet.start(command(fleet, door), data, env=slow(SLOW_S))
    faults = []
    if not begun(data, stage, process):
        process.kill()
        return Hit(stage, door, [f"{stage} never began: {process.communicate()}"])
    time.sleep(draw.uniform(0, 2 * SLOW_S))
    os.kill(aim(looks, data, door, process), number)
    if door == "supervised" and number == signal.SIGKILL:
        process.kill()  # the terminal that follows is no part of the run
    if not fleet.gone_after(2.0 if number == signal.SIGKILL else PATIENCE_S):
        faults.append(f"processes were left: {fleet.alive()}")
    out, err = process.communicate(timeout=PATIENCE_S)
    if number == signal.SIGTERM and process.returncode != 143:
        faults.append(f"exit code {process.returncode}: {err[-300:]}")
    if "Traceback" in out + err:
        faults.append(f"a traceback on the terminal: {err[-500:]}")
    faults += looks.torn(data)
    run = looks.runs(data)[0]
    wanted = "interrupted" if number == signal.SIGKILL else "cancelled"
    if run.state != wanted:
        faults.append(f"the run reads {run.state}, not {wanted}")
    if number == signal.SIGTERM and wanted not in last_states(data, run).values():
        faults.append(f"no stage is {wanted}: {last_states(data, run)}")
    return Hit(stage, door, faults)


def last_states(data, run):
    """The last event of each stage of a run."""
    from core.journal import Journal

    return {event.stage: event.state for event in Journal(data, read_only=True).events(run.run_id)}


def chain(make_fleet, looks, lookers, data, number, seed):
    """End one data root's runs once in every stage, each going on from the last, then let one finish."""
    draw, fleet = random.Random(seed), make_fleet()
    hits = [
        hit(fleet, looks, data, stage, door_of(seed + place), draw, number)
        for place, stage in enumerate(STAGES)
    ]
    last = fleet.run(fleet.luigi(), data)
    return hits, last.returncode, last.err, lookers.artifacts(data)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_a_run_ended_at_any_moment_leaves_the_bytes_of_an_undisturbed_one(
    number, make_fleet, looks, lookers, undisturbed, tmp_path, capsys
):
    """Seeded random moments in each stage, through three doors: whole, alone, and the same bytes."""
    with ThreadPoolExecutor(2) as pool:
        told = list(
            pool.map(
                lambda seed: chain(make_fleet, looks, lookers, tmp_path / f"root{seed}", number, seed),
                range(CHAINS),
            )
        )
    hits = [hit for hits, *_ in told for hit in hits]
    for hits_of, code, err, artifacts in told:
        if code != 0 or artifacts != undisturbed:
            hits_of[-1].faults.append(f"the rerun ended with {code} and other bytes: {err[-500:]}")
    survived = sum(not hit.faults for hit in hits)
    with capsys.disabled():
        print(f"\n{number.name}: survived {survived} of {len(hits)}")  # noqa: T201 - the count is asked for
    assert [(hit.stage, hit.door, hit.faults) for hit in hits if hit.faults] == []
    assert Counter(hit.stage for hit in hits) == dict.fromkeys(STAGES, CHAINS)
    assert len({(hit.stage, hit.door) for hit in hits}) == 3 * len(STAGES)


ENDED_WITHIN = """
import os, signal
import core.runs.compute as c

made = c.compute


def compute(stage, job):
    if stage != os.environ["ENDED_IN"]:
        return made(stage, job)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except BaseException:
        if os.environ["BECOMES"] == "error":
            raise ImportError("numpy.core.multiarray failed to import") from None
    return made(stage, job)


c.compute = compute
"""
"""A library that swallows what a signal's handler raises, or makes an error of its own of it."""


@pytest.mark.parametrize("stage", ["ingest", "validate", "train_or_score"])
@pytest.mark.parametrize("becomes", ["nothing", "error"])
def test_a_signal_that_a_library_swallows_ends_the_run_all_the_same(
    stage, becomes, fleet, looks, data, tmp_path
):
    """Imports of compiled libraries do that now and then: the run is cancelled, never succeeded or failed."""
    (tmp_path / "sitecustomize.py").write_text(ENDED_WITHIN, encoding="utf-8")
    env = {"PYTHONPATH": str(tmp_path), "ENDED_IN": stage, "BECOMES": becomes}
    done = fleet.run(fleet.luigi(), data, env=env)
    assert (done.returncode, "Traceback" in done.out + done.err) == (143, False)
    run = looks.runs(data)[0]
    assert (run.state, last_states(data, run)[stage]) == ("cancelled", "cancelled")
