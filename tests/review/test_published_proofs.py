"""A bundle that somebody else made over a true signature is whole by itself, and is given out and taken by nobody."""

from __future__ import annotations

import shutil

import pytest

from core.errors import CheckpointError, ParameterError
from core.fingerprint import sha256
from core.journal.chain import make
from core.paths import StoragePath
from core.review import bundle, bundle_files, keys, ledger, proof
from core.review.people import Person
from core.review.publication import published, published_before, state_of
from core.review.published import PROOF_SHA256, PUBLICATION, proofs_of, published_file
from core.seals import keypair
from core.seals.judged_journal import judged_journal
from core.seals.trust import KEY
from core.upkeep import verification
from core.upkeep.verification import verify
from tests.forging import following, own_key, put

ADMIN = Person("local:root", "Root", "admin")


@pytest.fixture
def folder(signed, monkeypatch):
    """A published bundle."""
    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    return signed.publish()


def passed_off(folder: StoragePath, record, key) -> None:
    """Let the page say something else, under the true record, with a proof by a key."""
    files = {name: (folder / name).read_bytes() for name in bundle_files.STATED}
    files["report.html"] = b"<p>All is well.</p>"
    files["proof.dsse.json"] = proof.envelope(bundle.statement_of(files, record), key)
    files["public.pem"] = key.public.pem
    files["bundle.zip"] = bundle.zipped(files, record)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    bundle.check_bundle(folder, None)


def told(office):
    """What verify names of published folders."""
    return [fault.how for fault in verify(office.settings, quick=True).faults if fault.what == "published"]


def refused_everywhere(office, folder, said):
    """No page, no download and no word takes it for published; publishing again brings the true one back."""
    assert [said in how for how in told(office)] == [True]
    for name in ("report.html", "report.txt", "bundle.zip"):
        with pytest.raises(CheckpointError, match=said):
            published_file(office.settings, folder, name)
    assert published(office.root, office.journal, office.key) is None
    assert published_before(office.root, office.journal, office.key) is None
    assert state_of(office.root, office.journal, office.key) == "signed"
    assert office.publish() == folder
    assert b"All is well" not in (folder / "report.html").read_bytes()
    assert published(office.root, office.journal, office.key) == folder
    assert published_file(office.settings, folder, "report.html") == (folder / "report.html").read_bytes()
    assert told(office) == []


def test_a_page_under_a_true_signature_and_a_strangers_proof_is_given_to_nobody(signed, folder):
    """Whoever may write the published folder has no key that counts, and needs none to make a bundle whole."""
    passed_off(folder, signed.signature, own_key(signed))
    refused_everywhere(signed, folder, "does not count here")


def made_up(folder: StoragePath, record, key, comment: str) -> StoragePath:
    """Make a bundle beside a true one, under a record of one's own."""
    own = make(
        record.seq, record.kind, record.subject, {**record.content, "comment": comment}, record.prev_hash, signer=key
    )  # fmt: skip
    other = folder.with_name(own.hash[:12])
    shutil.copytree(folder, other)
    text = (folder / "report.txt").read_text().partition("\n\n\n")[2]
    (other / "report.txt").write_text(bundle.signed_document(text, own))
    (other / "signature.json").write_bytes(bundle.record_bytes(own))
    passed_off(other, own, key)
    return other


def test_the_ledger_is_read_anew_once_for_all_bundles_that_do_not_count(signed, folder, monkeypatch):
    """One by a key of their own takes whoever may write there milliseconds, and the ledger is long."""
    read = verification.judged_journal
    looks: list[int] = []
    monkeypatch.setattr(verification, "judged_journal", lambda journal: (looks.append(1), read(journal))[1])
    key = own_key(signed)
    for number in range(5):
        made_up(folder, signed.signature, key, f"All is well, {number}.")
    assert ["does not count here" in how for how in told(signed)] == [True] * 5
    assert len(looks) == 1


def test_a_bundle_that_is_published_anew_while_others_are_judged_counts(signed, folder, monkeypatch):
    """Its proof goes on record after the look at the ledger, and after the second one that another bundle led to."""
    key, record, later = own_key(signed), signed.signature, folder
    while later <= folder:
        signed.revoke()
        record = signed.sign()
        later = signed.publish()
    passed_off(folder, signed.journal.records()[0], key)
    passed_off(later, record, key)
    read = verification.read_bundle

    def publish_first(place):
        if place == later:
            keys.rotate(signed.settings, signed.journal, person=ADMIN, why="somebody left")
            assert signed.publish() == later
        return read(place)

    monkeypatch.setattr(verification, "read_bundle", publish_first)
    named = told(signed)
    assert [how for how in named if folder.name in how]
    assert [how for how in named if later.name in how] == []
    assert proofs_of(signed.root, signed.journal).on_record[record.hash]


def test_a_page_under_a_proof_by_a_key_that_was_rotated_out_is_given_to_nobody(signed, folder, tmp_path):
    """A key is rotated because somebody has it; it counted when the true proof was made, which is on record."""
    shutil.copy(signed.root / "keys" / "desk.pem", tmp_path / "kept.pem")
    kept = keypair.read_private(tmp_path / "kept.pem")
    keys.rotate(signed.settings, signed.journal, person=ADMIN, why="somebody left")
    assert told(signed) == [], "what was published before holds"
    passed_off(folder, signed.signature, kept)
    refused_everywhere(signed, folder, "not the one that is on record")


def test_what_is_published_anew_after_a_rotation_is_on_record_as_well(signed, folder):
    """By the new key its proof is another; that of before still counts, a backup may hold it."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    keys.rotate(signed.settings, signed.journal, person=ADMIN, why="a year is over")
    shutil.rmtree(folder)
    assert signed.publish() == folder
    assert (folder / "proof.dsse.json").read_bytes() != before["proof.dsse.json"]
    assert told(signed) == []
    made = [record for record in signed.journal.records() if record.kind == PUBLICATION]
    assert len(made) == len({record.content[PROOF_SHA256] for record in made}) == 2
    for name, data in before.items():
        (folder / name).write_bytes(data)
    assert told(signed) == []


def test_a_row_that_says_published_without_a_signature_vouches_for_no_proof(signed, folder):
    """Whoever can write the journal puts the digest of their own proof there."""
    key = own_key(signed)
    passed_off(folder, signed.signature, key)
    digest = sha256((folder / "proof.dsse.json").read_bytes())
    content = {"sha256": signed.signature.hash, PROOF_SHA256: digest, "meaning": "published"}
    put(signed, following(signed, PUBLICATION, signed.key, content, key))
    on_record = proofs_of(signed.root, signed.journal, signed.key).on_record[signed.signature.hash]
    assert digest not in on_record
    assert published(signed.root, signed.journal, signed.key) is None


def test_the_proof_of_another_bundle_gives_a_new_one_no_older_head(signed, folder):
    """A killed publication is finished by what it left; what somebody laid there is of another signature."""
    old = (folder / "proof.dsse.json").read_bytes()
    signed.revoke()
    record = signed.sign()
    other = folder.with_name(record.hash[:12])
    other.mkdir()
    (other / "proof.dsse.json").write_bytes(old)
    assert signed.publish() == other
    key = (other / "public.pem").read_bytes()
    stated = proof.opened((other / "proof.dsse.json").read_bytes(), key, "it")["predicate"]["head"]
    assert stated["seq"] >= record.seq
    assert told(signed) == []


def test_a_key_of_ones_own_that_was_retired_proves_no_further_publication(signed, tmp_path, monkeypatch):
    """[proof] key_file names it still; one that an earlier version let through is named, and is not given out."""
    keypair.create(tmp_path / "own.pem")
    signed.configured(proof_key_file=str(tmp_path / "own.pem"))
    folder = signed.publish()
    own = keypair.read_private(tmp_path / "own.pem")
    keys.retire(signed.settings, signed.journal, own.id[:12], person=ADMIN, why="it was stolen")
    assert told(signed) == []
    assert published_file(signed.settings, folder, "report.txt")
    signed.revoke()
    signed.sign()
    with pytest.raises(ParameterError, match="was rotated out by record"):
        signed.publish()
    monkeypatch.setattr(keys, "_judge_in_use", lambda *_: None)
    later = signed.publish()
    assert ["was rotated out before it was published" in how for how in told(signed)] == [True]
    with pytest.raises(CheckpointError, match="rotated out before"):
        published_file(signed.settings, later, "report.txt")


def test_a_key_that_is_retired_twice_counts_until_the_first_time(signed, tmp_path):
    """Two admins at once: the second record gives whoever stole it no time back."""
    keypair.create(tmp_path / "other.pem")
    other = keypair.read_private(tmp_path / "other.pem")
    keys.admit(signed.settings, signed.journal, other.public.pem, person=ADMIN, why="another machine")
    first = keys.retire(signed.settings, signed.journal, other.id[:12], person=ADMIN, why="stolen")[1]
    ledger.append(signed.settings, signed.journal, KEY, first.subject, first.content)
    assert judged_journal(signed.journal).trust.retired[other.id] == first.seq
