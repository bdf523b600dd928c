"""Whole runs with a journal in PostgreSQL: the commands as an operator types them, and no secret left behind."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter

import pytest

from core.journal import Journal
from tests.commands import slow

pytestmark = pytest.mark.slow


@pytest.fixture
def told(url) -> dict[str, str]:
    """The environment of a team's machine."""
    return {"AFTERCLOSE_JOURNAL": url}


def test_a_run_is_recorded_in_postgres_and_leaves_no_secret(
    run_afterclose, run_luigi, small, data, told, lookers, prepared, server
):
    """Run, list, show, run again, verify: the same bytes as with SQLite, no journal file, no lock file."""
    ran = run_afterclose("run", *small, "--mode", "train", data=data, env=told)
    assert ran.code == 0, ran.err
    assert lookers.artifacts(data) == lookers.artifacts(prepared)
    assert not (data / "locks").exists()
    assert not list(data.glob("journal*"))
    (run,) = json.loads(run_afterclose("runs", "--json", data=data, env=told).out)
    assert (run["state"], run["exit_code"]) == ("succeeded", 0)
    shown = json.loads(run_afterclose("show", run["run_id"], "--json", data=data, env=told).out)
    assert [e["stage"] for e in shown["events"] if e["state"] == "succeeded"] == list(run["keys"])
    again = run_luigi(*small, "--mode", "train", data=data, env=told)
    assert again.code == 0, again.err
    verified = run_afterclose("verify", data=data, env=told)
    assert verified.code == 0, verified.out
    written = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(b"s3cret" in text for text in written)
    assert "s3cret" not in ran.out + ran.err + again.out + again.err + verified.out


def test_looking_before_the_first_run_is_no_error(run_afterclose, data, told):
    """An empty database is a journal that has yet to begin."""
    outcome = run_afterclose("runs", data=data, env=told)
    assert outcome.code == 0, outcome.err
    assert "no run" in outcome.out


def test_a_server_that_is_gone_stops_a_run_in_words(run_luigi, small, data, server):
    """Nobody could record the run or keep others from it: exit 30, the address, no traceback, no password."""
    url = server.url("journal").replace(str(server.port), "1")
    outcome = run_luigi(*small, "--mode", "train", data=data, env={"AFTERCLOSE_JOURNAL": url})
    assert outcome.code == 30, outcome.err
    assert "127.0.0.1:1/journal" in outcome.err
    assert "Traceback" not in outcome.err
    assert "s3cret" not in outcome.err
    written = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    assert not any(b"s3cret" in text for text in written)


LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


def events(data, url, state) -> Counter:
    """How often each stage came into a state, whatever the run."""
    journal = Journal(data, url, read_only=True)
    runs = journal.runs()
    return Counter(e.stage for run in runs for e in journal.events(run.run_id) if e.state == state)


def test_copies_of_the_main_command_do_the_work_once(start_luigi, small, data, told, url, lookers, prepared):
    """Advisory locks in place of files: three end with 0, one makes each stage."""
    env = slow(0.1, told)
    copies = [start_luigi(*small, "--mode", "train", data=data, env=env) for _ in range(3)]
    said = [copy.communicate(timeout=180) for copy in copies]
    assert [copy.returncode for copy in copies] == [0, 0, 0], said
    assert events(data, url, "succeeded") == dict.fromkeys(LINE, 1)
    assert lookers.artifacts(data) == lookers.artifacts(prepared)
    assert {run.state for run in Journal(data, url).runs()} == {"succeeded"}


def test_two_operators_who_ask_for_the_same_share_one_run(run_afterclose, small, data, told, url):
    """The second finds the first at work, or its result; nothing is made twice."""
    from concurrent.futures import ThreadPoolExecutor

    env = slow(0.3, told)
    with ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(run_afterclose, "run", *small, "--mode", "train", data=data, env=env)
            for _ in range(2)
        ]
    ended = [one.result() for one in asked]
    assert [one.code for one in ended] == [0, 0], [one.err for one in ended]
    assert events(data, url, "succeeded") == dict.fromkeys(LINE, 1)
    (run,) = Journal(data, url).runs()
    assert run.state == "succeeded"


def test_killed_in_the_middle_a_run_is_interrupted_and_the_next_one_finishes(
    start_luigi, run_luigi, small, data, told, url, lookers, prepared, wait_until
):
    """kill -9 of the whole group inside clean: its lock is free, what it made stays, the bytes are the same."""
    env = slow(2, told)
    process = start_luigi(*small, "--mode", "train", data=data, env=env)
    wait_until(
        lambda: Journal.exists(data, url) and "clean" in events(data, url, "started"), "clean", timeout_s=120
    )
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (run,) = Journal(data, url).runs()
    assert (run.state, run.error) == ("interrupted", "its process is gone")
    again = run_luigi(*small, "--mode", "train", "--no-wait", data=data, env=told)
    assert again.code == 0, again.err
    assert events(data, url, "succeeded") == dict.fromkeys(LINE, 1)
    assert events(data, url, "interrupted") == {"clean": 1}
    assert lookers.artifacts(data) == lookers.artifacts(prepared)


def test_a_transient_fault_is_retried_and_recorded(run_luigi, data, told, url, tmp_path):
    """Two faults of ingest: tried again with linear waits, both in the journal."""
    (tmp_path / "sitecustomize.py").write_text(
        "import core.runs.compute as c\nmade, left = c.compute, [1, 2]\n"
        "def compute(stage, job):\n    if left:\n        raise ConnectionError(f'fault {left.pop(0)}')\n"
        "    return made(stage, job)\nc.compute = compute\n",
        encoding="utf-8",
    )
    env = {**told, "PYTHONPATH": str(tmp_path)}
    done = run_luigi(task="Ingest", data=data, env=env)
    assert done.code == 0, done.err
    journal = Journal(data, url)
    found = [(e.state, e.facts.get("reason")) for e in journal.events(journal.runs()[0].run_id)]
    assert [one for one in found if one[0] == "retried"] == [("retried", "fault 1"), ("retried", "fault 2")]
    assert found[-1][0] == "succeeded"
