"""Each road of a forger is named by verify and stops publication; a copy of a root verifies as the original."""

from __future__ import annotations

import base64
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict

import pytest

from core.fingerprint import SHORT, sha256
from core.journal import Journal, Record
from core.journal.chain import hash_of, signed_bytes
from core.journal.database import FILE_NAME
from core.request import settings
from core.review import bundle, bundle_files, ledger, proof
from core.review.ledger_check import ledger_faults
from core.seals.head import HEAD, head_of
from core.upkeep.verification import verify
from tests.forging import (
    ROADS,
    approval_by_another_key,
    borrowed_signature,
    cut_tail,
    emptied,
    faults,
    is_named_and_stops_publication,
    own_key,
    put,
    rewritten_last_record,
    unsigned_approval,
    whole,
)  # fmt: skip


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_each_road_of_a_forger_is_named_and_stops_publication(signed, road):
    """verify exits 30 naming it, and nothing is published."""
    is_named_and_stops_publication(signed, road)


@pytest.mark.parametrize(
    "road",
    [
        unsigned_approval,
        approval_by_another_key,
        rewritten_last_record,
        borrowed_signature,
        cut_tail,
        emptied,
    ],
    ids=lambda road: road.__name__,
)
def test_the_desk_adds_nothing_to_a_tail_that_does_not_hold(signed, road):
    """Its own signature over a forged record would lend it weight."""
    road(signed)
    before = whole(signed)
    with pytest.raises(ledger.LedgerError):
        ledger.append(signed.settings, signed.journal, "review", "x", {"meaning": "authored"})
    assert whole(signed) == before


@pytest.mark.parametrize("how", ["deleted", "emptied file", "no tables"])
@pytest.mark.parametrize("published", [True, False])
def test_a_journal_that_is_gone_beside_anything_signed_is_named(signed, how, published):
    """F4: the head in the data root is there, and what was published."""
    if published:
        signed.publish()
    for path in signed.root.glob(f"{FILE_NAME}*"):
        path.unlink()
    if how == "emptied file":
        (signed.root / FILE_NAME).touch()
    elif how == "no tables":
        with closing(sqlite3.connect(signed.root / FILE_NAME)) as raw:
            raw.execute("CREATE TABLE other (x)")
            raw.commit()
    assert faults(signed)
    fresh = Journal(signed.root)
    with pytest.raises(ledger.LedgerError, match="is gone"):
        ledger.append(signed.settings, fresh, "review", "x", {"meaning": "authored"})
    assert fresh.ledger() == []


def test_a_published_folder_of_no_signature_is_named(signed):
    """A copy of a bundle under another report's name is whole by itself; so is a text beside no record at all."""
    folder = signed.publish()
    copy = folder.parent.with_name("another-report") / folder.name
    shutil.copytree(folder, copy)
    assert faults(signed) == [f"published/another-report/{folder.name} belongs to no signature in the ledger"]
    shutil.rmtree(copy.parent)
    planted = folder.with_name("0" * 12)
    planted.mkdir()
    (planted / bundle_files.TEXT_NAME).write_text("Approved by everybody.")
    assert faults(signed) == [f"published/{signed.key}/{'0' * 12} belongs to no signature in the ledger"]


def test_a_run_on_a_lost_journal_goes_and_the_evidence_stays(signed, run_luigi, small):
    """A pipeline does not stop for it; no chain begins anew without a word."""
    before = (signed.root / HEAD).read_bytes()
    for path in signed.root.glob(f"{FILE_NAME}*"):
        path.unlink()
    done = run_luigi(*small, data=signed.root)
    assert done.code == 0
    assert "is gone: the data root keeps its head" in done.err
    assert (signed.root / HEAD).read_bytes() == before
    assert any("is gone: ledger/head.json keeps its head" in fault for fault in faults(signed))


def test_a_head_that_was_changed_or_taken_away_is_named(signed):
    """Whoever may write more than the journal still has no key."""
    path = signed.root / HEAD
    whole_file = path.read_bytes()
    head = head_of(whole_file)
    for changed in (
        whole_file.replace(head.sha256.encode(), head.sha256[::-1].encode()),
        whole_file.replace(b'"seq": %d' % head.seq, b'"seq": 1'),
        b"words",
        b"",
    ):
        path.write_bytes(changed)
        assert faults(signed)
    path.unlink()
    assert faults(signed) == ["ledger/head.json is gone: records are signed, and their head is not kept"]


def test_a_copy_of_a_root_verifies_as_the_original_does(signed, tmp_path):
    """Whole where it is whole, with the same fault where it is forged."""
    for number, road in enumerate((lambda _: None, unsigned_approval)):
        road(signed)
        target = tmp_path / f"copy{number}"
        shutil.copytree(signed.root, target, symlinks=True)
        copied = settings.load({"AFTERCLOSE_DATA": str(target)}, target)
        assert ledger_faults(copied) == ledger_faults(signed.settings)
    assert ledger_faults(copied)[1]


def test_the_whole_root_rolled_back_shows_only_against_a_witness_outside(signed, tmp_path):
    """What the page says of it: the head lies in the root, and goes back with it."""
    signed.configured(proof_heads_file=str(tmp_path / "heads.txt"))
    earlier = tmp_path / "earlier"
    shutil.copytree(signed.root, earlier, symlinks=True)
    signed.revoke()
    last = whole(signed)[-1].seq
    shutil.rmtree(signed.root)
    shutil.copytree(earlier, signed.root, symlinks=True)
    assert faults(signed) == [f"record {last} is gone: heads.txt keeps its head"]
    signed.configured(proof_heads_file="")
    assert faults(signed) == []


def test_a_published_bundle_keeps_the_newest_head(signed):
    """A tail that was cut after the publication shows against it, also without the head in the data root."""
    last = ledger.append(signed.settings, signed.journal, "review", "x", {"meaning": "authored"})
    folder = signed.publish()
    stated = proof.unverified((folder / bundle_files.PROOF_NAME).read_bytes())["predicate"]["head"]
    assert (stated["seq"], stated["sha256"]) == (last.seq, last.hash)
    for _ in range(2):  # that it was published is on record, too
        cut_tail(signed)
    where = f"{folder.parent.name}/{folder.name}"
    assert f"record {stated['seq']} is gone: {where} was published under it" in faults(signed)


def test_a_bundle_with_another_text_and_a_record_that_fits_it_is_named(signed):
    """B3: another text, a foreign key among the public ones, and the record rewritten to match."""
    folder = signed.publish()
    key = own_key(signed)
    (last,) = [record for record in whole(signed) if record.kind == "signature"]
    text = "All is well.\n"
    content = {**last.content, "text_sha256": sha256(text.encode())}
    digest = hash_of(last.seq, last.kind, last.subject, content, last.prev_hash)
    forged = Record(last.seq, last.kind, last.subject, content, last.prev_hash, digest, key.id, "")
    signature = base64.b64encode(key.sign(signed_bytes(digest))).decode()
    forged = Record(**{**asdict(forged), "signature": signature})
    put(signed, forged)
    files = bundle.stated(text, forged)
    files[bundle_files.PROOF_NAME] = proof.envelope(bundle.statement_of(files, forged), key)
    files[bundle_files.KEY_NAME] = key.public.pem
    files[bundle_files.ZIP_NAME] = bundle.zipped(files, forged)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    bundle.check_bundle(folder, None)
    said = [fault.how for fault in verify(signed.settings, quick=True).faults]
    assert any("holds what was published of another signature" in how for how in said)
    folder.rename(folder.with_name(digest[:SHORT]))
    said = [fault.how for fault in verify(signed.settings, quick=True).faults]
    assert any("its proof is by key" in how and "does not count" in how for how in said)
    assert any(f"record {last.seq} is signed by key" in how for how in said)
