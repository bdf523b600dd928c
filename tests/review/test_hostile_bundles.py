"""A bundle whose hashes are right and whose record holds what nobody ever wrote: one message, the rest is judged."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from core.errors import CheckpointError, DataError
from core.fingerprint import sha256
from core.journal import Record
from core.journal.chain import hash_of
from core.review import bundle, bundle_files, proof, timestamp
from core.review.bundle_files import read_bundle
from core.review.publication import published, published_before
from core.seals.keypair import PrivateKey
from core.upkeep import verification
from core.upkeep.verification import verify
from tests.forging import own_key


@pytest.fixture
def folder(signed, monkeypatch):
    """A published bundle."""
    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    return signed.publish()


def forged(folder, record: Record, key: PrivateKey, **content) -> None:
    """Let the record say other things, with everything in the bundle made to fit, by a key of the forger."""
    changed = {**record.content, **content}
    digest = hash_of(record.seq, record.kind, record.subject, changed, record.prev_hash)
    false = Record(**{**asdict(record), "content": changed, "hash": digest})
    files = {name: (folder / name).read_bytes() for name in bundle_files.STATED}
    text = files["report.txt"].decode().partition("\n\n\n")[2]
    try:
        files["report.txt"] = bundle.signed_document(text, false).encode()
    except Exception:  # noqa: BLE001 - a record that no document can be written of
        files["report.txt"] = text.encode()
    files["signature.json"] = bundle.record_bytes(false)
    subjects = {name: sha256(files[name]) for name in bundle_files.STATED}
    files["proof.dsse.json"] = proof.envelope(proof.statement(subjects, {}), key)
    files["public.pem"] = key.public.pem
    for name, data in files.items():
        (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    "content",
    [
        {"at_utc": "no day"}, {"at_utc": 5}, {"since": 5}, {"since": {"model": []}}, {"program": 5}, {"program": [1]},
        {"edits": [5]}, {"edits": 5}, {"signatures": 5}, {"signatures": {"required": 2, "before": [5]}}, {"form": []},
        {"supersedes": 5}, {"own_key": 5}, {"own_key": {"fingerprint": 5}}, {"independent_review": None},
        {"subjects": 5}, {"text_sha256": None}, {"tries": {"a": 1}}, {"user": {"a": 1}},
    ],
    ids=str,
)  # fmt: skip
def test_a_record_that_nobody_wrote_is_one_message(signed, folder, content):
    """verify names it and goes on to the rest, and no page of the desk goes with it."""
    forged(folder, signed.signature, own_key(signed), **content)
    (signed.root / "models" / "champions").mkdir(parents=True, exist_ok=True)
    (signed.root / "models" / "champions" / "x.json").write_text("{")
    faults = verify(signed.settings, quick=True).faults
    assert {fault.what for fault in faults} >= {"published", "champion"}
    assert published(signed.root, signed.journal, signed.key) is None
    assert published_before(signed.root, signed.journal, signed.key) is None
    for check in (
        lambda: bundle.check_bundle(folder, None),
        lambda: bundle.check_published(folder, read_bundle(folder)),
    ):
        with pytest.raises((CheckpointError, DataError)):
            check()


@pytest.mark.parametrize(
    "body", ["[]", "5", '{"content": 5}', '"x"', "[" * 50_000, '{"seq": Infinity}', "null"]
)
def test_a_file_that_is_no_record_is_one_message(signed, folder, body):
    """Also where the journal is judged by what was published."""
    (folder / "signature.json").write_text(body)
    assert [fault for fault in verify(signed.settings, quick=True).faults if fault.what == "published"]
    assert published(signed.root, signed.journal, signed.key) is None


class PanicError(BaseException):
    """As a parser in Rust ends."""


@pytest.mark.parametrize("error", [OverflowError, PanicError, AttributeError, NotImplementedError])
def test_whatever_a_parser_of_stamps_makes_of_bytes_is_one_message(error, monkeypatch):
    """They lie in the published folder, and come from an authority."""

    class Client:
        VerificationError = ValueError

        @staticmethod
        def decode_timestamp_response(stamp):
            raise error("at byte 7")

    monkeypatch.setattr(timestamp, "_client", lambda: Client)
    monkeypatch.setattr("cryptography.x509.load_pem_x509_certificates", lambda pem: [])
    with pytest.raises(CheckpointError, match="the time stamp does not hold"):
        timestamp.verify_stamp(b"\x30\x00", b"proof", b"")


@pytest.mark.parametrize("program", [{"version": 5}, {"commit": 5}, {"version": [], "dirty": "x"}])
def test_a_meta_that_says_odd_things_of_its_program_keeps_nothing_from_being_named(signed, program):
    """Its own digest is right: whoever may write the data root makes one."""
    from core.fingerprint import digest_of

    (path,) = (signed.root / "checkpoints" / "evaluate").glob("*/meta.json")
    body = json.loads(path.read_bytes()) | {"program": program}
    del body["self_sha256"]
    path.write_text(json.dumps({**body, "self_sha256": digest_of(body)}))
    (signed.root / "models" / "champions").mkdir(parents=True, exist_ok=True)
    (signed.root / "models" / "champions" / "x.json").write_text("{")
    assert "champion" in {fault.what for fault in verify(signed.settings, quick=True).faults}
