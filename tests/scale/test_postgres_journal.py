"""The journal in PostgreSQL, on a real server: the journal's own tests again, many writers, words without secrets."""

from __future__ import annotations

import contextlib
import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psycopg
import pytest

from core.errors import SettingsError
from core.journal import Journal, chain_faults
from core.journal.faults import JournalError
from core.request.settings import Settings

_spec = importlib.util.spec_from_file_location(
    "journal_again", Path(__file__).parents[1] / "journal" / "test_journal.py"
)
again = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(again)

chained = again.chained
test_drafts_are_numbered_by_report_and_kept_newest_first = (
    again.test_drafts_are_numbered_by_report_and_kept_newest_first
)
test_the_same_text_is_not_kept_twice_in_a_row = again.test_the_same_text_is_not_kept_twice_in_a_row
test_a_draft_keeps_every_character = again.test_a_draft_keeps_every_character
test_the_hash_is_the_sha256_of_the_canonical_json = again.test_the_hash_is_the_sha256_of_the_canonical_json
test_a_whole_chain_has_no_fault_and_reads_back = again.test_a_whole_chain_has_no_fault_and_reads_back
test_every_removed_record_is_found = again.test_every_removed_record_is_found
test_a_cut_tail_shows_against_a_head_kept_elsewhere = (
    again.test_a_cut_tail_shows_against_a_head_kept_elsewhere
)
test_every_swapped_pair_is_found = again.test_every_swapped_pair_is_found
test_what_the_check_raises_stops_the_append = again.test_what_the_check_raises_stops_the_append
test_nan_cannot_be_recorded = again.test_nan_cannot_be_recorded


@pytest.fixture
def data(url, monkeypatch):
    """Where the borrowed tests look at the raw rows, past all code of the project."""
    with contextlib.ExitStack() as opened:
        connect = partial(psycopg.connect, autocommit=True)
        monkeypatch.setattr(again, "raw", lambda url: opened.enter_context(connect(url)))
        yield url


@pytest.fixture
def journal(tmp_path, url) -> Journal:
    """A journal in an empty database."""
    return Journal(tmp_path, url)


def in_processes(function, *arguments: tuple) -> list[int]:
    """Run the function once for each tuple of arguments, all at once; return the exit codes."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=function, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [process.exitcode for process in processes]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "SJIS"])
@pytest.mark.parametrize("of", ["ROLE pipeline", "DATABASE {}"])
def test_another_encoding_of_the_role_changes_no_letter(server, database, tmp_path, encoding, of):
    """A role's own client_encoding would have letters written as others, and each record read as forged."""
    url, words = server.url(database), "Zoë Żółć \N{EURO SIGN} \N{SNOWMAN}"
    server.sql(f"ALTER {of.format(database)} SET client_encoding = '{encoding}'")
    try:
        Journal(tmp_path, url).append("review", "s", {"user": words})
        Journal(tmp_path, url).save_draft("s", words, author=words)
        reading = Journal(tmp_path, url, read_only=True)
        (record,), (draft,) = reading.records(), reading.drafts("s")
        assert record.content == {"user": words}
        assert (draft.text, draft.author) == (words, words)
        assert chain_faults([record]) == []
    finally:
        server.sql(f"ALTER {of.format(database)} RESET client_encoding")
    assert Journal(tmp_path, url, read_only=True).records() == [record]


# ---- several operators


def _append(url, name, count):
    journal = Journal(Path("/nowhere"), url)
    for number in range(count):
        journal.append("signature", "shared", {"by": name, "number": number})
        journal.save_draft("shared", f"{name} {number}", author=name)


def test_four_operators_append_to_one_chain(url):
    """They also find the database empty, all at once: tables are made once, no record and no draft is lost."""
    codes = in_processes(_append, *((url, name, 15) for name in "abcd"))
    journal = Journal(Path("/nowhere"), url)
    records = journal.records()
    assert codes == [0, 0, 0, 0]
    assert chain_faults(records) == []
    assert [r.seq for r in records] == list(range(1, 61))
    for name in "abcd":
        assert [r.content["number"] for r in records if r.content["by"] == name] == list(range(15))
    assert [d.number for d in journal.drafts("shared")] == list(range(60, 0, -1))


def test_a_killed_writer_leaves_the_chain_whole(url):
    """Ended in the middle of its transactions: what it was told is committed is there, and others go on."""
    Journal(Path("/nowhere"), url)
    code = (
        "import sys; from pathlib import Path; from core.journal import Journal\n"
        "journal = Journal(Path('/nowhere'), sys.argv[1])\n"
        "while True: print(journal.append('signature', 's', {}).seq, flush=True)"
    )
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True)
        told = [int(writer.stdout.readline()) for _ in range(5)]
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.communicate()[0].split()]
        records = Journal(Path("/nowhere"), url).records()
        assert chain_faults(records) == []
        assert {r.seq for r in records} >= set(told)


def test_without_its_turn_a_chain_would_break(url, monkeypatch):
    """What the turn is for: two writers that do not wait for each other want the same number."""
    monkeypatch.setattr("core.journal.postgres.take_turn", lambda connected: None)
    journal, other = Journal(Path("/nowhere"), url), Journal(Path("/nowhere"), url)

    def meanwhile(records, draft):
        other.append("signature", "b", {})

    with pytest.raises(JournalError, match="duplicate key"):
        journal.append("signature", "a", {}, unless=meanwhile)


# ---- runs


def test_runs_and_events_read_back(journal, tmp_path, url):
    """What a run tells is there for a reader that can write nothing."""
    told = {"who": "ann", "how": "terminal", "request": {"source": "sample"}, "target": "report"}
    for run in ("r1", "r2"):
        journal.add_run(run, **told, state="queued")
    journal.add_run("r1", **told, state="failed")  # is there already: stays as it is
    journal.start("r1", {"ingest": "k"}, stages=["ingest"])
    journal.event("r1", "ingest", "started", {})
    journal.event("r1", "ingest", "failed", {"error": "a \0 b", "rows": None})
    journal.end("r1", "failed", 30, "exit code 30")
    reader = Journal(tmp_path, url, read_only=True)
    assert [run.run_id for run in reader.runs()] == ["r2", "r1"]
    run = reader.run("r1")
    assert (run.state, run.exit_code, run.error, dict(run.keys)) == (
        "failed",
        30,
        "ingest: a \ufffd b",
        {"ingest": "k"},
    )
    assert [event.state for event in reader.events("r1")] == ["queued", "started", "failed"]
    assert reader.count_runs() == 2
    with pytest.raises(JournalError, match="read-only"):
        reader.end("r1", "succeeded", 0, None)


def test_runs_whose_process_is_gone_are_settled(journal):
    """A run of this machine without its process was interrupted, with the stage it was in."""
    from core.platform.processes import ProcessId

    gone = ProcessId(2**22 + 1, 1, "another-boot")
    journal.add_run("r", who="a", how="desk", request={}, target="report", state="running", process=gone)
    journal.event("r", "clean", "started", {})
    assert journal.settle() == ["r"]
    assert journal.run("r").state == "interrupted"
    assert [event.state for event in journal.events("r")] == ["started", "interrupted"]


# ---- migrations and readers


def test_an_empty_database_has_no_journal_and_looking_makes_none(tmp_path, url, server, database):
    """A reader finds nothing before the first run, and leaves no table behind."""
    assert not Journal.exists(tmp_path, url)
    assert server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database) == "0"
    Journal(tmp_path, url)
    assert Journal.exists(tmp_path, url)


def test_opening_again_migrates_nothing(journal, tmp_path, url, server, database):
    """Each migration is recorded once; an opening after it changes nothing."""
    names = sorted(path.stem for path in Path("core/journal/migrations").glob("[0-9]*.py"))
    look = "SELECT string_agg(name || applied::text, ',' ORDER BY name) FROM schema_migration"
    before = server.sql(look, database)
    Journal(tmp_path, url)
    assert server.sql(look, database) == before
    assert server.sql(
        "SELECT string_agg(name, ',' ORDER BY name) FROM schema_migration", database
    ) == ",".join(names)


# ---- words


def test_a_server_that_is_gone_is_named_without_the_password(tmp_path, server):
    """Address and cause are told, the password in no spelling of it; what reads and what writes says the same."""
    url = server.url("journal").replace(str(server.port), "1")
    for read_only in (True, False):
        with pytest.raises(JournalError, match=r"postgresql://127\.0\.0\.1:1/journal") as caught:
            Journal(tmp_path, url, read_only=read_only).runs()
        assert clean(server, str(caught.value))


def test_a_wrong_password_is_named_without_it(tmp_path, server, database):
    """The server's own words, without what was tried."""
    with pytest.raises(JournalError, match="password authentication failed") as caught:
        Journal(tmp_path, server.url(database, password="tried-this-one"))
    assert "tried-this" not in str(caught.value)


@pytest.mark.parametrize(
    "mistaken",
    [
        "postgresql://ann:top/secret@db.example/journal",
        "postgresql://ann:top@secret@db.example/journal",
        "postgresql://ann:top:secret@db.example:port/journal",
        "postgresql://ann:top-secret@db.example/",
        "postgresql://ann:top%secret@db.example/journal",
        "postgresql://ann:top-secret@db.example/journal?nonsense=top",
    ],
)
def test_a_url_that_cannot_be_understood_is_not_repeated(tmp_path, mistaken):
    """What could not be read may be a part of the password: the message says how to write it instead."""
    with pytest.raises(SettingsError, match="AFTERCLOSE_JOURNAL") as caught:
        Journal(tmp_path, mistaken)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert "top" not in str(caught.value)


def test_another_database_is_refused(tmp_path):
    """MySQL is no journal, and the message does not show its password either."""
    with pytest.raises(SettingsError, match="mysql") as caught:
        Journal(tmp_path, "mysql://u:secret@h/d")
    assert "secret" not in str(caught.value)


def test_settings_do_not_show_the_url(tmp_path, url, server):
    """Whatever prints settings prints no password."""
    assert clean(server, repr(Settings(tmp_path, url, {}, None)))


def clean(server, text: str) -> bool:
    """Whether the text holds no part of the password, plain or in a URL's spelling."""
    return not any(part in text for part in ("s3cret", "p@ss", "p%40ss", server.password))


def test_a_connection_is_taken_for_each_call(journal, server, database):
    """Between calls nobody holds a connection: a desk that is open all day takes none from the others."""
    journal.runs()
    deadline = time.monotonic() + 10
    look = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND usename = 'pipeline'"
    while server.sql(look) != "0" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.sql(look) == "0"
