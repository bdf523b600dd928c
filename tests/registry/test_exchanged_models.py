"""An id is 12 digits of a model's SHA-256: where a model is promoted, scores or was decided about, all 64 count."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from core.errors import ModelError
from core.fingerprint import digest_of, sha256
from core.journal import Journal
from core.registry.registry import Registry
from core.review import decisions, ledger
from core.review.decisions import promote
from core.review.ledger_check import ledger_faults
from core.review.people import local_person
from core.runs.resolve import resolve
from core.upkeep.verification import verify

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def test_a_model_that_is_not_the_one_decided_about_is_named(desk, models):
    """A decision has the whole SHA-256 of the model's file, of which an id is the beginning."""
    one, _ = promote(desk, models[0], "a test", person=local_person(desk))
    data = (desk.data / "models" / f"{models[0]}.json").read_bytes()
    assert Journal(desk.data).records()[0].content["model_sha256"] == sha256(data) == one.sha256
    assert ledger_faults(desk)[1] == []
    about = {"user": "ann", "why": "of another file", "model_sha256": models[0] + "0" * 52}
    ledger.append(desk, Journal(desk.data, desk.journal), "retraining", models[0], about)
    assert [fault for fault in ledger_faults(desk)[1] if f"model {models[0]} was exchanged" in fault]


def test_a_champion_whose_file_was_exchanged_scores_nothing(desk, models):
    """The pointer has the whole SHA-256: verify names it, and a scoring run is refused."""
    promote(desk, models[0], "a test", person=local_person(desk))
    (path,) = (desk.data / "models" / "champions").glob("*.json")
    body = json.loads(path.read_bytes())
    path.write_text(json.dumps({**body, "sha256": models[0] + "0" * 52}))
    assert [fault for fault in verify(desk).faults if "was exchanged for another model" in fault.how]
    request = {**next(iter(Journal(desk.data).runs())).request, "mode": "score"}
    with pytest.raises(ModelError, match="was exchanged for another model"):
        resolve(request, settings=desk, now=NOW)


def test_what_is_promoted_is_the_file_that_was_compared(desk, models, monkeypatch):
    """It is exchanged right after that, for as long as the decision takes: record and pointer name the true one."""
    true, compared = Registry.bytes_of, (desk.data / "models" / f"{models[0]}.json").read_bytes()

    def exchanged(*words):
        monkeypatch.setattr(Registry, "bytes_of", lambda *_: b"of the same 12 digits")
        return {"advice": "promote"}

    monkeypatch.setattr(decisions, "advice_about", exchanged)
    monkeypatch.setattr(decisions, "change_by", lambda *_: None)
    champion, _ = promote(desk, models[0], "a test", person=local_person(desk))
    monkeypatch.setattr(Registry, "bytes_of", true)
    (record,) = Journal(desk.data).records()
    assert record.content["model_sha256"] == champion.sha256 == sha256(compared)


def test_a_machine_that_slept_moves_no_pointer_that_was_moved_meanwhile(desk, models, monkeypatch):
    """The lock goes with its connection: between its record and its pointer another decision was made elsewhere."""
    promote(desk, models[0], "before", person=local_person(desk))
    (path,) = (desk.data / "models" / "champions").glob("*.json")
    true, newer = decisions._record, path.read_bytes().replace(b"before", b"newer!")

    def asleep(*words, **more):
        record = true(*words, **more)
        path.write_bytes(newer)
        return record

    monkeypatch.setattr(decisions, "_record", asleep)
    with pytest.raises(ModelError, match="was moved meanwhile"):
        promote(desk, models[1], "older", person=local_person(desk))
    assert path.read_bytes() == newer


def test_only_the_file_that_was_trained_is_promoted(desk, models):
    """A model's file in the registry is compared with what its training committed."""
    (meta,) = (desk.data / "checkpoints" / "train_or_score").glob("*/meta.json")
    body = json.loads(meta.read_bytes())
    del body["self_sha256"]
    (entry,) = [each for each in body["artifacts"] if each["file"] == "model.json"]
    identity = entry["sha256"][:12]
    entry["sha256"] = identity + "0" * 52
    meta.write_text(json.dumps({**body, "self_sha256": digest_of(body)}))
    with pytest.raises(ModelError, match="is not what train_or_score"):
        promote(desk, identity, "a test", person=local_person(desk))
    assert Journal(desk.data).records() == []
