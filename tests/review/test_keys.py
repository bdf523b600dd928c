"""Which keys count: rotated, killed in between, lost, put there by a forger, of another machine."""

from __future__ import annotations

import shutil
from contextlib import suppress

import pytest

from core.errors import AftercloseError, DataError, MissingFileError, ParameterError, SignOffError
from core.fingerprint import digest_of
from core.journal import Journal
from core.request import settings
from core.review import keys, ledger, signoff
from core.review.ledger_check import ledger_faults
from core.review.people import Person, local_person
from core.seals import keypair
from core.seals.desk import NEXT_KEY
from core.seals.head import read_head
from core.upkeep.archive import backup
from core.upkeep.restoring import restore
from core.upkeep.verification import verify
from tests.forging import (
    ROADS,
    approval,
    draft_put_in,
    faults,
    following,
    own_key,
    put,
    run_put_in,
    schedule_put_in,
    sql,
    whole,
)  # fmt: skip

ADMIN = Person("local:root", "Root", "admin")


def test_a_key_that_was_rotated_out_signs_nothing_more(signed, tmp_path):
    """Whoever kept the old private half cannot go on; what it signed before stays."""
    shutil.copy(signed.root / "keys" / "desk.pem", tmp_path / "kept.pem")
    old = keypair.read_private(tmp_path / "kept.pem")
    new, record = keys.rotate(signed.settings, signed.journal, person=ADMIN, why="somebody left")
    assert faults(signed) == []
    assert record.key == old.id
    assert not list((signed.root / "keys").glob(".desk*"))
    signed.revoke()
    assert whole(signed)[-1].key == new.id
    put(signed, following(signed, "signature", signed.key, approval(signed), old))
    assert any("which does not count here" in fault for fault in faults(signed))


def test_a_key_that_waits_without_a_record_has_nobody_read_the_ledger(signed, monkeypatch):
    """A rotation killed before its record, or a file that somebody put there: each act would read all of it."""
    coming = signed.root / "keys" / NEXT_KEY
    keypair.create(coming)
    read = []
    monkeypatch.setattr(ledger, "judged_journal", read.append)
    about = {"how": "desk", "request": {}, "target": "report", "state": "running"}
    for number in range(2):
        assert ledger.add_run(signed.settings, signed.journal, f"r{number}", who="x", **about) is None
    assert read == []
    assert coming.is_file()


@pytest.mark.parametrize("step", ["before the record", "after the record"])
def test_a_rotation_that_was_killed_is_finished(signed, step, monkeypatch):
    """By doing it again, or by the next record; one rotation is on record and no old private half is left."""
    before = keypair.read_private(signed.root / "keys" / "desk.pem").id

    class KilledError(Exception):
        pass

    def dying(*args, **kwargs):
        raise KilledError

    with monkeypatch.context() as patch:
        if step == "before the record":
            patch.setattr(ledger, "append", dying)
        else:
            patch.setattr(ledger, "put_in_place", dying)
        with pytest.raises(KilledError):
            keys.rotate(signed.settings, signed.journal, person=ADMIN, why="once")
    assert faults(signed) == []
    key, record = keys.rotate(signed.settings, signed.journal, person=ADMIN, why="once")
    rotations = [r for r in whole(signed) if r.kind == "key"]
    assert [r.seq for r in rotations] == [record.seq]
    assert keypair.read_private(signed.root / "keys" / "desk.pem").id == key.id != before
    assert not list((signed.root / "keys").glob(".desk*"))
    signed.revoke()
    assert faults(signed) == []


def test_a_coming_key_that_a_forger_put_there_takes_no_place(signed):
    """Also with a record of it: nobody whose key counts signed that."""
    key = own_key(signed)
    shutil.copy(signed.root.parent / "forger.pem", signed.root / "keys" / NEXT_KEY)
    put(
        signed,
        following(signed, "key", key.id, {"meaning": "rotated", "public": key.public.pem.decode()}, key),
    )
    with pytest.raises(ledger.LedgerError):
        signed.revoke()
    assert keypair.read_private(signed.root / "keys" / "desk.pem").id != key.id


@pytest.mark.parametrize(
    "data", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_in_a_coming_keys_place_stops_nobody_from_signing(signed, data):
    """Whoever can add files to the folder of keys; the next rotation takes its place."""
    (signed.root / "keys" / NEXT_KEY).write_bytes(data)
    signed.revoke()
    key, _ = keys.rotate(signed.settings, signed.journal, person=ADMIN, why="a year is over")
    assert keypair.read_private(signed.root / "keys" / "desk.pem").id == key.id
    assert faults(signed) == []


def test_after_a_restore_without_the_private_key_it_says_what_to_do(signed, tmp_path, run_luigi, small):
    """Reading and running go on; an act waits for an admin, and everybody is told from then on."""
    signed.publish()
    backup(signed.settings, tmp_path / "b.zip")
    other = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "other")}, tmp_path)
    restore(other, tmp_path / "b.zip", person=local_person(other))
    assert ledger_faults(other)[1] == []
    journal = Journal(other.data)
    with pytest.raises(SignOffError, match="keys renew"):
        signoff.revoke(other, journal, signed.key, person=local_person(other), comment="no")
    assert run_luigi(*small, data=other.data).code == 0
    assert any("has no record of who asked for it" in fault for fault in ledger_faults(other)[1])
    key, record = keys.renew(other, journal, person=ADMIN, why="restored without the key")
    assert ledger_faults(other)[1] == []
    assert [b.why for b in read_head(other.data).begun] == ["", "Root: restored without the key"]
    assert (record.content["meaning"], record.key) == ("begun anew", key.id)
    revoked = signoff.revoke(other, journal, signed.key, person=local_person(other), comment="no")
    assert revoked.key == key.id
    assert verify(other).faults == ()


def test_a_private_key_that_a_forger_put_there_signs_nothing(signed):
    """Where the private half was lost, one that lies there is not taken for it."""
    key = own_key(signed)
    (signed.root / "keys" / "desk.pem").unlink()
    shutil.copy(signed.root.parent / "forger.pem", signed.root / "keys" / "desk.pem")
    with pytest.raises(SignOffError, match="does not count"):
        signed.revoke()
    assert all(record.key != key.id for record in whole(signed))


def test_a_file_with_another_key_under_its_name_is_not_admitted(signed, tmp_path):
    """Whoever can add files to the folder of keys puts theirs where another machine's would lie."""
    other, stranger = own_key(signed), tmp_path / "s.pem"
    keypair.create(stranger)
    pem, act = keypair.read_private(stranger).public.pem, (signed.settings, signed.journal)
    name = f"{other.id[:12]}.pub.pem"
    with pytest.raises(DataError, match="holds key"):
        keys.admit(*act, pem, person=ADMIN, why="the second machine", name=name)
    assert keys.admit(*act, other.public.pem, person=ADMIN, why="it", name=name)[0].id == other.id
    assert keys.admit(*act, pem, person=ADMIN, why="a third", name="theirs.pem")[1].seq


def test_a_key_that_was_rotated_out_is_not_admitted_again(signed):
    """It would be told to count, and nothing that it signs would."""
    before = keypair.read_private(signed.root / "keys" / "desk.pem").public
    _, record = keys.rotate(signed.settings, signed.journal, person=ADMIN, why="somebody has it")
    with pytest.raises(ParameterError, match=f"rotated out by record {record.seq}"):
        keys.admit(signed.settings, signed.journal, before.pem, person=ADMIN, why="again")


def test_another_machines_key_counts_once_it_is_admitted(signed, tmp_path):
    """By a record that a key which counts signed."""
    keypair.create(tmp_path / "other.pem")
    other = keypair.read_private(tmp_path / "other.pem")
    keys.admit(signed.settings, signed.journal, other.public.pem, person=ADMIN, why="the second machine")
    put(signed, following(signed, "review", "x", {"meaning": "reviewed"}, other))
    assert faults(signed) == []
    operator = Person("local:x", "X", "approver")
    with pytest.raises(SignOffError):
        keys.admit(signed.settings, signed.journal, other.public.pem, person=operator, why="no")


def test_a_key_whose_private_half_is_elsewhere_is_taken_out_of_use(signed, tmp_path):
    """A machine was stolen: nobody there rotates its key, and without this it counted for ever."""
    keypair.create(tmp_path / "other.pem")
    other = keypair.read_private(tmp_path / "other.pem")
    act = (signed.settings, signed.journal)
    keys.admit(*act, other.public.pem, person=ADMIN, why="the second machine")
    put(signed, following(signed, "review", "x", {"meaning": "reviewed"}, other))
    for text in ("", "no id", keys.in_use(signed.settings).id):
        with pytest.raises(ParameterError, match="begin with"):
            keys.retire(*act, text, person=ADMIN, why="stolen")
    with pytest.raises(SignOffError):
        keys.retire(*act, other.id[:12], person=Person("local:x", "X", "approver"), why="stolen")
    gone, record = keys.retire(*act, other.id[:12], person=ADMIN, why="stolen")
    assert (gone, record.key) == (other.public, keys.in_use(signed.settings).id)
    assert faults(signed) == []
    signed.revoke()
    put(signed, following(signed, "review", "x", {"meaning": "reviewed"}, other))
    assert any("which does not count here" in fault for fault in faults(signed))
    with pytest.raises(ParameterError, match="rotated out by record"):
        keys.admit(*act, other.public.pem, person=ADMIN, why="found again")


def test_a_key_that_was_lost_is_taken_out_of_use_where_signing_began_anew(signed, tmp_path):
    """Whoever finds it signs nothing any more; what it signed stays."""
    lost = tmp_path / "lost.pem"
    (signed.root / "keys" / "desk.pem").rename(lost)
    act = (signed.settings, signed.journal)
    keys.renew(*act, person=ADMIN, why="the disk was lost")
    keys.retire(*act, keypair.read_private(lost).id, person=ADMIN, why="the disk was lost")
    signed.revoke()
    assert faults(signed) == []
    put(signed, following(signed, "signature", signed.key, approval(signed), keypair.read_private(lost)))
    assert any("which does not count here" in fault for fault in faults(signed))


def test_a_run_without_a_record_counts_once_an_admin_names_it(signed, tmp_path):
    """It began while the key was away; the record of the act has it by name, and its row is compared from then on."""
    private = signed.root / "keys" / "desk.pem"
    private.rename(tmp_path / "desk.pem")
    about = {"how": "desk", "request": {}, "target": "report", "state": "failed"}
    assert "keys renew" in ledger.add_run(
        signed.settings, signed.journal, "meanwhile", who="somebody", **about
    )
    (tmp_path / "desk.pem").rename(private)
    assert faults(signed) == ["run meanwhile has no record of who asked for it"]
    own = keypair.read_private(private).public
    act = (signed.settings, signed.journal, own.pem)
    with pytest.raises(MissingFileError, match="no run nowhere"):
        keys.admit(*act, person=ADMIN, why="the key was away", runs=["nowhere"])
    keys.admit(*act, person=ADMIN, why="the key was away", runs=["meanwhile"])
    assert faults(signed) == []
    assert any("run meanwhile" in note and "Root" in note for note in verify(signed.settings).notes)
    assert len(read_head(signed.root).begun) == 1
    with pytest.raises(ParameterError, match="on record"):
        keys.admit(*act, person=ADMIN, why="again", runs=["meanwhile"])
    sql(signed, "UPDATE run SET who = 'Carol' WHERE run_id = 'meanwhile'")
    assert any("run meanwhile was changed after record" in fault for fault in faults(signed))
    sql(signed, "DELETE FROM run WHERE run_id = 'meanwhile'")
    assert any("run meanwhile is gone" in fault for fault in faults(signed))


def test_the_profile_of_a_run_that_an_admin_took_cannot_be_changed_after_it(signed, tmp_path):
    """The row's digest leaves it out, and it says how many people must approve what the run made."""
    private = signed.root / "keys" / "desk.pem"
    private.rename(tmp_path / "desk.pem")
    about = {"how": "desk", "request": {}, "target": "report", "state": "failed", "profile": "strict"}
    assert ledger.add_run(signed.settings, signed.journal, "meanwhile", who="somebody", **about)
    (tmp_path / "desk.pem").rename(private)
    own = keypair.read_private(private).public
    act = (signed.settings, signed.journal, own.pem)
    keys.admit(*act, person=ADMIN, why="the key was away", runs=["meanwhile"])
    assert faults(signed) == []
    sql(signed, "UPDATE run SET profile = 'lax' WHERE run_id = 'meanwhile'")
    assert any("belongs to profile strict" in fault for fault in faults(signed))


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_admitting_a_key_makes_nothing_forged_whole(signed, road, tmp_path):
    """An admin of several machines does it as a matter of routine: what verify names it names afterwards."""
    road(signed)
    before = faults(signed)
    assert before
    keypair.create(tmp_path / "other.pem")
    other = keypair.read_private(tmp_path / "other.pem")
    with suppress(AftercloseError):
        keys.admit(signed.settings, signed.journal, other.public.pem, person=ADMIN, why="the second machine")
    assert set(before) <= set(faults(signed))


def test_beginning_anew_takes_runs_by_name_and_no_draft_and_no_schedule(signed):
    """What began while the key was away counts on, as the record says; nothing else comes about without a record."""
    for road in (draft_put_in, schedule_put_in, run_put_in):
        road(signed)
    before = faults(signed)
    for name in ("run another", "draft 9 of", "schedule 'nightly'", "over another text"):
        assert any(name in fault for fault in before), name
    record = keys.renew(signed.settings, signed.journal, person=ADMIN, why="the key was lost")[1]
    assert list(record.content["taken_runs"]) == ["another"]
    assert faults(signed) == [fault for fault in before if "run another" not in fault]
    assert any("run another" in note and "Root" in note for note in verify(signed.settings).notes)


def test_beginning_anew_after_the_journal_was_lost_takes_no_draft(signed):
    """In its place there is nothing that is older than signed records."""
    for name in ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"):
        (signed.root / name).unlink(missing_ok=True)
    journal = Journal(signed.root)
    about = {"how": "desk", "request": {}, "target": "report", "state": "failed"}
    assert ledger.add_run(signed.settings, journal, "meanwhile", who="somebody", **about)
    draft_put_in(signed)
    record = keys.renew(signed.settings, journal, person=ADMIN, why="the journal was lost")[1]
    assert (record.seq, list(record.content["taken_runs"])) == (1, ["meanwhile"])
    assert [fault for fault in faults(signed) if "draft 9" in fault]
    assert not [fault for fault in faults(signed) if "meanwhile" in fault]


def test_a_seal_of_an_earlier_version_over_a_forged_draft_takes_no_contradiction_away(signed):
    """Its ``keys admit`` sealed all that was there; a draft never comes about without a record."""
    draft_put_in(signed)
    run_put_in(signed)
    before = faults(signed)
    requests, written = signed.journal.requests(), signed.journal.written()
    content = {
        "at_utc": "2026-01-01T00:00:00+00:00", "records": 0, "head": whole(signed)[-1].hash,
        "runs": len(requests), "runs_sha256": digest_of(requests),
        "drafts": len(written), "drafts_sha256": digest_of(written), "makers": {},
    }  # fmt: skip
    ledger.append(signed.settings, signed.journal, "seal", "ledger", content)
    assert faults(signed) == [fault for fault in before if "run another" not in fault]
