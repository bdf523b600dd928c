"""The second place for heads of the ledger, outside the data root: a file with a line for each act.

``[proof] heads_file`` names it. Each line has number, SHA-256 and time of a record, so that a data root that was
rolled back as a whole shows against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from core.errors import CheckpointError
from core.journal import Record
from core.paths import bytes_of, typed_path
from core.platform.files import append_whole
from core.request.settings import Settings

_LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64}) \S+")


def heads_file(settings: Settings) -> Path | None:
    """Return the second place for heads of the chain, None when there is none."""
    return settings.file_named("proof_heads_file")


def add_head(descriptor: int, head: Record) -> None:
    """Append the line of a head, synced, to a file that is open for it, or nothing.

    Raises
    ------
    OSError
        If there is no room for all of it: half a line would be no head, and a fault of every line after it.
    """
    line = f"{head.seq} {head.hash} {datetime.now(UTC).isoformat(timespec='seconds')}\n".encode()
    append_whole(descriptor, line)


def _witnesses(settings: Settings) -> Iterator[Path]:
    """Yield the files that may hold heads: earlier versions kept them from the folder in which they were started."""
    path = heads_file(settings)
    if path is None:
        return
    yield path
    here = typed_path(str(settings["proof_heads_file"])).absolute()
    if here != path and here.is_file() and not (path.exists() and here.samefile(path)):
        yield here


def head_faults(settings: Settings, records: Iterable[Record]) -> Iterator[str]:
    """Yield in one sentence each what the second place shows to be gone from the chain, or rewritten.

    Raises
    ------
    CheckpointError
        If the file is named and cannot be read, or a line of it is none of ours.
    """
    there = {record.seq: record.hash for record in records}
    for path in _witnesses(settings):
        yield from _faults_by(path, there)


def _faults_by(path: Path, there: Mapping[int, str]) -> Iterator[str]:
    for number, line in enumerate(_lines(path, there), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise CheckpointError(f"line {number} of {path} is not a head of the chain")
        seq, head = int(match[1]), match[2]
        if seq not in there:
            yield f"record {seq} is gone: {path.name} keeps its head"
        elif there[seq] != head:
            yield f"record {seq} was rewritten: {path.name} keeps another head"


def _lines(path: Path, there: Mapping[int, str]) -> list[str]:
    if not path.exists() and not there:
        return []
    try:
        return bytes_of(path).decode().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"the heads of the chain in {path} cannot be read: {error}") from error
