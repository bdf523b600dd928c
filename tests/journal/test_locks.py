"""Locks between processes: one holder, freed when it dies."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import BusyError, CheckpointError
from core.journal import locks

HOLD = """
import sys
from pathlib import Path
from core.journal import locks
with locks.hold(Path(sys.argv[1]), "clean-k", "run-1", journal=sys.argv[2], waiting=None):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def journal_url():
    """SQLite beside the data; the tests of PostgreSQL run these tests with its URL."""
    return ""


@pytest.fixture
def holder(tmp_path, journal_url):
    """Another process that holds the lock until its standard input gets a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), journal_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_held_lock_is_busy_for_another_process(holder, tmp_path, journal_url):
    """Without waiting: exit code 10 and the holder's run id."""
    with (
        pytest.raises(BusyError, match="run-1") as raised,
        locks.hold(tmp_path, "clean-k", "run-2", journal=journal_url, waiting=None),
    ):
        pass
    assert raised.value.exit_code == 10


def test_another_name_is_another_lock(holder, tmp_path, journal_url):
    """Two checkpoints may be made at the same time."""
    with locks.hold(tmp_path, "clean-other", "run-2", journal=journal_url, waiting=None):
        pass


def test_waiting_says_who_holds_it_and_goes_on_when_it_is_free(holder, tmp_path, journal_url):
    """The callback is told the holder once; then the lock is ours."""
    told = []

    def waiting(who):
        told.append(who)
        holder.stdin.write("go\n")
        holder.stdin.flush()

    with locks.hold(tmp_path, "clean-k", "run-2", journal=journal_url, waiting=waiting):
        assert told == ["run-1"]


def test_a_killed_holder_frees_the_lock(holder, tmp_path, journal_url):
    """No stale lock after kill -9; the lock file stays."""
    holder.kill()
    holder.wait()
    with locks.hold(tmp_path, "clean-k", "run-2", journal=journal_url, waiting=None):
        assert (tmp_path / "locks" / "clean-k.lock").read_text() == "run-2"
    assert (tmp_path / "locks" / "clean-k.lock").exists()


def test_an_error_inside_frees_the_lock(tmp_path, journal_url):
    """The next one gets it."""
    with pytest.raises(KeyError), locks.hold(tmp_path, "k", "run-1", journal=journal_url, waiting=None):
        raise KeyError
    with locks.hold(tmp_path, "k", "run-2", journal=journal_url, waiting=None):
        pass


def test_a_root_that_cannot_hold_locks_is_named(tmp_path, journal_url):
    """A CheckpointError with the cause, not an OSError."""
    (tmp_path / "locks").write_text("a file")
    with (
        pytest.raises(CheckpointError, match="cannot be opened"),
        locks.hold(tmp_path, "k", "r", journal=journal_url, waiting=None),
    ):
        pass
