"""Rows that are hidden or put in for a moment: neither a key that was rotated out counts for it, nor a signature."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from core.errors import AftercloseError, CheckpointError
from core.fingerprint import sha256
from core.journal import Journal
from core.journal.faults import JournalError
from core.journal.outbox import Outbox
from core.journal.schedules import Schedules
from core.notices import outgoing
from core.notices.sealing import judge_of, seal_with
from core.review import keys, signoff
from core.review.bundle import signed_document
from core.review.makers import judge_maker
from core.review.people import Person
from core.review.publication import files_of, published, published_before
from core.review.published import published_file, signed_text
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.timing import Timing
from core.seals import keypair
from core.seals.desk import NEXT_KEY, private_path
from core.upkeep import verification
from tests.forging import approval, faults, following, put, sql
from tests.review.test_published_proofs import ADMIN, passed_off, told

OLGA = Person("olga@id.example.org", "Olga", "operator", "OpenID Connect, id.example.org")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def stolen(signed, tmp_path):
    """The desk's key, which somebody copied; it is rotated out when a test says so."""
    shutil.copy(private_path(signed.root), tmp_path / "stolen.pem")
    return keypair.read_private(tmp_path / "stolen.pem")


def rotate(office):
    """Take the key out of use."""
    keys.rotate(office.settings, office.journal, person=ADMIN, why="somebody has it")


def hide(office, kind: str) -> None:
    """Let the records of a kind be of none that anybody asks for."""
    sql(office, "UPDATE record SET kind = 'note' WHERE kind = ?", kind)


def test_no_text_is_given_out_under_a_signature_that_nobody_gave(signed):
    """A record that somebody put in, and a folder as the first version made it: text and record alone."""
    words = "All is well.\n"
    about = {
        **approval(signed, user="Dr. Chief Risk Officer", text_sha256=sha256(words.encode())),
        "form": None,
    }
    record = following(signed, "signature", signed.key, about)
    put(signed, record)
    folder = signed.root / "published" / signed.key / record.hash[:12]
    folder.mkdir(parents=True)
    (folder / "report.txt").write_text(signed_document(words, record))
    (folder / "signature.json").write_text(json.dumps(asdict(record)))
    assert published(signed.root, signed.journal, signed.key) is None
    assert published_before(signed.root, signed.journal, signed.key) is None
    for name in ("report.txt", "signature.json"):
        with pytest.raises(CheckpointError, match="under a signature on record"):
            published_file(signed.settings, folder, name)


def test_no_text_is_made_under_a_signature_that_nobody_gave(signed):
    """Text and record are rows that somebody put in for as long as a page of the desk is drawn."""
    record, text = signed.signature, signoff.signable(signed.store, signed.journal, signed.key).text
    assert signed_text(signed.settings, signed.key).decode() == signed_document(text, record)
    about = approval(signed, user="Dr. Chief Risk Officer", text_sha256=sha256(b"Buy everything.\n"))
    put(signed, following(signed, "signature", signed.key, about))
    sql(
        signed,
        "INSERT INTO draft (report_key, number, at, author, body) VALUES (?, 1, '2026-01-01T00:00:00+00:00', 'O', ?)",
        signed.key,
        "Buy everything.\n",
    )
    assert signed.state == "signed"
    with pytest.raises(JournalError, match=r"draft 1 of report .* is not what is on record"):
        signed_text(signed.settings, signed.key)


def test_no_text_is_made_under_a_signature_that_was_revoked_out_of_sight(signed):
    """The page says signed while the row is hidden."""
    signed.revoke()
    with pytest.raises(CheckpointError, match="has no signed text"):
        signed_text(signed.settings, signed.key)
    sql(signed, "UPDATE record SET kind = 'note' WHERE seq = (SELECT MAX(seq) FROM record)")
    assert signed.state == "signed"
    with pytest.raises(JournalError, match="does not say what people did"):
        signed_text(signed.settings, signed.key)


def test_a_key_that_was_rotated_out_does_not_come_back(signed, stolen, tmp_path):
    """It would take the place of the desk's, whose private half would be gone."""
    rotate(signed)
    before = private_path(signed.root).read_bytes()
    hide(signed, "key")
    shutil.copy(tmp_path / "stolen.pem", signed.root / "keys" / NEXT_KEY)
    with pytest.raises(AftercloseError):
        signed.edit()
    sql(signed, "UPDATE record SET kind = 'key' WHERE kind = 'note'")
    assert private_path(signed.root).read_bytes() == before
    signed.edit()
    assert faults(signed) == []


def test_nor_does_the_key_of_another_machine_come_in_its_place(signed, tmp_path):
    """It counts beside the desk's; no rotation brought it."""
    keypair.create(tmp_path / "other.pem")
    other = keypair.read_private(tmp_path / "other.pem")
    keys.admit(signed.settings, signed.journal, other.public.pem, person=ADMIN, why="a second machine")
    before = private_path(signed.root).read_bytes()
    shutil.copy(tmp_path / "other.pem", signed.root / "keys" / NEXT_KEY)
    signed.edit()
    assert private_path(signed.root).read_bytes() == before


def test_it_seals_no_notice(signed, stolen, monkeypatch):
    """While the rotation is out of sight what it sealed waits, and goes to nobody afterwards."""
    rotate(signed)
    hide(signed, "key")
    signed.configured(notices_urls="json://receiver.example", notices_events="failed")
    monkeypatch.setattr(outgoing, "send", lambda *_: pytest.fail("it was told"))
    outbox = Outbox(signed.root, "")
    number = outbox.add("failed", "pay Eve", "100", seal=seal_with(stolen))
    with pytest.raises(JournalError, match="does not say what people did"):
        judge_of(signed.settings, outbox)(outbox.waiting()[0])
    assert "waits: the ledger does not say" in outgoing.deliver(signed.settings, at_once=True)[number]
    sql(signed, "UPDATE record SET kind = 'key' WHERE kind = 'note'")
    assert "does not count here" in outgoing.deliver(signed.settings, at_once=True)[number]
    assert outbox.waiting() == []


@pytest.mark.parametrize("hidden", ["key", "publication"])
def test_it_proves_no_page_of_what_is_on_record_as_published(signed, stolen, hidden):
    """Of what was published before as well, whichever record is out of sight."""
    folder = signed.publish()
    rotate(signed)
    passed_off(folder, signed.signature, stolen)
    hide(signed, hidden)
    with pytest.raises(JournalError, match="does not say what people did"):
        published_file(signed.settings, folder, "report.html")


@pytest.mark.parametrize("before", [True, False], ids=["signed before", "signed after"])
def test_it_proves_no_page_of_what_is_signed_and_not_published_yet(signed, stolen, monkeypatch, before):
    """No row has to be hidden for that: there is no record of a publication yet."""
    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    signed.publish()
    signed.revoke()
    acts = [signed.sign, lambda: rotate(signed)]
    for act in acts if before else reversed(acts):
        act()
    record = next(r for r in reversed(signed.journal.records()) if r.content.get("meaning") == "approved")
    text = signoff.signable(signed.store, signed.journal, signed.key).text
    folder = signed.root / "published" / signed.key / record.hash[:12]
    folder.mkdir()
    for name, data in files_of(signed.settings, text, record, stolen, None).items():
        (folder / name).write_bytes(data)
    passed_off(folder, record, stolen)
    assert any("rotated out, and it is not on record" in how for how in told(signed))
    assert published(signed.root, signed.journal, signed.key) is None


def test_verify_judges_by_the_records_of_one_look(signed, stolen, monkeypatch):
    """Whoever can write the database would show whole rows to the look at the ledger, and others to the next."""
    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    folder = signed.publish()
    rotate(signed)
    passed_off(folder, signed.signature, stolen)
    shown = [record for record in signed.journal.records() if record.kind != "publication"]
    monkeypatch.setattr(
        Journal, "records", lambda _, subject=None: [r for r in shown if subject in (None, r.subject)]
    )
    assert any("not the one that is on record" in how for how in told(signed))


@pytest.fixture
def removed(signed):
    """A schedule of somebody who logged in, removed again: the last that is on record."""
    schedule = Schedule("nightly", Timing("close"), {"mode": "train"})
    definition.add(signed.settings, schedule, now=NOW, person=OLGA)
    journal = Schedules(signed.root)
    stored = journal.schedule("nightly")
    definition.remove(signed.settings, "nightly", person=OLGA)
    journal.add_schedule("nightly", stored.body, who=stored.who, since=stored.since)
    return stored


def test_a_schedule_that_was_removed_starts_nothing_while_that_is_out_of_sight(signed, removed):
    """The end of the chain is cut: what is left of it is whole by itself."""
    sql(signed, "DELETE FROM record WHERE seq = (SELECT MAX(seq) FROM record)")
    with pytest.raises(JournalError, match="is gone, or was rewritten"):
        judge_maker(Schedules(signed.root), removed.name, removed.who, removed.body)
