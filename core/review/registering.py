"""Registering and withdrawing a person's own key, and asking for its signature under an act."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.errors import ParameterError, SignOffError
from core.journal import Journal, Record
from core.journal.chain import GENESIS
from core.journal.records import Tail
from core.report.narrative import cleaned
from core.request.settings import Settings
from core.review import ledger
from core.review.lookalikes import alike
from core.review.makers import label_of
from core.review.openssh import OpenSshKey, read_key, signer_of
from core.review.people import Person, act_fields, identity_of, require, who_acted, who_is
from core.review.person_keys import (
    PERSON_KEY,
    REGISTERED,
    WITHDRAWN,
    PersonKeys,
    keys_in,
    text_of_key,
    text_of_signature,
)
from core.review.standing import SIGNATURE, acts
from core.seals.judged_journal import JudgedJournal, judged_journal

SignsWith = Callable[[str], str]
"""Returns a person's signature over a text, as ``ssh-keygen`` prints it."""


class OwnKeyNeeded(SignOffError):
    """A signature by this name needs the person's own key.

    Parameters
    ----------
    name, fingerprint : str
        Of the person, and of the key.
    text : str
        What is to be signed with it.
    """

    def __init__(self, name: str, fingerprint: str, text: str) -> None:
        self.text = text
        self.fingerprint = fingerprint
        super().__init__(
            f"a signature by {name} needs their own key, {fingerprint}",
            expected="a signature with it",
            remedy="In the terminal: --own-key FILE, or own_key under [user] in luigi.cfg. On the desk: as it shows.",
        )


def with_own_key(
    journal: JudgedJournal, kind: str, report_key: str, content: Mapping[str, Any], signs: SignsWith | None
) -> tuple[dict[str, Any], Callable[[Tail], None]]:
    """Return what an act's record says of the person's own key, and what stops it if that changes meanwhile.

    Parameters
    ----------
    content : mapping
        What the record will say; of the kinds of records only a signature needs a key.

    Raises
    ------
    OwnKeyNeeded
        If the person registered a key, and nothing signs.
    SignOffError
        If the signature is not by the key in force, none is in force, or the printed name looks like that of somebody
        else who registered a key.
    """
    who, name, keys = who_acted(content), str(content["user"]), registered(journal)
    if kind == SIGNATURE and (another := keys.another_named(who, name)) is not None:
        raise _name_of_another(name, f"with which {another.who} registered a key of their own")
    if kind != SIGNATURE or not keys.asked_of(who, name):
        return {}, unchanged(keys) if kind == SIGNATURE else lambda _: None
    entry = keys.of(who)
    if entry is None:
        raise SignOffError(
            f"a signature by {name} needs their own key, and {who} has none in force",
            expected="a registered key",
            remedy="Register one: afterclose keys register, or on the page Report.",
        )
    entries = acts(journal.records(subject=report_key))
    text = text_of_signature(keys.beginning, report_key, content, entries[-1].hash if entries else GENESIS)
    if signs is None:
        raise OwnKeyNeeded(name, entry.key.fingerprint, text)
    signature = signs(text).strip()
    _check_signature(text, signature, entry.key)
    own = {
        "fingerprint": entry.key.fingerprint,
        "public": entry.key.line,
        "text": text,
        "signature": signature,
    }
    return {"own_key": own}, unchanged(keys)


def registered(journal: Journal) -> PersonKeys:
    """Return the keys that people registered, and the key with which the ledger began."""
    return keys_in(journal.of_kinds([PERSON_KEY]), journal.first_signer())


def register(
    settings: Settings, journal: Journal, public: str, *, person: Person, why: str, signs: Sequence[SignsWith]
) -> Record:
    """Register a key of the person who acts, in place of the one in force, and return the record.

    Parameters
    ----------
    public : str
        The line of the ``.pub`` file.
    signs : sequence
        What signs with the new key and, where one is in force, what signs with that.

    Raises
    ------
    OwnKeyNeeded
        If the key in force has not signed.
    SignOffError
        If a signature is not by its key, the role does not allow it, or the printed name looks like that of somebody
        else who has a key or acted here after a login.
    DataError
        If it is no Ed25519 key of OpenSSH.
    """
    require(person, "register_key")
    key, who = read_key(public), who_is(person.label)
    keys, text = key_text(settings, journal, person, public)
    if any(entry.key.line == key.line for entry in keys.entries):
        raise ParameterError(
            f"{key.fingerprint} is or was registered here already", expected="a key that is new here"
        )
    _judge_name(journal, keys, person)
    new = signs[0](text)
    _check_signature(text, new, key)
    content = {**_content(REGISTERED, person, why, key), "owner": person.name, "signature": new.strip()}
    present = keys.of(who)
    if present is not None:
        if len(signs) < 2:
            raise OwnKeyNeeded(person.name, present.key.fingerprint, text)
        earlier = signs[1](text)
        _check_signature(text, earlier, present.key)
        content["by_earlier"] = earlier.strip()
    return ledger.append(settings, journal, PERSON_KEY, who, content, condition=unchanged(keys))


def _judge_name(journal: Journal, keys: PersonKeys, person: Person) -> None:
    """Raise if a reader would take the person's printed name for that of somebody else."""
    who = who_is(person.label)
    another = keys.another_named(who, person.name)
    if another is not None:
        raise _name_of_another(person.name, f"with which {another.who} registered a key of their own")
    for record in judged_journal(journal).records():
        user = str(record.content.get("user") or "")
        by = identity_of(label_of(record.content)) if user else None  # a local user's name nobody checked
        if by and by != who and alike(user, person.name):
            raise _name_of_another(person.name, f"with which {by} acted in record {record.seq}")


def _name_of_another(name: str, whose: str) -> SignOffError:
    return SignOffError(
        f"the printed name {name!r} looks like the one {whose}",
        expected="a name that no reader takes for somebody else's",
        remedy="Have the name told apart where people log in (a second name, a department), or in [user].",
    )


def key_text(settings: Settings, journal: Journal, person: Person, public: str) -> tuple[PersonKeys, str]:
    """Return the keys as they are, and what must be signed to register one."""
    keys, who = registered(judged_journal(journal)), who_is(person.label)
    if not keys.beginning:
        keys.beginning = ledger.desk_key(settings, journal).id  # this will be the first record
    before = keys.last.get(who, GENESIS)
    return keys, text_of_key(keys.beginning, who, REGISTERED, read_key(public).line, before)


def withdraw(
    settings: Settings,
    journal: Journal,
    fingerprint: str,
    *,
    person: Person,
    why: str,
    signs: SignsWith | None,
) -> Record:
    """Take a key out of use and return the record: its owner by a signature with it, or an admin.

    Raises
    ------
    ParameterError
        If no key in force has that fingerprint.
    OwnKeyNeeded, SignOffError
        If it is another person's, or the owner did not sign with it.
    """
    keys = registered(judged_journal(journal))
    entry = next((e for e in keys.entries if e.key.fingerprint == fingerprint and not e.withdrawn), None)
    if entry is None:
        raise ParameterError(
            f"no key in force is {fingerprint}", expected="a fingerprint that afterclose keys lists"
        )
    content = _content(WITHDRAWN, person, why, entry.key)
    if entry.who != who_is(person.label):
        require(person, "withdraw_key")
    elif person.role != "admin":
        require(person, "register_key")
        before = keys.last.get(entry.who, GENESIS)
        text = text_of_key(keys.beginning, entry.who, WITHDRAWN, entry.key.line, before)
        if signs is None:
            raise OwnKeyNeeded(person.name, fingerprint, text)
        content["withdrawn_by"] = signs(text).strip()
        _check_signature(text, content["withdrawn_by"], entry.key)
    return ledger.append(settings, journal, PERSON_KEY, entry.who, content, condition=unchanged(keys))


def unchanged(before: PersonKeys) -> Callable[[Tail], None]:
    """Return what stops a record because a person's key was registered or withdrawn since ``before``."""

    def check(tail: Tail) -> None:
        now = keys_in(tail.of_kinds([PERSON_KEY]), before.beginning)
        if now.last != before.last:
            raise SignOffError("a person's key was registered or withdrawn meanwhile", remedy="Try again.")

    return check


def _check_signature(text: str, signature: str, key: OpenSshKey) -> None:
    by = signer_of(text, signature)
    if by is None:
        raise SignOffError(
            "the signature does not hold for this: it is damaged, or of another text",
            expected="what ssh-keygen printed for the text that is shown now",
            remedy="Sign it anew.",
        )
    if by.line != key.line:
        raise SignOffError(f"the signature is by {by.fingerprint}", expected=f"one by {key.fingerprint}")


def _content(meaning: str, person: Person, why: str, key: OpenSshKey) -> dict[str, Any]:
    return {
        **act_fields(person),
        "label": person.label,
        "meaning": meaning,
        "comment": cleaned(why).strip(),
        "public": key.line,
        "fingerprint": key.fingerprint,
    }
