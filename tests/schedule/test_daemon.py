"""The scheduler's process: one watches, others stand by; the desk's ends with the desk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.journal import Journal
from core.journal.schedules import Schedules
from core.platform.processes import process

pytestmark = pytest.mark.slow


@pytest.fixture
def desk_root(run_afterclose, data):
    """A data root with a schedule that is due in a year at the earliest."""
    made = run_afterclose("schedules", "add", "yearly", "--when", "cron 0 0 29 2 *", "--every-day", data=data)
    if made.code:  # 29 February is not within a year of today
        made = run_afterclose(
            "schedules", "add", "yearly", "--when", "weekly sun 23:59", "--every-day", data=data
        )
    assert made.code == 0, made.err
    return data


@pytest.fixture
def scheduler(root, desk_root):
    """Start ``afterclose scheduler`` on the root; what is left of it ends with the test."""
    started = []

    def start():
        env = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCLOSE_")}
        words = [str(Path(sys.executable).with_name("afterclose")), "scheduler"]
        child = subprocess.Popen(
            words, cwd=root, env={**env, "AFTERCLOSE_DATA": str(desk_root)}, stderr=subprocess.PIPE, text=True
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.wait(timeout=20)
        child.stderr.close()


def watcher(data):
    """The pid of the scheduler that told of its life last."""
    beat = Schedules(data, read_only=True).last_beat()
    return beat.process.pid if beat else None


def test_a_second_scheduler_stands_by_and_takes_over(scheduler, desk_root, wait_until):
    """Killed for good, the first one's place is taken within a look at the clock."""
    first = scheduler()
    wait_until(lambda: watcher(desk_root) == first.pid, "the first scheduler to watch")
    second = scheduler()
    second.stderr.readline()
    assert f"process {first.pid} does already" in second.stderr.readline()
    assert watcher(desk_root) == first.pid
    first.send_signal(signal.SIGKILL)
    wait_until(lambda: watcher(desk_root) == second.pid, "the second scheduler to watch")


def test_the_desks_scheduler_watches_and_ends_with_the_desk(start_desk, desk_root, wait_until):
    """Two desks, one watcher; with both gone it is gone."""
    desks = [start_desk(desk_root) for _ in range(2)]
    pid = wait_until(lambda: watcher(desk_root), "a scheduler to watch")
    watching = process(pid)
    for desk in desks:
        desk.process.kill()
        desk.process.wait(timeout=20)
    wait_until(lambda: not watching.alive(), "the scheduler to end")


def test_a_desk_without_schedules_leaves_no_trace(start_desk, data):
    """Neither journal nor lock."""
    desk = start_desk(data)
    desk.stop()
    assert not data.exists()


def test_a_schedule_of_the_terminal_runs_by_itself(
    run_afterclose, scheduler, small, data, wait_until, desk_root
):
    """Every minute, for real: within two minutes a run of the schedule is there, and it is whole."""
    options = ["--when", "cron * * * * *", "--every-day", *small, "--end", "2020-10-26"]
    assert run_afterclose("schedules", "add", "often", *options, data=data).code == 0
    scheduler()

    def ended():
        runs = [run for run in Journal(data).runs() if run.how == "schedule" and not run.active]
        return runs[-1] if runs else None

    run = wait_until(ended, "a scheduled run to end", timeout_s=150)
    assert (run.state, run.exit_code) == ("succeeded", 0)
    assert run_afterclose("schedules", "pause", "often", data=data).code == 0
    shown = json.loads(run_afterclose("schedules", "show", "often", "--json", data=data).out)
    assert shown["state"] == "paused"
    assert run.run_id in [due["run_id"] for due in shown["occurrences"]]


def test_the_terminal_tells_what_is_next_in_both_times(run_afterclose, data):
    """Five times each; a schedule that waits for data has none."""
    assert "no schedules" in run_afterclose("schedules", data=data).out
    made = run_afterclose("schedules", "add", "daily", "--when", "close + 45m", data=data)
    assert (made.code, "no scheduler watches" in made.out) == (0, True), made.err
    shown = json.loads(run_afterclose("schedules", "--json", data=data).out)
    (one,) = shown["schedules"]
    assert (len(one["next_local"]), len(one["next_exchange"])) == (5, 5)
    assert all(text.endswith(("EST", "EDT")) for text in one["next_exchange"])
    assert run_afterclose("schedules", "add", "daily", "--when", "close", data=data).code == 4
    assert run_afterclose("schedules", "remove", "dail", data=data).code == 4
    assert run_afterclose("schedules", "remove", "daily", data=data).code == 0
