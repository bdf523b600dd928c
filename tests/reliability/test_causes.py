"""A full, a read-only, a locked and a damaged journal are told apart, each with the remedy that works."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from core.journal import Journal, connection, faults
from core.journal import database as database_module
from core.journal import reading as reading_module
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.platform import causes
from core.platform.causes import cause_at, cause_of
from core.upkeep.verification import verify
from tests.commands import ROOT


def fill(disk, *, left_kb=0):
    """Leave a file system only so much room."""
    room = os.statvfs(disk)
    ballast = disk / "ballast"
    with ballast.open("ab") as stream:
        stream.write(b"x" * max(0, room.f_bavail * room.f_frsize - left_kb * 1024))
    return ballast


def use_inodes(disk):
    """Leave a file system no inode."""
    (disk / "ballast").touch()
    with suppress(OSError):
        for number in range(1000):
            (disk / f"file{number}").touch()


def promotion(data):
    """Write a record; what becomes of it."""
    return Journal(data).event("x", "ingest", "started", {})


@pytest.fixture
def full(mount, finished, copy_of):
    """A finished root on a file system without a byte of room."""
    disk = mount("size=6m")
    data = copy_of(finished, disk / "data")
    fill(disk)
    return data


@pytest.fixture
def without_inodes(mount, finished, copy_of):
    """A finished root on a file system without an inode."""
    disk = mount("size=16m,nr_inodes=400")
    data = copy_of(finished, disk / "data")
    use_inodes(disk)
    return data


@pytest.fixture
def read_only(mount, remount, finished, copy_of):
    """A finished root on a file system that is mounted read-only."""
    disk = mount("size=16m")
    data = copy_of(finished, disk / "data")
    remount(disk, "ro")
    return data


@pytest.fixture
def locked(finished):
    """A finished root whose journal another program keeps locked."""
    holder = sqlite3.connect(finished / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    yield finished
    holder.close()


@pytest.fixture
def damaged(finished):
    """A finished root whose journal is scratched."""
    path = finished / FILE_NAME
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
    return finished


STATES = {
    "full": ("full", "No space left on device", "make room"),
    "without_inodes": ("no inodes", "no inodes left", "make room"),
    "read_only": ("read-only", "Read-only file system", "mount it for writing"),
    "locked": ("locked", "another program has had it locked", "end that program"),
    "damaged": ("damaged", "malformed", "restore a backup"),
}


@pytest.mark.parametrize("state", STATES)
def test_what_is_wrong_with_a_journal_is_named_as_itself(state, request, monkeypatch):
    """Name, sentence and remedy of each; a backup is spoken of where there is damage and nowhere else."""
    monkeypatch.setattr(database_module, "LOCK_WAIT_S", 0.2)
    data = request.getfixturevalue(state)
    name, words, remedy = STATES[state]
    with pytest.raises(JournalError) as caught:
        promotion(data)
    assert caught.value.cause == name
    assert words in str(caught.value)
    assert remedy in str(caught.value)
    assert ("restore" in str(caught.value)) is (state == "damaged")


def test_without_the_surroundings_a_full_disk_would_be_an_unnamed_fault(full, monkeypatch):
    """The protection taken out: SQLite's "disk I/O error" is all that there is to say."""
    monkeypatch.setattr(faults, "cause_at", lambda folder: None)
    with pytest.raises(JournalError) as caught:
        promotion(full)
    assert "No space left" not in str(caught.value)


@pytest.mark.parametrize("state", ["full", "without_inodes", "read_only"])
def test_whatever_reads_works_where_nothing_can_be_written(state, request, settings_over):
    """Also after a writer has tried, which leaves an empty log and half an index behind."""
    data = request.getfixturevalue(state)
    with pytest.raises(JournalError):
        promotion(data)
    assert len(Journal(data, read_only=True).runs()) == 1
    assert verify(settings_over(data)).faults == ()


@pytest.fixture
def settings_over():
    """Settings over a data root."""
    from core.request import settings

    return lambda data: settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=ROOT)


def killed_writer(finished):
    """A journal whose last run is in the log alone, as a kill leaves it."""
    holder = sqlite3.connect(finished / FILE_NAME)
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM run").fetchall()
    Journal(finished).add_run("late", who="a", how="desk", request={}, target="report", state="failed")
    return holder


def test_a_log_that_a_kill_left_is_read_on_a_full_disk_where_no_index_can_be_made(
    mount, finished, copy_of, monkeypatch
):
    """Its rows are read from a copy elsewhere; without that, the protection taken out, nothing can be read."""
    disk = mount("size=6m")
    holder = killed_writer(finished)
    data = copy_of(finished, disk / "data")
    holder.close()
    (data / f"{FILE_NAME}-shm").unlink()
    fill(disk)
    assert Journal(data, read_only=True).run("late") is not None
    monkeypatch.setattr(reading_module, "cause_at", lambda folder: None)
    with pytest.raises(JournalError):
        Journal(data, read_only=True).run("late")


def test_an_empty_log_is_none_without_that_a_full_disk_could_not_be_read(full, monkeypatch):
    """The protection taken out: the log is there, so an index is wanted."""
    with pytest.raises(JournalError):
        promotion(full)
    monkeypatch.setattr(reading_module, "_has_log", lambda path: reading_module.beside(path, "-wal").exists())
    monkeypatch.setattr(reading_module, "cause_at", lambda folder: None)
    with pytest.raises(JournalError):
        Journal(full, read_only=True).runs()


def test_a_lock_is_waited_for(finished):
    """Half a minute; a program that lets go in time is not noticed."""
    assert faults.LOCK_WAIT_S == 30
    code = (
        "import sqlite3, sys, time\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\ntime.sleep(11)\n"
    )
    words = [sys.executable, "-c", code, str(finished / FILE_NAME)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "locked\n"
        promotion(finished)  # 11 s: longer than the 10 that were waited before
        assert holder.wait(5) == 0


def test_too_many_open_files_are_named_and_no_damage(finished):
    """SQLite says that it cannot open the file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = []
    journal = Journal(finished)
    try:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 1, before[1])
        )
        while True:
            try:
                opened.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        with pytest.raises(JournalError) as caught:
            journal.event("x", "ingest", "started", {})
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert caught.value.cause == "open files"
    assert "ulimit -n" in str(caught.value)


@pytest.mark.parametrize("options", ["size=6m", "size=16m,nr_inodes=300"])
def test_gc_makes_room_where_there_is_none(options, mount, finished, copy_of, fleet):
    """What it lists goes, with no byte and no inode to be had for a lock."""
    disk = mount(options)
    data = copy_of(finished, disk / "data")
    shutil.rmtree(data / "locks", ignore_errors=True)
    folder = data / "checkpoints" / "clean" / "2020-01-01-0123456789ab"
    folder.mkdir()
    (folder / "prices_clean.json").write_bytes(b"half")
    if "inodes" in options:
        use_inodes(disk)
    fill(disk)
    done = fleet.run(fleet.afterclose("gc", "--yes"), data)
    assert done.returncode == 0, done.err
    assert "1 removed" in done.out
    assert not folder.exists()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (OSError(28, "x"), "full"), (OSError(122, "x"), "quota"), (OSError(30, "x"), "read-only"),
        (OSError(24, "x"), "open files"), (OSError(12, "x"), "memory"), (MemoryError(), "memory"),
        (ImportError("libx.so: failed to map segment from shared object"), "memory"),
        (RuntimeError("can't start new thread"), "processes"), (OSError(27, "x"), "file size"),
    ],
)  # fmt: skip
def test_each_error_of_the_system_has_its_cause(error, name):
    """By its number or, where there is none, by what it says; also behind another error."""
    assert cause_of(error).name == name
    outer = ValueError("outer")
    outer.__cause__ = error
    assert cause_of(outer).name == name


def test_what_names_no_cause_has_none(tmp_path):
    """A mistake of the program is not blamed on the machine, nor a folder that can be written."""
    assert cause_of(ValueError("x")) is None
    assert cause_of(FileNotFoundError(2, "x")) is None
    assert cause_at(tmp_path) is None
    assert causes.ROOM_BYTES < 1 << 20
    assert connection.Connection.exists(tmp_path) is False
