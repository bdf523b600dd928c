"""Runs and their processes with one protection taken out: the fault gets through, so its test would fail."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from core.journal import Journal
from core.journal.database import FILE_NAME
from core.platform.processes import process
from core.request import settings
from core.review.people import Person
from core.runs import launcher, supervisor
from core.runs.supervisor import Supervisor
from tests.commands import slow

ME = Person("local:me", "Ann", "approver")

ROOT = Path(__file__).resolve().parents[2]


def configured(data):
    """Settings over a data root."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=ROOT)


# ---- processes


def patched(tmp_path, code):
    """The environment of a command in which ``code`` runs before anything else."""
    (tmp_path / "sitecustomize.py").write_text(code, encoding="utf-8")
    return slow(20, {"PYTHONPATH": str(tmp_path)})


def supervised(fleet, data, looks, wait_until, env):
    """Start a supervised run and wait until its pipeline is in its first stage."""
    fleet.start(fleet.supervised(), data, env=env)
    wait_until((data / "runs").is_dir, "the run to be recorded")
    wait_until(lambda: looks.events(data, "started"), "the pipeline to start")
    return looks.runs(data)[0]


@pytest.mark.slow
def test_without_the_signal_to_the_group_a_cancelled_run_goes_on(fleet, data, looks, wait_until, tmp_path):
    """The protection taken out: the supervisor hears of the cancel and the pipeline does not."""
    env = patched(tmp_path, "import os\nos.killpg = lambda *_: None\n")
    run = supervised(fleet, data, looks, wait_until, env)
    assert launcher.cancel(configured(data), run.run_id, person=ME)
    assert not fleet.gone_after(2.0)
    assert looks.runs(data)[0].state == "running"


@pytest.mark.slow
def test_without_the_parent_death_signal_a_pipeline_outlives_its_supervisor(
    fleet, data, looks, wait_until, tmp_path
):
    """The protection taken out: a run that reads interrupted would go on and commit."""
    env = patched(tmp_path, "from core.platform import processes\nprocesses.die_with = lambda parent: None\n")
    run = supervised(fleet, data, looks, wait_until, env)
    os.kill(run.process.pid, signal.SIGKILL)
    wait_until(lambda: looks.runs(data)[0].state == "interrupted", "the supervisor to be gone")
    assert not fleet.gone_after(2.0)


def killed_under(data, run_id):
    """Record a run in its first stage, kill a pipeline, and have the supervisor write the end; the run, its events."""
    journal = Journal(data)
    journal.add_run(run_id, who="a", how="desk", request={}, target="report", state="queued")
    journal.start(run_id, {"ingest": "k"}, stages=["ingest"])
    journal.event(run_id, "ingest", "started", {})
    pipeline = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pipeline.kill()
    Supervisor(configured(data), journal, journal.run(run_id))._finish(pipeline.wait())
    return journal.run(run_id), [event.state for event in journal.events(run_id)]


def test_without_its_word_a_killed_pipeline_would_leave_no_reason_and_no_contract(data, monkeypatch, without):
    """The supervisor's sentence and code taken out: -9, and nobody reads that a signal ended it."""
    run, states = killed_under(data, "protected")
    assert (run.state, run.exit_code, run.error) == (
        "failed",
        40,
        "its process was ended by signal 9; most often because memory ran out",
    )
    assert states == ["queued", "started", "interrupted"]
    monkeypatch.setattr(Supervisor, "_outcome", without(Supervisor._outcome, "if code < 0"))
    run, _ = killed_under(data, "taken out")
    assert run.exit_code == -9
    assert "signal" not in run.error


def test_without_the_end_of_its_stages_a_killed_pipelines_stage_would_be_at_work_for_good(
    data, monkeypatch, without
):
    """The journal's closing word on the stage taken out: its last event is that it started."""
    monkeypatch.setattr(Journal, "end", without(Journal.end, "self._end_stages("))
    run, states = killed_under(data, "taken out")
    assert run.state == "failed"
    assert states[-1] == "started"


FAMILY = "import os, time\nos.fork()\ntime.sleep(60)\n"


@pytest.mark.parametrize("protected", [True, False], ids=["whole group", "taken out"])
def test_what_is_left_of_a_run_ends_with_its_whole_group(protected, monkeypatch, wait_until):
    """Asked singly instead of as a group, a child of the pipeline is still there."""
    leader = subprocess.Popen([sys.executable, "-c", FAMILY], process_group=0)
    (child,) = wait_until(lambda: _children(leader.pid), "the child")
    born = process(child)
    if not protected:
        monkeypatch.setattr(supervisor.os, "killpg", os.kill)
    try:
        monkeypatch.setattr(supervisor, "GRACE_S", 0.2)
        supervisor.end_group(leader.pid, time.sleep)
        leader.wait(timeout=5)
        if protected:
            wait_until(lambda: not born.alive(), "the child's end", timeout_s=2)
        assert born.alive() is not protected
    finally:
        monkeypatch.undo()
        with suppress(ProcessLookupError):
            os.killpg(leader.pid, signal.SIGKILL)


def _children(pid):
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_without_the_look_at_the_last_checkpoint_an_exit_code_would_be_believed(finished, monkeypatch):
    """The protection taken out: a pipeline that left with 0 and no report reads succeeded."""
    journal = Journal(finished)
    for number, expected in (("one", "failed"), ("two", "succeeded")):
        journal.add_run(number, who="a", how="desk", request={}, target="report", state="queued")
        journal.start(number, {"report": "never-made"})
        Supervisor(configured(finished), journal, journal.run(number))._finish(0)
        assert journal.run(number).state == expected
        monkeypatch.setattr(Supervisor, "_damage", lambda self: None)


DESK = """
import json, subprocess, sys, time
from pathlib import Path
from core.request import settings
from core.review.people import Person
from core.runs.launcher import launch

folder = Path(sys.argv[1])
if sys.argv[3] == "taken out":
    made = subprocess.Popen
    subprocess.Popen = lambda *words, start_new_session, **more: made(*words, **more)
me = Person("local:a", "a", "operator")
launch(settings.load(folder=folder), json.loads(sys.argv[2]), person=me, how="desk", folder=folder)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["protected", "taken out"])
def test_a_run_is_found_again_after_its_desk_went_with_its_terminal(
    how, fleet, data, looks, wait_until, small_request
):
    """In a session of its own it goes on and a second launch leads to it; in the desk's it ends with the desk."""
    words = [sys.executable, "-c", DESK, str(ROOT), json.dumps(small_request), how]
    desk = fleet.start(words, data, env=slow(20))
    wait_until((data / FILE_NAME).exists, "a journal")
    wait_until(lambda: (data / "runs").is_dir() and looks.events(data, "started"), "a start")
    os.killpg(desk.pid, signal.SIGHUP)
    fleet.end(desk)
    if how == "taken out":
        assert fleet.gone_after(5.0)
        assert looks.runs(data)[0].state == "interrupted"
        return
    (run,) = looks.runs(data)
    assert run.state == "running"
    again = launcher.launch(configured(data), small_request, person=ME, how="desk", folder=ROOT)
    assert (again.run_id, again.new) == (run.run_id, False)


def test_without_settling_a_launch_that_died_would_block_the_same_run_for_good(
    desk_settings, small_request, monkeypatch, without
):
    """The protection taken out: a second launch is led to a run that nobody leads."""
    Journal(desk_settings.data).add_run(
        "dead", who="a", how="desk", request=small_request, target="report", state="queued"
    )
    unsettled = without(launcher.launch, "journal.settle(")
    told = unsettled(desk_settings, small_request, person=ME, how="desk", folder=ROOT)
    assert (told.run_id, told.new) == ("dead", False)
    monkeypatch.setattr(launcher, "_spawn", lambda *_: None)
    assert launcher.launch(desk_settings, small_request, person=ME, how="desk", folder=ROOT).new


FULL_DISK = """
import sys

out, sys.argv[0] = sys.argv.pop(1), "luigi"
import core.runs.execution, luigi_tasks.session as s

def full(stage, job):
    raise OSError(28, "No space left on device")

core.runs.execution.compute = full
if "final code" in out:
    s.Session.final_code = lambda self, code: code
from luigi.cmdline import luigi_run
sys.exit(luigi_run())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("out", "code"), [("codes", 30), ("codes and final code", 0)])
def test_a_full_disk_leaves_with_30_until_both_that_say_so_are_taken_out(
    out, code, fleet, data, tmp_path, root
):
    """With Luigi's exit codes all 0 the look at the last checkpoint says 30; without that, nobody does."""
    text = (root / "luigi.cfg").read_text()
    (tmp_path / "luigi.cfg").write_text(re.sub(r"(task_failed|not_run) = \d+", r"\1 = 0", text))
    words = [sys.executable, "-c", FULL_DISK, out, *fleet.luigi()[1:]]
    done = fleet.run(words, data, env={"LUIGI_CONFIG_PATH": str(tmp_path / "luigi.cfg")})
    assert "No space left on device" in done.err
    assert done.returncode == code, done.err
