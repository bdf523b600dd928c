"""Signing: the shown text, the right role, and everything the report rests on; nothing else counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import AftercloseError, CheckpointError, ParameterError, SignOffError
from core.fingerprint import digest_of, sha256
from core.journal import Journal, chain_faults
from core.report.narrative import with_section
from core.report.sections import ANALYST_SECTIONS
from core.request import settings
from core.review import drafts, signoff
from core.review.people import Person
from core.store.checkpoints import Store

ANN = Person("local:ann", "Ann Approver", "approver")


class Desk:
    """A finished data root with its one report."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = settings.load({"AFTERCLOSE_DATA": str(root)}, root)
        self.store = Store(root)
        self.journal = Journal(root)
        (self.folder,) = (root / "checkpoints" / "report").iterdir()
        self.key = self.folder.name

    def present(self):
        return signoff.signable(self.store, self.journal, self.key)

    def draft(self, text=None, author="Ann Approver"):
        if text is None:
            text = self.present().text
            for name in ANALYST_SECTIONS:
                text = with_section(text, name, f"{name}: considered.")
        person = Person(f"local:{author}", author, "operator")
        return drafts.save_draft(self.settings, self.journal, self.key, text, person=person)

    def sign(self, *, shown=None, person=ANN, meaning="approved", comment=""):
        return signoff.sign(
            self.settings,
            self.journal,
            self.key,
            text_sha256=self.present().sha256 if shown is None else shown,
            person=person,
            meaning=meaning,
            comment=comment,
        )

    def standing(self):
        return signoff.standing(self.store, self.journal, self.key)

    def artifact(self, stage, name) -> Path:
        (folder,) = (self.root / "checkpoints" / stage).iterdir()
        return folder / name


@pytest.fixture
def desk(finished):
    return Desk(finished)


@pytest.fixture
def signed(desk):
    desk.draft()
    desk.sign()
    return desk


# ---- the text


def test_nobody_has_edited_so_the_generated_body_is_what_would_be_signed(desk):
    """Its digest is that of its UTF-8 bytes."""
    present = desk.present()
    assert present.draft is None
    assert present.sha256 == sha256(present.text.encode())
    assert present.text == signoff.generated_body(desk.store, desk.key)
    assert desk.standing().state == "draft"


def test_the_latest_draft_is_what_would_be_signed(desk):
    """Invisible characters are gone before the digest is taken."""
    desk.draft("First.\n")
    desk.draft("Sec\u200bond.\r\n")
    assert (desk.present().text, desk.present().draft) == ("Second.\n", 2)


def test_a_novel_is_refused(desk):
    """A text beyond the cap is not saved."""
    with pytest.raises(ParameterError, match="1,000,001"):
        desk.draft("x" * 1_000_001)
    assert desk.journal.drafts(desk.key) == []


def test_there_is_nothing_to_edit_where_there_is_no_report(desk):
    """A made-up key is named."""
    with pytest.raises(ParameterError, match="no-such"):
        drafts.save_draft(desk.settings, desk.journal, "no-such", "x", person=ANN)


# ---- what a signature rests on


def test_a_signature_rests_on_every_artifact_of_the_line(desk):
    """All files of the seven checkpoints, each with the digest of its bytes."""
    expected = {}
    for meta in desk.root.glob("checkpoints/*/*/meta.json"):
        for path in meta.parent.iterdir():
            if path.name != "meta.json":
                stage, key = meta.parts[-3:-1]
                expected[f"{stage}/{key}/{path.name}"] = sha256(path.read_bytes())
    assert signoff.subjects(desk.store, desk.key) == expected
    assert {name.split("/")[0] for name in expected} == {
        "ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("ingest", "prices_raw.json"),
        ("train_or_score", "model.json"),
        ("evaluate", "evaluation.json"),
        ("report", "report.html"),
    ],
)
def test_a_damaged_file_anywhere_cannot_be_signed_over(desk, stage, name):
    """One flipped byte refuses the signature, and nothing is recorded."""
    path = desk.artifact(stage, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match=name):
        desk.sign(shown=desk.present().sha256, comment="all sections open")
    assert desk.journal.records() == []


def test_an_input_that_was_remade_with_other_bytes_cannot_be_signed_over(desk):
    """The evaluation is whole by itself, but it is not the one that the report was made from."""
    path = desk.artifact("evaluate", "evaluation.json")
    meta_path = path.parent / "meta.json"
    body = json.loads(path.read_bytes())
    body["verdict_sentence"] = "Wonderful."
    path.write_bytes(json.dumps(body).encode())
    meta = json.loads(meta_path.read_bytes())
    del meta["self_sha256"]
    meta["artifacts"][0] |= {"bytes": path.stat().st_size, "sha256": sha256(path.read_bytes())}
    meta["self_sha256"] = digest_of(meta)
    meta_path.write_bytes(json.dumps(meta).encode())
    assert desk.store.damage(next(iter_slots(desk, "evaluate"))) is None
    with pytest.raises(CheckpointError, match="not what the report was made from"):
        desk.sign(comment="all sections open")


def iter_slots(desk, stage):
    from core.store.checkpoints import Slot

    for folder in (desk.root / "checkpoints" / stage).iterdir():
        yield Slot(stage, folder.name)


# ---- signing


def test_an_approval_of_the_shown_text_signs_it(desk):
    """The record holds who, what it means, the text's digest and every subject, and joins the chain."""
    draft = desk.draft()
    record = desk.sign(comment="  Fine.\u200b ")
    said = record.content
    assert (said["user"], said["role"], said["meaning"], said["comment"]) == (
        "Ann Approver",
        "approver",
        "approved",
        "Fine.",
    )
    assert said["text_sha256"] == sha256(draft.text.encode())
    assert said["draft"] == 1
    assert said["subjects"] == signoff.subjects(desk.store, desk.key)
    assert said["independent_review"] is False
    assert record.subject == desk.key
    assert chain_faults(desk.journal.ledger()) == []
    assert desk.standing().state == "signed"


@pytest.mark.parametrize("role", ["viewer", "operator", "", "Approver", "approver "])
def test_another_role_may_not_sign(desk, role):
    """Whatever the page shows, the service refuses and records nothing."""
    desk.draft()
    with pytest.raises(SignOffError, match="role"):
        desk.sign(person=Person("local:vic", "Vic", role))
    assert desk.journal.records() == []


def test_a_text_that_changed_since_it_was_shown_is_not_signed(desk):
    """Both digests are named, so that the signer sees what happened."""
    shown = desk.present().sha256
    desk.draft(author="Bob")
    with pytest.raises(SignOffError, match=shown[:12]):
        desk.sign(shown=shown, comment="all sections open")
    assert desk.journal.records() == []


def test_the_change_is_noticed_even_between_check_and_append(desk, monkeypatch):
    """A draft saved after everything was judged, just before the record is written, still stops it."""
    desk.draft()
    shown, append = desk.present().sha256, desk.journal.append

    def late(*args, **kwargs):
        drafts.save_draft(desk.settings, Journal(desk.root), desk.key, "Other words.\n", person=ANN)
        return append(*args, **kwargs)

    monkeypatch.setattr(desk.journal, "append", late)
    with pytest.raises(SignOffError, match="changed since you opened it"):
        desk.sign(shown=shown)
    assert desk.journal.records() == []


@pytest.mark.parametrize("meaning", ["", "Approved", "None", "signed"])
def test_a_meaning_must_be_chosen(desk, meaning):
    """Nothing is preselected and nothing is guessed."""
    with pytest.raises(ParameterError, match="meaning"):
        desk.sign(meaning=meaning, comment="x")


def test_open_sections_need_a_comment_to_be_approved(desk):
    """The message names the sections; with a comment it can be signed, and a review needs none."""
    with pytest.raises(ParameterError, match="Context, Business implications, Risks, Ethical considerations"):
        desk.sign()
    with pytest.raises(ParameterError, match="Context"):
        desk.sign(comment="  ")
    assert desk.sign(meaning="reviewed").content["meaning"] == "reviewed"
    assert desk.sign(comment="A sample run; nobody acts on it.").content["meaning"] == "approved"


def test_a_rejection_needs_its_reason(desk):
    """And stands as rejected with the reason, until somebody approves."""
    with pytest.raises(ParameterError, match="reason"):
        desk.sign(meaning="rejected", comment=" ")
    desk.draft()
    desk.sign(meaning="rejected", comment="Prices of IBM look wrong.")
    assert desk.standing().state == "rejected"
    assert "IBM" in desk.standing().reason
    desk.sign()
    assert desk.standing().state == "signed"


def test_a_review_alone_is_no_signature(desk):
    """The report stays a draft and says so."""
    desk.draft()
    desk.sign(meaning="reviewed")
    assert (desk.standing().state, desk.standing().reason) == ("draft", "reviewed, not yet approved")


# ---- whether it still holds


def test_an_edit_makes_the_signature_stale_and_going_back_restores_it(signed):
    """What counts is the text, not the number of its draft."""
    text = signed.present().text
    signed.draft(text + "One more line.\n")
    assert signed.standing().state == "stale"
    assert "edited" in signed.standing().reason
    signed.draft(text)
    assert signed.standing().state == "signed"


@pytest.mark.parametrize(("stage", "name"), [("ingest", "prices_raw.json"), ("evaluate", "evaluation.json")])
def test_damage_below_makes_the_signature_stale_and_the_same_bytes_restore_it(signed, stage, name):
    """A byte-identical remake changes nothing for the signature."""
    path = signed.artifact(stage, name)
    whole = path.read_bytes()
    path.write_bytes(whole + b" ")
    assert signed.standing().state == "stale"
    assert name in signed.standing().reason
    path.write_bytes(whole)
    assert signed.standing().state == "signed"


@pytest.mark.parametrize("stage", ["report", "evaluate", "ingest"])
def test_a_checkpoint_that_is_gone_makes_the_signature_stale(signed, stage):
    """Looking at it raises nothing."""
    folder = signed.artifact(stage, "meta.json").parent
    folder.rename(signed.root / "elsewhere")
    assert signed.standing().state == "stale"


def test_a_scoring_report_rests_on_the_champion_too(finished, run_luigi, run_afterclose, small):
    """The model's file is read anew: changed or gone, it cannot be signed over, and a signature is stale."""
    (model,) = (finished / "models").glob("*.json")
    done = run_afterclose("promote", model.stem, "--why", "the only one", data=finished)
    assert done.code == 0, done.err
    outcome = run_luigi(*small, "--mode", "score", data=finished)
    assert outcome.code == 0, outcome.err
    store, journal = Store(finished), Journal(finished)
    key = next(r for r in journal.runs() if r.state == "succeeded").keys["report"]
    assert signoff.subjects(store, key)[f"models/{model.stem}"] == sha256(model.read_bytes())
    text = signoff.signable(store, journal, key)
    options = {"person": ANN, "meaning": "approved", "comment": "sections open on purpose"}
    signoff.sign(
        settings.load({"AFTERCLOSE_DATA": str(finished)}, finished),
        journal,
        key,
        text_sha256=text.sha256,
        **options,
    )
    assert signoff.standing(store, journal, key).state == "signed"
    model.write_bytes(model.read_bytes() + b" ")
    assert signoff.standing(store, journal, key).state == "stale"
    with pytest.raises(AftercloseError, match=model.stem):
        signoff.sign(
            settings.load({"AFTERCLOSE_DATA": str(finished)}, finished),
            journal,
            key,
            text_sha256=text.sha256,
            **options,
        )
