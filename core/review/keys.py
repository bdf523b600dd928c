"""What is done with keys: the one that proves what is published, rotating, admitting and beginning anew.

``<data>/keys/desk.pem`` is the private half of the desk's key, made with the first record and readable by its owner
only; it is in no archive unless asked for. ``<data>/keys/<id>.pub.pem`` are public halves. That a file lies there says
nothing: which keys count is said by the ledger (:mod:`core.seals.trust`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import CheckpointError, DataError, MissingFileError, ParameterError, SettingsError, listed
from core.fingerprint import SHORT
from core.journal import Journal, Record
from core.journal.chain import GENESIS
from core.journal.records import Signing, Tail
from core.paths import bytes_of
from core.report.narrative import cleaned
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, act_fields, require
from core.review.sealed import fields_of_taken_runs, rows_of, rows_taken, runs_without_record
from core.seals.desk import NEXT_KEY, changing_key, keep_public, private_path, public_key_files
from core.seals.head import FirstKey, Head, exchange_head, head_bytes, read_head
from core.seals.judged_journal import judged_journal
from core.seals.keypair import MOST_KEY_BYTES, PrivateKey, PublicKey, create, read_private, read_public
from core.seals.trust import ADMITTED, KEY, RENEWED, ROTATED, Trust

_NAME = re.compile(rf"([0-9a-f]{{{SHORT}}})\.pub\.pem")
"""Of the file of a public half, by :func:`core.seals.desk.public_path`."""


def signing_key(settings: Settings, journal: Journal, person: Person) -> PrivateKey:
    """Return the key that proves what is published: the one of ``[proof] key_file``, else the desk's.

    The former is admitted on record when it is first used.

    Raises
    ------
    SettingsError, DataError, CheckpointError, SignOffError
        If the file is not there, not an Ed25519 key, readable by others, or nothing can be recorded.
    ParameterError
        If the key was taken out of use.
    """
    path = _own_path(settings)
    if path is None:
        return ledger.desk_key(settings, journal)
    key = read_private(path)
    keep_public(settings.data, key.public)
    trust = judged_journal(journal).trust
    _judge_in_use(trust, key.id)
    if not trust.proves(key.id):
        content = _content(ADMITTED, key.public, person, "named by [proof] key_file")
        ledger.append(settings, journal, KEY, key.id, content)
    return key


def _judge_in_use(trust: Trust, key: str) -> None:
    """Raise if a key was taken out of use."""
    if retired := trust.retired.get(key):
        raise ParameterError(
            f"key {key[:SHORT]} was rotated out by record {retired}: what it signs counts no more",
            expected="a key that nobody took out of use",
        )


def _own_path(settings: Settings) -> Path | None:
    own = settings.file_named("proof_key_file")
    if own and not own.is_file():
        raise SettingsError(
            f"[proof] key_file names {own}, which is not a file", expected="an Ed25519 key (PEM)"
        )
    return own


def in_use(settings: Settings) -> PublicKey | None:
    """Return the public half of the key that would prove a publication now, None without one. Makes nothing."""
    path = _own_path(settings) or private_path(settings.data)
    return read_private(path).public if path.exists() else None


def _content(meaning: str, key: PublicKey, person: Person, why: str) -> dict[str, Any]:
    return {
        **act_fields(person),
        "meaning": meaning,
        "comment": cleaned(why).strip(),
        "public": key.pem.decode(),
    }


def rotate(settings: Settings, journal: Journal, *, person: Person, why: str) -> tuple[PublicKey, Record]:
    """Make a new key for the desk, forget the old private half, record both ids, and return the new one.

    Killed at any moment it is finished by doing it again, or by the next record.

    Raises
    ------
    SignOffError
        If the person is no admin.
    MissingFileError
        If there is no key of the desk yet, or a person's own key is in use.
    """
    require(person, "rotate_key")
    with changing_key(settings.data):
        return _rotate(settings, journal, person, why)


def _rotate(settings: Settings, journal: Journal, person: Person, why: str) -> tuple[PublicKey, Record]:
    path = private_path(settings.data)
    if settings["proof_key_file"] or not path.is_file():
        raise MissingFileError(
            f"there is no key of the desk at {path}", expected="a key that was made with the first record"
        )
    for pattern in ("tmp*", ".tmp-*"):  # a killed command's, which may be a copy of a private half
        for temporary in path.parent.glob(pattern):
            temporary.unlink(missing_ok=True)
    finished = ledger.finish_rotation(settings, journal)
    if finished is not None:
        return finished, judged_journal(journal).records(subject=finished.id)[-1]
    before = ledger.desk_key(settings, journal)
    coming, after = _new_key(settings)
    content = {**_content(ROTATED, after.public, person, why), "before": before.id}
    record = ledger.append(settings, journal, KEY, after.id, content)
    ledger.put_in_place(coming, path)
    return after.public, record


def _new_key(settings: Settings) -> tuple[Path, PrivateKey]:
    """Make the key that is to take the place of the desk's: one that a killed command left is not on record."""
    coming = private_path(settings.data).with_name(NEXT_KEY)
    coming.unlink(missing_ok=True)
    create(coming)
    key = read_private(coming)
    keep_public(settings.data, key.public)
    return coming, key


def admit(
    settings: Settings,
    journal: Journal,
    pem: bytes,
    *,
    person: Person,
    why: str,
    runs: Sequence[str] = (),
    name: str = "",
) -> tuple[PublicKey, Record]:
    """Let another key count beside the desk's: of another machine that uses this journal; return it and the record.

    Parameters
    ----------
    runs : sequence of str
        Ids of runs without a record of who asked for them that count as they stand from now on; no others do.
    name : str
        Of its file: others may put one there under the name that another machine's key has.

    Raises
    ------
    SignOffError
        If the person is no admin, or the key of this machine does not count.
    DataError
        If it is no Ed25519 public key, or another than the file's name says.
    MissingFileError, ParameterError
        If there is no such run, or it has a record; if the key was rotated out.
    """
    require(person, "rotate_key")
    key = read_public(pem, "the file")[0]
    if (by_name := _NAME.fullmatch(name)) and by_name[1] != key.id[:SHORT]:
        raise DataError(
            f"{name} holds key {key.id[:SHORT]}",
            expected=f"key {by_name[1]}",
            remedy="Somebody put it there: ask the other machine's owner for its public half.",
        )
    by_record = judged_journal(journal)
    _judge_in_use(by_record.trust, key.id)
    content = _content(ADMITTED, key, person, why)
    content |= fields_of_taken_runs(journal, rows_taken(by_record, runs)) if runs else {}
    keep_public(settings.data, key)
    return key, ledger.append(settings, journal, KEY, key.id, content)


def retire(
    settings: Settings, journal: Journal, text: str, *, person: Person, why: str
) -> tuple[PublicKey, Record]:
    """Take a key out of use whose private half is not here, as of a machine that was stolen; return it and the record.

    Parameters
    ----------
    text : str
        Its id, or the beginning of it.

    Raises
    ------
    SignOffError
        If the person is no admin, or the key of this machine does not count.
    ParameterError
        If no other key that counts has that id.
    """
    require(person, "rotate_key")
    own, trust = ledger.desk_key(settings, journal), judged_journal(journal).trust
    others = [key for key in trust.since if key not in trust.retired and key != own.id]
    matches = [key for key in others if text and key.startswith(text)]
    if len(matches) != 1:
        raise ParameterError(
            f"{len(matches)} keys that count begin with {text!r}",
            expected=listed([key[:SHORT] for key in others]) or "one of another machine: there is none",
            remedy="The key of this machine is replaced: afterclose keys rotate.",
        )
    content = {**_content(ROTATED, own.public, person, why), "before": matches[0]}
    record = ledger.append(settings, journal, KEY, own.id, content)
    return PublicKey(matches[0], trust.pems[matches[0]]), record


def renew(settings: Settings, journal: Journal, *, person: Person, why: str) -> tuple[PublicKey, Record]:
    """Begin signing anew where the private half, the head or the journal is lost; return the new key and its record.

    Nobody can prove that this was the owner: the head in the data root names the new key and the reason, and everybody
    who verifies is told. What is older than signed records is sealed; each run that began without a record since is
    named in the record and counts as it stands, and nothing else does.

    Raises
    ------
    SignOffError
        If the person is no admin.
    CheckpointError
        If the data root cannot be written.
    """
    require(person, "rotate_key")
    with changing_key(settings.data):
        return _renew(settings, journal, person, why)


def _renew(settings: Settings, journal: Journal, person: Person, why: str) -> tuple[PublicKey, Record]:
    with _head_is_kept():
        before = head_bytes(settings.data)
    earlier = _earlier(settings, journal)
    coming, key = _new_key(settings)
    content = _content(RENEWED, key.public, person, why)
    # of a ledger that was lost nothing is older than signed records: what is there began since, or was put there
    lost = _is_lost(settings, journal)
    rows = rows_of(journal) if lost else rows_taken(journal, runs_without_record(journal))
    content |= fields_of_taken_runs(journal, rows)
    begun = FirstKey(key.id, key.public.pem.decode(), content["at_utc"], f"{person.name}: {why}")

    def begin(tail: Tail) -> None:
        at = (tail.last.seq, tail.last.hash) if tail.last else (0, GENESIS)
        if not exchange_head(settings.data, before, Head(*at, (*earlier, begun)).signed(key)):
            raise CheckpointError(
                "the head of the ledger was written meanwhile",
                expected="nobody else at it",
                remedy="Do it again.",
            )

    with _head_is_kept():
        ledger.put_in_place(coming, private_path(settings.data))
        journal.with_tail(begin)
    record = journal.append(KEY, key.id, content, signing=Signing(key, lambda _: None if lost else {}))
    ledger.seal(settings, journal)  # keeps the new head
    return key.public, record


@contextmanager
def _head_is_kept() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"the head of the ledger could not be written: {error.strerror or error}",
            expected="a writable data root",
        ) from error


def _is_lost(settings: Settings, journal: Journal) -> bool:
    """Return whether records were signed here and the journal has none at all."""
    try:
        head = read_head(settings.data)
    except CheckpointError:
        return False
    signed = head is not None and (head.seq > 0 or len(head.begun) > 1)
    return signed and journal.with_tail(lambda tail: tail.last is None)


def _earlier(settings: Settings, journal: Journal) -> tuple[FirstKey, ...]:
    """Return what the ledger began with before; where its head is lost, the key of the first signed record."""
    try:
        head = read_head(settings.data)
    except CheckpointError:
        head = None
    if head is not None:
        return head.begun
    first = next((record.key for record in journal.ledger() if record.signature), "")
    files = public_key_files(settings.data)
    if first not in files:
        return ()
    public = bytes_of(files[first], MOST_KEY_BYTES).decode()
    return (FirstKey(first, public, "", "the head was lost: taken from the folder of keys"),)
