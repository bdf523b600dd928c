"""Whose a published bundle is: its proof by a key that counts here, and the very one that went on record.

A bundle is whole by itself where all its files fit its own key: whoever may write the published folder makes another
page over a true signature, with a key of their own. What the ledger says of keys and publications they cannot make.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.errors import CheckpointError, DataError
from core.fingerprint import SHORT, sha256
from core.journal import Journal, JudgedJournal, Record
from core.paths import StoragePath, bytes_of
from core.request.settings import Settings
from core.review.bundle_files import (
    KEY_NAME,
    MAX_MEMBER_BYTES,
    PROOF_NAME,
    RECORD_NAME,
    TEXT_NAME,
    judging,
    read_bundle,
)
from core.review.drafts import signable
from core.review.ledger import public_key_files
from core.review.standing import REVIEW, SIGNATURE, standing
from core.seals.head import ledger_and_head, read_head
from core.seals.keypair import read_public
from core.seals.trust import KEY_KINDS, Trust, counting, trust_of
from core.store.checkpoints import Store

PUBLICATION = "publication"
"""Kind of the record that a signature's document was published, and by whom."""

PROOF_SHA256 = "proof_sha256"
"""Field of it: the digest of the proof; not in older records."""


def folder_of(root: StoragePath, record: Record) -> StoragePath:
    """Return where the document of a signature is published."""
    return root / "published" / record.subject / record.hash[:SHORT]


def judge_no_link(folder: StoragePath) -> None:
    """Raise if the folder of a document, or that of its report, is a link: what lies behind it is somebody else's.

    Whoever may write the published folder has the desk write and tidy wherever it may, over what was signed, too. The
    published folder itself may be one: an owner has it on another disk.

    Raises
    ------
    CheckpointError
        Naming it.
    """
    for path in (folder.parent, folder):
        if path.is_symlink():
            raise CheckpointError(
                f"{path} is a link: what was published lies in the data root",
                expected="a folder",
                remedy="Remove the link, then publish again.",
            )


@dataclass(frozen=True)
class Proofs:
    """Which proofs count in a data root.

    Parameters
    ----------
    trust : Trust
        The keys that count.
    older : frozenset of str
        Keys that count because the ledger is older than signed records.
    on_record : mapping of str to set of str
        By a signature's hash the digests of the proofs with which its document went on record as published.
    first_on_record : callable
        Returns the number of the first record in the whole ledger that has such a digest.
    """

    trust: Trust
    older: frozenset[str]
    on_record: Mapping[str, set[str]]
    first_on_record: Callable[[], int]

    def fault(self, record: Record, files: Mapping[str, bytes]) -> str | None:
        """Return why the proof of a bundle that is whole by itself does not count, None if it does.

        Parameters
        ----------
        record : Record
            The signature that was published.
        files : mapping
            The bundle's files, the proof and its key among them; one of the first version has none.

        Raises
        ------
        DataError
            If its key is none.
        """
        if PROOF_NAME not in files:
            return None
        key = read_public(files[KEY_NAME], KEY_NAME)[0].id
        if not self.trust.proves(key) and key not in self.older:
            return f"its proof is by key {key[:SHORT]}, which does not count here"
        digests = self.on_record.get(record.hash)
        if digests and sha256(files[PROOF_NAME]) not in digests:
            return "its proof is not the one that is on record as published"
        rotated_out = None if digests else self.trust.retired.get(key)
        if rotated_out and record.seq > min(rotated_out, self.first_on_record()):
            return f"its proof is by key {key[:SHORT]}, which was rotated out, and it is not on record as published"
        return None

    def is_signed(self, record: Record) -> bool:
        """Return whether a signature is on record by a key that counts, or is older than signed records."""
        if record.signature:
            return self.trust.fault(record) is None
        return not self.trust.since or record.seq < self.trust.sealed_at

    def fault_in(self, record: Record, folder: StoragePath) -> str | None:
        """Return the same of a folder that is whole by itself; raises as there, and ``OSError``."""
        if not (folder / PROOF_NAME).exists():
            return None
        names = (PROOF_NAME, KEY_NAME)
        return self.fault(record, {name: bytes_of(folder / name, MAX_MEMBER_BYTES) for name in names})


def proofs_of(root: StoragePath, journal: Journal | None, report_key: str | None = None) -> Proofs:
    """Return which proofs count in a data root, of one report or of all.

    Raises
    ------
    CheckpointError, JournalError
        If the ledger's head, or the journal, cannot be read.
    """
    head = read_head(root)
    trust = trust_of(head.begun if head else (), journal.of_kinds(KEY_KINDS) if journal else ())
    on_record: dict[str, set[str]] = {}

    def publications(records: Iterable[Record]) -> Iterator[Record]:
        # by its own signature: a row that somebody put in vouches for nothing
        return (
            record
            for record in records
            if record.kind == PUBLICATION and record.content.get(PROOF_SHA256) and trust.fault(record) is None
        )

    def first_on_record() -> int:
        first = next(publications(journal.of_kinds([PUBLICATION]) if journal else ()), None)
        return first.seq if first else sys.maxsize

    for record in publications(journal.records(subject=report_key) if journal else ()):
        proof = str(record.content[PROOF_SHA256])
        on_record.setdefault(str(record.content.get("sha256")), set()).add(proof)
    older = frozenset(() if trust.since else public_key_files(root))
    return Proofs(trust, older, on_record, first_on_record)


def is_whole(
    root: StoragePath,
    journal: Journal | None,
    folder: StoragePath,
    record: Record,
    authority_pem: bytes | None = None,
) -> bool:
    """Return whether a folder is whole, what was published of a signature, and by a proof that counts."""
    from core.review.bundle import check_published

    if not (folder / RECORD_NAME).is_file():
        return False
    try:
        judge_no_link(folder)
        if check_published(folder, authority_pem) != record:
            return False
        proofs = proofs_of(root, journal, record.subject)
        return proofs.is_signed(record) and proofs.fault_in(record, folder) is None
    except (CheckpointError, DataError, OSError):
        return False


def published_file(settings: Settings, folder: StoragePath, name: str) -> bytes:
    """Return a file of a published folder, in the very bytes in which all of it was judged just now.

    Raises
    ------
    CheckpointError
        If the folder is not whole (any more), its proof does not count, or what it holds is under no signature on
        record by a key that counts.
    JournalError
        If the ledger is not whole.
    """
    from core.review.bundle import check_bundle

    ledger, head = ledger_and_head(settings.data, Journal(settings.data, settings.journal, read_only=True))
    journal = JudgedJournal(settings.data, settings.journal, ledger)
    # by a key that counts: whoever can write the database puts a row in for as long as this takes
    signed = [r for r in counting(ledger, head, [SIGNATURE]) if r.subject == folder.parent.name]
    try:
        files = read_bundle(folder)
        first_form = PROOF_NAME not in files  # that has a text and its record alone
        record = (
            _of_first_form(folder, files) if first_form else check_bundle(folder, None, files=files).record
        )
        fault = proofs_of(settings.data, journal, folder.parent.name).fault(record, files)
    except (OSError, DataError) as error:
        raise CheckpointError(
            f"{folder} is no whole bundle: {error}", remedy="Run: afterclose verify"
        ) from error
    if fault:
        raise CheckpointError(f"{folder}: {fault}", remedy="Run: afterclose verify")
    vouched_for = files.keys() & {RECORD_NAME, TEXT_NAME} if first_form else files.keys()
    if record not in signed or folder_of(settings.data, record) != folder or name not in vouched_for:
        raise CheckpointError(
            f"{folder} has no {name} that is under a signature on record",
            expected="the files as they were published",
            remedy="Run: afterclose verify",
        )
    return files[name]


@judging
def _of_first_form(folder: StoragePath, files: Mapping[str, bytes]) -> Record:
    """Return the record of a bundle that has no proof, from what was read there: the folder may be another by now."""
    from core.review.bundle import judge_text, record_of

    record = record_of(files.get(RECORD_NAME, b""))
    if record.content.get("form"):
        raise CheckpointError(f"{folder} has no {PROOF_NAME}", expected="a whole bundle")
    judge_text(files.get(TEXT_NAME, b""), record)
    return record


def signed_text(settings: Settings, report_key: str) -> bytes:
    """Return the text of a report that stands signed, its signature above, by records that are judged just now.

    Raises
    ------
    CheckpointError
        If by the records of keys that count it does not stand signed, or its text is another one by now.
    JournalError
        If the ledger is not whole.
    """
    from core.review.bundle import signed_document

    ledger, head = ledger_and_head(settings.data, Journal(settings.data, settings.journal, read_only=True))
    journal = JudgedJournal(settings.data, settings.journal, counting(ledger, head, [SIGNATURE, REVIEW]))
    current = standing(Store(settings.data), journal, report_key)
    present = signable(Store(settings.data), journal, report_key)
    record = current.record if current.state == "signed" else None
    if record is None or record.content["text_sha256"] != present.sha256:
        raise CheckpointError(
            f"report {report_key} has no signed text: {current.reason or 'it was edited meanwhile'}",
            expected="a signature on record by a key that counts, over the text as it stands",
            remedy="Open the page again; or run: afterclose verify",
        )
    return signed_document(present.text, record).encode()
