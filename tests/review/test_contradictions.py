"""Rows that are changed for the moment in which a decision is judged, and changed back: the decision says it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from core.errors import AftercloseError
from core.journal import Journal
from core.journal.database import FILE_NAME
from core.registry.champions import PROMOTION, Champions, Change
from core.registry.registry import Registry
from core.review import decisions, keys, publication, signoff
from core.review.ledger_check import judged_ledger, ledger_faults
from core.review.people import Person
from core.upkeep import archive
from core.upkeep.archive import backup
from core.upkeep.restoring import restore
from tests.champions import pointer
from tests.forging import approval, faults, following, put, sql
from tests.reliability.backups import packed, settings_over

ME = Person("local:me", "local user", "approver")


def test_an_author_who_is_somebody_else_while_she_signs_is_named(office, ann, olga, by_rows):
    """The rule of two people rests on who wrote the drafts; the row is as it was when verify looks."""
    office.edit(person=ann)
    office.submit(olga)
    sql(office, "UPDATE draft SET author = 'Olga <olga@id.example.org>'")
    with pytest.raises(AftercloseError, match="is not what is on record"):
        office.sign(ann)
    by_rows()
    record = office.sign(ann)
    sql(office, "UPDATE draft SET author = 'Ann <ann@id.example.org>'")
    assert record.content["independent_review"]
    (fault,) = faults(office)
    assert f"record {record.seq} was made while rows of the journal were changed" in fault
    assert "Ann <ann@id.example.org>" in fault
    with pytest.raises(AftercloseError):
        office.publish()


def test_who_had_a_hand_is_on_record_with_the_signature(office, ann, olga):
    """What it was judged by; a draft that comes later changes nothing of it."""
    office.edit(person=olga)
    office.submit(olga)
    assert office.sign(ann).content["hands"] == ["Olga <olga@id.example.org>"]
    office.edit("Later.", person=ann)
    assert faults(office) == []


def test_what_is_published_is_what_was_judged(signed, monkeypatch):
    """A row that comes between the judgement and its use, in the name of somebody who never signed."""
    boss = {"user": "Dr. Chief Risk Officer", "authentication": "OpenID Connect, https://id.example.org"}

    def judged(settings):
        ledger = judged_ledger(settings)
        put(signed, following(signed, "signature", signed.key, approval(signed, **boss)))
        return ledger

    monkeypatch.setattr(publication, "judged_ledger", judged)
    with pytest.raises(
        AftercloseError
    ):  # on a ledger that is forged by now it is not put on record as published
        signed.publish()
    (text,) = (signed.root / "published").rglob("report.txt")
    assert not text.with_name("signature.json").exists()
    assert "Chief" not in text.read_text()
    assert "local user" in text.read_text()


def test_a_revocation_that_is_gone_when_it_is_looked_for_stops_the_publication(signed, monkeypatch):
    """The same the other way round."""
    signed.revoke()

    def judged(settings):
        ledger = judged_ledger(settings)
        sql(signed, "DELETE FROM record WHERE seq = (SELECT MAX(seq) FROM record)")
        return ledger

    monkeypatch.setattr(publication, "judged_ledger", judged)
    with pytest.raises(AftercloseError, match="revoked"):
        signed.publish()


@pytest.mark.parametrize(
    "sentence",
    [
        "CREATE VIEW record AS SELECT * FROM hidden WHERE kind <> 'signature' OR random() % 2",
        (
            "CREATE VIEW Record AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
            "SELECT hidden.* FROM hidden, n"
        ),
    ],
    ids=["two faces", "no end"],
)
def test_a_view_in_a_tables_place_is_named(signed, sentence):
    """Two questions would get two answers, or none would ever end."""
    sql(signed, "ALTER TABLE record RENAME TO hidden")
    sql(signed, sentence)
    assert any("is a view" in fault for fault in faults(signed))
    with pytest.raises(AftercloseError, match="is a view"):
        signed.publish()


def test_an_index_that_misses_a_revocation_is_named(signed):
    """A question by report would not see the row, and the walk over all of them would."""
    revoked = signed.revoke()
    sql(signed, "DELETE FROM record WHERE seq = ?", revoked.seq)
    with closing(sqlite3.connect(signed.root / FILE_NAME, isolation_level=None)) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        where = "type = 'index' AND tbl_name = 'record' AND sql IS NOT NULL"
        indexes = raw.execute(
            f"SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE {where}"
        ).fetchall()
        raw.execute(f"DELETE FROM sqlite_master WHERE {where}")
        raw.execute("PRAGMA schema_version = 900")
    put(signed, revoked)
    with closing(sqlite3.connect(signed.root / FILE_NAME, isolation_level=None)) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        raw.executemany(
            "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)", indexes
        )
        raw.execute("PRAGMA schema_version = 901")
    assert signoff.standing(signed.store, Journal(signed.root), signed.key).state == "signed", "it is missed"
    assert any("an index of the journal's table record" in fault for fault in faults(signed))
    with pytest.raises(AftercloseError, match="an index of"):
        signed.publish()


SWALLOWED = {
    "a trigger": (
        (
            "CREATE TRIGGER t BEFORE INSERT ON record WHEN NEW.content LIKE '%revoked%' "
            "BEGIN SELECT RAISE(IGNORE); END"
        ),
    ),
    "a trigger that takes it away": (
        "CREATE TRIGGER t AFTER INSERT ON Record BEGIN DELETE FROM record WHERE content LIKE '%revoked%'; END",
    ),
    "a table that ignores it": (
        "ALTER TABLE record RENAME TO hidden",
        (
            "CREATE TABLE record (seq INTEGER PRIMARY KEY, hash TEXT, prev_hash TEXT, kind TEXT, subject TEXT, "
            "content TEXT, signed_by TEXT, signature TEXT, same TEXT NOT NULL ON CONFLICT IGNORE)"
        ),
        "INSERT INTO record SELECT *, 'x' FROM hidden",
    ),
}  # fmt: skip


@pytest.mark.parametrize("statements", SWALLOWED.values(), ids=SWALLOWED)
def test_a_revocation_that_the_database_drops_is_not_said_to_be_on_record(signed, statements):
    """Whoever revoked would be told that it is revoked, and nothing in the ledger would ever show that it was not."""
    for statement in statements:
        sql(signed, statement)
    with pytest.raises(AftercloseError, match=r"is a trigger|tables were changed"):
        signed.revoke()
    if "TRIGGER" in statements[0]:
        assert any("t is a trigger" in fault for fault in faults(signed))
        with pytest.raises(AftercloseError, match="is a trigger"):
            signed.publish()


def test_a_record_that_is_taken_away_before_its_head_is_kept_is_named(signed, monkeypatch):
    """The head of what was made is kept all the same: the ledger lacks it, and says so."""
    real = Journal.with_tail

    def late(journal, function):
        sql(signed, "DELETE FROM record WHERE seq = (SELECT MAX(seq) FROM record)")
        return real(journal, function)

    number = signed.journal.records()[-1].seq + 1
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "with_tail", late)
        with pytest.raises(AftercloseError, match=f"record {number} was made and is not in the journal"):
            signed.revoke()
    assert any(f"record {number} is gone" in fault for fault in faults(signed))
    with pytest.raises(AftercloseError):
        signed.publish()


def test_a_head_that_is_rewritten_before_the_next_is_kept_keeps_no_record_off_it(signed, monkeypatch):
    """For the moment in which the head is kept: else the record could be taken away, and nothing would show it."""
    before = signed.journal.ledger()[-1]
    real = Journal.with_tail

    def meanwhile(journal, function):
        sql(signed, "UPDATE record SET hash = ? WHERE seq = ?", "f" * 64, before.seq)
        try:
            return real(journal, function)
        finally:
            sql(signed, "UPDATE record SET hash = ? WHERE seq = ?", before.hash, before.seq)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "with_tail", meanwhile)
        with pytest.raises(AftercloseError, match=f"meanwhile record {before.seq} was rewritten"):
            signed.revoke()
    assert faults(signed) == []
    assert signed.state == "revoked"
    sql(signed, "DELETE FROM record WHERE seq > ?", before.seq)
    assert any(f"record {before.seq + 1} is gone" in fault for fault in faults(signed))
    with pytest.raises(AftercloseError):
        signed.publish()


# ---- champions


def promoted(office) -> str:
    """Promote the only model, on record, and return its id."""
    (identity,) = Registry(office.root).ids()
    decisions.promote(office.settings, identity, "it is better", person=ME)
    assert faults(office) == []
    return identity


def test_a_champion_that_nobody_promoted_is_named(signed):
    """The pointer alone says who and when: whoever may write the data root, or had an archive restored, makes one."""
    (identity,) = Registry(signed.root).ids()
    Champions(signed.settings).point("sample", Change(PROMOTION, identity, "x", "Dr. Chief", "2026-01-01", 1))
    (fault,) = faults(signed)
    assert f"the champion of profile sample, model {identity}, is on no record" in fault
    with pytest.raises(AftercloseError, match="on no record"):
        signed.publish()


@pytest.mark.parametrize(
    "change", [{"model_id": "0" * 12}, {"record": None}, {"record": 1}, {"action": "rollback"}]
)
def test_a_champion_that_is_another_than_was_promoted_is_named(signed, change):
    """Each field that says what a person decided."""
    promoted(signed)
    path = pointer(signed.root)
    body = json.loads(path.read_bytes())
    body["changes"][-1] |= change
    path.write_text(json.dumps(body))
    assert any("is on no record" in fault for fault in faults(signed))


@pytest.mark.parametrize(
    "change", [{"why": "the board wants it"}, {"who": "Dr. Chief"}, {"at_utc": "2020-01-01T00:00:00+00:00"}]
)
def test_a_champion_with_other_words_than_were_recorded_is_named(signed, change):
    """Who, why and when stand on the desk by the pointer; so do earlier moves, by which a rollback goes."""
    promoted(signed)
    path = pointer(signed.root)
    body = json.loads(path.read_bytes())
    body["changes"][-1] |= change
    body["why"] = body["changes"][-1]["why"]
    path.write_text(json.dumps(body))
    assert any("says of a promotion what its record does not" in fault for fault in faults(signed))


@pytest.mark.parametrize("change", [{"record": None}, {"model_id": "0" * 12}, {"record": 1}])
def test_an_earlier_move_that_nobody_made_is_named(signed, change):
    """A rollback would bring that model back."""
    promoted(signed)
    promoted(signed)
    path = pointer(signed.root)
    body = json.loads(path.read_bytes())
    body["changes"].insert(1, body["changes"][0] | change)
    path.write_text(json.dumps(body))
    assert any("says of a promotion what its record does not" in fault for fault in faults(signed))


def test_a_key_begun_anew_lets_no_champion_pass_that_says_it_is_older(signed):
    """The ledger goes on, and has all decisions; only where it was lost may a pointer be older than it."""
    (identity,) = Registry(signed.root).ids()
    (signed.root / "keys" / "desk.pem").unlink()
    admin = Person("local:root", "Root", "admin")
    keys.renew(signed.settings, signed.journal, person=admin, why="the key was lost")
    assert faults(signed) == []
    Champions(signed.settings).point("sample", Change(PROMOTION, identity, "x", "Dr. Chief", "2020-01-01", 1))
    assert any("is on no record" in fault for fault in faults(signed))


def test_a_champion_from_before_a_ledger_that_was_lost_is_taken_for_what_it_says(signed):
    """Nothing can tell: the ledger was begun anew, and everybody who verifies is told so."""
    promoted(signed)
    for name in ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"):
        (signed.root / name).unlink(missing_ok=True)
    journal = Journal(signed.root)
    keys.renew(signed.settings, journal, person=Person("local:root", "Root", "admin"), why="lost")
    assert [fault for fault in ledger_faults(signed.settings)[1] if "champion" in fault] == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_champions_pointer_that_was_taken_away_is_named(signed, count):
    """The next training would be compared with no champion; a promotion that was killed before it is made again."""
    for _ in range(count):
        identity = promoted(signed)
    pointer(signed.root).unlink()
    assert any("pointer to the champion of profile" in fault for fault in faults(signed)), faults(signed)
    with pytest.raises(AftercloseError, match="pointer to the champion"):
        signed.publish()
    decisions.promote(signed.settings, identity, "again", person=ME)
    assert faults(signed) == []


def test_a_promotion_that_was_killed_before_the_pointer_is_no_fault(signed):
    """The record comes first, and the old champion stays."""
    promoted(signed)
    before = pointer(signed.root).read_bytes()
    (identity,) = Registry(signed.root).ids()
    decisions.promote(signed.settings, identity, "again", person=ME)
    pointer(signed.root).write_bytes(before)
    assert faults(signed) == []


def test_an_archive_of_one_run_brings_no_champion(signed, tmp_path):
    """Whoever restores a colleague's run would score with a model that nobody here promoted."""
    name = "models/champions/sample.json"
    for kind, words in (("export", "that backup and export write"), ("backup", "and no journal")):
        path = packed(tmp_path / f"{kind}.zip", [(name, b"{}")], archive=kind, root="")
        with pytest.raises(AftercloseError, match=words):
            restore(signed.settings, path, person=ME)
        assert not (signed.root / name).exists()


def test_a_backup_has_the_champions_of_its_journal_at_the_latest(signed, tmp_path, monkeypatch):
    """A promotion while it is made: a champion that is ahead of the journal would be on no record."""
    real = archive._journal_copy

    def meanwhile(root):
        copy = real(root)
        promoted(signed)
        return copy

    monkeypatch.setattr(archive, "_journal_copy", meanwhile)
    backup(signed.settings, tmp_path / "a.zip")
    there = settings_over(tmp_path / "there")
    restore(there, tmp_path / "a.zip", person=ME)
    assert [fault for fault in ledger_faults(there)[1] if "champion" in fault] == []
