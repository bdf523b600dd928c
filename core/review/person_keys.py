"""A person's own key: registered in the ledger, and from then on asked for under each signature of that name.

The desk's key says that a record was made here. A person's own key, of which the desk has the public half alone, says
that this person meant it: whoever has the desk, or its key, cannot sign in their name without leaving a record that
says whose key was taken out of use, by whom. ``verify`` names each signature that lacks it.

A person registers their first key themselves, by a signature that shows that they have it; a further one takes the
place of the one in force and is signed by that, too. Where a key is lost an admin takes it out of use; then the person
registers the next one. A name that ever had a key signs nothing without one again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.errors import DataError
from core.fingerprint import canonical, digest_of
from core.journal import Record
from core.journal.chain import GENESIS
from core.review.lookalikes import alike, folded
from core.review.openssh import OpenSshKey, read_key, signer_of
from core.review.people import who_acted
from core.review.standing import SIGNATURE, acts

PERSON_KEY = "person_key"
"""Kind of the record of a person's key."""

REGISTERED, WITHDRAWN = "key registered", "key withdrawn"


@dataclass(frozen=True)
class Registered:
    """A key in the ledger, whose it is, and whether it is in force."""

    who: str
    name: str
    key: OpenSshKey
    record: int
    at_utc: str
    withdrawn: int = 0


class PersonKeys:
    """The keys that people registered, as records are read in order."""

    def __init__(self) -> None:
        self.entries: list[Registered] = []
        self.last: dict[str, str] = {}
        self.beginning = ""

    def of(self, who: str) -> Registered | None:
        """Return the key of a person that is in force, None if none is."""
        return next((e for e in reversed(self.entries) if e.who == who and not e.withdrawn), None)

    def asked_of(self, who: str, name: str) -> bool:
        """Return whether a signature by this person or this printed name needs a key of theirs."""
        return any(who == entry.who or folded(name) == folded(entry.name) for entry in self.entries)

    def another_named(self, who: str, name: str) -> Registered | None:
        """Return a key that somebody else registered under a printed name that a reader takes for this one.

        A withdrawn one counts as well, but for a local user's: the same person may log in by now.
        """
        binding = (e for e in self.entries if not e.withdrawn or e.who != e.name)
        return next((e for e in binding if e.who != who and alike(e.name, name)), None)

    def learn(self, record: Record) -> str | None:
        """Take in one record; return in a sentence why it does not count, None if it does."""
        if not self.beginning and record.key:
            self.beginning = record.key
        if record.kind != PERSON_KEY:
            return None
        before = self.last.get(record.subject, GENESIS)
        self.last[record.subject] = record.hash
        try:
            return self._learn(record, before)
        except (KeyError, TypeError, DataError) as error:
            return f"record {record.seq} is no record of a person's key ({type(error).__name__})"

    def _learn(self, record: Record, before: str) -> str | None:
        content, present = record.content, self.of(record.subject)
        if content["meaning"] == WITHDRAWN:
            if present is None or present.key.line != content["public"]:
                return f"record {record.seq} withdraws a key that is not in force"
            if content["role"] != "admin" and not self._signed(record, before, present, "withdrawn_by"):
                return (
                    f"record {record.seq} withdraws the key of {record.subject} without an admin or that key"
                )
            self._withdraw(present, record.seq)
            return None
        return self._register(record, before, present)

    def _register(self, record: Record, before: str, present: Registered | None) -> str | None:
        content, who = record.content, record.subject
        key = read_key(content["public"])
        if (key.line, key.fingerprint) != (content["public"], content["fingerprint"]):
            return f"the key in record {record.seq} is printed as another one, {content['fingerprint']}"
        entry = Registered(who, str(content["owner"]), key, record.seq, str(content["at_utc"]))
        if who_acted(content) != who or not self._signed(record, before, entry, "signature"):
            return f"the key in record {record.seq} is not shown to be that of {who}"
        if present is not None and not self._signed(record, before, present, "by_earlier"):
            return f"record {record.seq} replaces the key of {who} without a signature by it"
        if present is not None:
            self._withdraw(present, record.seq)
        self.entries.append(entry)
        return None

    def _signed(self, record: Record, before: str, entry: Registered, name: str) -> bool:
        content = record.content
        text = text_of_key(self.beginning, record.subject, content["meaning"], content["public"], before)
        key = signer_of(text, str(content.get(name, "")))
        return key is not None and key.line == entry.key.line

    def _withdraw(self, entry: Registered, seq: int) -> None:
        self.entries[self.entries.index(entry)] = replace(entry, withdrawn=seq)

    def fault(self, record: Record, before: str) -> str | None:
        """Return why a signature is not by the key that its name needs, None if it is, or needs none.

        Parameters
        ----------
        before : str
            Hash of the record of an act on the same report before this one: an old signature does not fit again.
        """
        content = record.content
        who, name = who_acted(content), str(content["user"])
        own = content.get("own_key")
        if not self.asked_of(who, name):
            return f"record {record.seq} has a key that {name} never registered" if own else None
        entry = self.of(who)
        if entry is None:
            return f"record {record.seq} is signed as {name}, whose own key is not in force"
        if not own:
            return f"record {record.seq} is signed as {name} without their own key"
        text = text_of_signature(self.beginning, record.subject, content, before)
        key = signer_of(text, str(own.get("signature", ""))) if isinstance(own, Mapping) else None
        if key is None or key.line != entry.key.line or _as_printed(own) != key:
            return f"the signature by {name}'s own key in record {record.seq} does not hold: it was forged or copied"
        return None


def keys_in(records: Iterable[Record], beginning: str) -> PersonKeys:
    """Return the keys that people registered by ``records``, in order; ``beginning`` signed the ledger's first."""
    keys = PersonKeys()
    keys.beginning = beginning
    for record in records:
        keys.learn(record)
    return keys


def faults_of(records: Sequence[Record]) -> Iterator[str]:
    """Yield in one sentence each where people's own keys and the signatures under them do not hold."""
    keys = PersonKeys()
    last: dict[str, str] = {}
    for record in records:
        fault = keys.learn(record)
        if record.kind == SIGNATURE:
            fault = keys.fault(record, last.get(record.subject, GENESIS))
        if fault:
            yield fault
        if acts([record]):
            last[record.subject] = record.hash


def _as_printed(own: Mapping[str, Any]) -> OpenSshKey:
    """Return the key that a record names beside the signature, as documents print it."""
    return OpenSshKey(str(own.get("public", "")), str(own.get("fingerprint", "")))


def own_key_holds(record: Record) -> bool:
    """Return whether the own signature in a record is by the key beside it, over what the record says.

    For whoever has the record alone, out of a bundle: which ledger it is of, and what came before, it says itself.
    """
    try:
        own = record.content["own_key"]
        stated = json.loads(own["text"])
        text = text_of_signature(stated["ledger"], record.subject, record.content, stated["after"])
        key = signer_of(text, str(own["signature"]))
        return text == own["text"] and key is not None and key == _as_printed(own)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


# ---- what is signed


def text_of_signature(beginning: str, report_key: str, content: Mapping[str, Any], before: str) -> str:
    """Return what a person signs of an act on a report, as one line of JSON.

    It names the ledger, the report, its text and files, and the act before it on the same report: it fits no other
    report, no other ledger, and not the same report a second time.
    """
    subjects = content.get("subjects")
    return canonical(
        {
            "statement": "afterclose signature v1",
            "ledger": beginning,
            "report": report_key,
            "who": who_acted(content),
            "meaning": content["meaning"],
            "comment": content["comment"],
            "text_sha256": content.get("text_sha256"),
            "files_sha256": digest_of(subjects) if subjects is not None else None,
            "supersedes": content.get("supersedes"),
            "revokes": content.get("revokes"),
            "after": before,
        }
    ).decode()


def text_of_key(beginning: str, who: str, meaning: str, public: str, before: str) -> str:
    """Return what a person signs to register a key, or to withdraw it."""
    return canonical(
        {
            "statement": "afterclose key v1",
            "ledger": beginning,
            "who": who,
            "meaning": meaning,
            "public": public,
            "after": before,
        }
    ).decode()
