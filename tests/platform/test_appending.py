"""An entry is appended whole or not at all, and one that others append meanwhile stays as it is."""

from __future__ import annotations

import fcntl
import os
import threading

import pytest

from core.platform import files
from core.platform.files import append_whole

FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT


def opened(path) -> int:
    """A descriptor of its own, as another process has."""
    return os.open(path, FLAGS, 0o644)


def test_what_another_appends_behind_half_an_entry_is_not_cut_with_it(tmp_path, monkeypatch):
    """The disk is full for one, and has room again when the next comes: its line must be there, whole."""
    path, write = tmp_path / "heads.txt", os.write
    append_whole(opened(path), b"one\n")
    other = threading.Thread(target=append_whole, args=(opened(path), b"three\n"))

    def filled(descriptor, data):
        if data != b"second\n":
            return write(descriptor, data)
        count = write(descriptor, data[:3])
        other.start()
        other.join(0.5)
        return count

    monkeypatch.setattr(os, "write", filled)
    with pytest.raises(OSError, match="No space left"):
        append_whole(opened(path), b"second\n")
    other.join(30)
    assert path.read_bytes() == b"one\nthree\n"


def test_whoever_goes_on_holding_it_holds_nobody_up(tmp_path, monkeypatch):
    """Whoever may read the file can lock it."""
    monkeypatch.setattr(files, "APPENDING_S", 0.2)
    path = tmp_path / "heads.txt"
    holder = opened(path)
    fcntl.flock(holder, fcntl.LOCK_EX)
    append_whole(opened(path), b"one\n")
    assert path.read_bytes() == b"one\n"
