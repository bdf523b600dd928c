"""The head of the ledger never goes back: a machine that slept through its turn writes nothing over a newer one."""

from __future__ import annotations

import fcntl
from contextlib import suppress

import psycopg
import pytest

from core.errors import AftercloseError
from core.journal import Journal
from core.platform import files
from core.platform.storage import replace_file
from core.request import settings
from core.review import keys, ledger
from core.review.ledger_check import ledger_faults
from core.review.people import Person
from core.seals.head import HEAD, Head, read_head

ADMIN = Person("local:me", "local user", "admin")


@pytest.fixture
def root(tmp_path, url):
    """The settings of a data root without a record, whose journal is on a server."""
    return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data"), "AFTERCLOSE_JOURNAL": url}, tmp_path)


def recorded(root, subject="x"):
    """Add a record as another machine does: by a connection of its own."""
    return ledger.append(root, Journal(root.data, root.journal), "review", subject, {"meaning": "authored"})


@pytest.mark.parametrize(
    "between", [(Head, "signed"), (ledger, "public_key_ids")], ids=["a record", "the first record"]
)
def test_a_machine_that_slept_writes_no_older_head_over_a_newer_one(root, url, monkeypatch, between):
    """The server ended its session, so others took their turn, between its reading of the head and its writing."""
    if between[1] == "signed":
        recorded(root)
    true = getattr(*between)

    def asleep(*words):
        monkeypatch.setattr(*between, true)
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        made.append(recorded(root, "other"))
        return true(*words)

    made: list = []
    monkeypatch.setattr(*between, asleep)
    with suppress(AftercloseError):
        recorded(root)
    (other,) = made
    assert read_head(root.data).seq == other.seq
    assert not [fault for fault in ledger_faults(root)[1] if "head" in fault]
    assert recorded(root, "later").seq == read_head(root.data).seq


def test_whoever_begins_anew_writes_over_no_head_that_came_meanwhile(root, monkeypatch):
    """So with the head that names a renewed key: the admin sees first what another machine recorded."""
    path, true = root.data / HEAD, Head.signed
    recorded(root)
    older = path.read_bytes()
    recorded(root)
    newer = path.read_bytes()
    replace_file(path, older)

    def asleep(*words):
        monkeypatch.setattr(Head, "signed", true)
        replace_file(path, newer)
        return true(*words)

    monkeypatch.setattr(Head, "signed", asleep)
    with pytest.raises(AftercloseError, match="written meanwhile"):
        keys.renew(root, Journal(root.data, root.journal), person=ADMIN, why="lost")
    assert path.read_bytes() == newer


def test_whoever_keeps_the_head_locked_is_named(root, monkeypatch):
    """A process that sleeps right in the exchange would write its own over the one that comes now."""
    recorded(root)
    monkeypatch.setattr(files, "EXCHANGING_S", 0.1)
    with (root.data / HEAD).open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(AftercloseError, match="locked for too long"):
            recorded(root)
        assert read_head(root.data).seq == 1
    assert recorded(root).seq == read_head(root.data).seq == 3
