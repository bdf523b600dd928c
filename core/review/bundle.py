"""A published report as a folder or zip that proves itself: what is in it, and whether it is still that.

| file | is |
|---|---|
| ``report.txt``, ``report.html``, ``report.pdf`` | the signature in words above the signed text |
| ``signature.json`` | the record in the journal's chain |
| ``proof.dsse.json`` | the statement over the digests of these files and of all they rest on, signed |
| ``public.pem`` | the key that verifies the proof; take it from its owner, not from here |
| ``sbom.cdx.json`` | what the program is made of: every pin, as CycloneDX |
| ``timestamp.tsr`` | where an authority is configured: its stamp over the proof (:mod:`core.review.timestamp`) |
| ``bundle.zip`` | all of them in one file |
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from core.errors import CheckpointError, DataError
from core.fingerprint import sha256
from core.journal import Record
from core.journal.chain import hash_of
from core.paths import StoragePath
from core.platform.program import in_words, program
from core.report.as_pdf import pdf_of, signature_lines
from core.report.as_signed_page import signed_page
from core.report.blocks import Picture
from core.report.sections import TITLE
from core.review import proof, timestamp
from core.review.bundle_files import (
    KEY_NAME,
    PAGE_NAME,
    PDF_NAME,
    PROOF_NAME,
    RECORD_NAME,
    SBOM_NAME,
    STAMP_NAME,
    TEXT_NAME,
    ZIP_NAME,
    judging,
    member_names,
    read_bundle,
    stated_names,
)  # fmt: skip
from core.review.person_keys import own_key_holds
from core.review.signoff import FORM
from core.review.since import sentences
from core.seals.head import Head
from core.seals.keypair import read_public

UNRECORDED = {"version": None, "commit": None, "dirty": None, "lock_sha256": None}
"""The program of a report that an earlier version made."""


def facts(record: Record) -> list[tuple[str, str]]:
    """Return the signature in human-readable form: name, role, time, meaning, comment, digests."""
    content = record.content
    review = "independent review" if content["independent_review"] else "no independent review"
    pairs = [
        ("Signed by", f"{content['user']} ({content['role']}, {review})"),
        ("Known by", str(content.get("authentication", "not recorded"))),
        ("Meaning", str(content["meaning"])),
        ("Time", f"{content['at_utc']} (UTC)"),
        ("Comment", str(content["comment"] or "none")),
        ("Text", f"SHA-256 {content['text_sha256']}"),
        ("Record", f"{record.seq}, SHA-256 {record.hash}"),
        ("Chain head", record.hash),
    ]
    if content.get("own_key"):
        pairs.append(("Own key", f"{content['own_key']['fingerprint']} (OpenSSH, in {RECORD_NAME})"))
    if content.get("edits"):
        figures = sum(bool(edit["figure"]) for edit in content["edits"])
        changed = f"generated text changed in {len(content['edits'])} places, {figures} with figures"
        pairs.append(("Changed", f"{changed} ({RECORD_NAME})"))
    pairs += _others(record)
    if content.get("tries"):
        pairs.append(("Tries", str(content["tries"])))
    if replaced := content.get("supersedes"):
        pairs.append(("Supersedes", f"report {replaced['report']}, record {replaced['record']}"))
    if content.get("form") == FORM:
        pairs.append(("Program", in_words(content["program"])))
    if "since" in content:
        pairs.append(("Since", sentences(content["since"])))
    return pairs if content.get("form") else [pair for pair in pairs if pair[0] != "Known by"]


def _others(record: Record) -> list[tuple[str, str]]:
    """Return who approved before the signature that this record is, where more than one had to."""
    if not (among := record.content.get("signatures")):
        return []
    earlier = [
        f"{entry['user']}, {entry['at_utc']} (UTC), record {entry['record']}, SHA-256 {entry['sha256']}"
        for entry in among["before"]
    ]
    return [("Signatures", "\n".join([f"{len(earlier) + 1} of {among['required']}", *earlier]))]


def block_lines(record: Record) -> list[str]:
    """Return the signature's block as lines of text."""
    return signature_lines(facts(record))


def signed_document(text: str, record: Record) -> str:
    """Return the signed text with its signature block above; the text itself is unchanged."""
    return "\n".join(block_lines(record)) + f"\n\n\n{text}"


def record_bytes(record: Record) -> bytes:
    """Return ``signature.json``."""
    body = {"format": 1, "kind": "signature", **asdict(record)}
    if not record.signature:  # as it was published before records were signed
        del body["key"], body["signature"]
    return json.dumps(body, indent=2, sort_keys=True).encode() + b"\n"


def stated(
    text: str, record: Record, pictures: Sequence[Picture] = (), parts: bytes = b""
) -> dict[str, bytes]:
    """Return the files that the proof is over, by name; the same text, record, pictures and parts give the same bytes.

    Parameters
    ----------
    parts : bytes
        What the program is made of; in no bundle of a form without it.
    """
    title = f"{TITLE} {record.subject}"
    made_at = datetime.fromisoformat(str(record.content["at_utc"]))
    files = {
        TEXT_NAME: signed_document(text, record).encode(),
        PAGE_NAME: signed_page(title, facts(record), text, pictures).encode(),
        PDF_NAME: pdf_of(title, facts(record), text, made_at, pictures),
        RECORD_NAME: record_bytes(record),
        SBOM_NAME: parts,
    }
    return {name: files[name] for name in stated_names(record.content.get("form"))}


def statement_of(
    files: Mapping[str, bytes], record: Record, head: Head | None = None, *, stamped_by: str = ""
) -> bytes:
    """Return the statement over published files and over everything the signature rests on.

    Parameters
    ----------
    head : Head or None
        The newest head of the ledger: whoever holds a bundle can show that later records were taken away.
    stamped_by : str
        Address of the authority that is to stamp this statement; empty without one.
    """
    content = record.content
    form = content.get("form")
    subjects = {name: sha256(files[name]) for name in stated_names(form)}
    predicate: dict[str, Any] = {
        "report": record.subject,
        "signedBy": {
            name: content[name] for name in ("user", "role", "meaning", "at_utc", "independent_review")
        },
        "textSha256": content["text_sha256"],
        "record": {"seq": record.seq, "sha256": record.hash, "previous": record.prev_hash},
        **({"signatures": content["signatures"]} if "signatures" in content else {}),
    }
    if form == FORM:
        predicate |= {"program": content["program"] or UNRECORDED, "publishedBy": program()}
    if stamped_by:
        predicate["timestamp"] = {"authority": stamped_by}
    if head is not None:
        predicate["head"] = {**head.body(), "signature": head.signature}
    return proof.statement({**content["subjects"], **subjects}, predicate)


def zipped(files: Mapping[str, bytes], record: Record) -> bytes:
    """Return all files as one zip; stored, so that no version of a compressor changes its bytes."""
    at = datetime.fromisoformat(str(record.content["at_utc"])).timetuple()[:6]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in member_names(record.content.get("form"), stamped=STAMP_NAME in files):
            member = zipfile.ZipInfo(name, (max(at[0], 1980), *at[1:]))
            member.external_attr = 0o100644 << 16
            member.create_system = 3
            archive.writestr(member, files[name])
    return target.getvalue()


# ---- checking


@dataclass(frozen=True)
class Checked:
    """What a bundle that verified says of itself."""

    report: str
    record: Record
    key_id: str
    files: int
    subjects: int
    authority: str = ""
    """Who stamped the proof; empty without a stamp."""
    stamped_at: datetime | None = None
    """When (UTC); None where it was not judged."""


@judging
def check_bundle(
    path: StoragePath, public_pem: bytes | None, authority_pem: bytes | None = None, *,
    files: Mapping[str, bytes] | None = None,
) -> Checked:  # fmt: skip
    """Raise unless a bundle is, byte for byte, what the holder of a key published.

    Parameters
    ----------
    path : StoragePath
        The folder, or the zip alone; nothing else of the desk is needed.
    public_pem : bytes or None
        The public key; None takes the bundle's own, which shows that nothing was changed since somebody made the
        bundle, and not who that was.
    authority_pem : bytes or None
        Root certificate of the authority that stamped it; None leaves its stamp unjudged.
    files : mapping, optional
        What was read there: these very bytes are judged.

    Raises
    ------
    CheckpointError
        Naming the file that was changed, added or taken away.
    DataError, MissingFileError
        If it is no bundle.
    """
    files = read_bundle(path) if files is None else files
    _judge_names(path, files, member_names(None))
    record = record_of(files[RECORD_NAME])
    form = record.content.get("form")
    pem = files[KEY_NAME] if public_pem is None else public_pem
    statement = proof.opened(files[PROOF_NAME], pem, PROOF_NAME)
    key = read_public(pem, "the public key")[0]
    if files[KEY_NAME] != key.pem:
        raise CheckpointError(f"{KEY_NAME} is not the key that signed {PROOF_NAME}")
    digests = _digests(statement)
    authority = timestamp.authority_in(statement)
    names = member_names(form, stamped=bool(authority))
    _judge_names(path, files, names)
    if STAMP_NAME in files and not authority:
        raise CheckpointError(f"{path} has a {STAMP_NAME} that its proof does not speak of")
    changed = next((name for name in stated_names(form) if digests.get(name) != sha256(files[name])), None)
    if changed:
        raise CheckpointError(f"{changed} was changed after publication", expected="what the proof states")
    judge_text(files[TEXT_NAME], record)
    _judge_own_key(record)
    if ZIP_NAME in files and files[ZIP_NAME] != zipped(files, record):
        raise CheckpointError(f"{ZIP_NAME} was changed after publication", expected="the files beside it")
    stamped_at = None
    if authority and authority_pem is not None:
        stamped_at = timestamp.verify_stamp(files[STAMP_NAME], files[PROOF_NAME], authority_pem)
    others = len(digests) - len(stated_names(form))
    return Checked(record.subject, record, key.id, len(names), others, authority, stamped_at)


def _judge_names(path: StoragePath, files: Mapping[str, bytes], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in files]
    if missing:
        raise CheckpointError(f"{path} has no {missing[0]}", expected="a whole bundle")


def _digests(statement: Mapping[str, Any]) -> dict[str, str]:
    try:
        types = (statement["_type"], statement["predicateType"])
        digests = {str(s["name"]): str(s["digest"]["sha256"]) for s in statement["subject"]}
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{PROOF_NAME} holds no statement of a sign-off") from error
    if types != (proof.STATEMENT_TYPE, proof.PREDICATE_TYPE):
        raise CheckpointError(f"{PROOF_NAME} holds a statement of another kind, {types[1]}")
    return digests


@judging
def record_of(data: bytes) -> Record:
    """Return the record in ``signature.json`` if it is whole.

    Raises
    ------
    CheckpointError
        If it was changed, or cannot be read.
    """
    try:
        body = json.loads(data)
        fields = Record.__dataclass_fields__
        body = {"key": "", "signature": "", **body}
        record = Record(**{name: body[name] for name in fields})
        if not isinstance(record.content, dict):
            raise TypeError("content")  # noqa: TRY301 - the same answer as for any other damage
        whole = record.hash == hash_of(
            record.seq, record.kind, record.subject, record.content, record.prev_hash
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{RECORD_NAME} cannot be read ({type(error).__name__})") from error
    if not whole:
        raise CheckpointError(f"{RECORD_NAME} was changed after publication")
    return record


def judge_text(document: bytes, record: Record) -> None:
    """Raise if a published text is not the one that its record is of, under the block of that record."""
    text = document.removeprefix(signed_document("", record).encode())
    if text == document or sha256(text) != record.content["text_sha256"]:
        raise CheckpointError(f"{TEXT_NAME} was changed after publication")


def _judge_own_key(record: Record) -> None:
    """Raise if the person's own signature in a record is not over what the record says."""
    own = record.content.get("own_key")
    if own is not None and not own_key_holds(record):
        raise CheckpointError(
            f"the signature by a person's own key in {RECORD_NAME} does not hold",
            expected="one over report, text and meaning of this record",
        )


@judging
def check_published(
    folder: StoragePath, files: Mapping[str, bytes], authority_pem: bytes | None = None
) -> Record:
    """Raise unless a published folder is whole, its time stamp too where a certificate comes; return its record.

    A folder of the first version has no proof: its text and record are checked against each other.

    Parameters
    ----------
    files : mapping
        What :func:`core.review.bundle_files.read_bundle` read there, once: the folder may be another by now.

    Raises
    ------
    CheckpointError
        Naming the file that was changed after publication.
    """
    try:
        record = record_of(files.get(RECORD_NAME, b""))
        judge_text(files.get(TEXT_NAME, b""), record)
        if not record.content.get("form") and PROOF_NAME not in files:
            return record
        _judge_names(folder, files, [ZIP_NAME])
        return check_bundle(folder, None, authority_pem, files=files).record
    except (CheckpointError, DataError) as error:
        raise CheckpointError(f"{folder}: {error.problem}") from error
