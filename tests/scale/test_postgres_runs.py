"""Whole runs with a journal in PostgreSQL: the commands as an operator types them, and no secret left behind."""

from __future__ import annotations

import json

import pytest

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
