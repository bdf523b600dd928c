"""What Retry asks for is what is on record, whatever a run's row says by now."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.journal import Journal
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.queries.runs.finding_list import OPEN, Item
from core.review import ledger
from core.review.people import local_person
from dashboard import run_findings, shell, starting

REQUEST = {"source": "sample", "end": "2012-01-03"}


def test_retry_asks_for_what_is_on_record(desk_settings, monkeypatch):
    """Whoever can write the database puts a plug-in module into the row of a run that failed, and waits."""
    journal = Journal(desk_settings.data)
    about = {"who": "a", "how": "desk", "request": REQUEST, "target": "report", "state": "failed"}
    ledger.add_run(desk_settings, journal, "one", **about)
    journal.add_run("without", **about)
    with closing(sqlite3.connect(desk_settings.data / FILE_NAME)) as raw:
        changed = json.dumps({**REQUEST, "plugins": "published/evil.py"})
        raw.execute("UPDATE run SET request = ? WHERE run_id = 'one'", [changed])
        raw.commit()
    monkeypatch.setattr(shell, "settings", lambda: desk_settings)
    monkeypatch.setattr(shell, "journal", lambda: Journal(desk_settings.data, read_only=True))
    runs = {run.run_id: run for run in Journal(desk_settings.data).runs()}
    assert "plugins" in runs["one"].request
    assert starting.again(runs["one"]) == REQUEST
    assert starting.again(runs["without"]) == REQUEST
    with closing(sqlite3.connect(desk_settings.data / FILE_NAME)) as raw:
        raw.execute("UPDATE run SET request = ? WHERE run_id = 'without'", [changed])
        raw.commit()
    (unrecorded,) = (run for run in Journal(desk_settings.data).runs() if run.run_id == "without")
    assert starting.again(unrecorded) == REQUEST, "code that nobody is on record for"


@pytest.mark.parametrize(
    "changes", ["content = ?", "content = ?, signature = NULL, signed_by = NULL", "subject = ?"]
)
def test_a_record_that_was_changed_says_nothing(desk_settings, monkeypatch, changes):
    """Under the hash and the signature that it had, or without; for as long as somebody takes to press the button."""
    about = {"who": "a", "how": "desk", "request": REQUEST, "target": "report", "state": "failed"}
    ledger.add_run(desk_settings, Journal(desk_settings.data), "one", **about)
    (record,) = Journal(desk_settings.data).ledger()
    with closing(sqlite3.connect(desk_settings.data / FILE_NAME)) as raw:
        changed = {**record.content, "request": {**REQUEST, "plugins": "published/evil.py"}}
        raw.execute(f"UPDATE record SET {changes}", [json.dumps(changed)])
        raw.execute("UPDATE run SET request = ?", [json.dumps(changed["request"])])
        raw.commit()
    monkeypatch.setattr(shell, "settings", lambda: desk_settings)
    monkeypatch.setattr(shell, "journal", lambda: Journal(desk_settings.data, read_only=True))
    (run,) = Journal(desk_settings.data).runs()
    with pytest.raises(JournalError, match="record 1 was changed"):
        starting.again(run)


def test_retry_goes_on_with_the_desks_own_file_of_accepted_findings_alone(
    desk_settings, tmp_path, monkeypatch
):
    """One of that name which the settings name is left to them: spelt out it would be another one in a team."""
    monkeypatch.setattr(shell, "journal", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    desk_settings.data.mkdir(exist_ok=True)
    own = desk_settings.data / "waivers.toml"
    for file in (tmp_path / "waivers.toml", own):
        file.write_text("")
    for name, expected in (("", {**REQUEST, "waivers": str(own)}), ("~/waivers.toml", REQUEST)):
        named = replace(desk_settings, defaults={**desk_settings.defaults, "waivers": name})
        monkeypatch.setattr(shell, "settings", lambda settings=named: settings)
        assert starting.again(SimpleNamespace(request=REQUEST)) == expected


def test_accepting_writes_to_the_file_that_is_on_record(desk_settings, monkeypatch, tmp_path):
    """Not to one that somebody put into the row: the desk may write where they may not."""
    about = {"who": "a", "how": "desk", "request": REQUEST, "target": "report", "state": "failed"}
    ledger.add_run(desk_settings, Journal(desk_settings.data), "one", **about)
    with closing(sqlite3.connect(desk_settings.data / FILE_NAME)) as raw:
        changed = json.dumps({**REQUEST, "waivers": str(tmp_path / "elsewhere.toml")})
        raw.execute("UPDATE run SET request = ?", [changed])
        raw.commit()
    monkeypatch.setattr(shell, "settings", lambda: desk_settings)
    monkeypatch.setattr(shell, "journal_to_write", lambda: Journal(desk_settings.data))
    monkeypatch.setattr(shell, "person", lambda: local_person(desk_settings))
    typed = {run_findings._WHY: "a halt", run_findings._UNTIL: "2013-06-30"}
    monkeypatch.setattr(run_findings.st, "session_state", typed)
    (run,) = Journal(desk_settings.data).runs()
    finding = {"rule": "large_move", "ticker": "IBM", "date": "2012-01-03", "severity": "error"}
    run_findings._accept(run, [Item(finding, OPEN)])
    assert typed["findings_said"][0] == "success", typed
    assert not (tmp_path / "elsewhere.toml").exists()
    assert "a halt" in (desk_settings.data / "waivers.toml").read_text()
