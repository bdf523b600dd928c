"""Publishing: the signed text with its signature block, beside a record that can be checked. EDGE.

``<data>/published/<report key>/<12 hex of the signature>/`` holds ``report.txt`` and ``signature.json``. The
latter is written last; making it again gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from core.errors import CheckpointError, SignOffError
from core.fingerprint import SHORT, sha256
from core.journal import Journal, Record
from core.journal.chain import hash_of
from core.review.people import Person, require
from core.review.signoff import signable, standing
from core.settings import Settings
from core.store.checkpoints import Store, replace_file

TEXT_NAME = "report.txt"
RECORD_NAME = "signature.json"


def folder_of(root: Path, record: Record) -> Path:
    """Return where the document of a signature is published."""
    return root / "published" / record.subject / record.hash[:SHORT]


def published(root: Path, journal: Journal | None, report_key: str) -> Path | None:
    """Return the folder of the valid signature's document if it is published, else None."""
    held = standing(Store(root), journal, report_key)
    if held.state != "signed" or held.record is None:
        return None
    folder = folder_of(root, held.record)
    wanted = _documents(signable(Store(root), journal, report_key).text, held.record)
    return folder if all(_holds(folder / name, data) for name, data in wanted.items()) else None


def _documents(text: str, record: Record) -> dict[str, bytes]:
    """Return what is published, by file name, in the order in which it is written."""
    body = {"format": 1, "kind": "signature", **asdict(record)}
    return {
        TEXT_NAME: signed_document(text, record).encode(),
        RECORD_NAME: json.dumps(body, indent=2, sort_keys=True).encode() + b"\n",
    }


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def signature_block(record: Record) -> str:
    """Return the signature in human-readable form: name, role, time, meaning, comment, digests."""
    said = record.content
    review = "independent review" if said["independent_review"] else "no independent review"
    facts = (
        ("Signed by", f"{said['user']} ({said['role']}, {review})"),
        ("Meaning", said["meaning"]),
        ("Time", f"{said['at_utc']} (UTC)"),
        ("Comment", said["comment"] or "none"),
        ("Text", f"SHA-256 {said['text_sha256']}"),
        ("Record", f"{record.seq}, SHA-256 {record.hash}"),
        ("Chain head", record.hash),
    )
    # a comment of several lines is set in: none of its lines may look like one of the block's own
    lines = [f"{name:<12}" + str(value).replace("\n", "\n" + " " * 12) for name, value in facts]
    return "\n".join(["Signature", "---------", *lines])


def signed_document(text: str, record: Record) -> str:
    """Return the signed text with its signature block above; the text itself is unchanged."""
    return f"{signature_block(record)}\n\n\n{text}"


def check_published(folder: Path) -> None:
    """Raise unless a published document is the text that its signature covers, and the signature is whole.

    Raises
    ------
    CheckpointError
        Naming the file that was changed after publication.
    """
    try:
        body = json.loads((folder / RECORD_NAME).read_bytes())
        record = Record(**{name: body[name] for name in Record.__dataclass_fields__})
        whole = record.hash == hash_of(
            record.seq, record.kind, record.subject, record.content, record.prev_hash
        )
        above = signed_document("", record)
        document = (folder / TEXT_NAME).read_bytes().decode()
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{folder} cannot be read ({type(error).__name__})") from error
    if not whole:
        raise CheckpointError(f"{folder / RECORD_NAME} was changed after publication")
    text = document.removeprefix(above)
    if text == document or sha256(text.encode()) != record.content["text_sha256"]:
        raise CheckpointError(f"{folder / TEXT_NAME} was changed after publication")


def publish(settings: Settings, journal: Journal, report_key: str, *, person: Person) -> Path:
    """Write the signed document and return its folder; doing it again changes nothing.

    Raises
    ------
    SignOffError
        If no valid approval covers what is there now (exit code 20), or the person's role does not allow it.
    """
    require(person, "publish")
    root = settings.data
    store = Store(root)
    held = standing(store, journal, report_key)
    if held.state != "signed" or held.record is None:
        raise SignOffError(
            f"report {report_key} waits for a person: {held.reason}",
            expected="an approval of the present text",
            remedy="Open the desk (make dashboard), read the report and sign it.",
        )
    folder = folder_of(root, held.record)
    present = signable(store, journal, report_key)
    if present.sha256 != held.record.content["text_sha256"]:
        raise SignOffError(
            f"report {report_key} was edited while it was being published", remedy="Read it again, then sign."
        )
    try:
        for name, data in _documents(present.text, held.record).items():
            _set_aside(root, folder / name, data)
            replace_file(folder / name, data)
    except OSError as error:
        raise CheckpointError(
            f"{folder} could not be written: {error.strerror or error}", expected="a writable data root"
        ) from error
    return folder


def _set_aside(root: Path, path: Path, data: bytes) -> None:
    """Move a published file that somebody changed to the quarantine: a person's edits are never overwritten."""
    if not path.is_file() or _holds(path, data):
        return
    target = root / "quarantine" / "published" / f"{path.parent.parent.name}-{path.parent.name}-{path.name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    while target.exists():
        target = target.with_name(f"{target.name}x")
    path.rename(target)
