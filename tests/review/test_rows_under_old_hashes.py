"""A row of the ledger that says something else, under the hash and the signature that it had, vouches for nothing."""

from __future__ import annotations

import json
import shutil

import pytest

from core.fingerprint import sha256
from core.journal import Record
from core.journal.faults import JournalError
from core.journal.outbox import Outbox
from core.notices.sealing import judge_of, seal_with
from core.review import ledger
from core.review.published import PROOF_SHA256, PUBLICATION, published_file
from core.seals import keypair
from core.seals.desk import NEXT_KEY, private_path
from tests.forging import faults, own_key, sql, whole
from tests.review.test_published_proofs import passed_off


def says(office, record: Record, kind: str, **content) -> None:
    """Let a row say something else; its number, hash and signature stay."""
    text = json.dumps({**record.content, **content})
    sql(office, "UPDATE record SET kind = ?, content = ? WHERE seq = ?", kind, text, record.seq)


def put_back(office, record: Record) -> None:
    """Let it say what was written."""
    text = json.dumps(dict(record.content), sort_keys=True)
    sql(office, "UPDATE record SET kind = ?, content = ? WHERE seq = ?", record.kind, text, record.seq)


@pytest.fixture
def stranger(signed):
    """A key of the forger that the row of a run's request brings in."""
    key = own_key(signed)
    says(signed, whole(signed)[0], "key", meaning="admitted", public=key.public.pem.decode())
    return key


def test_it_brings_in_no_key_that_takes_the_place_of_the_desks(signed, stranger):
    """A file that lies where a rotation leaves the coming key: the desk's own private half would be gone."""
    before = private_path(signed.root).read_bytes()
    shutil.copy(signed.root.parent / "forger.pem", signed.root / "keys" / NEXT_KEY)
    signed.edit()
    assert private_path(signed.root).read_bytes() == before
    assert whole(signed)[-1].key == keypair.read_private(private_path(signed.root)).id != stranger.id


def test_it_lets_no_notice_out(signed, stranger):
    """A notice that a key of the forger sealed."""
    outbox = Outbox(signed.root, "")
    outbox.add("failed", "pay Eve", "100", subject=None, profile="", seal=seal_with(stranger))
    fault = judge_of(signed.settings, outbox)
    assert ["does not count here" in str(fault(notice)) for notice in outbox.waiting()] == [True]


def test_it_lets_no_page_out(signed):
    """Another page under the true signature, its proof by a key that a row brings in and another says was published."""
    folder, key = signed.publish(), own_key(signed)
    passed_off(folder, signed.signature, key)
    first, published = whole(signed)[0], next(r for r in whole(signed) if r.kind == PUBLICATION)
    says(signed, first, "key", meaning="admitted", public=key.public.pem.decode())
    says(signed, published, PUBLICATION, **{PROOF_SHA256: sha256((folder / "proof.dsse.json").read_bytes())})
    with pytest.raises(JournalError, match=f"record {first.seq} was changed after it was written"):
        published_file(signed.settings, folder, "report.html")


def test_nothing_is_added_behind_it(signed):
    """The last record decides what may follow it."""
    last = whole(signed)[-1]
    says(signed, last, last.kind, comment="All is well.")
    with pytest.raises(ledger.LedgerError, match=f"record {last.seq} was changed after it was written"):
        signed.edit()
    assert faults(signed).count(f"record {last.seq} was changed after it was written") == 1
    put_back(signed, last)
    signed.edit()
    assert faults(signed) == []
