"""gc asks what people signed of a ledger that is whole: rows that are hidden while it looks cost nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import pytest

from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.upkeep import garbage
from core.upkeep.archive import backup
from tests.reliability.test_gc_race import draft, promote, sign
from tests.reliability.test_keeping import ME, NOW, configured, everything, forget_successes


def hide(data, statement: str) -> None:
    """Write to the database behind the desk's back."""
    with closing(sqlite3.connect(data / FILE_NAME)) as raw:
        raw.execute(statement)
        raw.commit()


HIDDEN = {
    "signatures": (sign, "UPDATE record SET kind = 'note' WHERE kind = 'signature'"),
    "drafts": (draft, "DELETE FROM draft"),
    "decisions": (promote, "UPDATE record SET kind = 'note' WHERE kind = 'promotion'"),
    "the last record": (sign, "DELETE FROM record WHERE seq = (SELECT MAX(seq) FROM record)"),
}


@pytest.mark.parametrize(("act", "statement"), HIDDEN.values(), ids=HIDDEN)
def test_what_was_signed_stays_whatever_rows_say(finished, act, statement):
    """Whoever can write the database puts them back, and verify would find all in order but the files."""
    (folder,) = (finished / "checkpoints" / "report").iterdir()
    forget_successes(finished)
    listed = garbage.garbage(configured(finished), NOW)
    assert sum(item.what == "checkpoint" for item in listed) == 7
    act(finished, folder.name)
    hide(finished, statement)
    with suppress(JournalError):  # or it keeps what the records say
        garbage.remove(configured(finished), listed, NOW, person=ME)
    assert len(everything(finished)) == 7


def test_a_backup_says_that_it_lacks_what_hidden_records_named(finished, tmp_path):
    """What was signed is not in it while its signature is out of sight."""
    (folder,) = (finished / "checkpoints" / "report").iterdir()
    sign(finished, folder.name)
    assert not any(
        "records said" in text for text in backup(configured(finished), tmp_path / "a.zip").left_out
    )
    hide(finished, "UPDATE record SET kind = 'note' WHERE kind = 'signature'")
    assert any("records said" in text for text in backup(configured(finished), tmp_path / "b.zip").left_out)
