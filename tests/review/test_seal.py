"""Data roots older than signed records, kills around a record, and two first records at once."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from core.journal import Journal, Record
from core.journal.chain import signed_bytes
from core.journal.database import FILE_NAME
from core.request import settings
from core.review import ledger, publication, signoff
from core.review.ledger_check import ledger_faults
from core.review.people import local_person
from core.seals.head import read_head
from core.seals.trust import Trust, holds
from core.upkeep.verification import verify
from tests.forging import (
    whole,
)  # fmt: skip

UNSIGNED = Path(__file__).resolve().parents[1] / "fixtures" / "unsigned"


@pytest.fixture
def unsigned(tmp_path):
    """A data root of the last version that signed no records: a run, a draft, four records, one publication."""
    data = tmp_path / "unsigned"
    shutil.copytree(UNSIGNED, data, symlinks=True)
    return settings.load({"AFTERCLOSE_DATA": str(data)}, data)


def test_an_old_root_is_whole_as_it_is_and_sealed_by_the_next_record(unsigned):
    """Older records, runs and drafts are under one signed record over their head."""
    assert verify(unsigned).faults == ()
    journal = Journal(unsigned.data)
    (report,) = {r.subject for r in journal.records() if r.kind == "signature"}
    signoff.revoke(unsigned, journal, report, person=local_person(unsigned), comment="no")
    kinds = [record.kind for record in journal.ledger()]
    assert kinds == ["review", "signature", "key", "promotion", "seal", "signature"]
    content = journal.ledger()[4].content
    assert (content["records"], content["head"]) == (4, journal.ledger()[3].hash)
    assert (content["runs"], content["drafts"]) == (1, 1)
    assert verify(unsigned).faults == ()


def test_publication_on_an_old_root_seals_it_first(unsigned):
    """And changes nothing that was published before."""
    journal = Journal(unsigned.data)
    (report,) = {r.subject for r in journal.records() if r.kind == "signature"}
    (shown,) = (unsigned.data / "published").glob("*/*")
    before = {path.name: path.read_bytes() for path in shown.iterdir()}
    publication.publish(unsigned, journal, report, person=local_person(unsigned))
    assert {path.name: path.read_bytes() for path in shown.iterdir()} == before
    assert journal.ledger()[-1].kind == "seal"
    assert verify(unsigned).faults == ()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE run SET who = 'Somebody Else'",
        "UPDATE draft SET author = 'Somebody Else'",
        "UPDATE draft SET body = 'x'",
        "DELETE FROM draft",
        "DELETE FROM record WHERE seq = 2",
        "UPDATE record SET content = replace(content, 'Ann', 'Bob') WHERE seq = 2",
        "UPDATE record SET signature = NULL WHERE seq = 5",
        "DELETE FROM record WHERE kind = 'seal'",
    ],
)
def test_what_a_seal_covers_cannot_be_changed_after_it(unsigned, statement):
    """Requester, author, words, records, and the seal itself."""
    journal = Journal(unsigned.data)
    ledger.seal(unsigned, journal)
    ledger.append(unsigned, journal, "review", "x", {"meaning": "reviewed"})
    with closing(sqlite3.connect(unsigned.data / FILE_NAME)) as raw:
        raw.execute(statement)
        raw.commit()
    assert ledger_faults(unsigned)[1]


def test_the_profile_that_a_sealed_run_asked_for_cannot_be_changed_after_it(unsigned):
    """It says how many people must approve what the run made; the seal is over what was asked for."""

    def change(statement):
        with closing(sqlite3.connect(unsigned.data / FILE_NAME)) as raw:
            raw.execute(statement)
            raw.commit()

    change("""UPDATE run SET request = '{"profile": "strict"}', profile = 'strict'""")
    ledger.seal(unsigned, Journal(unsigned.data))
    assert ledger_faults(unsigned)[1] == []
    change("UPDATE run SET profile = 'lax'")
    assert any("belongs to profile strict" in fault for fault in ledger_faults(unsigned)[1])


def test_an_old_root_that_can_only_be_read_is_read(unsigned, lookers):
    """Without a byte written."""
    before = lookers.tree(unsigned.data)
    journal = Journal(unsigned.data, read_only=True)
    assert len(journal.ledger()) == len(journal.records()) == 4
    assert verify(unsigned).faults == ()
    assert lookers.tree(unsigned.data) == before


@pytest.mark.parametrize("place", ["before the first record", "after the record"])
def test_killed_around_a_record_the_ledger_holds_and_goes_on(office, place, monkeypatch, tmp_path):
    """The head may be behind the journal, never ahead of it."""

    class KilledError(Exception):
        pass

    def dying(*_):
        raise KilledError

    fresh = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "fresh")}, tmp_path)
    journal = Journal(fresh.data)
    with monkeypatch.context() as patch:
        if place == "after the record":
            patch.setattr(ledger, "_keep_head", dying)
        else:
            patch.setattr(Journal, "_insert", dying)
        with pytest.raises(KilledError):
            ledger.append(fresh, journal, "review", "x", {"meaning": "authored"})
    assert ledger_faults(fresh)[1] == []
    assert len(journal.ledger()) == (place == "after the record")
    ledger.append(fresh, journal, "review", "x", {"meaning": "authored"})
    assert ledger_faults(fresh)[1] == []
    assert read_head(fresh.data).seq == len(journal.ledger())


def test_two_first_records_at_once_are_both_signed_by_one_key(tmp_path):
    """Whoever comes second takes the first one's key and head."""
    from concurrent.futures import ThreadPoolExecutor

    fresh = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "fresh")}, tmp_path)

    def act(number: int) -> Record:
        return ledger.append(fresh, Journal(fresh.data), "review", f"x{number}", {"meaning": "authored"})

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(act, range(12)))
    assert len({record.key for record in made}) == 1
    assert sorted(record.seq for record in made) == list(range(1, 13))
    assert ledger_faults(fresh)[1] == []
    assert read_head(fresh.data).seq == 12


def test_what_is_not_signed_by_the_key_it_names_is_found(signed):
    """The check itself: taken out, a forged signature would pass."""
    last = whole(signed)[-1]
    trust = Trust(read_head(signed.root).begun)
    assert trust.fault(last) is None
    assert "does not hold" in trust.fault(Record(**{**asdict(last), "signature": "AAAA"}))
    assert not holds(trust.pems[last.key], last.signature, signed_bytes("0" * 64))
