"""Journal, log, archives and records with one protection taken out: the fault gets through, so its test would fail."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tracemalloc
import zipfile
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import peewee
import pytest

from core.errors import AftercloseError, DataError, SignOffError
from core.fingerprint import sha256
from core.journal import Journal, chain, chain_faults
from core.journal import connection as connection_module
from core.journal import database as database_module
from core.journal import journal as journal_module
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.queries.runs import log_search as logsearch
from core.queries.runs.folder import RunFolder
from core.queries.runs.log_search import LogFilter, end_of
from core.request import settings
from core.review import drafts, ledger_check, publication, signoff
from core.review.people import Person
from core.runs.log import RunLog
from core.runs.record import RunRecord
from core.store.checkpoints import Store
from core.upkeep import archive, garbage, restoring, verification

ME = Person("local:me", "Ann", "approver")

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def configured(data):
    """Settings over a data root."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=ROOT)


# ---- journal and log


def test_ordered_by_the_clock_runs_would_be_in_the_wrong_order(data, monkeypatch):
    """The protection taken out (order by time): a clock set back puts the last run in the middle."""
    journal = Journal(data)
    for run_id, clock in (("first", "2024-06-01"), ("second", "2023-06-01"), ("third", "2025-06-01")):
        monkeypatch.setattr(journal_module, "utc_now", lambda clock=clock: f"{clock}T00:00:00.000+00:00")
        journal.add_run(run_id, who="a", how="terminal", request={}, target="report", state="failed")
    assert [run.run_id for run in journal.runs()] == ["third", "second", "first"]
    real = Journal._runs
    monkeypatch.setattr(
        Journal,
        "_runs",
        lambda self, rest, values: real(self, rest.replace("BY seq", "BY created_at"), values),
    )
    assert [run.run_id for run in journal.runs()] == ["third", "first", "second"]


def test_untranslated_a_damaged_journal_would_be_a_crash(finished, monkeypatch):
    """The protection taken out: the database's own error, which nobody above expects."""
    path = finished / FILE_NAME
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(JournalError):
        Journal(finished, read_only=True).runs()
    for module in (journal_module, connection_module):
        monkeypatch.setattr(module, "readable", nullcontext)
    monkeypatch.setattr(connection_module.Connection, "_error", lambda self, error, did: error)
    monkeypatch.setattr(database_module, "journal_error", lambda error, path, did: error)
    with pytest.raises((peewee.PeeweeException, sqlite3.Error)) as crash:
        Journal(finished, read_only=True).runs()
    assert not isinstance(crash.value, AftercloseError)


def test_unheld_an_unwritable_journal_would_stop_a_run(data, monkeypatch):
    """The protection taken out: damaged, read-only or lost, the journal ends a run that does not need it."""

    def begun():
        record = RunRecord(configured(data), RunLog(data, "r"), None)
        record.begin("report", {"report": "k"}, {}, profile="sample", who="a", how="terminal")
        return record

    (data / FILE_NAME).mkdir(parents=True)  # nothing that can be opened, also not by root
    assert "is no file; expected a journal" in begun().trouble
    monkeypatch.setattr(RunRecord, "_quietly", lambda self, function: function())
    with pytest.raises(JournalError):
        begun()


def test_a_journal_for_which_memory_ran_out_stops_neither_the_stage_nor_its_line(data, monkeypatch):
    """A bare MemoryError from below has no words: they are found, and what a stage did is shown all the same."""
    shown = []

    class Watching:
        def stage(self, stage, state, facts):
            shown.append((stage, state))

    record = RunRecord(configured(data), RunLog(data, "r"), Watching())
    record.open()
    record.begin("report", {"report": "k"}, {}, profile="sample", who="a", how="terminal")

    def full(*words, **more):
        raise MemoryError

    monkeypatch.setattr(Journal, "event", full)
    record.stage("clean", "succeeded", {})
    assert shown == [("clean", "succeeded")]
    assert record.trouble.startswith("Cannot allocate memory")


def test_without_asking_whether_the_journal_is_lost_gc_would_list_all_it_cannot_judge(finished, without):
    """The protection taken out: what signatures rest on is garbage as soon as the record of them is gone."""
    for path in finished.glob(f"{FILE_NAME}*"):
        path.unlink()
    shutil.rmtree(finished / "latest")
    with pytest.raises(JournalError):
        garbage.garbage(configured(finished), NOW)
    listed = without(garbage.garbage, "if lost is not None:")(configured(finished), NOW)
    assert len([item for item in listed if item.what == "checkpoint"]) == 7


def peak_bytes(function):
    """Memory that a call took at its largest."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("protected", [True, False], ids=["tail", "taken out"])
def test_of_a_log_of_a_gigabyte_only_the_tail_is_read(protected, data, monkeypatch):
    """A page of the desk takes less than a mebibyte for it; without the limit, all of the file (2 MiB here)."""
    log = RunLog(data, "r")
    log.folder.mkdir(parents=True)
    with log.path.open("wb") as stream:
        stream.truncate(2**30 if protected else 2**21)
        stream.seek(0, 2)
        stream.write(b"\n")
    log.write("started", stage="clean")
    if not protected:
        monkeypatch.setattr(logsearch, "TAIL_BYTES", 2**25)
    shown = []
    taken = peak_bytes(lambda: shown.append(end_of(RunFolder(data, "r").log_path, LogFilter())))
    assert str(shown[0]).splitlines()[-1].endswith("started")
    assert (taken < 2**20) is protected


# ---- archives


@pytest.mark.parametrize("name", ["../evil.txt", "models/../../evil.txt", "ABSOLUTE"])
def test_without_the_judgement_of_names_a_member_would_leave_the_data_root(name, tmp_path, monkeypatch):
    """The protection taken out: a file outside of the data root."""
    evil, path = tmp_path / "evil.txt", tmp_path / "a.zip"
    member = str(evil) if name == "ABSOLUTE" else name
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(member, b"x")
        packed.writestr(archive.MANIFEST, json.dumps({"members": {member: sha256(b"x")}}))
    with pytest.raises(DataError):
        restoring.restore(configured(tmp_path / "data"), path, person=ME)
    assert not evil.exists()
    monkeypatch.setattr(restoring, "is_member", lambda name, kind: True)
    monkeypatch.setattr(restoring, "_unpack", lambda packed, name, target: target)
    monkeypatch.setattr(restoring, "_move", lambda staged, target: target.write_bytes(b"x"))
    monkeypatch.setattr(restoring, "sha256_file", lambda path: sha256(b"x"))
    (tmp_path / "data" / "models").mkdir(parents=True, exist_ok=True)
    restoring.restore(configured(tmp_path / "data"), path, person=ME)
    assert evil.exists()


def test_without_the_digests_other_bytes_would_be_restored(tmp_path, monkeypatch, without):
    """The protection taken out: bytes that nobody packed."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("models/aaaaaaaaaaaa.json", b"other")
        packed.writestr(
            archive.MANIFEST, json.dumps({"members": {"models/aaaaaaaaaaaa.json": sha256(b"packed")}})
        )
    with pytest.raises(DataError):
        restoring.restore(configured(tmp_path / "data"), path, person=ME)
    monkeypatch.setattr(restoring, "_judge_bytes", without(restoring._judge_bytes, "if hashlib.file_digest("))
    restoring.restore(configured(tmp_path / "data"), path, person=ME)
    assert (tmp_path / "data" / "models" / "aaaaaaaaaaaa.json").read_bytes() == b"other"


# ---- records and signatures


def whole_chain():
    """Four records."""
    records, last = [], chain.GENESIS
    for seq in range(1, 5):
        records.append(chain.make(seq, "signature", "r", {"user": f"u{seq}"}, last))
        last = records[-1].hash
    return records


def relinked(records):
    """The records as somebody writes them anew who knows how hashes are made, with the numbers they had."""
    made, last = [], chain.GENESIS
    for r in records:
        made.append(chain.make(r.seq, r.kind, r.subject, r.content, last))
        last = made[-1].hash
    return made


def edited():
    """The second says something else."""
    first, second, *rest = whole_chain()
    return [first, chain.Record(**{**vars(second), "content": {"user": "mallory"}}), *rest]


def cut():
    """The second is gone and what follows was linked anew."""
    first, _, *rest = whole_chain()
    return relinked([first, *rest])


def reordered():
    """The second and third changed places: each with the other's number, and a hash that fits."""
    a, b, c, d = whole_chain()
    return [
        a,
        chain.make(2, c.kind, c.subject, c.content, b.prev_hash),
        chain.make(3, b.kind, b.subject, b.content, c.prev_hash),
        d,
    ]


@pytest.mark.parametrize(
    ("attack", "check", "said"),
    [
        (edited, "if record.hash != hash_of(", ["record 2 was changed after it was written"]),
        (cut, "if record.seq != expected:", ["record 2 is missing before record 3"]),
        (
            reordered,
            "if record.prev_hash != previous:",
            ["record 3 does not follow the one before it", "record 4 does not follow the one before it"],
        ),
    ],
)
def test_each_attack_on_the_chain_is_seen_by_a_check_and_by_no_other(attack, check, said, without):
    """Where it was edited, cut or reordered is told; with that check taken out, nothing is."""
    assert chain_faults(whole_chain()) == []
    assert chain_faults(attack()) == said
    assert without(chain_faults, check)(attack()) == []


def test_a_cut_tail_is_told_by_what_was_published_under_it(finished, monkeypatch):
    """The rest of the chain is whole; without the look at published documents, nothing is amiss."""
    store, journal = Store(finished), Journal(finished)
    (folder,) = (finished / "checkpoints" / "report").iterdir()
    signoff.sign(
        configured(finished), journal, folder.name, text_sha256=signoff.signable(store, journal, folder.name).sha256,
        person=ME, meaning="approved", comment="as generated",
    )  # fmt: skip
    shown = publication.publish(configured(finished), journal, folder.name, person=ME)
    assert verification.verify(configured(finished)).faults == ()
    raw = sqlite3.connect(finished / FILE_NAME)
    signed, last = (record.seq for record in journal.ledger()[-2:])  # the last says that it was published
    raw.execute("DELETE FROM record WHERE seq >= ?", [signed])
    raw.commit()
    raw.close()
    published = f"record {signed} is gone: {folder.name}/{shown.name} was published under it"
    kept = f"record {last} is gone: ledger/head.json keeps its head"

    def told():
        return {fault.how for fault in verification.verify(configured(finished)).faults}

    stray = f"published/{folder.name}/{shown.name} belongs to no signature in the ledger"
    assert told() == {published, kept, stray}
    with monkeypatch.context() as patch:
        patch.setattr(ledger_check, "_published", lambda *_: [])
        assert told() == {kept}
        patch.setattr(ledger_check, "_of_head", lambda *_: [])
        assert told() == set()


@pytest.fixture
def opened(finished):
    """Sign what a person opened: the text was edited by somebody else since."""
    store, journal = Store(finished), Journal(finished)
    (folder,) = (finished / "checkpoints" / "report").iterdir()
    text = signoff.signable(store, journal, folder.name)

    def sign():
        return signoff.sign(
            configured(finished), journal, folder.name, text_sha256=text.sha256, person=ME, meaning="approved",
            comment="as shown",
        )  # fmt: skip

    def edit():
        drafts.save_draft(configured(finished), journal, folder.name, text.text + "\nmore\n", person=ME)

    sign.edit = edit
    return sign


def test_without_the_comparison_a_text_that_was_never_shown_would_be_signed(opened, without, monkeypatch):
    """The protection taken out: a signature although the report changed after it was opened."""
    opened.edit()
    with pytest.raises(SignOffError, match="changed since you opened it"):
        opened()
    monkeypatch.setattr(
        signoff, "judge_same_text", without(signoff.judge_same_text, "if present != expected:")
    )
    assert opened().content["meaning"] == "approved"


def test_without_the_comparison_in_the_transaction_an_edit_could_slip_in_between(
    opened, monkeypatch, without
):
    """The protection taken out: the text changes after the first look and before the record."""
    real, unguarded = Journal.append, without(Journal.append, "if unless is not None:")

    def late(append):
        def slipped(self, *words, **more):
            opened.edit()
            return append(self, *words, **more)

        return slipped

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", late(real))
        with pytest.raises(SignOffError, match="changed since you opened it"):
            opened()
    # one draft is there by now, so what was opened has to be that one again
    monkeypatch.setattr(Journal, "append", unguarded)
    monkeypatch.setattr(
        signoff._Act, "check_text", without(signoff._Act.check_text, "judge_same_text(digest")
    )
    assert opened().content["meaning"] == "approved"
