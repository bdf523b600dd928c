"""Records of people's acts: appended to the journal's chain, its head kept in a second place.

A chain that was cut shorter is whole by itself. What shows the cut are heads kept elsewhere: in published
bundles, and in ``[proof] heads_file``, one line for each record: number, SHA-256, time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import CheckpointError, SettingsError
from core.journal import Draft, Journal, Record
from core.request.settings import Settings

_LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64}) \S+")


def append(
    settings: Settings,
    journal: Journal,
    kind: str,
    subject: str,
    content: Mapping[str, Any],
    *,
    unless: Callable[[list[Record], Draft | None], None] | None = None,
) -> Record:
    """Add a record at the end of the chain, keep its head in the second place, and return it.

    Raises
    ------
    SettingsError
        If the second place cannot be written; nothing is recorded then.
    """
    path = heads_file(settings)
    if path is None:
        return journal.append(kind, subject, content, unless=unless)
    try:
        # opened before the record is made: an act whose head could not be kept is not done
        place = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        record = journal.append(kind, subject, content, unless=unless)
        line = f"{record.seq} {record.hash} {datetime.now(UTC).isoformat(timespec='seconds')}\n"
        os.write(place, line.encode())
        os.fsync(place)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        os.close(place)
    return record


def heads_file(settings: Settings) -> Path | None:
    """Return the second place for heads of the chain, None when there is none."""
    path = str(settings["proof_heads_file"] or "")
    return Path(path).expanduser() if path else None


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"the heads of the chain cannot be kept in {path}: {error.strerror or error}",
        expected="a writable file",
        remedy="See [proof] heads_file in luigi.cfg.",
    )


def head_faults(settings: Settings, records: Iterable[Record]) -> Iterator[str]:
    """Yield in one sentence each what the second place shows to be gone from the chain, or rewritten.

    Raises
    ------
    CheckpointError
        If the file is named and cannot be read, or a line of it is none of ours.
    """
    path = heads_file(settings)
    if path is None:
        return
    there = {record.seq: record.hash for record in records}
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
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"the heads of the chain in {path} cannot be read: {error}") from error
