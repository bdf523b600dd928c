"""A pipe in a file's place: whoever may write there must not hold those who judge what is there."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager

import pytest

from core.paths import IrregularFileError, bytes_of, opened
from core.review.ledger_check import ledger_faults
from core.seals.desk import NEXT_KEY, public_key_files
from core.upkeep.archive import backup
from core.upkeep.verification import verify
from tests.forging import rewritten_last_record

STRAY = "published/x-000000000000/abcdefabcdef/signature.json"


class HeldError(BaseException):
    """Nothing came of it in time; none that anybody takes for an error of a file."""


@contextmanager
def in_time(seconds=10):
    """End what waits for a writer who never comes."""

    def end(*_):
        raise HeldError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def pipe(path):
    """A pipe in the place of a file, or where there was none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def named(office):
    """What verify names, in time."""
    with in_time():
        return {fault.which: fault.how for fault in verify(office.settings).faults}


@pytest.mark.parametrize(
    "name", ["signature.json", "report.txt", "proof.dsse.json", "public.pem", "bundle.zip"]
)
def test_a_pipe_in_a_published_folder_is_named_and_publishing_again_takes_its_place(signed, name):
    """Of whatever file of it; the lock of publications is held by nobody afterwards."""
    folder = signed.publish()
    whole = (folder / name).read_bytes()
    which = pipe(folder / name).relative_to(signed.root).as_posix()
    assert "a pipe" in named(signed)[which]
    with in_time():
        assert signed.publish() == folder
    assert (folder / name).read_bytes() == whole
    assert named(signed) == {}


def test_a_pipe_beside_what_was_published_silences_no_alarm(signed):
    """Whoever may write the published folder puts it there first, and then changes a record."""
    pipe(signed.root / STRAY)
    assert STRAY in named(signed)
    rewritten_last_record(signed)
    with in_time():
        assert any("was rewritten" in fault for fault in ledger_faults(signed.settings)[1])


@pytest.mark.parametrize("name", ["000000000000.pub.pem", NEXT_KEY])
def test_a_pipe_among_the_keys_holds_nobody(signed, name, tmp_path):
    """Keys are listed and backed up without it, and people go on signing."""
    pipe(signed.root / "keys" / name)
    with in_time():
        assert public_key_files(signed.root)
        backup(signed.settings, tmp_path / "b.zip")
        signed.revoke()
    assert f"keys/{name}" in named(signed)


@pytest.mark.parametrize("place", ["ledger/head.json", "journal.sqlite", "models", "evaluate", "meta.json"])
def test_a_pipe_anywhere_in_a_data_root_is_named(signed, place):
    """Whoever may write all of it."""
    folder = next((signed.root / "checkpoints" / "evaluate").iterdir())
    paths = {
        "models": next((signed.root / "models").glob("*.json")),
        "evaluate": next(path for path in folder.iterdir() if path.name != "meta.json"),
        "meta.json": folder / "meta.json",
    }
    pipe(paths.get(place, signed.root / place))
    assert named(signed)


def test_what_is_no_file_is_read_by_nobody(tmp_path):
    """Pipes, devices, sockets, links to them, and more bytes than any of its kind; a folder and nothing, as ever."""
    (tmp_path / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    (tmp_path / "file").write_bytes(b"abc")
    for path in (pipe(tmp_path / "pipe"), tmp_path / "zero"):
        with in_time(), pytest.raises(IrregularFileError, match="pipe or a device"):
            opened(path)
    with in_time(), pytest.raises(OSError):
        opened(tmp_path / "socket")
    with pytest.raises(IrregularFileError, match="has 3 bytes, more than 2"):
        bytes_of(tmp_path / "file", 2)
    assert bytes_of(tmp_path / "file", 3) == b"abc"
    with pytest.raises(IsADirectoryError):
        bytes_of(tmp_path)
    with pytest.raises(FileNotFoundError):
        bytes_of(tmp_path / "nothing")
