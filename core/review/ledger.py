"""The ledger: each record is signed when it is made, and its head kept outside the database.

What is recorded: people's acts, the drafts they wrote, and who asked for each run. The newest head lies signed in the
data root (:mod:`core.seals.head`), and in the second place that ``[proof] heads_file`` names: one line for each act
with number, SHA-256 and time. :mod:`core.review.ledger_check` says whether all of it holds.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from core.errors import AftercloseError, CheckpointError, DataError, SettingsError, SignOffError
from core.fingerprint import SHORT
from core.journal import Draft, Journal, Record
from core.journal.chain import signed_bytes
from core.journal.faults import JournalError
from core.journal.records import KeyReplacedError, Signing, Tail
from core.paths import StoragePath
from core.platform.causes import FULL, NO_INODES, QUOTA, cause_of
from core.platform.files import sync_folder
from core.platform.storage import local_folder
from core.request.settings import Settings
from core.review.heads import add_head, heads_file
from core.seals.desk import KEYS, NEXT_KEY, changing_key, keep_public, private_path, public_key_ids
from core.seals.head import FirstKey, as_bytes, exchange_head, first_head, read_head
from core.seals.judged_journal import judged_journal
from core.seals.keypair import PrivateKey, PublicKey, create, read_private
from core.seals.trust import KEY_KINDS, trust_of

T = TypeVar("T")

MOST_KEYS = 3
"""Keys that are read for one record: nobody rotates more often while it is made."""

MOST_MOVES = 20
"""Tries to move the head: another machine moves it in between only where this one slept."""

RENEW = (
    'The key may be lost, or the data restored without it: afterclose keys renew --why "..." (role admin).'
)


class LedgerError(CheckpointError):
    """The ledger is not what was written: nothing is added to it."""


def append(
    settings: Settings,
    journal: Journal,
    kind: str,
    subject: str,
    content: Mapping[str, Any],
    *,
    unless: Callable[[list[Record], Draft | None], None] | None = None,
    condition: Callable[[Tail], None] = lambda _: None,
    also: Callable[[], object] = lambda: None,
) -> Record:
    """Add a signed record at the end of the chain, keep its head outside the database, and return it.

    Parameters
    ----------
    unless, condition : callable
        Called inside the transaction with the records and the latest draft about the same subject, and with the end
        of the ledger; what they raise stops the record.
    also : callable
        Changes rows in the same transaction, by the same journal.

    Raises
    ------
    SettingsError
        If the second place cannot be written; nothing is recorded then.
    SignOffError
        If the key that is here does not count.
    LedgerError
        If the end of the ledger is forged or cut.
    """

    def act(signing: Signing) -> Record:
        def check_both(tail: Tail) -> Mapping[str, Any] | None:
            condition(tail)
            return signing.check(tail)

        both = replace(signing, check=check_both)
        return journal.append(kind, subject, content, signing=both, unless=unless, also=also)

    return _recorded(settings, journal, act)


def save_draft(
    settings: Settings,
    journal: Journal,
    report_key: str,
    text: str,
    *,
    author: str,
    unless: Callable[[Draft | None], None] = lambda _: None,
) -> Draft:
    """Keep a draft, with a signed record of who wrote it; raises as :func:`append`."""
    return _recorded(
        settings,
        journal,
        lambda signing: journal.save_draft(report_key, text, author=author, unless=unless, signing=signing),
    )


def add_run(settings: Settings, journal: Journal, run_id: str, **facts: Any) -> str | None:
    """Record a run, with a signed record of who asked for it; return why it has none, which stops no run.

    Parameters
    ----------
    facts : Any
        As for :meth:`core.journal.Journal.add_run`.
    """
    try:
        return _recorded(settings, journal, lambda signing: journal.add_run(run_id, **facts, signing=signing))
    except (SignOffError, SettingsError, CheckpointError) as error:
        if journal.run(run_id) is None:
            journal.add_run(run_id, **facts)
        return str(error)


def seal(settings: Settings, journal: Journal) -> None:
    """Seal what an earlier version left unsigned, if it did; raises as :func:`append`."""
    _recorded(settings, journal, journal.seal)


def _recorded(settings: Settings, journal: Journal, act: Callable[[Signing], T]) -> T:
    """Return what an act records; where a rotation took the key's place meanwhile, with the new one."""
    for _ in range(MOST_KEYS - 1):
        with suppress(KeyReplacedError), _recording(settings, journal) as signing:
            return act(signing)
    with _recording(settings, journal) as signing:
        return act(signing)


@contextmanager
def _recording(settings: Settings, journal: Journal) -> Iterator[Signing]:
    """Provide what signs a record, and keep the head of the ledger when it is made."""
    path = heads_file(settings)
    try:
        # opened before the record is made: an act whose head could not be kept is not done
        # and without waiting for a reader, where somebody put a pipe in its place
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
        place = os.open(path, flags, 0o644) if path else None
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        key = desk_key(settings, journal)
        with journal.connected():
            signing = Signing(key, lambda tail: check_next_record(settings.data, key, tail))
            yield signing
            head = journal.with_tail(lambda tail: _keep_head(settings.data, key, signing.records, tail))
        if place is not None and head is not None:
            add_head(place, head)
    except OSError as error:
        raise _unwritable(path or settings.data, error) from error
    finally:
        if place is not None:
            os.close(place)


def check_next_record(root: StoragePath, key: PrivateKey, tail: Tail) -> dict[str, Any] | None:
    """Raise unless ``key`` may sign the next record; return the content of a seal where one is due first.

    Raises
    ------
    SignOffError, LedgerError
        As for :func:`append`.
    """
    head = read_head(root)
    if head is None and not tail.signed:
        # before the first record: a ledger that has one has a head, whenever it is killed
        begun = FirstKey(key.id, key.public.pem.decode(), datetime.now(UTC).isoformat(timespec="seconds"))
        before = sorted(public_key_ids(root))
        keep_public(root, key.public)
        if exchange_head(root, None, first_head(begun).signed(key)):
            return {"keys": before}
        head = read_head(root)  # another machine's, which began while this one slept
    if head is None:
        raise LedgerError("the head of the ledger is gone from the data root", remedy=RENEW)
    trust = trust_of(head.begun, tail.of_kinds(KEY_KINDS))
    last = tail.last
    if head.seq and tail.hash_at(head.seq) != head.sha256:
        change = "is gone" if tail.hash_at(head.seq) is None else "was rewritten"
        raise LedgerError(
            f"record {head.seq} {change}: the data root keeps its head",
            expected="the journal as it was",
            remedy="afterclose verify says more; to have it back: afterclose restore BACKUP",
        )
    if last is not None and tail.signed and (fault := trust.fault(last)):
        raise LedgerError(
            fault, expected="records that a key which counts signed", remedy="Run: afterclose verify"
        )
    if last is not None and head.seq and not tail.signed:
        raise LedgerError(f"record {last.seq} carries no signature", remedy="Run: afterclose verify")
    if not trust.counts(key.id, last.seq + 1 if last else 1):
        kind = KeyReplacedError if key.id in trust.retired else SignOffError
        raise kind(
            f"the key of this machine, {key.id[:SHORT]}, does not count in this ledger",
            expected="the desk's key",
            remedy=f"Another machine's: afterclose keys admit {KEYS}/{key.id[:SHORT]}.pub.pem there. {RENEW}",
        )
    begun_anew = (
        last is None and len(head.begun) > 1
    )  # a journal was lost: nothing there is older than signed records
    return None if tail.signed or begun_anew else {}


def _keep_head(root: StoragePath, key: PrivateKey, records: Sequence[Record], tail: Tail) -> Record | None:
    """Write the head of the record that was made unless a later one is there, and return that record.

    Where none was made it is the newest one: whoever made it may have been killed. A record that is not by this key is
    left to its maker, and a head that the chain no longer has stays as evidence; so does one that it never had. A
    record that was made commits to the head that its own transaction saw: its head is kept whatever that row says now.

    Raises
    ------
    LedgerError
        If the record that was made is gone already, or the head before it was rewritten since: whoever acted must not
        be told that it is on record.
    """
    record = records[-1] if records else tail.last
    if record is None:
        return None
    own = base64.b64encode(key.sign(signed_bytes(record.hash))).decode()
    if (record.key, record.signature) != (key.id, own):
        return None
    for _ in range(MOST_MOVES):
        head = read_head(root)
        if head is None:
            return None
        there = tail.hash_at(record.seq) == record.hash
        follows = head.seq == 0 or tail.hash_at(head.seq) == head.sha256
        is_newer = record.seq > head.seq
        moved = head.moved(record.seq, record.hash)
        if not (is_newer and (records or follows)) or exchange_head(root, as_bytes(head), moved.signed(key)):
            break
    else:
        raise LedgerError(
            "the head of the ledger changes faster than it can be kept", remedy="Run: afterclose verify"
        )
    if not there:
        raise LedgerError(
            f"record {record.seq} was made and is not in the journal: somebody takes records away",
            expected="the journal as it was written",
            remedy="Run: afterclose verify",
        )
    if records and is_newer and not follows:
        raise LedgerError(
            f"record {record.seq} was made, and meanwhile record {head.seq} was rewritten: its head is kept",
            expected="the journal as it was written",
            remedy="Run: afterclose verify",
        )
    return record


# ---- the desk's key


def desk_key(settings: Settings, journal: Journal) -> PrivateKey:
    """Return the desk's key, made if nothing was ever signed here; a rotation that was killed is finished.

    Raises
    ------
    SignOffError
        If records were signed here and the private half is not here.
    SettingsError, DataError, CheckpointError
        If others can read it, it is no Ed25519 key, or it cannot be made.
    """
    path = private_path(settings.data)
    finish_rotation(settings, journal)
    if not path.exists():
        if local_folder(settings.data) == settings.data and read_head(settings.data) is not None:
            raise SignOffError(f"the private half of the desk's key is not at {path}", remedy=RENEW)
        create(path)
        keep_public(settings.data, read_private(path).public)
    return read_private(path)


def finish_rotation(settings: Settings, journal: Journal) -> PublicKey | None:
    """Let a key take its place whose rotation is on record and was killed before; return it, None if there is none."""
    path = private_path(settings.data)
    coming = path.with_name(NEXT_KEY)
    if not coming.is_file():
        return None
    with changing_key(settings.data):
        if not coming.exists():
            return None  # whoever brought it has just put it in its place
        try:
            key, present = read_private(coming), read_private(path)
            # any file there may be a key: that it replaces this one is believed of the whole ledger, judged, alone
            if not any(r.content.get("before") == present.id for r in journal.records(subject=key.id)):
                return None
            ledger = judged_journal(journal)
        except (SettingsError, DataError, JournalError, CheckpointError):
            return None  # none of ours, or nothing is known of a rotation: that stops nobody from signing
        # a key that counts is not enough: one that was rotated out does while the record of that is out of sight
        counts = ledger.trust.counts(key.id, len(ledger.ledger()) + 1)
        if ledger.trust.replaced.get(key.id) != present.id or not counts:
            return None
        put_in_place(coming, path)
        return key.public


def put_in_place(coming: Path, path: Path) -> None:
    """Let a private key take the place of the one that it replaces, of which nothing is left."""
    coming.replace(path)
    sync_folder(path.parent)


def _unwritable(path: StoragePath | None, error: OSError) -> AftercloseError:
    """Return the error of a head that has no place: a machine's fault by its own name, else one of the setting."""
    cause = cause_of(error)
    problem = f"the heads of the chain cannot be kept in {path}: {cause.words if cause else error.strerror or error}"
    if cause is not None and cause.name in (FULL, NO_INODES, QUOTA):
        return CheckpointError(problem, expected="a place with room", remedy=cause.remedy)
    return SettingsError(problem, expected="a writable file", remedy="See [proof] heads_file in luigi.cfg.")
