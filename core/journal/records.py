"""The ledger and the drafts: what people decided, wrote and asked for, each as a signed record of one chain."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.errors import SignOffError
from core.fingerprint import digest_of, sha256
from core.journal import chain, database
from core.journal.cells import sound
from core.journal.chain import GENESIS, Record, Signer
from core.journal.connection import Connection
from core.journal.contents import content_of
from core.journal.faults import DAMAGED, JournalError, readable
from core.journal.runs_and_drafts import Draft, utc_now

REQUEST, DRAFT, SEAL = "request", "draft", "seal"
"""Kinds of records that stand for rows of other tables: who asked for a run, who wrote a text, all that came before."""

_COLUMNS = "seq, kind, subject, content, prev_hash, hash, signed_by, signature"
_ACTS = f"kind NOT IN ('{REQUEST}', '{DRAFT}', '{SEAL}')"
"""Records of acts, as the index of them has it: there are far fewer of these than of runs."""

T = TypeVar("T")


def made_by(who: str, body: Mapping[str, Any]) -> str:
    """Return the digest that a seal keeps of whose a schedule or a range is, and what it asks for."""
    return digest_of([who, body])


@dataclass(frozen=True)
class Tail:
    """The end of the ledger, as it is inside a transaction.

    Parameters
    ----------
    last : Record or None
    signed : bool
        Whether any record carries a signature.
    hash_at : callable
        Returns the hash of the record with a number, None if there is none.
    of_kinds : callable
        Returns all records of some kinds, in order.
    """

    last: Record | None
    signed: bool
    hash_at: Callable[[int], str | None]
    of_kinds: Callable[[Sequence[str]], list[Record]]


class KeyReplacedError(SignOffError):
    """The key that was to sign a record was replaced on record since it was read: whoever signs reads it anew."""


@dataclass(frozen=True)
class Signing:
    """How records are signed.

    Parameters
    ----------
    signer : Signer
    check : callable
        Called inside the transaction with the end of the ledger; what it raises stops the record. Returns what to
        say in a seal over all that is older than signed records, None if it is not to be sealed.
    records : list of Record
        What was signed by it, in order.
    """

    signer: Signer
    check: Callable[[Tail], Mapping[str, Any] | None]
    records: list[Record] = field(default_factory=list)


class Records(Connection):
    """The part of the journal that is chained and signed."""

    def append(
        self,
        kind: str,
        subject: str,
        content: Mapping[str, Any],
        *,
        signing: Signing | None = None,
        unless: Callable[[list[Record], Draft | None], None] | None = None,
        also: Callable[[], object] = lambda: None,
    ) -> Record:
        """Add a record at the end of the chain and return it.

        Parameters
        ----------
        unless : callable, optional
            Called inside the transaction with all records and the latest draft of the same subject;
            what it raises stops the append: a comparison and the signature it allows cannot be parted.
        also : callable
            Changes, by this very journal and in the same transaction, the rows that the record is about: there is
            neither without the other.
        """
        with self._transaction():
            tail = self._tail()
            if unless is not None:
                unless(self._records("WHERE subject = ?", [subject]), self._latest_draft(subject))
            record = self._record(kind, subject, content, signing, tail)
            also()
            return record

    def _record(
        self,
        kind: str,
        subject: str,
        content: Mapping[str, Any],
        signing: Signing | None,
        tail: Tail | None = None,
    ) -> Record:
        """Add a record inside the caller's transaction."""
        tail = tail or self._tail()
        if signing is None:
            return self._insert(tail.last, kind, subject, content, None)
        sealing = signing.check(tail)
        last = self._seal(tail, sealing, signing) if sealing is not None else tail.last
        return self._insert(last, kind, subject, content, signing)

    def _seal(self, tail: Tail, about: Mapping[str, Any], signing: Signing) -> Record | None:
        """Seal what is older than signed records, if there is anything, and return the last record.

        Once a record is signed nothing is sealed any more: what stands there without a record was put there.
        """
        if tail.signed:
            return tail.last
        sealed = self._sealed(tail.last)
        if not any(sealed[name] for name in ("records", "runs", "drafts")):
            return tail.last
        return self._insert(tail.last, SEAL, "ledger", {"at_utc": utc_now(), **sealed, **about}, signing)

    def seal(self, signing: Signing) -> None:
        """Seal what is older than signed records, where its check says so."""
        with self._transaction():
            tail = self._tail()
            sealing = signing.check(tail)
            if sealing is not None:
                self._seal(tail, sealing, signing)

    def _insert(
        self,
        last: Record | None,
        kind: str,
        subject: str,
        content: Mapping[str, Any],
        signing: Signing | None,
    ) -> Record:
        seq, before = (last.seq + 1, last.hash) if last else (1, GENESIS)
        record = chain.make(seq, kind, subject, content, before, signer=signing.signer if signing else None)
        text = json.dumps(dict(record.content), sort_keys=True)
        self._execute(
            "INSERT INTO record (seq, hash, prev_hash, kind, subject, content, signed_by, signature) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [seq, record.hash, before, kind, subject, text, record.key or None, record.signature or None],
        )
        if self._hash_at(seq) != record.hash:
            raise JournalError(
                f"record {seq} was put into the journal's database and is not in it: its tables were changed",
                expected="tables as they were made",
                remedy="Find out who changed them; nothing was recorded.",
                cause=DAMAGED,
            )
        if signing is not None:
            signing.records.append(record)
        return record

    def with_tail(self, function: Callable[[Tail], T]) -> T:
        """Return what ``function`` makes of the end of the ledger while nobody can add to it."""
        with self._transaction():
            return function(self._tail())

    def _tail(self) -> Tail:
        database.judge_tables(self._database, self._path)
        last = next(iter(self._records("ORDER BY seq DESC LIMIT 1", [])), None)
        signed = bool(last and last.signature) or bool(
            list(self._execute("SELECT 1 FROM record WHERE signature IS NOT NULL LIMIT 1", []))
        )
        return Tail(last, signed, self._hash_at, self._of_kinds)

    def _hash_at(self, seq: int) -> str | None:
        rows = list(self._execute("SELECT hash FROM record WHERE seq = ?", [seq]))
        return str(rows[0][0]) if rows else None

    def _of_kinds(self, kinds: Sequence[str]) -> list[Record]:
        return self._records(f"WHERE kind IN ({', '.join('?' * len(kinds))}) ORDER BY seq", list(kinds))

    def _records(self, rest: str, values: Sequence[Any]) -> list[Record]:
        order = "" if "ORDER BY" in rest else " ORDER BY seq"
        source = self._source("record")
        rows = self._execute(f"SELECT {_COLUMNS} FROM {source} {rest}{order}", values) if source else []  # noqa: S608 - constants
        with readable():
            return [
                sound(Record(r[0], r[1], r[2], content_of(r[1], r[3]), r[4], r[5], r[6] or "", r[7] or ""))
                for r in rows
            ]

    def records(self, *, subject: str | None = None) -> list[Record]:
        """Return what people did, in order, or the part of it about one subject: no runs, no drafts."""
        where, values = ("AND subject = ?", [subject]) if subject is not None else ("", [])
        return self._fetched(lambda: self._records(f"WHERE {_ACTS} {where}", values))

    def request_of(self, run_id: str) -> list[Record]:
        """Return the records of who asked for a run: one, none where a run was recorded without, more if forged."""
        return self._fetched(lambda: self._records("WHERE kind = ? AND subject = ?", [REQUEST, run_id]))

    def ledger(self) -> list[Record]:
        """Return the whole chain in order: also who asked for each run and who wrote each draft."""
        return self._fetched(lambda: self._records("", []))

    def index_faults(self) -> list[str]:
        """Return in a sentence each which tables have an index that misses or invents rows."""
        return self._fetched(lambda: list(database.index_faults(self._database)))

    def of_kinds(self, kinds: Sequence[str]) -> list[Record]:
        """Return all records of some kinds, in order."""
        return self._fetched(lambda: self._of_kinds(kinds))

    def first_signer(self) -> str:
        """Return the id of the key under the first signed record, empty without one."""
        where = "WHERE signature IS NOT NULL ORDER BY seq LIMIT 1"
        return next((record.key for record in self._fetched(lambda: self._records(where, []))), "")

    # ---- what records stand for

    def _sealed(self, last: Record | None) -> dict[str, Any]:
        """Return what a seal says of all that is there: how much, and its digests."""
        requests, drafts = self._requests(), self._written()
        return {
            "records": self._unsigned(),
            "head": last.hash if last else GENESIS,
            "runs": len(requests),
            "runs_sha256": digest_of(requests),
            "drafts": len(drafts),
            "drafts_sha256": digest_of(drafts),
            "makers": self._makers(),
        }

    def _makers(self) -> dict[str, str]:
        """Return the digest of maker and definition of each schedule and range, by its name."""
        sql = "SELECT name, who, body FROM schedule UNION ALL SELECT backfill_id, who, body FROM backfill"
        return {name: made_by(who, json.loads(body)) for name, who, body in self._execute(sql, [])}

    def _unsigned(self) -> int:
        (row,) = self._execute("SELECT COUNT(*) FROM record WHERE signature IS NULL", [])
        return int(row[0])

    def _requests(self) -> list[list[Any]]:
        sql = "SELECT run_id, created_at, who, how, request, target FROM run ORDER BY seq"
        return [[*row[:4], json.loads(row[4]), row[5]] for row in self._execute(sql, [])]

    def _written(self) -> list[list[Any]]:
        sql = "SELECT report_key, number, at, author, body FROM draft ORDER BY seq"
        return [[*row[:4], sha256(row[4].encode())] for row in self._execute(sql, [])]

    def requests(self) -> list[list[Any]]:
        """Return run id, time, person, door, request and target of all runs, in order."""
        return self._fetched(self._requests)

    def profiles_of_runs(self) -> dict[str, str]:
        """Return the profile of each run, by its id; none for runs that nobody has given one."""
        return dict(self._select("run_id, profile", "run", "WHERE profile IS NOT NULL"))

    def written(self) -> list[list[Any]]:
        """Return report, number, time, author and SHA-256 of the text of all drafts, in order."""
        return self._fetched(self._written)

    # ---- drafts

    def save_draft(
        self,
        report_key: str,
        text: str,
        *,
        author: str,
        unless: Callable[[Draft | None], None] = lambda _: None,
        signing: Signing | None = None,
    ) -> Draft:
        """Keep the text as the next numbered draft, unless what ``unless`` raises on seeing the latest one.

        The same text as the latest one is not kept twice. With ``signing`` a new one has a record in the chain.
        """
        with self._transaction():
            last = self._latest_draft(report_key)
            unless(last)
            if last is not None and last.text == text:
                return last
            draft = Draft(report_key, last.number + 1 if last else 1, utc_now(), author, text)
            content = {
                "at_utc": draft.at,
                "number": draft.number,
                "author": author,
                "text_sha256": sha256(text.encode()),
            }
            if signing is not None:
                self._record(DRAFT, report_key, content, signing)
            self._execute(
                "INSERT INTO draft (report_key, number, at, author, body) VALUES (?, ?, ?, ?, ?)",
                [draft.report_key, draft.number, draft.at, draft.author, draft.text],
            )
        return draft

    def _latest_draft(self, report_key: str) -> Draft | None:
        rows = self._execute(
            "SELECT number, at, author, body FROM draft WHERE report_key = ? ORDER BY number DESC LIMIT 1",
            [report_key],
        )
        with readable():
            return next((sound(Draft(report_key, *row)) for row in rows), None)

    def drafts(self, report_key: str) -> list[Draft]:
        """Return a report's drafts, newest first."""
        sql = "SELECT number, at, author, body FROM draft WHERE report_key = ? ORDER BY number DESC"
        rows = self._read(sql, [report_key])
        with readable():
            return [sound(Draft(report_key, *row)) for row in rows]
