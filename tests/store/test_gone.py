"""What decisions on record rest on and is gone: ``verify`` names it, though nothing that is left is damaged."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime

import pytest

from core.errors import CheckpointError, SettingsError
from core.fingerprint import digest_of, sha256
from core.journal import Journal
from core.registry.registry import Registry
from core.request import settings
from core.review import ledger, publication, signoff
from core.review.people import Person
from core.runs.resolve import resolve
from core.store.checkpoints import Slot, Store
from core.store.ticker_lists import expand, keep
from core.upkeep import verification
from core.upkeep.verification import verify

ANN = Person("local:ann", "Ann Approver", "approver")


@pytest.fixture
def desk(finished):
    """Settings of a data root whose report was signed and published by a run, and whose model was promoted."""
    over = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished)
    journal = Journal(finished)
    (run,) = journal.runs()
    key = run.keys["report"]
    shown = signoff.signable(Store(finished), journal, key).sha256
    signoff.sign(over, journal, key, text_sha256=shown, person=ANN, meaning="approved", comment="Read.")
    publication.publish(over, journal, key, person=ANN)
    ledger.add_run(
        over, journal, "published", who="a", how="terminal", request={}, target="publish", state="queued"
    )
    journal.start("published", {"report": key})
    journal.end("published", "succeeded", 0, None)
    (model,) = Registry(finished).ids()
    ledger.append(over, journal, "promotion", model, {"user": "ann", "why": "the first"})
    assert verify(over).faults == ()
    return over


def told(over):
    """(what, how) of each fault."""
    return {(fault.what, fault.how.partition(";")[0]) for fault in verify(over).faults}


def test_a_signed_report_that_is_gone_is_named(desk, lookers):
    """The whole checkpoint: nothing is damaged, and yet it is missing."""
    folder = lookers.folder_of(desk.data, "report")
    shutil.rmtree(folder)
    assert ("signed report", f"report/{folder.name} is gone") in told(desk)


def test_a_checkpoint_under_a_signed_report_that_is_gone_is_named(desk, lookers):
    """What the report rests on belongs to what was signed."""
    folder = lookers.folder_of(desk.data, "evaluate")
    shutil.rmtree(folder)
    assert ("signed report", f"evaluate/{folder.name} is gone") in told(desk)


def exchanged(store, slot):
    """Another evaluation in the place of the one that is there: bytes, sizes and digests, the meta's own too."""
    meta = store.meta(slot)
    (name, artifact) = next((n, a) for n, a in meta.artifacts.items() if n.endswith(".json"))
    path, mark = store.folder(slot) / name, store.meta_path(slot)
    data = path.read_bytes().replace(b"{", b"{ ", 1)
    body = json.loads(mark.read_bytes())
    del body["self_sha256"]
    (entry,) = [each for each in body["artifacts"] if each["file"] == name]
    entry["sha256"], entry["bytes"] = sha256(data), len(data)
    body["self_sha256"] = digest_of(body)
    path.unlink()
    path.write_bytes(data)
    mark.unlink()
    mark.write_bytes(json.dumps(body, indent=2).encode() + b"\n")
    assert store.damage(slot) is None, "nothing but the signature knows better"
    assert artifact["sha256"] != entry["sha256"]
    return name


def test_a_checkpoint_under_a_signed_report_that_was_exchanged_is_named(desk, lookers):
    """Whole by its own meta, and not what the signature names: whoever may write the data root needs no key for it."""
    slot = Slot("evaluate", lookers.folder_of(desk.data, "evaluate").name)
    name = exchanged(Store(desk.data), slot)
    says = [fault.how for fault in verify(desk, quick=True).faults if fault.what == "signed report"]
    assert [how for how in says if f"evaluate/{slot.key}/{name} is not what record" in how] == says != []
    assert any(
        f"was made from another evaluate/{slot.key}/{name} than is there" in n for n in verify(desk).notes
    )


def test_a_signature_that_was_taken_back_is_compared_with_nothing(desk, lookers):
    """What is there counts again once somebody has decided about it."""
    exchanged(Store(desk.data), Slot("evaluate", lookers.folder_of(desk.data, "evaluate").name))
    (run,) = (run for run in Journal(desk.data).runs() if run.run_id != "published")
    signoff.revoke(desk, Journal(desk.data), run.keys["report"], person=ANN, comment="The files changed.")
    assert [fault for fault in verify(desk).faults if fault.what == "signed report"] == []


def test_a_promoted_model_that_is_gone_is_named(desk):
    """By its id."""
    (model,) = Registry(desk.data).ids()
    (desk.data / "models" / f"{model}.json").unlink()
    assert ("model", "it was promoted and is gone") in told(desk)
    assert model in {fault.which for fault in verify(desk).faults}


def test_a_published_document_that_is_gone_is_named(desk):
    """A run says that it published, and there is no document."""
    shutil.rmtree(desk.data / "published")
    assert ("published", "it was published and is gone") in told(desk)


def test_without_the_look_at_the_record_what_is_gone_would_pass_for_whole(desk, lookers, monkeypatch):
    """The protection taken out: each of the three is gone, and verify finds nothing amiss with them."""
    monkeypatch.setattr(verification, "_missing", lambda *_: ())
    shutil.rmtree(lookers.folder_of(desk.data, "report"))
    shutil.rmtree(desk.data / "published")
    for path in (desk.data / "models").glob("*.json"):
        path.unlink()
    assert told(desk) == set()


@pytest.mark.slow
def test_the_command_names_it_and_exits_30(desk, lookers, run_afterclose):
    """One line with the key."""
    folder = lookers.folder_of(desk.data, "report")
    shutil.rmtree(folder)
    done = run_afterclose("verify", data=desk.data)
    assert done.code == 30
    assert f"report/{folder.name} is gone" in done.out + done.err


# ---- what was published, by whichever door


def test_published_documents_that_are_gone_are_named_by_the_record_of_their_publication(
    finished, monkeypatch
):
    """A run that published is one road of three; the folder as a whole is as little as nothing to look at."""
    over, journal = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished), Journal(finished)
    key = journal.runs()[0].keys["report"]
    shown = signoff.signable(Store(finished), journal, key).sha256
    signoff.sign(over, journal, key, text_sha256=shown, person=ANN, meaning="approved", comment="Read.")
    folder = publication.publish(over, journal, key, person=ANN)
    publication.publish(over, journal, key, person=ANN)
    (said,) = [record for record in journal.records() if record.kind == publication.PUBLICATION]
    assert (said.subject, said.content["user_id"], said.content["sha256"][:12]) == (key, ANN.id, folder.name)
    assert told(over) == set()
    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    shutil.rmtree(finished / "published")
    assert told(over) == {("published", "it was published and is gone. Publish it again.")}
    publication.publish(over, journal, key, person=ANN)
    assert told(over) == set()
    assert len([record for record in journal.records() if record.kind == publication.PUBLICATION]) == 1
    signoff.revoke(over, journal, key, person=ANN, comment="By mistake.")
    shutil.rmtree(finished / "published")
    assert told(over) == set(), "what was published under a signature that was taken back may go"


def test_a_publication_is_on_record_before_it_is_finished(finished, monkeypatch):
    """Where it cannot be recorded it stays unfinished, and is named; doing it again finishes it, in the same bytes."""
    over, journal = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished), Journal(finished)
    key = journal.runs()[0].keys["report"]
    shown = signoff.signable(Store(finished), journal, key).sha256
    signoff.sign(over, journal, key, text_sha256=shown, person=ANN, meaning="approved", comment="Read.")

    def refused(*_, **__):
        raise SettingsError("the heads of the chain cannot be kept")

    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "append", refused)
        with pytest.raises(SettingsError, match="cannot be kept"):
            publication.publish(over, journal, key, person=ANN)
    (proof,) = (finished / "published").rglob("proof.dsse.json")
    stated = proof.read_bytes()
    assert not proof.with_name("signature.json").exists()
    assert any("has no signature.json" in how for _, how in told(over))
    assert publication.publish(over, journal, key, person=ANN) == proof.parent
    assert (told(over), proof.read_bytes()) == (set(), stated)


def test_a_list_of_tickers_that_is_another_is_named_believed_by_none_and_mended(tmp_path):
    """A long list stands under its digest; whoever may write the data root exchanges it."""
    over = settings.load({"AFTERCLOSE_DATA": str(tmp_path)}, tmp_path)
    tickers = tuple(f"AB{number:04d}" for number in range(400))
    compacted = keep(tickers, tmp_path)
    (path,) = (tmp_path / "universes").iterdir()
    path.write_text(",".join(tickers[:200]))
    with pytest.raises(CheckpointError, match="is gone or was changed"):
        expand(compacted, tmp_path)
    assert (f"universes/{path.name}") in {fault.which for fault in verify(over).faults}
    request = {"source": "yahoo", "tickers": ",".join(tickers), "end": "2025-12-31"}
    values = resolve(request, settings=over, now=datetime(2026, 1, 5, tzinfo=UTC), upto="ingest")
    assert (values["tickers"], expand(compacted, tmp_path)) == (compacted, tickers)
    assert verify(over).faults == ()
    with pytest.raises(CheckpointError):
        expand("sha256:../keys/desk", tmp_path)


def test_what_lies_among_the_kept_lists_hides_nothing_else(desk):
    """A link to what cannot be read to its end, a file without an end, one that may not be read."""
    folder = desk.data / "waivers"
    folder.mkdir(exist_ok=True)
    (folder / f"{'0' * 64}.toml").symlink_to("/proc/self/mem")
    (folder / f"{'1' * 64}.toml").touch()
    os.truncate(folder / f"{'1' * 64}.toml", 1 << 40)
    (folder / f"{'2' * 64}.toml").mkdir()
    named = {fault.which: fault.how for fault in verify(desk).faults}
    assert named[f"waivers/{'0' * 64}.toml"] == "it is a link, and was never kept as one"
    assert "more than" in named[f"waivers/{'1' * 64}.toml"]
