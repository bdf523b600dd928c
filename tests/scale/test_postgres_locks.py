"""Locks of a journal in PostgreSQL: the tests of file locks again, held by a connection and by no file."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from core.errors import CheckpointError
from core.journal import Journal, locks, postgres
from core.journal.faults import LOCKED, JournalError

_spec = importlib.util.spec_from_file_location(
    "locks_again", Path(__file__).parents[1] / "journal" / "test_locks.py"
)
again = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(again)

holder = again.holder
test_a_held_lock_is_busy_for_another_process = again.test_a_held_lock_is_busy_for_another_process
test_another_name_is_another_lock = again.test_another_name_is_another_lock
test_waiting_says_who_holds_it_and_goes_on_when_it_is_free = (
    again.test_waiting_says_who_holds_it_and_goes_on_when_it_is_free
)
test_an_error_inside_frees_the_lock = again.test_an_error_inside_frees_the_lock


@pytest.fixture
def journal_url(url) -> str:
    """The database that the borrowed tests lock in."""
    return url


def test_a_killed_holder_frees_the_lock(holder, tmp_path, url):
    """No stale lock after kill -9: the lock went with the connection."""
    holder.kill()
    holder.wait()
    with locks.hold(tmp_path, "clean-k", "run-2", journal=url, waiting=lambda _: None):
        pass


def test_no_file_is_locked_or_made(tmp_path, url, monkeypatch):
    """With flock forbidden the lock is taken, and the data root stays empty."""

    def refuse(*_):
        raise AssertionError("a file was locked")

    for name in ("flock", "lockf"):
        monkeypatch.setattr(fcntl, name, refuse)
    with locks.hold(tmp_path, "clean-k", "run-1", journal=url, waiting=None):
        pass
    assert list(tmp_path.iterdir()) == []
    with (
        pytest.raises(AssertionError, match="locked"),
        locks.hold(tmp_path, "k", "r", journal="", waiting=None),
    ):
        pass


def test_a_waiting_process_can_be_asked_to_end(holder, tmp_path, url):
    """SIGINT reaches a process that waits for the lock: it does not hang in the driver."""
    code = (
        "import sys; from pathlib import Path; from core.journal import locks\n"
        "with locks.hold(Path(sys.argv[1]), 'clean-k', 'run-2', journal=sys.argv[2],\n"
        "                waiting=lambda who: print(who, flush=True)): pass"
    )
    words = [sys.executable, "-c", code, str(tmp_path), url]
    waiting = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert waiting.stdout.readline() == "run-1\n"
    os.kill(waiting.pid, signal.SIGINT)
    assert waiting.wait(10) != 0
    waiting.stdout.close()


HELD = {
    "the writers' turn": f"SELECT pg_advisory_xact_lock({postgres._WRITERS})",
    "a table": "LOCK TABLE record IN ACCESS EXCLUSIVE MODE",
}


@pytest.mark.parametrize("statement", HELD.values(), ids=HELD)
def test_a_session_that_keeps_the_journal_locked_holds_nobody_for_ever(tmp_path, url, monkeypatch, statement):
    """It has the password, or forgot to end its transaction: named as that, and nothing is damaged."""
    journal = Journal(tmp_path, url)
    monkeypatch.setattr(postgres, "WAIT_S", 0.5)
    facts = {"who": "a", "how": "terminal", "request": {}, "target": "report", "state": "queued"}
    with psycopg.connect(url) as held:
        held.execute(statement)
        acts = [lambda: Journal(tmp_path, url).append("k", "s", {})]
        acts += [Journal(tmp_path, url, read_only=True).ledger] if "TABLE" in statement else []
        for act in acts:
            with pytest.raises(JournalError, match="has had it locked for too long") as caught:
                act()
            assert caught.value.cause == LOCKED
            assert "s3cret" not in str(caught.value)
    journal.add_run("r", **facts)


def test_a_statement_that_never_ends_is_given_up(tmp_path, url, monkeypatch):
    """Whoever owns the tables hangs something on one that waits."""
    journal = Journal(tmp_path, url)
    with psycopg.connect(url, autocommit=True) as server:
        body = "'BEGIN PERFORM pg_sleep(60); RETURN true; END'"
        server.execute(f"CREATE FUNCTION wait() RETURNS boolean LANGUAGE plpgsql AS {body}")
        server.execute("ALTER TABLE record ADD CHECK (wait()) NOT VALID")
    monkeypatch.setattr(postgres, "LONGEST_STATEMENT_S", 0.5)
    with pytest.raises(JournalError, match="statement timeout"):
        Journal(tmp_path, url).append("k", "s", {})
    assert journal.ledger() == []


def test_a_lock_that_belongs_to_a_training_is_waited_for_as_long_as_it_takes(
    holder, tmp_path, url, monkeypatch
):
    """Longer than the journal itself may be locked."""
    monkeypatch.setattr(postgres, "WAIT_S", 0.3)
    monkeypatch.setattr(postgres, "LONGEST_STATEMENT_S", 0.5)
    ender = threading.Timer(1.5, holder.kill)
    ender.start()
    with locks.hold(tmp_path, "clean-k", "run-2", journal=url, waiting=lambda _: None):
        assert holder.wait(10) != 0


def test_a_database_that_does_not_answer_is_named(tmp_path, server):
    """A CheckpointError with address and cause, and no password."""
    url = server.url("journal").replace(str(server.port), "1")
    with (
        pytest.raises(CheckpointError, match=r"127\.0\.0\.1:1/journal") as caught,
        locks.hold(tmp_path, "k", "r", journal=url, waiting=None),
    ):
        pass
    assert "s3cret" not in str(caught.value)
