"""A host that never comes back: its runs end for the others once it has been silent for a minute."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.journal import Journal
from core.journal.heartbeats import LEASE_S
from core.journal.runs_and_drafts import SILENT
from core.request.settings import Settings
from core.runs.heartbeat import Heartbeat
from tests.commands import slow

TOLD = {"who": "ann", "how": "terminal", "request": {}, "target": "report"}


@pytest.fixture
def journal(tmp_path, url) -> Journal:
    """A journal in an empty database."""
    return Journal(tmp_path, url)


@pytest.fixture
def as_time_goes(server, database):
    """Let seconds pass for the database: every sign becomes so much older."""
    return lambda seconds: server.sql(f"UPDATE run SET heartbeat_at = heartbeat_at - {seconds}", database)


@pytest.fixture
def elsewhere(journal, server, database) -> str:
    """A run that goes on another host."""
    journal.add_run("r", **TOLD, state="running")
    journal.event("r", "clean", "started", {})
    server.sql("UPDATE run SET host = 'elsewhere', boot_id = 'another'", database)
    return "r"


def stages_of(journal) -> set[str]:
    """The states of stages of all runs."""
    return {event.state for run in journal.runs() for event in journal.events(run.run_id)}


@pytest.mark.slow
def test_a_killed_machine_leaves_no_run_that_goes_for_ever(
    data, url, small, journal, run_afterclose, as_time_goes, root, wait_until, needed
):
    """A machine of another name runs and is killed whole: it goes on for a minute, then it was interrupted."""
    needed(os.geteuid() == 0 and shutil.which("unshare"), "no right to give a process another host name")
    words = [
        "unshare",
        "--uts",
        "--pid",
        "--fork",
        "--mount-proc",
        "sh",
        "-c",
        'hostname elsewhere && exec "$@"',
        "sh",
    ]
    words += [str(Path(sys.executable).with_name("luigi")), "--module", "luigi_tasks", "Report", *small]
    env = slow(60, {**os.environ, "AFTERCLOSE_DATA": str(data), "AFTERCLOSE_JOURNAL": url})
    machine = subprocess.Popen(
        [*words, "--local-scheduler"],
        cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: "started" in stages_of(journal), "a stage to begin", timeout_s=120)
    finally:
        os.killpg(machine.pid, signal.SIGKILL)
        machine.wait()
    told = {"AFTERCLOSE_JOURNAL": url}
    (run,) = json.loads(run_afterclose("runs", "--json", data=data, env=told).out)
    assert (run["state"], run["host"]) == ("running", "elsewhere")
    as_time_goes(LEASE_S)
    (run,) = json.loads(run_afterclose("runs", "--json", data=data, env=told).out)
    assert (run["state"], run["error"]) == ("interrupted", SILENT)
    again = run_afterclose("run", *small, data=data, env=told)
    assert again.code == 0, again.err
    assert Journal(data, url).events(run["run_id"])[-1].state == "interrupted"


def test_a_silent_host_is_given_up_after_a_minute_and_not_before(journal, elsewhere, as_time_goes):
    """A reader sees it and a writer writes it down, with the stage that was at work."""
    as_time_goes(LEASE_S - 5)
    assert journal.run(elsewhere).state == "running"
    assert journal.settle() == []
    as_time_goes(6)
    assert (journal.run(elsewhere).state, journal.active_runs()) == ("interrupted", [])
    assert journal.settle() == [elsewhere]
    assert journal.run(elsewhere).error == SILENT
    assert [event.state for event in journal.events(elsewhere)] == ["started", "interrupted"]


def test_a_host_that_comes_back_goes_on(journal, elsewhere, as_time_goes):
    """Its network was away, not the machine: with the next sign the run goes again, and its end is the true one."""
    as_time_goes(LEASE_S + 1)
    journal.settle()
    journal.heartbeat(elsewhere)
    assert (journal.run(elsewhere).state, journal.run(elsewhere).error) == ("running", None)
    as_time_goes(LEASE_S + 1)
    journal.settle()
    journal.end(elsewhere, "succeeded", 0, None)
    assert (journal.run(elsewhere).state, journal.run(elsewhere).error) == ("succeeded", None)


def test_a_sign_does_not_wake_what_ended_otherwise(journal, elsewhere):
    """A run that its own host knows as interrupted stays so."""
    journal.end(elsewhere, "interrupted", 130, "interrupted by a person")
    journal.heartbeat(elsewhere)
    assert journal.run(elsewhere).state == "interrupted"


def test_a_run_of_an_earlier_version_is_never_given_up(journal, elsewhere, server, database):
    """It gives no signs; only its host knows."""
    server.sql("UPDATE run SET heartbeat_at = NULL", database)
    assert journal.run(elsewhere).state == "running"


def test_who_leads_a_run_signs_until_it_ends(tmp_path, url, journal, elsewhere, server, database, wait_until):
    """The sign grows younger by itself, from a thread that ends with the run."""
    server.sql("UPDATE run SET heartbeat_at = 0", database)
    heartbeat = Heartbeat(Settings(tmp_path, url, {}, None), elsewhere, every_s=0.05)
    heartbeat.start()
    wait_until(lambda: float(server.sql("SELECT heartbeat_at FROM run", database)) > 0, "a sign")
    heartbeat.close()
    server.sql("UPDATE run SET heartbeat_at = 0", database)
    time.sleep(0.3)
    assert server.sql("SELECT heartbeat_at FROM run", database) == "0"
