"""gc on a journal in PostgreSQL: what locks the others out is a connection, which can be lost while files go."""

from __future__ import annotations

import shutil

import pytest

from core.errors import AftercloseError
from core.journal.database import FILE_NAME
from core.store.checkpoints import Slot
from core.store.lineage import slots
from core.upkeep import garbage
from core.upkeep.verification import verify
from tests.reliability.test_keeping import ME, NOW
from tests.review.conftest import Office


@pytest.fixture
def office(finished, url) -> Office:
    """An office whose journal on a server knows of no success, with a second report that nobody needs."""
    for name in ("latest", "ledger", "keys"):
        shutil.rmtree(finished / name)
    for path in finished.glob(f"{FILE_NAME}*"):
        path.unlink()
    office = Office(finished, url)
    office.other = office.second_report()
    return office


def test_nothing_goes_once_the_connection_that_locks_the_others_out_is_lost(office, server, monkeypatch):
    """The server was started anew, an administrator ended the session, or this machine slept: somebody signs then."""
    listed = garbage.garbage(office.settings, NOW)
    listed.sort(key=lambda item: item.slot != Slot("report", office.other))
    remove = garbage._remove_checkpoint

    def lost_and_signed(*place):
        monkeypatch.setattr(garbage, "_remove_checkpoint", remove)
        gone = remove(*place)
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pipeline'")
        office.sign()
        return gone

    monkeypatch.setattr(garbage, "_remove_checkpoint", lost_and_signed)
    with pytest.raises(AftercloseError):
        garbage.remove(office.settings, listed, NOW, person=ME)
    assert {slot.stage for slot in slots(office.root)} == {item.slot.stage for item in listed if item.slot}
    assert verify(office.settings, quick=True).faults == ()
