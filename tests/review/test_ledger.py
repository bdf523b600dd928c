"""The chain of records: whatever is done to it is found and placed, also a tail that was cut."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing

import pytest

from core.errors import CheckpointError, SettingsError
from core.journal import chain_faults
from core.journal.chain import make
from core.journal.database import FILE_NAME
from core.upkeep.verification import verify

RECORDS = range(2, 8)
"""Numbers of the six acts: before them stands who asked for the run."""

MEANINGS = ["authored", "changes requested", "authored", "approved", "revoked", "authored"]


@pytest.fixture
def ledger(office, tmp_path):
    """An office whose chain has six records and keeps its heads in a second place."""
    office.configured(proof_heads_file=str(tmp_path / "heads.txt"))
    for step in (
        office.submit,
        office.request_changes,
        office.submit,
        office.sign,
        office.revoke,
        office.submit,
    ):
        step()
    acts = office.journal.records()
    assert [r.content["meaning"] for r in acts] == MEANINGS
    assert [r.seq for r in acts] == list(RECORDS)
    assert faults(office) == []
    return office


def faults(office):
    """What verify says of the chain."""
    return [fault.how for fault in verify(office.settings, quick=True).faults if fault.what == "journal"]


def sql(office, *statements):
    """Do something to the database behind the desk's back."""
    with closing(sqlite3.connect(office.root / FILE_NAME)) as raw:
        for statement, values in statements:
            raw.execute(statement, values)
        raw.commit()


@pytest.mark.parametrize("seq", RECORDS)
@pytest.mark.parametrize("column", ["kind", "subject", "content", "prev_hash", "hash"])
def test_each_record_that_was_edited_is_named(ledger, seq, column):
    """In each of its columns."""
    change = "replace(content, 'local user', 'local boss')" if column == "content" else f"{column} || 'x'"
    sql(ledger, (f"UPDATE record SET {column} = {change} WHERE seq = ?", [seq]))
    assert f"record {seq} was changed after it was written" in faults(ledger)


@pytest.mark.parametrize("seq", RECORDS[:-1])
def test_each_record_that_was_removed_is_named(ledger, seq):
    """And the place where it is missing."""
    sql(ledger, ("DELETE FROM record WHERE seq = ?", [seq]))
    said = faults(ledger)
    assert f"record {seq} is missing before record {seq + 1}" in said
    assert f"record {seq} is gone: heads.txt keeps its head" in said


@pytest.mark.parametrize("seq", RECORDS[:-1])
def test_two_records_that_changed_places_are_named(ledger, seq):
    """Each with its own hash, so both are whole by themselves."""
    sql(
        ledger,
        ("UPDATE record SET seq = 99 WHERE seq = ?", [seq]),
        ("UPDATE record SET seq = ? WHERE seq = ?", [seq, seq + 1]),
        ("UPDATE record SET seq = ? WHERE seq = 99", [seq + 1]),
    )
    said = faults(ledger)
    assert f"record {seq} does not follow the one before it" in said
    assert f"record {seq} was changed after it was written" in said


@pytest.mark.parametrize("seq", RECORDS)
def test_a_record_that_was_put_in_is_named(ledger, seq):
    """Well made, with the right hashes before it; what follows no longer does."""
    before = ledger.journal.ledger()[seq - 1].prev_hash
    forged = make(seq, "signature", ledger.key, {"meaning": "approved", "user": "Nobody"}, before)
    sql(
        ledger,
        ("UPDATE record SET seq = -seq - 1 WHERE seq >= ?", [seq]),
        ("UPDATE record SET seq = -seq WHERE seq < 0", []),
        (
            "INSERT INTO record (seq, hash, prev_hash, kind, subject, content) VALUES (?, ?, ?, ?, ?, ?)",
            [seq, forged.hash, before, forged.kind, forged.subject, json.dumps(dict(forged.content))],
        ),
    )
    said = faults(ledger)
    assert f"record {seq + 1} does not follow the one before it" in said
    assert f"record {seq} was rewritten: heads.txt keeps another head" in said


@pytest.mark.parametrize("left", range(7))
def test_a_cut_tail_is_found_by_the_head_and_by_the_second_place(ledger, left):
    """What is left is a whole chain, also when nothing is left."""
    sql(ledger, ("DELETE FROM record WHERE seq > ?", [left]))
    assert chain_faults(ledger.journal.ledger()) == []
    said = faults(ledger)
    assert [s for s in said if "heads.txt" in s] == [
        f"record {n} is gone: heads.txt keeps its head" for n in RECORDS if n > left
    ]
    ledger.configured(proof_heads_file="")
    assert "record 7 is gone: ledger/head.json keeps its head" in faults(ledger)


def test_a_chain_that_was_written_anew_is_found_by_signatures_head_and_second_place(ledger):
    """Whoever can compute hashes can make a whole chain; not sign it, nor change the heads that were kept."""
    previous = "0" * 64
    for record in ledger.journal.ledger():
        content = {**record.content, "comment": "All fine."}
        forged = make(record.seq, record.kind, record.subject, content, previous)
        previous = forged.hash
        sql(ledger, ("UPDATE record SET hash = ?, prev_hash = ?, content = ? WHERE seq = ?",
                     [forged.hash, forged.prev_hash, json.dumps(content), record.seq]))  # fmt: skip
    assert chain_faults(ledger.journal.ledger()) == []
    said = faults(ledger)
    assert [s for s in said if "heads.txt" in s] == [
        f"record {n} was rewritten: heads.txt keeps another head" for n in RECORDS
    ]
    assert [s for s in said if "does not hold" in s] == [
        f"the signature of record {n} does not hold: it was forged, changed or copied" for n in range(1, 8)
    ]
    assert "record 7 was rewritten: ledger/head.json keeps another head" in said


@pytest.mark.parametrize("data", [b"words\n", b"1 abc now\n", b"\xff\xfe"])
def test_a_second_place_that_cannot_be_read_is_said(ledger, tmp_path, data):
    """A damaged witness is no witness."""
    (tmp_path / "heads.txt").write_bytes(data)
    assert len(faults(ledger)) == 1
    (tmp_path / "heads.txt").unlink()
    assert "cannot be read" in faults(ledger)[0]


def test_where_the_head_cannot_be_kept_nothing_is_recorded(office, tmp_path):
    """One message with the file and the setting; the report stays as it was."""
    office.configured(proof_heads_file=str(tmp_path / "no" / "such" / "heads.txt"))
    with pytest.raises(SettingsError, match=r"heads\.txt"):
        office.sign()
    assert office.journal.records() == []


def test_half_a_line_of_the_second_place_is_none(office, tmp_path, monkeypatch):
    """A disk takes what it has room for: the rest of the line, and all after it, would be no heads for good."""
    path = tmp_path / "heads.txt"
    office.configured(proof_heads_file=str(path))
    office.edit("One.")
    before, write = path.read_bytes(), os.write

    def filled(descriptor, data):
        return write(descriptor, data[:20] if data.endswith(b"+00:00\n") else data)

    monkeypatch.setattr(os, "write", filled)
    with pytest.raises(CheckpointError, match="No space left"):
        office.edit("Two.")
    assert path.read_bytes() == before
    monkeypatch.undo()
    office.edit("Three.")
    assert faults(office) == []
