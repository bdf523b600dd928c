"""Each road of a forger on PostgreSQL: there every machine that uses the journal has its password."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
import pytest

from core.journal.database import FILE_NAME
from tests.forging import ROADS, faults, is_named_and_stops_publication
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
