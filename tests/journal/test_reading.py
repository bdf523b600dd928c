"""One connection for what a page reads: opened once, closed with it, and blind to nothing that others write."""

from __future__ import annotations

import pytest

from core.journal import Journal
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError


def add(journal, run_id):
    """A run in the journal."""
    journal.add_run(run_id, who="ann", how="terminal", request={}, target="report", state="queued")


def test_what_others_write_meanwhile_is_read(data):
    """The connection stays between statements; each sees what was committed before it."""
    journal, other = Journal(data), Journal(data)
    add(other, "r1")
    with journal.reading():
        assert journal.count_runs() == 1
        kept = journal._database.connection()
        add(other, "r2")
        assert journal.count_runs() == 2
        assert journal._database.connection() is kept
    assert journal._database.is_closed()


def test_writing_and_another_block_inside_leave_the_connection(data):
    """Whoever opened it closes it."""
    journal = Journal(data)
    with journal.reading():
        with journal.reading():
            add(journal, "r1")
        assert not journal._database.is_closed()
        assert journal.count_runs() == 1
    assert journal._database.is_closed()


def test_it_is_closed_when_the_page_ends_early(data):
    """A page is drawn anew by an exception that goes through."""
    journal = Journal(data)
    with pytest.raises(RuntimeError, match="again"), journal.reading():
        raise RuntimeError("again")
    assert journal._database.is_closed()


def test_a_fault_is_reported_by_what_reads(data):
    """A journal that cannot be opened is said to be unreadable where it is asked, in words."""
    journal = Journal(data)
    add(journal, "r1")
    for path in data.glob(f"{FILE_NAME}-*"):
        path.unlink()
    (data / FILE_NAME).write_bytes(b"no database" * 500)
    with journal.reading(), pytest.raises(JournalError):
        journal.count_runs()
