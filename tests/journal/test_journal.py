"""The journal: drafts are numbered, the chain shows every change, processes and readers share it safely."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
import sqlite3

import pytest

from core.errors import SignOffError
from core.journal import Journal, chain_faults
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.journal.runs_and_drafts import SILENT

GENESIS = "0" * 64
CONTENTS = (
    {"user": "ann", "meaning": "approved", "at_utc": "2026-01-02T03:04:05+00:00"},
    {"user": "Zoë", "comment": "naïve – “quoted” ☃", "number": 0.1},
    {"nested": {"b": [1, None, True], "a": ""}, "user": "bob"},
    {"user": "eve", "big": 2**60},
)


@pytest.fixture
def journal(data):
    return Journal(data)


@pytest.fixture
def chained(journal, data):
    """A journal with four records about two subjects."""
    for number, content in enumerate(CONTENTS):
        journal.append("signature", f"report-{number % 2}", content)
    return journal


def raw(data) -> sqlite3.Connection:
    """The database as an attacker sees it."""
    return sqlite3.connect(data / FILE_NAME, isolation_level=None)


def independent_hash(row: tuple) -> str:
    """A record's hash computed here from the database's columns, without any code of the project."""
    seq, kind, subject, content, prev_hash = row
    whole = {
        "content": json.loads(content),
        "kind": kind,
        "prev_hash": prev_hash,
        "seq": seq,
        "subject": subject,
    }
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


# ---- how a run ended


@pytest.mark.parametrize(
    ("before", "last", "recorded"),
    [
        (None, None, None),
        (None, "no disk", "no disk"),
        ("clean: no prices", None, "clean: no prices"),
        ("clean: no prices", "no disk", "clean: no prices"),
        (SILENT, "no disk", "no disk"),
        (SILENT, None, None),
    ],
)
def test_the_first_error_stays_and_silence_is_none(journal, data, before, last, recorded):
    """A run without error gets none, the first one is the cause, and a real end replaces "no sign of life"."""
    journal.add_run("r", who="ann", how="terminal", request={}, target="report", state="running")
    raw(data).execute("UPDATE run SET error = ?", [before])
    journal.end("r", "failed" if recorded else "succeeded", 0, last)
    assert journal.run("r").error == recorded


# ---- drafts


def test_drafts_are_numbered_by_report_and_kept_newest_first(journal):
    """Each report counts from one; an older draft stays as it was."""
    for text in ("one", "two"):
        journal.save_draft("a", text, author="ann")
    journal.save_draft("b", "other", author="bob")
    assert [(d.number, d.text, d.author) for d in journal.drafts("a")] == [
        (2, "two", "ann"),
        (1, "one", "ann"),
    ]
    assert [d.number for d in journal.drafts("b")] == [1]


def test_the_same_text_is_not_kept_twice_in_a_row(journal):
    """Pressing save again changes nothing, going back to an earlier text is a draft of its own."""
    numbers = [journal.save_draft("a", text, author="ann").number for text in ("x", "x", "y", "x")]
    assert numbers == [1, 1, 2, 3]


def test_a_draft_keeps_every_character(journal):
    """Quotes, other scripts and blank lines come back as they were."""
    text = 'it\'s "so"\n\n☃ 日本 %s ?\n'
    journal.save_draft("a", text, author="o'hara")
    assert (journal.drafts("a")[0].text, journal.drafts("a")[0].author) == (text, "o'hara")


# ---- the chain


def test_the_hash_is_the_sha256_of_the_canonical_json(chained, data):
    """An independent computation from the raw columns gives the stored hashes and links."""
    rows = (
        raw(data)
        .execute("SELECT seq, kind, subject, content, prev_hash, hash FROM record ORDER BY seq")
        .fetchall()
    )
    assert len(rows) == 4
    previous = GENESIS
    for number, row in enumerate(rows, start=1):
        assert row[0] == number
        assert row[4] == previous
        assert row[5] == independent_hash(row[:5])
        previous = row[5]


def test_a_whole_chain_has_no_fault_and_reads_back(chained):
    """Contents come back equal, and the part about one subject keeps its numbers."""
    assert chain_faults(chained.ledger()) == []
    assert [dict(r.content) for r in chained.records()] == list(CONTENTS)
    assert [r.seq for r in chained.records(subject="report-1")] == [2, 4]


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "change",
    [
        "kind = 'promotion'",
        "subject = subject || 'x'",
        "content = replace(content, 'user', 'User')",
        "content = json_set(content, '$.added', 1)",
        "prev_hash = replace(prev_hash, substr(prev_hash, 1, 1), 'x')",
        "hash = 'f' || substr(hash, 2) || 'e'",
    ],
)
def test_every_changed_record_is_found(chained, data, seq, change):
    """Whatever column of whichever record is edited, the fault names that record."""
    raw(data).execute(f"UPDATE record SET {change} WHERE seq = {seq}")
    faults = chain_faults(chained.ledger())
    assert any(f"record {seq} " in fault for fault in faults), faults


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_every_removed_record_is_found(chained, data, seq):
    """A record missing before another one is named."""
    raw(data).execute(f"DELETE FROM record WHERE seq = {seq}")
    assert f"record {seq} is missing before record {seq + 1}" in chain_faults(chained.ledger())


def test_a_cut_tail_shows_against_a_head_kept_elsewhere(chained, data):
    """The chain alone cannot show it; the head that a published document prints is then in no record."""
    head = chained.records()[-1].hash
    raw(data).execute("DELETE FROM record WHERE seq = 4")
    assert chain_faults(chained.ledger()) == []
    assert head not in {r.hash for r in chained.records()}


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_every_swapped_pair_is_found(chained, data, seq):
    """Two neighbours with exchanged numbers break the chain at both places."""
    database = raw(data)
    for old, new in ((seq, 99), (seq + 1, seq), (99, seq + 1)):
        database.execute(f"UPDATE record SET seq = {new} WHERE seq = {old}")
    faults = chain_faults(chained.ledger())
    assert any(f"record {seq} " in fault for fault in faults)
    assert any(f"record {seq + 1} " in fault for fault in faults)


def test_a_record_with_its_own_hash_made_anew_still_breaks_the_next(chained, data):
    """Forging one record consistently is not enough: the one after it names the old hash."""
    database = raw(data)
    row = database.execute(
        "SELECT seq, kind, subject, content, prev_hash FROM record WHERE seq = 2"
    ).fetchone()
    forged = (*row[:3], json.dumps({"user": "mallory"}), row[4])
    database.execute(
        "UPDATE record SET content = ?, hash = ? WHERE seq = 2", (forged[3], independent_hash(forged))
    )
    assert chain_faults(chained.ledger()) == ["record 3 does not follow the one before it"]


def test_what_the_check_raises_stops_the_append(chained):
    """Comparison and append are one transaction: nothing is added, and the next record has the next number."""

    def refuse(records, draft):
        assert [r.seq for r in records] == [1, 3]
        assert draft is None
        raise SignOffError("no")

    with pytest.raises(SignOffError):
        chained.append("signature", "report-0", {"user": "ann"}, unless=refuse)
    assert len(chained.records()) == 4
    assert chained.append("signature", "report-0", {"user": "ann"}).seq == 5


def test_nan_cannot_be_recorded(journal):
    """A value that JSON does not have is refused before anything is written."""
    with pytest.raises(ValueError, match="JSON"):
        journal.append("signature", "a", {"value": float("nan")})
    assert journal.records() == []


# ---- several processes


def _append(root, name, count):
    journal = Journal(root)
    for number in range(count):
        journal.append("signature", "shared", {"by": name, "number": number})
        journal.save_draft("shared", f"{name} {number}", author=name)


def test_two_processes_append_to_one_chain(data):
    """Every record of both is there, in one unbroken chain, each writer's in its own order."""
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(data, name, 25)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    journal = Journal(data)
    records = journal.records()
    assert [w.exitcode for w in writers] == [0, 0]
    assert chain_faults(records) == []
    assert [r.seq for r in records] == list(range(1, 51))
    for name in ("a", "b"):
        assert [r.content["number"] for r in records if r.content["by"] == name] == list(range(25))
    assert [d.number for d in journal.drafts("shared")] == list(range(50, 0, -1))


# ---- reading only, migrations, damage


def test_a_reader_sees_everything_and_writes_nothing(chained, data):
    """Also records that are still in the write-ahead log; writing is refused in plain words."""
    holder = raw(data)
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM record").fetchall()  # keeps the write-ahead log in place
    chained.append("signature", "late", {"user": "ann"})
    before = (data / FILE_NAME).read_bytes()
    reader = Journal(data, read_only=True)
    assert [r.subject for r in reader.records()][-1] == "late"
    with pytest.raises(JournalError, match=r"readonly|read-only"):
        reader.append("signature", "a", {})
    assert (data / FILE_NAME).read_bytes() == before
    holder.close()


def test_a_closed_journal_is_read_without_touching_its_folder(chained, data, tmp_path):
    """On read-only media no file may appear beside it."""
    copy = tmp_path / "media"
    copy.mkdir()
    raw(data).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(data / FILE_NAME, copy / FILE_NAME)
    copy.chmod(0o555)
    assert len(Journal(copy, read_only=True).records()) == 4
    assert [p.name for p in copy.iterdir()] == [FILE_NAME]
    copy.chmod(0o755)


def test_opening_again_migrates_nothing(chained, data):
    """Tables, history and rows are the same after any number of openings."""

    def schema():
        database = raw(data)
        tables = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        return tables, database.execute("SELECT * FROM schema_migration").fetchall()

    before = schema()
    assert len(before[1]) == len(set(before[1])) >= 1
    for _ in range(3):
        Journal(data)
    assert schema() == before
    assert len(Journal(data).records()) == 4


def test_what_is_no_database_is_named(data):
    """A damaged file is said in one message with a way out, and is not written over."""
    data.mkdir()
    (data / FILE_NAME).write_bytes(b"not a database, but long enough to look at" * 50)
    before = (data / FILE_NAME).read_bytes()
    with pytest.raises(JournalError, match=FILE_NAME) as caught:
        Journal(data)
    assert "backup" in str(caught.value)
    assert (data / FILE_NAME).read_bytes() == before


def test_there_is_no_journal_before_the_first_run(data):
    """Looking for one makes none."""
    assert not Journal.exists(data)
    assert not data.exists()
