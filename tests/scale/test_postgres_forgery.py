"""Each road of a forger on PostgreSQL: there every machine that uses the journal has its password."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing, suppress

import psycopg
import pytest

from core.errors import AftercloseError
from core.journal import postgres
from core.journal.database import FILE_NAME
from tests.forging import ROADS, faults, is_named_and_stops_publication, sql
from tests.review.conftest import Office


@pytest.fixture
def signed(finished, url) -> Office:
    """An office with a signed report whose journal moved from SQLite to a server, row by row."""
    office = Office(finished, url)
    with office.journal.connected():
        pass  # makes the tables
    with closing(sqlite3.connect(finished / FILE_NAME)) as old, psycopg.connect(url) as server:
        for table in ("run", "record", "draft"):
            rows = old.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in rows.description]
            marks = ", ".join(["%s"] * len(names))
            for row in rows:
                server.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row)
            server.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'seq'), (SELECT MAX(seq) FROM {table}))"
                f" FROM {table} LIMIT 1"
            )
    for path in finished.glob(f"{FILE_NAME}*"):
        path.unlink()
    office.sign()
    assert faults(office) == []
    return office


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
def test_each_road_of_a_forger_is_named_and_stops_publication(signed, road):
    """As with SQLite: verify exits 30 naming it, and nothing is published."""
    is_named_and_stops_publication(signed, road)


def test_what_nobody_forged_is_published(signed):
    """The roads above are what stops it."""
    assert (signed.publish() / "bundle.zip").is_file()


FACES = {
    "a view": (
        "ALTER TABLE record RENAME TO hidden",
        (
            "CREATE VIEW record AS SELECT * FROM hidden "
            "WHERE content NOT LIKE '%%Chief%%' OR current_query() LIKE '%%subject%%'"
        ),
    ),
    "security by rows": (
        "ALTER TABLE record ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE record FORCE ROW LEVEL SECURITY",
        "CREATE POLICY faces ON record USING (content NOT LIKE '%%Chief%%' OR current_query() LIKE '%%subject%%')",
    ),
    "a view in another schema": (
        "CREATE SCHEMA other",
        "CREATE VIEW other.record AS SELECT * FROM public.record WHERE content NOT LIKE '%%Chief%%'",
        "ALTER ROLE pipeline SET search_path = other, public",
    ),
    "a trigger": (
        "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        (
            "CREATE TRIGGER t BEFORE INSERT ON record FOR EACH ROW WHEN (NEW.content LIKE '%%revoked%%') "
            "EXECUTE FUNCTION drop_it()"
        ),
    ),
    "a trigger at the end of a transaction": (
        (
            "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN DELETE FROM record WHERE seq = NEW.seq; RETURN NULL; END'"
        ),
        (
            "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON record DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
            "WHEN (NEW.content LIKE '%%revoked%%') EXECUTE FUNCTION drop_it()"
        ),
    ),
    "a rule": (
        "CREATE RULE r AS ON INSERT TO record WHERE NEW.content LIKE '%%revoked%%' DO INSTEAD NOTHING",
    ),
    "operators in another schema": (
        "CREATE SCHEMA other",
        "ALTER ROLE pipeline SET search_path = other, pg_catalog, public",
    ),
}


@pytest.mark.parametrize("statements", FACES.values(), ids=FACES)
def test_a_database_that_answers_two_questions_otherwise_is_named(signed, statements):
    """verify would see what holds, and the page and the publication what was forged."""
    for statement in statements:
        sql(signed, statement)
    try:
        assert any("was changed" in fault for fault in faults(signed))
        with pytest.raises(AftercloseError, match="was changed"):
            signed.publish()
        with pytest.raises(AftercloseError, match="was changed"):
            signed.revoke()  # it may be dropped, and whoever revoked must not be told that it is on record
    finally:
        sql(signed, "ALTER ROLE pipeline RESET search_path")


QUEUED = """
import sys, time, psycopg
server, seq, lock = psycopg.connect(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
(true,) = server.execute("SELECT hash FROM record WHERE seq = %s", [seq]).fetchone()
server.commit()
print("ready", flush=True)
until = time.monotonic() + 60
while time.monotonic() < until:
    server.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    if server.execute("SELECT MAX(seq) FROM record").fetchone()[0] > seq:
        server.execute("UPDATE record SET hash = %s WHERE seq = %s", ["f" * 64, seq])
        server.commit()
        time.sleep(0.5)
        server.execute("UPDATE record SET hash = %s WHERE seq = %s", [true, seq])
        server.commit()
        break
    server.commit()
    time.sleep(0.001)
"""
"""Waits for its turn as every writer does, and changes the row of the head that is kept, for as long as it is read."""


def test_whoever_queues_behind_a_record_takes_it_away_for_nobody_unseen(signed):
    """Between the transaction that made it and the one that keeps its head."""
    before = signed.journal.ledger()[-1].seq
    command = [sys.executable, "-c", QUEUED, signed.settings.journal, str(before), str(postgres._WRITERS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with suppress(AftercloseError):  # it may get its turn after the head was kept
            signed.revoke()
    assert faults(signed) == []
    sql(signed, "DELETE FROM record WHERE seq > ?", before)
    assert any(f"record {before + 1} is gone" in fault for fault in faults(signed))
    with pytest.raises(AftercloseError):
        signed.publish()
