"""A central scheduler with two worker processes on one data root: it hands out work, and proves nothing."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import time
import urllib.request
from collections import Counter
from contextlib import closing

import pytest

from tests.commands import LINE, changed_on_import, slow

pytestmark = pytest.mark.slow

SLOW = slow(0.3)


@pytest.fixture
def configured(tmp_path, root):
    """The repository's configuration with what docs/operations.md adds for a luigid, in test-sized seconds."""
    text = (root / "luigi.cfg").read_text()
    text = text.replace(
        "retry_count = 1",
        "retry_count = 5\nprune_on_get_work = true\nworker_disconnect_delay = 3\n"
        f"stable_done_cooldown_secs = 1\nstate_path = {tmp_path / 'state.pickle'}",
    )
    text = text.replace(
        "check_complete_on_run = true",
        "check_complete_on_run = true\nkeep_alive = true\nping_interval = 0.5\nwait_interval = 0.5\nwait_jitter = 0.1",
    )
    text = text.replace("no_lock = true", "no_lock = true\nrpc_retry_attempts = 20\nrpc_retry_wait = 1")
    path = tmp_path / "luigi.cfg"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def port():
    """A free port on the loopback address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def scheduler(fleet, configured, port, tmp_path, data, wait_until):
    """Start a luigid on loopback with private state: ``scheduler()``."""

    def start():
        words = [fleet.luigi()[0] + "d", "--address", "127.0.0.1", "--port", str(port)]
        words += ["--logdir", str(tmp_path), "--state-path", str(tmp_path / "state.pickle")]
        process = fleet.start(words, data, env={"LUIGI_CONFIG_PATH": str(configured)}, cwd=tmp_path)

        def answers():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/task_list", timeout=5):
                    return True
            except OSError:
                return False

        wait_until(answers, "luigid to answer")
        return process

    return start


@pytest.fixture
def worker(fleet, configured, port, data):
    """Start a worker process that asks the luigid: ``worker()``."""

    def start(*more, env=None):
        words = fleet.luigi(
            "--scheduler-host", "127.0.0.1", "--scheduler-port", str(port), *more, local=False
        )
        return fleet.start(words, data, env={"LUIGI_CONFIG_PATH": str(configured), **SLOW, **(env or {})})

    return start


def at_work(looks, data, stage):
    """Whether a stage has started, as far as the logs say."""
    return any(line["stage"] == stage and line["event"] == "started" for line in looks.log(data))


def test_two_workers_do_no_stage_twice(scheduler, worker, fleet, data, looks, lookers, undisturbed):
    """Both end with 0 and the report, whoever made what; both runs and their ends are in a journal that is whole."""
    scheduler()
    ended = [fleet.end(process) for process in [worker(), worker()]]
    assert [process.returncode for process in ended] == [0, 0], [process.err for process in ended]
    assert Counter(looks.events(data, "succeeded")) == dict.fromkeys(LINE, 1)
    assert lookers.artifacts(data) == undisturbed
    assert [(run.state, run.exit_code) for run in looks.runs(data)] == [("succeeded", 0)] * 2
    with closing(sqlite3.connect(data / "journal.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def taken_out(tmp_path):
    """The environment of a worker without methods of a run's session that judge Luigi's exit code: they return it.

    As in ``taken_out("finish_here final_code")``.
    """
    (tmp_path / "out").mkdir()
    out = """
    for what in os.environ["TAKEN_OUT"].split():
        setattr(module.Session, what, lambda self, code: code)
    """
    env = changed_on_import(tmp_path / "out", "luigi_tasks.session", out)
    return lambda names: {**env, "TAKEN_OUT": names}


def made_by(looks, data):
    """Which stages each run made, by run id."""
    made: dict[str, list[str]] = {}
    for line in looks.log(data):
        if line["event"] == "succeeded":
            made.setdefault(line["run"], []).append(line["stage"])
    return made


def test_a_killed_workers_work_is_handed_to_the_other_by_the_scheduler(
    scheduler, worker, fleet, data, looks, lookers, undisturbed, wait_until, taken_out
):
    """As below, with our own finishing taken out of the second worker: what it makes, luigid handed out."""
    scheduler()
    first = worker(env=slow(2))
    wait_until(lambda: at_work(looks, data, "validate"), "the first worker to be in a stage")
    second = worker(env=taken_out("finish_here"))
    wait_until(lambda: len(list((data / "runs").iterdir())) == 2, "the second worker to begin")
    time.sleep(1)
    first.kill()
    done = fleet.end(second)
    assert done.returncode == 0, done.err
    assert lookers.artifacts(data) == undisturbed
    succeeded, interrupted = sorted(looks.runs(data), key=lambda run: run.state, reverse=True)
    assert (succeeded.state, interrupted.state) == ("succeeded", "interrupted")
    made = made_by(looks, data)
    assert made[interrupted.run_id] == ["ingest"]
    assert made[succeeded.run_id] == list(LINE[1:])


@pytest.mark.parametrize(
    ("not_run", "out", "code", "whole"),
    [("25", "", 0, True), ("0", "", 30, False), ("0", "final_code", 0, False)],
    ids=["made here", "said", "believed: the look at the last checkpoint taken out"],
)
def test_a_done_that_luigid_insists_on_is_made_here_or_said_and_never_believed(
    not_run, out, code, whole, scheduler, worker, fleet, data, prepared, copy_of, lookers, undisturbed, configured,
    taken_out,
):  # fmt: skip
    """Within its cool-down luigid keeps DONE and hands nothing out; Luigi's own code for that is 0."""
    copy_of(prepared, data)
    text = configured.read_text().replace("cooldown_secs = 1\n", "cooldown_secs = 600\n")
    configured.write_text(text.replace("not_run = 25", f"not_run = {not_run}"))
    scheduler()
    assert fleet.end(worker()).returncode == 0
    for path in lookers.folder_of(data, "report").iterdir():
        path.unlink()
    done = fleet.end(worker(env=taken_out(out)))
    assert done.returncode == code, done.err
    assert (lookers.artifacts(data) == undisturbed) is whole


def test_a_killed_workers_work_is_taken_over(
    scheduler, worker, fleet, data, looks, lookers, undisturbed, wait_until
):
    """One of two workers dies in the middle of a stage: the other makes it and all that follows."""
    scheduler()
    first = worker(env=slow(2))
    wait_until(lambda: at_work(looks, data, "validate"), "the first worker to be in a stage")
    second = worker()
    wait_until(lambda: len(list((data / "runs").iterdir())) == 2, "the second worker to begin")
    time.sleep(1)
    first.kill()
    began = time.monotonic()
    done = fleet.end(second)
    assert done.returncode == 0, done.err
    assert time.monotonic() - began < 60
    assert lookers.artifacts(data) == undisturbed
    assert sorted(run.state for run in looks.runs(data)) == ["interrupted", "succeeded"]


def test_a_restarted_scheduler_is_survived(
    scheduler, worker, fleet, data, lookers, undisturbed, looks, wait_until
):
    """luigid stops and comes back with its state in the middle of a run: the run goes on to its end."""
    server = scheduler()
    going = worker()
    wait_until(lambda: at_work(looks, data, "clean"), "the worker to be in a stage")
    server.send_signal(signal.SIGTERM)
    server.wait(30)
    scheduler()
    done = fleet.end(going)
    assert done.returncode == 0, done.err
    assert lookers.artifacts(data) == undisturbed


def test_a_scheduler_that_lost_its_state_never_makes_a_run_look_done(
    scheduler, worker, fleet, data, lookers, undisturbed, looks, wait_until, tmp_path
):
    """Killed, state gone: the worker either finishes or says that it did not; the next one finishes."""
    server = scheduler()
    going = worker()
    wait_until(lambda: at_work(looks, data, "clean"), "the worker to be in a stage")
    os.kill(server.pid, signal.SIGKILL)
    server.wait(30)
    (tmp_path / "state.pickle").unlink(missing_ok=True)
    scheduler()
    done = fleet.end(going)
    whole = (data / "checkpoints" / "report").is_dir()
    assert (done.returncode == 0) == whole, (done.returncode, done.err)
    again = fleet.end(worker())
    assert again.returncode == 0, again.err
    assert lookers.artifacts(data) == undisturbed


def test_its_done_is_not_trusted_without_the_checkpoint(scheduler, worker, fleet, data, lookers, undisturbed):
    """A checkpoint that vanished is made again although luigid has the task as DONE."""
    scheduler()
    assert fleet.end(worker()).returncode == 0
    for path in lookers.folder_of(data, "clean").iterdir():
        path.unlink()
    time.sleep(1.5)  # luigid takes no task again within its cool-down of one second here
    again = fleet.end(worker())
    assert again.returncode == 0, again.err
    assert lookers.artifacts(data) == undisturbed


def test_a_failed_stage_is_tried_once_a_run_and_again_in_the_next(
    scheduler, worker, fleet, data, looks, tmp_path
):
    """luigid's own retries do not repeat the gate within a run, and do not disable it for the next one."""
    (tmp_path / "sitecustomize.py").write_text(
        "import core.runs.compute as c\nmade = c.compute\n"
        "def compute(stage, job):\n"
        "    if stage == 'validate':\n        raise ValueError('not today')\n"
        "    return made(stage, job)\n"
        "c.compute = compute\n",
        encoding="utf-8",
    )
    scheduler()
    failed = fleet.end(worker(env={"PYTHONPATH": str(tmp_path)}))
    assert failed.returncode == 30, failed.err
    assert looks.events(data, "failed") == ["validate"]
    done = fleet.end(worker())
    assert done.returncode == 0, done.err
