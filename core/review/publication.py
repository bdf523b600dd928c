"""Publishing: the signed text in its forms, the record of the signature, and the proof of both.

``<data>/published/<report key>/<12 hex of the signature>/`` holds a bundle (:mod:`core.review.bundle`).
``signature.json`` is written last, once it is on record that the rest is published: a folder that was taken away leaves
that. A publication that was killed is finished by doing it again, and doing a finished one again changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from core.errors import CheckpointError, DataError, SignOffError, StageError
from core.fingerprint import sha256
from core.journal import Draft, Journal, Record, locks
from core.paths import IrregularFileError, StoragePath, bytes_of
from core.platform.files import TEMPORARY
from core.platform.storage import replace_file
from core.request.settings import Settings
from core.review import keys, ledger, timestamp
from core.review.announcements import announce_report
from core.review.approvals import judge_number
from core.review.bundle_files import (
    KEY_NAME,
    MAX_MEMBER_BYTES,
    PROOF_NAME,
    RECORD_NAME,
    STAMP_NAME,
    ZIP_NAME,
)
from core.review.drafts import signable
from core.review.ledger_check import judged_ledger
from core.review.people import Person, act_fields, require
from core.review.published import PROOF_SHA256, PUBLICATION, folder_of, is_whole, judge_no_link
from core.review.standing import (
    SIGNATURE,
    Standing,
    acts,
    approvals_of,
    is_approved,
    recorded_state,
    standing,
    subjects,
)
from core.seals.head import Head, head_in, read_head
from core.seals.judged_journal import JudgedJournal, judged_journal
from core.seals.keypair import PrivateKey
from core.store.checkpoints import Store


def published(root: StoragePath, journal: Journal | None, report_key: str) -> StoragePath | None:
    """Return the folder of the valid signature's document if it is published and whole, else None."""
    return _document(root, journal, standing(Store(root), journal, report_key))


def _document(root: StoragePath, journal: Journal | None, current: Standing) -> StoragePath | None:
    if current.state != "signed" or current.record is None:
        return None
    folder = folder_of(root, current.record)
    return folder if is_whole(root, journal, folder, current.record) else None


def published_before(root: StoragePath, journal: Journal | None, report_key: str) -> StoragePath | None:
    """Return the newest folder that was published of a report, if it is whole and its signature on record."""
    for record in reversed(journal.records(subject=report_key) if journal else []):
        if record.kind == SIGNATURE and is_whole(root, journal, folder := folder_of(root, record), record):
            return folder
    return None


def state_of(root: StoragePath, journal: Journal | None, report_key: str) -> str:
    """Return how a report stands in one word: as its signature does, or ``published``."""
    current = standing(Store(root), journal, report_key)
    return "published" if _document(root, journal, current) else current.state


def published_now(records: Sequence[Record]) -> list[Record]:
    """Return the approvals that are on record as published and stand under their reports still.

    What was published under one that was taken back since, or given anew by the same person, may be removed.
    """
    hashes = {str(record.content.get("sha256")) for record in records if record.kind == PUBLICATION}
    about: dict[str, list[Record]] = {}
    for record in acts(records):
        if record.content.get("meaning"):  # one that lacks it is named elsewhere
            about.setdefault(record.subject, []).append(record)
    return [record for entries in about.values() for record in approvals_of(entries) if record.hash in hashes]


def publish(settings: Settings, journal: Journal, report_key: str, *, person: Person) -> StoragePath:
    """Write the bundle of the valid signature and return its folder; doing it again changes nothing.

    Raises
    ------
    SignOffError
        If no valid approval covers what is there now (exit code 20), also because it was taken back while the bundle
        was being made; if fewer people approved it than its profile asks for, or the person's role does not allow it.
    SourceError
        If ``[proof] timestamp_url`` names an authority and it gives no stamp that holds: nothing is written then.
    """
    require(person, "publish")
    # one at a time: a second bundle of the same signature has another head, and another time stamp
    with locks.hold(
        settings.data, "publish", str(os.getpid()), journal=settings.journal, waiting=lambda _: None
    ):
        folder, is_new = _publish(settings, journal, report_key, person)
    if is_new:
        words = f"{person.name} published report {report_key}"
        announce_report(settings, journal, "publish", report_key, words)
    return folder


def _publish(
    settings: Settings, journal: Journal, report_key: str, person: Person
) -> tuple[StoragePath, bool]:
    """Return the bundle's folder, and whether anything was written."""
    verified = judge_ledger(settings, journal)
    root = settings.data
    store = Store(root)
    current = standing(store, verified, report_key)
    if current.state != "signed" or current.record is None:
        raise _not_signed(store, report_key, current)
    folder = folder_of(root, current.record)
    judge_number(settings, verified, report_key)
    present = signable(store, verified, report_key)
    if present.sha256 != current.record.content["text_sha256"]:
        raise SignOffError(
            f"report {report_key} was edited while it was being published", remedy="Read it again, then sign."
        )
    judge_no_link(folder)
    _sweep(folder)
    if is_whole(root, verified, folder, current.record, timestamp.certificate(settings)):
        return folder, False
    key = keys.signing_key(settings, journal, person)
    before = _on_record(verified, current.record)
    head = _head_before(root, before[0] if before else None, key)
    files = files_of(settings, present.text, current.record, key, head)
    _judge_still_signed(settings, journal, current.record)
    last = {RECORD_NAME: files.pop(RECORD_NAME)}
    _write(root, folder, files)
    proof = sha256(files[PROOF_NAME])
    if all(record.content.get(PROOF_SHA256) != proof for record in before):
        _put_on_record(settings, journal, current.record, person, proof)
    _write(root, folder, last)
    return folder, True


def _not_signed(store: Store, report_key: str, current: Standing) -> SignOffError:
    """Return why a report is not published: it is unsigned, or what it rests on is damaged."""
    try:
        subjects(store, report_key)
    except StageError as error:
        return SignOffError(
            f"report {report_key} cannot be published: {error.problem}",
            expected="all that was signed, whole",
            remedy=error.remedy or "Run again: what is damaged is put aside and made anew.",
        )
    return SignOffError(
        f"report {report_key} waits for a person: {current.reason}",
        expected="an approval of the present text",
        remedy="Read it and sign it: make dashboard, or afterclose review and afterclose sign.",
    )


def _on_record(journal: Journal, signature: Record) -> list[Record]:
    """Return the records that a signature's document was published, oldest first; none if it was not yet."""
    about = journal.records(subject=signature.subject)
    return [r for r in about if r.kind == PUBLICATION and r.content.get("sha256") == signature.hash]


def _head_before(root: StoragePath, record: Record | None, key: PrivateKey) -> Head | None:
    """Return the ledger's head as it was before a record: what is made again after it has the same bytes."""
    head = read_head(root)
    if record is None or head is None:
        return head
    return head.moved(record.seq - 1, record.prev_hash).signed(key)


def _put_on_record(
    settings: Settings, journal: Journal, signature: Record, person: Person, proof: str
) -> None:
    """Record that a signature's document is published, by which proof: whoever removes or exchanges it leaves that."""
    content = {
        **act_fields(person, account=True), "meaning": "published", "comment": "",
        "from": "signed", "record": signature.seq, "sha256": signature.hash,
        "text_sha256": signature.content["text_sha256"], PROOF_SHA256: proof,
    }  # fmt: skip

    def still_signed(records: list[Record], _: Draft | None) -> None:
        if not is_approved(records, signature.hash):
            state = recorded_state(records).replace("_", " ")
            raise SignOffError(
                f"report {signature.subject} is {'signed anew' if state == 'signed' else state} by now",
                expected="the signature as it was when the publication began",
                remedy="Look at it again, and remove the folder that has no signature.json.",
            )

    ledger.append(settings, journal, PUBLICATION, signature.subject, content, unless=still_signed)


def _judge_still_signed(settings: Settings, journal: Journal, record: Record) -> None:
    """Raise if the signature was taken back since the ledger was judged: an authority may have taken a minute."""
    now = standing(Store(settings.data), judged_journal(journal), record.subject)
    if now.state != "signed" or now.record != record:
        raise SignOffError(
            f"report {record.subject} is {now.state.replace('_', ' ')} by now: {now.reason or 'signed anew'}",
            expected="the signature as it was when the publication began",
            remedy="Look at it again.",
        )


def judge_ledger(settings: Settings, journal: Journal) -> JudgedJournal:
    """Return the journal with the ledger that was judged; what an earlier version left unsigned is sealed first.

    Raises
    ------
    LedgerError
        Naming the first of what ``afterclose verify`` would name.
    SignOffError
        If the key that is here does not count.
    """
    ledger.seal(settings, journal)
    records, faults = judged_ledger(settings)
    if faults:
        more = f" (and {len(faults) - 1:,} more)" if len(faults) > 1 else ""
        raise ledger.LedgerError(
            f"nothing is published on a ledger that does not hold: {faults[0]}{more}",
            expected="records that a key which counts signed",
            remedy="Run: afterclose verify",
        )
    return JudgedJournal(journal.place, records, read_head(settings.data))


def files_of(
    settings: Settings, text: str, record: Record, key: PrivateKey, head: Head | None
) -> dict[str, bytes]:
    """Return everything that is published, by file name, in the order in which it is written."""
    from core.platform.program import parts
    from core.report.page_one import pictures
    from core.review import bundle, proof
    from core.review.evaluated import evaluation_of

    stamped_by = timestamp.authority(settings)
    body = evaluation_of(Store(settings.data), record.subject)
    folder = folder_of(settings.data, record)
    head = _stated_head(folder, record, key) or head
    files = bundle.stated(text, record, pictures(body) if body else (), parts())
    statement = bundle.statement_of(files, record, head, stamped_by=stamped_by)
    files[PROOF_NAME] = proof.envelope(statement, key)
    files[KEY_NAME] = key.public.pem
    if stamped_by:
        files[STAMP_NAME] = _stamp(settings, folder, files[PROOF_NAME])
    files[ZIP_NAME] = bundle.zipped(files, record)
    last = files.pop(RECORD_NAME)
    return {**files, RECORD_NAME: last}


def _stamp(settings: Settings, folder: StoragePath, proof: bytes) -> bytes:
    """Return the stamp that a killed publication left over this proof, else a new one by the authority."""
    path, roots = folder / STAMP_NAME, timestamp.certificate(settings)
    try:
        stamp = bytes_of(path, MAX_MEMBER_BYTES) if roots and path.is_file() else b""
        if stamp and roots:
            timestamp.verify_stamp(stamp, proof, roots)
            return stamp
    except (CheckpointError, OSError):
        pass  # over another proof, or cut: a new one is asked for
    return timestamp.request_stamp(settings, proof)


def _stated_head(folder: StoragePath, record: Record, key: PrivateKey) -> Head | None:
    """Return the head in a proof that a killed publication of this signature left: finishing makes the same bytes."""
    from core.review import proof

    path = folder / PROOF_NAME
    try:
        if not path.is_file():
            return None
        data = bytes_of(path, MAX_MEMBER_BYTES)
        stated = proof.opened(data, key.public.pem, PROOF_NAME)["predicate"]
        # that of another bundle, laid here, would state a head that is older than what is published
        return head_in(stated["head"]) if stated["record"]["sha256"] == record.hash else None
    except (CheckpointError, DataError, OSError, KeyError, TypeError, ValueError):
        return None


def _sweep(folder: StoragePath) -> None:
    """Remove what a killed publication was just writing: a bundle holds nothing else, and nobody comes back for it."""
    with CheckpointError.of_disk(f"{folder} could not be tidied", expected="a writable data root"):
        for path in folder.glob(f"{TEMPORARY}*"):
            path.unlink(missing_ok=True)


def _write(root: StoragePath, folder: StoragePath, files: dict[str, bytes]) -> None:
    with CheckpointError.of_disk(f"{folder} could not be written", expected="a writable data root"):
        for name, data in files.items():
            _set_aside(root, folder / name, data)
            replace_file(folder / name, data)


def put_aside(root: StoragePath, report_key: str) -> list[str]:
    """Return the published files of a report that were changed and made again, by the names in the quarantine."""
    return sorted(path.name for path in (root / "quarantine" / "published").glob(f"{report_key}-*"))


def _set_aside(root: StoragePath, path: StoragePath, data: bytes) -> None:
    """Move a published file that somebody changed to the quarantine: a person's edits are never overwritten."""
    if not path.is_file():
        return
    with suppress(IrregularFileError):  # more bytes than any of ours
        if bytes_of(path, MAX_MEMBER_BYTES) == data:
            return
    target = root / "quarantine" / "published" / f"{path.parent.parent.name}-{path.parent.name}-{path.name}"
    target.parent.mkdir(parents=True, exist_ok=True)
    while target.exists():
        target = target.with_name(f"{target.name}x")
    path.rename(target)
