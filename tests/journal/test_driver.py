"""PostgreSQL's driver is loaded for a PostgreSQL journal and for nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import AftercloseError
from core.journal import Journal

pytest.importorskip("psycopg", reason="the extra team is not installed")


def told(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_opening_the_terminal_and_the_journal_loads_no_driver():
    """An SQLite journal needs none, and psycopg can still be imported afterwards."""
    program = "import sys, core.cli.runs, core.journal\nprint('psycopg' in sys.modules)\nimport psycopg"
    assert told(program) == "False"


def test_making_the_tables_of_an_sqlite_journal_loads_no_driver(tmp_path):
    """peewee's migrations would, for a database that no journal is."""
    program = f"""
import sys
from pathlib import Path
from core.journal import Journal
Journal(Path({str(tmp_path)!r})).count_runs()
print('playhouse.migrations' in sys.modules, 'psycopg' in sys.modules)
"""
    assert told(program) == "True False"


def test_the_driver_that_is_handed_over_is_what_peewee_would_have_found():
    """Every name that peewee sets when it imports the driver itself has the same value."""
    names = "('psycopg', 'TransactionStatus', 'Json_pg3', 'Jsonb_pg3')"
    program = f"""
import sys
from core.journal.driver import peewee, with_driver
with_driver()
late = [getattr(peewee, n) for n in {names}]
adapter = {{n: v for n, v in vars(peewee.Psycopg3Adapter).items() if not callable(v) and n[:2] != '__'}}
del sys.modules['peewee']
import peewee as early
assert early is not peewee
assert late == [getattr(early, n) for n in {names}]
assert adapter == {{n: v for n, v in vars(early.Psycopg3Adapter).items() if not callable(v) and n[:2] != '__'}}
print('same')
"""
    assert told(program) == "same"


@pytest.mark.parametrize("sign", "#?[]")
def test_a_server_that_is_gone_is_named_without_any_part_of_the_password(tmp_path, sign):
    """Signs that end a web address's server and are as good as any in a password of libpq's."""
    with pytest.raises(AftercloseError, match=r"127\.0\.0\.1:1/journal") as caught:
        Journal(tmp_path, f"postgresql://user1:s3cr3t{sign}hidden1@127.0.0.1:1/journal").runs()
    assert not any(part in str(caught.value) for part in ("s3cr3t", "hidden1", "user1"))
