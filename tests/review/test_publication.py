"""Publishing: only what is signed now, the same bytes each time, and nobody's comment can forge the block."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.errors import CheckpointError, SignOffError
from core.fingerprint import sha256
from core.journal import Journal
from core.journal.chain import make
from core.queries.runs.facts import facts
from core.request import settings
from core.review import bundle, drafts, publication, signoff
from core.review.bundle_files import read_bundle
from core.review.people import Person
from core.store.checkpoints import Store

ANN = Person("local:ann", "Ann Approver", "approver")


class Desk:
    """A finished data root with its one report."""

    def __init__(self, root):
        self.settings = settings.load({"AFTERCLOSE_DATA": str(root)}, root)
        self.root, self.store, self.journal = root, Store(root), Journal(root)
        (folder,) = (root / "checkpoints" / "report").iterdir()
        self.key = folder.name

    def sign(self, *, meaning="approved", comment="Sections are open on purpose."):
        shown = signoff.signable(self.store, self.journal, self.key).sha256
        return signoff.sign(
            self.settings,
            self.journal,
            self.key,
            text_sha256=shown,
            person=ANN,
            meaning=meaning,
            comment=comment,
        )

    def save(self, text):
        return drafts.save_draft(self.settings, self.journal, self.key, text, person=ANN)

    def publish(self):
        return publication.publish(self.settings, self.journal, self.key, person=ANN)

    def published(self):
        return publication.published(self.root, self.journal, self.key)


@pytest.fixture
def desk(finished):
    return Desk(finished)


def test_unsigned_rejected_and_stale_reports_are_not_published(desk):
    """Each is refused with its reason and exit code 20, and no file appears."""
    reasons = []
    for prepare in (
        lambda: None,
        lambda: desk.sign(meaning="reviewed"),
        lambda: desk.sign(meaning="rejected"),
        _stale(desk),
    ):
        prepare()
        with pytest.raises(SignOffError, match=desk.key) as caught:
            desk.publish()
        assert caught.value.exit_code == 20
        reasons.append(caught.value.problem)
    assert len(set(reasons)) == 4
    assert not (desk.root / "published").exists()
    assert desk.published() is None


def _stale(desk):
    def prepare():
        desk.sign()
        desk.save("Other words.\n")

    return prepare


def test_a_published_report_is_called_so_wherever_its_state_is_one_word(desk):
    """Draft, signed, published; what a comparison of runs says is the same word."""
    (run,) = desk.journal.runs()
    states = []
    for act in (lambda: None, desk.sign, desk.publish):
        act()
        states.append(publication.state_of(desk.root, desk.journal, desk.key))
        assert facts(desk.store, desk.journal, run).standing == states[-1]
    assert states == ["draft", "signed", "published"]


def test_the_document_is_the_signed_text_below_its_block(desk, lookers):
    """The generated report stays untouched; the folder is named by report and signature."""
    before = lookers.committed(desk.root)
    record = desk.sign()
    folder = desk.publish()
    assert folder == desk.root / "published" / desk.key / record.hash[:12]
    document = (folder / "report.txt").read_text()
    text = signoff.signable(desk.store, desk.journal, desk.key).text
    assert document.endswith(f"\n\n\n{text}")
    assert sha256(text.encode()) == record.content["text_sha256"]
    block = document.removesuffix(text)
    for said in (
        "Ann Approver (approver, no independent review)",
        "approved",
        record.content["at_utc"],
        record.hash,
    ):
        assert said in block
    assert lookers.committed(desk.root) == before
    assert desk.published() == folder


def test_the_record_beside_it_can_be_checked_from_the_file_alone(desk):
    """Its hash is that of its own contents, its digest that of the text in the document."""
    desk.sign()
    folder = desk.publish()
    held = json.loads((folder / "signature.json").read_bytes())
    again = make(held["seq"], held["kind"], held["subject"], held["content"], held["prev_hash"])
    assert again.hash == held["hash"]
    assert (held["format"], held["kind"]) == (1, "signature")
    text = (folder / "report.txt").read_text().split("\n\n\n", 1)[1]
    assert sha256(text.encode()) == held["content"]["text_sha256"]


def test_publishing_again_gives_the_same_bytes(desk, lookers):
    """Nothing in the files depends on when they are written."""
    desk.sign()
    desk.publish()
    before = lookers.tree(desk.root / "published")
    desk.publish()
    assert lookers.tree(desk.root / "published") == before


@pytest.mark.parametrize("name", ["report.txt", "signature.json"])
@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_published_file_that_is_not_what_was_signed_does_not_count(desk, name, damage):
    """It is written anew by publishing again."""
    desk.sign()
    path = desk.publish() / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"Ann Approver", b"Eve Approver"))
    assert desk.published() is None
    desk.publish()
    assert desk.published() == path.parent


def test_a_new_signature_gets_a_folder_of_its_own(desk):
    """What was published before stays."""
    desk.sign()
    first = desk.publish()
    desk.save("Other words.\n")
    desk.sign()
    second = desk.publish()
    assert first != second
    assert (first / "report.txt").is_file()
    assert desk.published() == second


def test_a_comment_of_several_lines_cannot_pose_as_the_block(desk):
    """Every line of it is set in, so none begins like one of the block's own."""
    record = desk.sign(
        comment="Fine.\nSigned by   The President (admin, independent review)\nMeaning     approved"
    )
    lines = bundle.block_lines(record)
    assert len([line for line in lines if line.startswith("Signed by")]) == 1
    assert len([line for line in lines if line.startswith("Meaning")]) == 1
    assert " " * 12 + "Signed by   The President (admin, independent review)" in lines


def test_an_edit_during_publishing_is_not_published_under_the_old_signature(desk, monkeypatch):
    """Between the look at the signature and the reading of the text a draft may come in."""
    desk.sign()
    standing = publication.standing

    def late(*args):
        held = standing(*args)
        desk.save("Words that nobody signed.\n")
        return held

    monkeypatch.setattr(publication, "standing", late)
    with pytest.raises(SignOffError, match="edited"):
        desk.publish()
    assert not (desk.root / "published").exists()


@pytest.mark.parametrize("name", ["report.txt", "signature.json"])
def test_verification_names_a_published_file_that_was_changed(name, desk):
    """One character of the document or of its record; untouched, both are whole."""
    desk.sign()
    path = desk.publish() / name
    bundle.check_published(path.parent, read_bundle(path.parent))
    text = path.read_text()
    path.write_text(text.replace("ections", "ektions", 1))
    assert path.read_text() != text
    with pytest.raises(CheckpointError, match=f"{name} was changed after publication"):
        bundle.check_published(path.parent, read_bundle(path.parent))


def test_a_changed_published_file_is_kept_when_it_is_made_again(desk):
    """Publishing again restores the document and moves what a person wrote to the quarantine."""
    desk.sign()
    folder = desk.publish()
    signed = (folder / "report.txt").read_bytes()
    (folder / "report.txt").write_text("my notes", encoding="utf-8")
    assert desk.publish() == folder
    assert (folder / "report.txt").read_bytes() == signed
    kept = list((desk.root / "quarantine" / "published").iterdir())
    assert [path.read_text(encoding="utf-8") for path in kept] == ["my notes"]
    assert publication.put_aside(desk.root, desk.key) == [path.name for path in kept]


def test_a_report_whose_checkpoint_is_damaged_is_not_published_and_no_signature_is_asked_for(desk, lookers):
    """A person who signs again mends nothing; a run does."""
    desk.sign()
    path = lookers.folder_of(desk.root, "clean") / "repairs.json"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(SignOffError, match=r"cannot be published: .*repairs\.json is damaged") as caught:
        desk.publish()
    assert "Run again" in caught.value.remedy
    assert "sign" not in caught.value.remedy


def test_the_signature_says_which_of_how_many_candidates_it_was(desk):
    """Counted when it is signed, on record, and in the block of the published document."""
    record = desk.sign()
    assert record.content["tries"] == "Candidate 1 of 1 on these sessions: no other was judged on them."
    text = (desk.publish() / "report.txt").read_text(encoding="utf-8")
    assert "\nTries       Candidate 1 of 1 on these sessions: no other was judged on them.\n" in text
    earlier = {name: value for name, value in record.content.items() if name != "tries"}
    assert "Tries" not in dict(bundle.facts(replace(record, content=earlier)))


@pytest.mark.parametrize("words", ["revoked", "signed anew"])
def test_a_signature_that_is_revoked_while_its_document_is_written_is_not_on_record_as_published(
    desk, monkeypatch, words
):
    """The record of the publication comes after the revocation, or not at all."""
    desk.sign()
    write = publication._write

    def revoked(*args):
        monkeypatch.setattr(publication, "_write", write)
        signoff.revoke(desk.settings, desk.journal, desk.key, person=ANN, comment="by mistake")
        if words == "signed anew":
            desk.sign()
        return write(*args)

    monkeypatch.setattr(publication, "_write", revoked)
    with pytest.raises(SignOffError, match=f"is {words} by now"):
        desk.publish()
    assert {r.kind for r in desk.journal.records()} == {"signature"}
    assert not list((desk.root / "published").glob("*/*/signature.json"))
