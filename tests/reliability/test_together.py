"""The same work asked for many times at once: done once, and everybody ends with the result."""

from __future__ import annotations

import os
import signal
from collections import Counter

import psutil
import pytest

from core.errors import BusyError
from core.journal import locks
from tests.commands import slow

pytestmark = pytest.mark.slow

COPIES = 8
LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


def test_eight_copies_of_the_main_command_do_the_work_once(fleet, data, looks, lookers, undisturbed, capsys):
    """All end with 0 and the same report; the journal has one "succeeded" per stage and eight runs."""
    started = [fleet.start(fleet.luigi(), data, env=slow(0.1)) for _ in range(COPIES)]
    ended = [fleet.end(process) for process in started]
    codes = [process.returncode for process in ended]
    with capsys.disabled():
        print(f"\neight copies: survived {codes.count(0)} of {COPIES}")  # noqa: T201 - the count is asked for
    assert codes == [0] * COPIES, [process.err for process in ended]
    assert {process.out for process in ended} == {
        (lookers.folder_of(data, "report") / "report.txt").read_text()
    }
    assert Counter(looks.events(data, "succeeded")) == dict.fromkeys(LINE, 1)
    assert lookers.artifacts(data) == undisturbed
    assert [(run.state, run.exit_code) for run in looks.runs(data)] == [("succeeded", 0)] * COPIES
    assert not any("not recorded" in process.err for process in ended)


def test_without_the_lock_the_same_work_is_done_more_than_once(fleet, data, looks, tmp_path):
    """The protection taken out (a lock that never blocks): two copies both make a stage; no file is torn."""
    (tmp_path / "sitecustomize.py").write_text(
        "import fcntl\nfcntl.flock = lambda *_: None  # every lock is free\n", encoding="utf-8"
    )
    env = slow(0.4, {"PYTHONPATH": str(tmp_path)})
    ended = [fleet.end(p) for p in [fleet.start(fleet.luigi(), data, env=env) for _ in range(2)]]
    assert [process.returncode for process in ended] == [0, 0], [process.err for process in ended]
    assert max(Counter(looks.events(data, "succeeded")).values()) == 2
    assert looks.torn(data) == []  # correctness never rests on the lock


def test_eight_copies_of_the_operators_command_are_one_run(fleet, data, looks, lookers, undisturbed):
    """Seven find the first and follow it: one run in the journal, eight exits of 0."""
    started = [fleet.start(fleet.supervised(), data, env=slow(0.4)) for _ in range(COPIES)]
    ended = [fleet.end(process) for process in started]
    assert [process.returncode for process in ended] == [0] * COPIES, [process.err for process in ended]
    (run,) = looks.runs(data)
    assert (run.state, run.exit_code) == ("succeeded", 0)
    assert sum(f"following run {run.run_id}" in process.err for process in ended) == COPIES - 1
    assert Counter(looks.events(data, "succeeded")) == dict.fromkeys(LINE, 1)
    assert lookers.artifacts(data) == undisturbed


def test_no_wait_leaves_with_10_and_the_run_that_is_at_work(fleet, data, looks, wait_until):
    """The main command, and the operator's: both name the run that makes the checkpoint."""
    first = fleet.start(fleet.luigi(), data, env=slow(3))
    wait_until(
        lambda: (data / "runs").is_dir() and looks.log(data) and "ingest" in looks.events(data, "started"),
        "a start",
    )
    (going,) = looks.runs(data)
    busy = fleet.run(fleet.luigi("--no-wait"), data)
    assert busy.returncode == 10, busy.err
    assert going.run_id in busy.err.splitlines()[-1]
    theirs = fleet.run(fleet.supervised("--no-wait"), data)
    assert theirs.returncode == 10, theirs.err + theirs.out
    newest = looks.runs(data)[0]
    assert (newest.state, newest.exit_code) == ("busy", 10)
    assert going.run_id in newest.error
    assert first.poll() is None
    first.terminate()
    assert fleet.end(first).returncode == 143


def test_the_same_supervised_run_with_no_wait_is_busy_with_its_id(fleet, data, looks, wait_until):
    """A second ``afterclose run --no-wait`` of what runs already starts nothing."""
    first = fleet.start(fleet.supervised(), data, env=slow(1))
    wait_until((data / "runs").is_dir, "the run to be recorded")
    second = fleet.run(fleet.supervised("--no-wait"), data)
    (run,) = looks.runs(data)
    assert second.returncode == 10, second.err
    assert run.run_id in second.err
    cancelled = fleet.run(fleet.afterclose("cancel", run.run_id), data)
    assert cancelled.returncode == 0
    assert fleet.end(first).returncode == 143
    assert looks.runs(data)[0].state == "cancelled"


def test_two_different_runs_share_their_early_stages(fleet, data, looks):
    """Runs that differ from clean on make ingest and validate once between them."""
    env = slow(0.3)
    one = fleet.start(fleet.luigi(), data, env=env)
    other = fleet.start(fleet.luigi("--split-ratio", "1.3"), data, env=env)
    assert [fleet.end(one).returncode, fleet.end(other).returncode] == [0, 0], one.err + other.err
    made = Counter(looks.events(data, "succeeded"))
    assert made == {stage: 1 if stage in LINE[:2] else 2 for stage in LINE}


def test_without_the_lock_two_different_runs_would_both_make_what_they_share(fleet, data, looks, tmp_path):
    """The protection taken out (a lock that never blocks): the common beginning is made twice."""
    (tmp_path / "sitecustomize.py").write_text(
        "import fcntl\nfcntl.flock = lambda *_: None  # every lock is free\n", encoding="utf-8"
    )
    env = slow(0.6, {"PYTHONPATH": str(tmp_path)})
    one = fleet.start(fleet.luigi(), data, env=env)
    other = fleet.start(fleet.luigi("--split-ratio", "1.3"), data, env=env)
    assert [fleet.end(one).returncode, fleet.end(other).returncode] == [0, 0], one.err + other.err
    assert max(Counter(looks.events(data, "succeeded"))[stage] for stage in LINE[:2]) == 2


def free(data, name):
    """Whether nobody holds a lock (the system closes a killed process's files a moment after it is gone)."""
    try:
        with locks.hold(data, name, "test", journal="", waiting=None):
            return True
    except BusyError:
        return False


def test_forked_workers_do_not_outlive_a_killed_run(fleet, data, looks, wait_until):
    """With --workers 2 the stage runs in a forked child, which holds the lock: killed with its parent."""
    process = fleet.start(fleet.luigi("--workers", "2"), data, env=slow(20))
    wait_until(lambda: len(fleet.alive()) > 1 and "started" in str(looks.log(data)), "the worker to start")
    process.kill()
    assert fleet.gone_after(2.0), fleet.alive()
    wait_until(lambda: free(data, "ingest-" + looks.runs(data)[0].keys["ingest"]), "the lock", timeout_s=2)


def test_without_the_parent_death_signal_a_worker_would_go_on(fleet, data, looks, wait_until, tmp_path):
    """The protection taken out: the forked child is still there two seconds after its parent was killed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nos.register_at_fork = lambda **_: None\n", encoding="utf-8"
    )
    env = slow(20, {"PYTHONPATH": str(tmp_path)})
    process = fleet.start(fleet.luigi("--workers", "2"), data, env=env)
    wait_until(lambda: len(fleet.alive()) > 1 and "started" in str(looks.log(data)), "the worker to start")
    process.kill()
    assert not fleet.gone_after(2.0)


@pytest.mark.parametrize("victim", ["supervisor", "pipeline"])
def test_a_supervised_run_dies_whole(victim, fleet, data, looks, wait_until):
    """Whoever of a supervised run is killed, no process of it is left, and the journal says how it ended."""
    env = slow(20)
    following = fleet.start(fleet.supervised(), data, env=env)
    wait_until((data / "runs").is_dir, "the run to be recorded")
    wait_until(lambda: looks.events(data, "started"), "the pipeline to start")
    supervisor = looks.runs(data)[0].process.pid
    (pipeline,) = psutil.Process(supervisor).children()
    os.kill(supervisor if victim == "supervisor" else pipeline.pid, signal.SIGKILL)
    ended = fleet.end(following)
    assert fleet.gone_after(2.0), fleet.alive()
    run = looks.runs(data)[0]
    if victim == "supervisor":
        assert (run.state, ended.returncode) == ("interrupted", 130)
    else:
        assert (run.state, run.exit_code, ended.returncode) == ("failed", 40, 40)
        assert run.error == "its process was ended by signal 9; most often because memory ran out"
        assert looks.events(data, "interrupted") == ["ingest"]


def test_a_stage_over_its_wall_clock_limit_fails_by_name(fleet, data, tmp_path, looks, root):
    """[run] stage_timeout_s: exit 30, the setting is named, and the stage reads failed."""
    config = tmp_path / "luigi.cfg"
    config.write_text((root / "luigi.cfg").read_text().replace("stage_timeout_s = 0", "stage_timeout_s = 1"))
    env = slow(5, {"LUIGI_CONFIG_PATH": str(config)})
    done = fleet.run(fleet.luigi(), data, env=env)
    assert done.returncode == 30, done.err
    assert "ingest took longer than 1 s" in done.err
    assert "stage_timeout_s" in done.err
    (run,) = looks.runs(data)
    assert (run.state, run.exit_code) == ("failed", 30)
    assert looks.events(data, "failed") == ["ingest"]
