"""The one way to the records of the ledger for whoever rests an act on them, or gives out what they vouch for.

Whoever can write the database puts rows in, hides and changes them, also for the moment in which they are asked, and
between two questions. So the ledger is read once, judged up to the head that the data root keeps, and from then on the
very records that were judged are used: of these, those that a key which counts signed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

from core.errors import AftercloseError, SignOffError
from core.fingerprint import digest_of, sha256
from core.journal import Draft, Journal, Record, chain_faults
from core.journal.faults import DAMAGED, JournalError
from core.journal.records import DRAFT, REQUEST, SEAL
from core.paths import StoragePath
from core.seals.head import Head, read_head
from core.seals.trust import older_than_signed, trust_of


class EditedMeanwhileError(SignOffError):
    """A draft came between reading the records and asking for a report's drafts: asked once more they are whole."""


class JudgedJournal(Journal):
    """A journal for reading whose ledger is a list of records, whatever the database says by now.

    What it answers of records counts: a key that counts signed it, or it is under the first seal.

    Parameters
    ----------
    place : tuple
        The data root, and the URL of the journal; empty for SQLite.
    chain : sequence of Record
        All records, in order: a chain without a gap.
    head : Head or None
        The ledger's, as it was before the records were read.
    """

    def __init__(self, place: tuple[StoragePath, str], chain: Sequence[Record], head: Head | None) -> None:
        super().__init__(*place, read_only=True)
        self.head = head
        self.trust = trust_of(head.begun if head else (), chain)
        self._chain = tuple(chain)
        self._counts: dict[int, bool] = {}

    @cached_property
    def is_signed(self) -> bool:
        """Whether anything was ever signed here: until then nothing says who made what."""
        return self.head is not None and (self.head.seq > 0 or any(r.signature for r in self._chain))

    @cached_property
    def _older(self) -> int:
        """How many records at the beginning count without a signature of their own."""
        older = older_than_signed(self._chain, self.head)
        seal = self._chain[older : older + 1]
        return older if not seal or self.trust.fault(seal[0]) is None else 0

    def _counting(self, kinds: Collection[str] | None, subject: str | None = None) -> list[Record]:
        return [
            record
            for record in self._chain
            if subject in (None, record.subject)
            and (record.kind in kinds if kinds is not None else record.kind not in (REQUEST, DRAFT, SEAL))
            and self._counted(record)
        ]

    def _counted(self, record: Record) -> bool:
        if record.seq not in self._counts:
            self._counts[record.seq] = record.seq <= self._older or self.trust.fault(record) is None
        return self._counts[record.seq]

    def ledger(self) -> list[Record]:
        """Return the whole chain, also what does not count."""
        return list(self._chain)

    def records(self, *, subject: str | None = None) -> list[Record]:
        """Return what people did, in order, or the part of it about one subject."""
        return self._counting(None, subject)

    def of_kinds(self, kinds: Sequence[str]) -> list[Record]:
        """Return all records of some kinds, in order."""
        return self._counting(kinds)

    def request_of(self, run_id: str) -> list[Record]:
        """Return the records of who asked for a run."""
        return self._counting([REQUEST], run_id)

    def first_signer(self) -> str:
        """Return the id of the key under the first signed record, empty without one."""
        return next((record.key for record in self._chain if record.signature), "")

    def drafts(self, report_key: str) -> list[Draft]:
        """Return a report's drafts, newest first, as the records of who wrote them say: none other, and none less.

        Raises
        ------
        JournalError
            If they are not.
        EditedMeanwhileError
            If one was saved since the records were read.
        """
        drafts = super().drafts(report_key)
        there = {draft.number: [draft.at, draft.author, sha256(draft.text.encode())] for draft in drafts}
        recorded = {
            record.content["number"]: [record.content[name] for name in ("at_utc", "author", "text_sha256")]
            for record in self._counting([DRAFT], report_key)
        }
        differ = {n for n in {*there, *recorded} if there.get(n) != recorded.get(n)} if self.is_signed else ()
        if differ and differ - (self._sealed_drafts(report_key) - recorded.keys()):
            raise self._error_of_drafts(report_key, min(differ))
        return drafts

    def _sealed_drafts(self, report_key: str) -> set[int]:
        """Return the numbers of a report's drafts that are older than signed records: the first of all."""
        first = next((record for record in self._chain if record.signature), None)
        count = int(first.content["drafts"]) if first is not None and first.kind == SEAL else 0
        sealed = self.written()[:count]
        if count and first is not None and digest_of(sealed) != first.content["drafts_sha256"]:
            raise self._error_of_drafts(report_key, 0)
        return {number for report, number, *_ in sealed if report == report_key}

    def _error_of_drafts(self, report_key: str, number: int) -> AftercloseError:
        if self.moment()[2] > len(self._chain):
            return EditedMeanwhileError(
                f"report {report_key} was edited meanwhile",
                expected="the drafts as they were when the records were read",
                remedy="Look at it again.",
            )
        which = f"draft {number}" if number else "what was written"
        return JournalError(
            f"{which} of report {report_key} is not what is on record",
            expected="a ledger, and drafts, as they were written",
            remedy="Until it is, nothing is done by what it says. Run: afterclose verify",
            cause=DAMAGED,
        )


def judged_journal(journal: Journal) -> JudgedJournal:
    """Return a journal with its records judged: if none of them is changed or gone, up to the head that is kept.

    Raises
    ------
    CheckpointError
        If its head cannot be read.
    JournalError
        If records were changed, or are gone.
    """
    if isinstance(journal, JudgedJournal):
        return journal
    head = read_head(journal.place[0])  # before the ledger, which grows
    records = journal.ledger()
    faults = chain_faults(records)
    if head is not None and head.seq and head.sha256 not in {record.hash for record in records}:
        faults.append(f"record {head.seq} is gone, or was rewritten")
    if faults:
        raise JournalError(
            f"the ledger does not say what people did: {faults[0]}",
            expected="a ledger as it was written",
            remedy="Until it is, nothing is done by what it says. Run: afterclose verify",
            cause=DAMAGED,
        )
    return JudgedJournal(journal.place, records, head)
