"""What a run does is what was asked for, whatever becomes of its row: whoever can write the journal runs no code."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from core.errors import CommandError
from core.journal import Journal, locks
from core.journal.database import FILE_NAME
from core.review.people import local_person
from core.runs import launcher, supervisor
from core.runs.launcher import asked_for, launch, words_of
from tests.commands import ROOT

REQUEST = {"source": "sample", "end": "2012-01-03"}
EVIL = """[loggers]
keys=root
[handlers]
keys=h
[formatters]
keys=
[logger_root]
handlers=h
[handler_h]
class=StreamHandler
args=(open({path!r}, "w"),)
"""


def changed(root, run_id, **columns):
    """Change a run's row behind the desk's back."""
    with closing(sqlite3.connect(root / FILE_NAME)) as raw:
        for name, value in columns.items():
            raw.execute(f"UPDATE run SET {name} = ? WHERE run_id = ?", (value, run_id))
        raw.commit()


@pytest.fixture
def queued(desk_settings, monkeypatch):
    """A run that waits for its supervisor; returns what is done when that begins to run it."""
    journal, begun = Journal(desk_settings.data), []
    journal.add_run("one", who="a", how="desk", request=REQUEST, target="report", state="queued")
    monkeypatch.setattr(supervisor.Supervisor, "supervise", lambda self: begun.append(self.run) or 0)
    return begun


def test_a_run_as_it_was_asked_for_is_started(desk_settings, queued):
    """The digest is of what the launcher had in hand."""
    assert supervisor.main("one", asked_for(REQUEST, "report")) == 0
    assert [run.request for run in queued] == [REQUEST]


@pytest.mark.parametrize(
    "columns",
    [
        {"request": json.dumps({**REQUEST, "logging-conf-file": "published/x/evil.conf"})},
        {"request": json.dumps({**REQUEST, "plugins": "published/x/evil.py"})},
        {"request": json.dumps({})},
        {"target": "ingest"},
    ],
)
def test_a_run_whose_row_was_changed_meanwhile_starts_nothing(desk_settings, queued, columns, capsys):
    """A third of a second lies between the launcher and the process that reads the row again."""
    changed(desk_settings.data, "one", **columns)
    assert supervisor.main("one", asked_for(REQUEST, "report")) == 30
    assert queued == []
    run = Journal(desk_settings.data).run("one")
    assert (run.state, run.exit_code) == ("failed", 30)
    assert "was changed after it was asked for" in run.error
    assert "was changed after it was asked for" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["logging-conf-file", "logging_conf_file", "module", "workers", "input_digest", "scheduler_host"]
)
def test_options_that_are_luigis_alone_are_no_options_of_a_run(desk_settings, name):
    """One of them evaluates a file; Retry takes its request out of the journal, and so nobody judged it before."""
    request = {**REQUEST, name: "x"}
    with pytest.raises(CommandError, match="there is no option"):
        words_of(request, "report")
    with pytest.raises(CommandError, match="there is no option"):
        launch(
            desk_settings, request, person=local_person(desk_settings), how="desk", folder=ROOT, resolved=True
        )
    assert not Journal.exists(desk_settings.data) or Journal(desk_settings.data).runs() == []


def test_luigi_would_evaluate_such_a_file(data, tmp_path, run_luigi):
    """What is kept from it: the stock script takes the option from whoever types it."""
    (tmp_path / "evil.conf").write_text(EVIL.format(path=str(tmp_path / "written")))
    run_luigi("--logging-conf-file", str(tmp_path / "evil.conf"), data=data, task="Ingest")
    assert (tmp_path / "written").exists()


def test_a_server_of_prices_that_takes_its_time_keeps_nobody_else_from_starting(desk_settings, monkeypatch):
    """What a run's profile is may be asked of a server; the lock that lets one start at a time is free then."""
    held = []

    def asking(*_, **__):
        with locks.hold(desk_settings.data, "launch", "another", journal="", waiting=None):
            held.append(True)
        raise CommandError("asked")

    monkeypatch.setattr(launcher, "profile_of", asking)
    with pytest.raises(CommandError, match="asked"):
        launch(
            desk_settings, REQUEST, person=local_person(desk_settings), how="desk", folder=ROOT, resolved=True
        )
    assert held == [True]
