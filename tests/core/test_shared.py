"""Folders that the processes of a test session share: made once, and anew after a failure."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from tests.commands import ROOT
from tests.shared import copy_root, shared

TWO = """
import sys, time
from pathlib import Path
from tests.shared import shared

class Factory:
    def getbasetemp(self):
        return Path(sys.argv[1]) / sys.argv[2]

def make(folder):
    with (folder.parent / "made.txt").open("a") as made:
        made.write("once\\n")
    time.sleep(0.5)
    (folder / "x").write_text("whole")
    return folder

Factory().getbasetemp().mkdir()
print((shared(Factory(), "it", make) / "x").read_text())
"""


def test_two_processes_make_it_once(tmp_path):
    """The second waits for the first and has what it made."""
    words = [sys.executable, "-c", TWO, str(tmp_path)]
    both = [
        subprocess.Popen(
            [*words, worker], env={"PYTEST_XDIST_WORKER": worker}, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for worker in ("gw0", "gw1")
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["whole", "whole"]
    assert (tmp_path / "made.txt").read_text() == "once\n"


def test_what_failed_is_made_anew(tmp_path_factory, tmp_path):
    """Nothing is left of the first attempt."""

    def fail(folder):
        (folder / "half").write_text("half")
        raise OSError("no room")

    name = tmp_path.name  # no other test's
    with pytest.raises(OSError, match="no room"):
        shared(tmp_path_factory, name, fail)
    assert list(shared(tmp_path_factory, name, lambda folder: folder).iterdir()) == []
    assert shared(tmp_path_factory, name, fail).name == f"shared-{name}"


def test_a_root_that_others_read_is_copied_whole(prepared, tmp_path):
    """Readers come and go while it is copied; the copy holds every row and no file of theirs."""
    stop, journal = threading.Event(), prepared / "journal.sqlite"

    def read() -> None:
        while not stop.is_set():
            with closing(sqlite3.connect(journal)) as reader:
                reader.execute("select count(*) from run").fetchone()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        copies = [copy_root(prepared, tmp_path / str(number)) for number in range(20)]
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    for copy in copies:
        assert not list(copy.glob("journal.sqlite-*"))
        with closing(sqlite3.connect(copy / "journal.sqlite")) as rows:
            assert rows.execute("select count(*) from run").fetchone() == (1,)
