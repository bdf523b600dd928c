"""Runs that could not end: a renamed host, another container, stopped processes, a supervisor that is gone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.journal import Journal
from core.journal.backfills import GOING, STOPPED, Backfills
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.journal.heartbeats import LEASE_S
from core.journal.runs_and_drafts import PROCESS_GONE, SILENT
from core.platform import processes
from core.platform.processes import ProcessId, this_process
from core.request.settings import Settings
from core.runs.heartbeat import Heartbeat
from tests.commands import slow

BOOT = this_process().boot_id.partition("/")[0]
RUN = {"who": "ann", "how": "terminal", "request": {}, "target": "report", "state": "running"}


def raw(data, sql):
    """Run a statement on the journal's file."""
    database = sqlite3.connect(data / FILE_NAME)
    rows = database.execute(sql).fetchall()
    database.commit()
    database.close()
    return rows


def elsewhere(data):
    """A run that a process of another container leads."""
    journal = Journal(data)
    journal.add_run("far", **RUN, process=ProcessId(7, 7, f"{BOOT}/1"))
    journal.event("far", "clean", "started", {})
    raw(data, "UPDATE run SET host = 'container-a'")
    return journal


def as_time_goes(data, seconds):
    """Let seconds pass: every heartbeat and record becomes so much older."""
    raw(data, f"UPDATE run SET heartbeat_at = heartbeat_at - {seconds}")
    raw(data, "UPDATE run SET created_at = '2020-01-01T00:00:00.000+00:00'")


# ---- leases


def test_a_run_of_another_container_goes_while_it_has_a_heartbeat_and_no_longer(data):
    """Nobody can ask its process; a minute without a beat ends it, in the record too."""
    journal = elsewhere(data)
    journal.heartbeat("far")
    assert journal.run("far").state == "running"
    as_time_goes(data, LEASE_S + 1)
    assert (journal.run("far").state, journal.run("far").error) == ("interrupted", SILENT)
    assert journal.settle() == ["far"]
    assert [event.state for event in journal.events("far")] == ["started", "interrupted"]


def test_a_run_that_was_taken_for_gone_goes_on_with_its_next_heartbeat(data):
    """A machine that slept: nothing was lost but the minute."""
    journal = elsewhere(data)
    as_time_goes(data, LEASE_S + 1)
    journal.settle()
    journal.heartbeat("far")
    assert journal.run("far").state == "running"


def test_a_heartbeat_from_the_future_is_no_sign_of_life(data):
    """The clock was ahead, and was set back after the run's machine was gone: it does not go until then."""
    journal = elsewhere(data)
    raw(data, f"UPDATE run SET heartbeat_at = heartbeat_at + {LEASE_S - 5}")
    assert journal.run("far").state == "running", "clocks of seconds apart"
    raw(data, "UPDATE run SET heartbeat_at = heartbeat_at + 86400")
    assert (journal.run("far").state, journal.settle()) == ("interrupted", ["far"])
    journal.heartbeat("far")
    assert journal.run("far").state == "running", "whoever does lead it gives another one"


def test_without_the_lease_it_would_go_for_ever(data, monkeypatch):
    """The protection taken out: no process to ask, and nothing else is asked."""
    journal = elsewhere(data)
    as_time_goes(data, 10 * LEASE_S)
    assert journal.run("far").state == "interrupted"
    monkeypatch.setattr("core.journal.heartbeats.column", lambda database: "NULL")
    assert journal.run("far").state == "running"


def test_a_run_of_before_heartbeats_has_its_lease_from_when_it_was_recorded(data):
    """An earlier version left it: it cannot go for ever either."""
    journal = elsewhere(data)
    raw(data, "UPDATE run SET heartbeat_at = NULL")
    assert journal.run("far").state == "running"
    as_time_goes(data, 0)
    assert journal.run("far").state == "interrupted"


def test_a_run_that_nobody_ever_led_does_not_wait_for_ever(data):
    """Its launcher died before the supervisor: a minute later it reads interrupted, without anybody's launch."""
    journal = Journal(data)
    journal.add_run("queued", **{**RUN, "state": "queued"})
    assert journal.run("queued").state == "queued"
    as_time_goes(data, LEASE_S + 1)
    assert journal.run("queued").state == "interrupted"


def test_who_leads_a_run_beats_in_the_journal(data, wait_until):
    """From a thread that ends with the run."""
    journal = Journal(data)
    journal.add_run("r", **RUN, process=this_process())
    raw(data, "UPDATE run SET heartbeat_at = 1")
    heartbeat = Heartbeat(Settings(data, "", {}, None), "r", every_s=0.05)
    heartbeat.start()
    wait_until(lambda: raw(data, "SELECT heartbeat_at FROM run")[0][0] > 1, "a heartbeat")
    heartbeat.close()
    raw(data, "UPDATE run SET heartbeat_at = 1")
    time.sleep(0.3)
    assert raw(data, "SELECT heartbeat_at FROM run") == [(1.0,)]


def test_a_fork_waits_for_a_heartbeat_that_is_being_written(data, monkeypatch):
    """A worker must not begin with a lock of a library's that the thread held."""
    journal = Journal(data)
    journal.add_run("r", **RUN, process=this_process())
    writing, forked = [], []
    real = Journal.heartbeat

    def slowly(self, run_id):
        writing.append(True)
        time.sleep(0.3)
        forked.append(bool(child))
        real(self, run_id)

    child = []
    monkeypatch.setattr(Journal, "heartbeat", slowly)
    heartbeat = Heartbeat(Settings(data, "", {}, None), "r", every_s=0.01)
    heartbeat.start()
    while not writing:
        time.sleep(0.005)
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    child.append(pid)
    os.waitpid(pid, 0)
    heartbeat.close()
    assert forked[0] is False


def test_a_range_of_another_container_is_stopped_once_it_is_silent(data):
    """So that it can be resumed: `going` does not stand for ever."""
    journal = Backfills(data)
    journal.add_backfill("b", {"jobs": 1}, {"2020-01-02": "waiting"}, who="ann")
    journal.lead_backfill("b", ProcessId(7, 7, f"{BOOT}/1"))
    raw(data, "UPDATE backfill SET host = 'container-a'")
    assert journal.backfill("b").state == GOING
    raw(data, f"UPDATE backfill SET heartbeat_at = heartbeat_at - {LEASE_S + 1}")
    assert journal.backfill("b").state == STOPPED
    journal.beat_backfill("b")
    assert journal.backfill("b").state == GOING


# ---- a host that was renamed


def test_a_renamed_host_asks_its_own_processes(data, monkeypatch):
    """The kernel and its process ids are the same, whatever the name: dead is dead, at once, and alive goes on."""
    journal = Journal(data)
    journal.add_run("dead", **RUN, process=ProcessId(2**22 + 1, 1, this_process().boot_id))
    journal.add_run("alive", **RUN, process=this_process())
    monkeypatch.setattr(processes.socket, "gethostname", lambda: "container-b")
    assert (journal.run("dead").state, journal.run("dead").error) == ("interrupted", PROCESS_GONE)
    assert journal.run("alive").state == "running"


def test_by_the_hosts_name_alone_a_dead_run_would_block_its_successors(data, monkeypatch):
    """The protection taken out: what another name led cannot be asked."""
    journal = Journal(data)
    journal.add_run("dead", **RUN, process=ProcessId(2**22 + 1, 1, this_process().boot_id))
    monkeypatch.setattr(processes.socket, "gethostname", lambda: "container-b")
    assert journal.run("dead").state == "interrupted"
    monkeypatch.setattr(
        ProcessId,
        "alive_on",
        lambda self, host: self.alive() if host == processes.socket.gethostname() else None,
    )
    assert journal.run("dead").state == "running"


def begun(data, looks):
    """Whether a stage has begun; a journal that is just being made has no tables yet."""
    try:
        return (data / FILE_NAME).exists() and bool(looks.events(data, "started"))
    except JournalError:
        return False


@pytest.mark.slow
def test_a_run_killed_in_a_container_blocks_nothing_in_the_next_one(data, fleet, looks, wait_until):
    """Another host name and other process ids, killed; then `runs`, `cancel` and `run` in a second one."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("no right to give a process another host name")

    def container(name):
        return [
            "unshare",
            "--uts",
            "--pid",
            "--fork",
            "--mount-proc",
            "sh",
            "-c",
            f'hostname {name}; "$@"',
            "sh",
        ]

    first = fleet.start([*container("container-a"), *fleet.luigi()], data, env=slow(60))
    wait_until(lambda: begun(data, looks), "a stage to begin")
    os.killpg(first.pid, signal.SIGKILL)
    for pid in fleet.alive():
        os.kill(pid, signal.SIGKILL)
    assert fleet.gone_after(5)
    listed = fleet.run([*container("container-b"), *fleet.afterclose("runs", "--json")], data)
    assert json.loads(listed.out)[0]["state"] == "running"  # for a minute it may be another one that goes
    as_time_goes(data, LEASE_S + 1)
    listed = fleet.run([*container("container-b"), *fleet.afterclose("runs", "--json")], data)
    assert json.loads(listed.out)[0]["state"] == "interrupted"
    again = fleet.run([*container("container-b"), *fleet.supervised()], data)
    assert again.returncode == 0, again.err


# ---- stopped processes


@pytest.fixture
def stopped(fleet, data, looks, wait_until):
    """A run whose supervisor and pipeline are stopped, in the middle of its first stage."""
    fleet.start(fleet.supervised(), data, env=slow(60))
    wait_until((data / "runs").is_dir, "the run to be recorded")
    wait_until(lambda: looks.events(data, "started"), "the pipeline to start")
    run = looks.runs(data)[0]
    for pid in fleet.alive():
        os.kill(pid, signal.SIGSTOP)
    return run


@pytest.mark.slow
def test_cancel_ends_processes_that_were_stopped(stopped, fleet, data, looks, wait_until):
    """SIGSTOP to all of them, cancel: within the grace and a little the run reads cancelled, and nobody is left."""
    began = time.monotonic()
    done = fleet.run(fleet.afterclose("cancel", stopped.run_id), data)
    assert done.returncode == 0, done.err
    wait_until(lambda: not looks.runs(data)[0].active, "the run to end")
    assert time.monotonic() - began < 15
    run = looks.runs(data)[0]
    assert (run.state, run.exit_code) == ("cancelled", 143)
    for process in fleet.started:  # who followed it was stopped with it
        process.send_signal(signal.SIGCONT)
    assert fleet.gone_after(5)


@pytest.mark.slow
def test_without_letting_them_go_on_stopped_processes_would_stay(stopped, fleet, data, looks, tmp_path):
    """The protection taken out: the signal waits with the processes."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal\nkill, killpg = os.kill, os.killpg\n"
        "os.kill = lambda pid, n: None if n == signal.SIGCONT else kill(pid, n)\n"
        "os.killpg = lambda pid, n: None if n == signal.SIGCONT else killpg(pid, n)\n"
    )
    env = {"PYTHONPATH": str(tmp_path)}
    done = fleet.run(fleet.afterclose("cancel", stopped.run_id), data, env=env)
    assert done.returncode == 0, done.err
    time.sleep(8)
    assert looks.runs(data)[0].state == "running"


@pytest.mark.slow
def test_a_stopped_pipeline_alone_is_ended_too(fleet, data, looks, wait_until):
    """The supervisor goes on and the stage does not."""
    fleet.start(fleet.supervised(), data, env=slow(60))
    wait_until((data / "runs").is_dir, "the run to be recorded")
    wait_until(lambda: looks.events(data, "started"), "the pipeline to start")
    run = looks.runs(data)[0]
    for pid in fleet.alive():
        if pid != run.process.pid and b"luigi" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGSTOP)
    assert fleet.run(fleet.afterclose("cancel", run.run_id), data).returncode == 0
    wait_until(lambda: not looks.runs(data)[0].active, "the run to end")
    assert looks.runs(data)[0].state == "cancelled"
    assert fleet.gone_after(5)


def test_a_supervisor_whose_pid_is_somebody_elses_is_not_waited_for(data):
    """Killed, and its number used again: interrupted at once, and a cancel hits nobody."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as bystander:
        journal = Journal(data)
        journal.add_run("r", **RUN, process=ProcessId(bystander.pid, 1, this_process().boot_id))
        assert journal.run("r").state == "interrupted"
        assert journal.run("r").process.signal(signal.SIGTERM, group=True) is False
        assert bystander.poll() is None
        bystander.kill()
