"""Whose a published bundle is: its proof by a key that counts here, and the very one that went on record.

A bundle is whole by itself where all its files fit its own key: whoever may write the published folder makes another
page over a true signature, with a key of their own. What the ledger says of keys and publications they cannot make.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from core.errors import CheckpointError, DataError
from core.fingerprint import SHORT, sha256
from core.journal import Journal, Record
from core.paths import StoragePath
from core.request.settings import Settings
from core.review.bundle_files import (
    KEY_NAME,
    PROOF_NAME,
    RECORD_NAME,
    TEXT_NAME,
    read_bundle,
)
from core.review.drafts import signable
from core.review.standing import SIGNATURE, acts, is_approved, standing
from core.seals.desk import public_key_files
from core.seals.head import read_head
from core.seals.judged_journal import judged_journal
from core.seals.keypair import read_public
from core.seals.trust import KEY_KINDS, Trust, trust_of
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
    on_record : mapping of str to mapping
        By a signature's hash the digests of the proofs with which its document went on record as published, each with
        the number of the first record that has it.
    taken_back : set of str
        Hashes of the signatures whose document went on record as published although they did not stand any more.
    first_on_record : callable
        Returns the number of the first record in the whole ledger that has such a digest.
    """

    trust: Trust
    older: frozenset[str]
    on_record: Mapping[str, Mapping[str, int]]
    taken_back: Collection[str]
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
        if record.hash in self.taken_back:
            return "it was published after its signature was taken back"
        digests, rotated_out = self.on_record.get(record.hash), self.trust.retired.get(key)
        at = (digests or {}).get(sha256(files[PROOF_NAME]))
        if digests and at is None:
            return "its proof is not the one that is on record as published"
        since = (
            (at, " before it was published") if at else (record.seq, ", and it is not on record as published")
        )
        if rotated_out and since[0] > (rotated_out if at else min(rotated_out, self.first_on_record())):
            return f"its proof is by key {key[:SHORT]}, which was rotated out{since[1]}"
        return None

    def is_signed(self, record: Record) -> bool:
        """Return whether a signature is on record by a key that counts, or is older than signed records."""
        if record.signature:
            return self.trust.fault(record) is None
        return not self.trust.since or record.seq < self.trust.sealed_at


def proofs_of(root: StoragePath, journal: Journal | None, report_key: str | None = None) -> Proofs:
    """Return which proofs count in a data root, of one report or of all.

    Raises
    ------
    CheckpointError, JournalError
        If the ledger's head, or the journal, cannot be read.
    """
    head = read_head(root)
    trust = trust_of(head.begun if head else (), journal.of_kinds(KEY_KINDS) if journal else ())
    on_record: dict[str, dict[str, int]] = {}

    def is_publication(record: Record) -> bool:
        # by its own signature: a row that somebody put in vouches for nothing
        states_proof = record.kind == PUBLICATION and bool(record.content.get(PROOF_SHA256))
        return states_proof and trust.fault(record) is None

    def first_on_record() -> int:
        records = journal.of_kinds([PUBLICATION]) if journal else []
        return next((record.seq for record in records if is_publication(record)), sys.maxsize)

    taken_back, before = set(), dict[str, list[Record]]()
    for record in journal.records(subject=report_key) if journal else ():
        about, signature = before.setdefault(record.subject, []), str(record.content.get("sha256"))
        if is_publication(record):
            on_record.setdefault(signature, {}).setdefault(str(record.content[PROOF_SHA256]), record.seq)
            # those of earlier versions do not say from which state
            if record.content.get("from") and not is_approved(about, signature):
                taken_back.add(signature)
        elif acts([record]) and record.content.get("meaning"):
            about.append(record)
    older = frozenset(() if trust.since else public_key_files(root))
    return Proofs(trust, older, on_record, taken_back, first_on_record)


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
        files = read_bundle(folder)
        if check_published(folder, files, authority_pem) != record:
            return False
        proofs = proofs_of(root, journal, record.subject)
        return proofs.is_signed(record) and proofs.fault(record, files) is None
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
    from core.review.bundle import check_published

    ledger = judged_journal(Journal(settings.data, settings.journal, read_only=True))
    about = ledger.records(subject=folder.parent.name)
    try:
        files = read_bundle(folder)
        record = check_published(folder, files)
        fault = proofs_of(settings.data, ledger, folder.parent.name).fault(record, files)
    except (OSError, DataError) as error:
        raise CheckpointError(
            f"{folder} is no whole bundle: {error}", remedy="Run: afterclose verify"
        ) from error
    if fault:
        raise CheckpointError(f"{folder}: {fault}", remedy="Run: afterclose verify")
    # of the first version a text and its record are all that anything vouches for
    vouched_for = files.keys() if PROOF_NAME in files else files.keys() & {RECORD_NAME, TEXT_NAME}
    on_record = record in about and record.kind == SIGNATURE
    if not on_record or folder_of(settings.data, record) != folder or name not in vouched_for:
        raise CheckpointError(
            f"{folder} has no {name} that is under a signature on record",
            expected="the files as they were published",
            remedy="Run: afterclose verify",
        )
    return files[name]


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

    journal = judged_journal(Journal(settings.data, settings.journal, read_only=True))
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
