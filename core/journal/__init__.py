"""What happened: runs, their events, drafts, and the hash chain of decisions and signatures.

One database: SQLite in the data root by default, PostgreSQL by URL for a team. What was *made* is in checkpoints and
does not need it.

Uses :mod:`core.platform`.
"""

from core.journal.chain import Record, chain_faults
from core.journal.journal import Journal
from core.journal.runs_and_drafts import Draft, Event, Run

__all__ = ["Draft", "Event", "Journal", "Record", "Run", "chain_faults"]
