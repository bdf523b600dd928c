"""The journal with the very records that were judged.

Whoever can write the database can change a row between a judgement and what is done on it, and change it back.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.journal.chain import Record
from core.journal.journal import Journal
from core.journal.records import DRAFT, REQUEST, SEAL
from core.paths import StoragePath


class JudgedJournal(Journal):
    """A journal for reading whose ledger is a list of records, whatever the database says by now.

    Parameters
    ----------
    root : StoragePath
        The data root.
    url : str
        Of the journal; empty for SQLite.
    ledger : sequence of Record
        All records, in order.
    """

    def __init__(self, root: StoragePath, url: str, ledger: Sequence[Record]) -> None:
        super().__init__(root, url, read_only=True)
        self._chain = tuple(ledger)

    def ledger(self) -> list[Record]:
        """Return the whole chain as it was judged."""
        return list(self._chain)

    def records(self, *, subject: str | None = None) -> list[Record]:
        """Return what people did, in order, or the part of it about one subject."""
        return [
            record
            for record in self._chain
            if record.kind not in (REQUEST, DRAFT, SEAL) and subject in (None, record.subject)
        ]

    def of_kinds(self, kinds: Sequence[str]) -> list[Record]:
        """Return all records of some kinds, in order."""
        return [record for record in self._chain if record.kind in kinds]

    def request_of(self, run_id: str) -> list[Record]:
        """Return the records of who asked for a run."""
        return [record for record in self.of_kinds([REQUEST]) if record.subject == run_id]

    def first_signer(self) -> str:
        """Return the id of the key under the first signed record, empty without one."""
        return next((record.key for record in self._chain if record.signature), "")
