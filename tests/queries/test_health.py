"""``afterclose doctor``: each thing that can be wrong is found, with a remedy."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest

from core.errors import SettingsError
from core.journal import Journal, locks
from core.queries.operations import health
from core.request import settings
from core.review.people import Person
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.timing import Timing

NOW = datetime(2024, 7, 8, 23, tzinfo=UTC)


@pytest.fixture
def configured(tmp_path):
    """Settings over a fresh root."""
    return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


def found(configured):
    """Findings by subject."""
    return {one.subject: one for one in health.check(NOW, lambda: configured)}


def test_a_fresh_place_is_well_and_stays_untouched(configured):
    """Everything ok, and looking made nothing."""
    told = found(configured)
    assert {one.state for one in told.values()} == {"ok"}
    assert not configured.data.exists()


def test_a_profile_at_fault_is_a_warning(tmp_path):
    """With file and line; what does not ask for it goes on, so the rest is looked at."""
    (tmp_path / "luigi.cfg").write_text("[profile:x]\nsede = 7\n", encoding="utf-8")
    checks = found(settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path))
    assert (checks["configuration"].state, checks["storage"].state) == ("warning", "ok")
    assert "luigi.cfg, line 2: unknown key 'sede' in [profile:x]" in checks["configuration"].says


def test_a_bad_configuration_is_the_only_other_finding(tmp_path):
    """Nothing else can be judged then."""

    def load():
        raise SettingsError("luigi.cfg, line 2: unknown key 'sede'")

    told = health.check(NOW, load)
    assert [(one.subject, one.state) for one in told] == [("versions", "ok"), ("configuration", "wrong")]
    assert "sede" in told[1].says


def test_schedules_nobody_watches_and_a_report_that_is_missing(configured):
    """Both are found, each with the command that helps."""
    person = Person("local:x", "x", "operator")
    definition.add(configured, Schedule("daily", Timing("close+45m"), {}), now=NOW, person=person)
    told = found(configured)
    assert (told["scheduler"].state, told["report"].state) == ("wrong", "warning")
    assert "afterclose scheduler" in told["scheduler"].remedy
    assert "afterclose run" in told["report"].remedy


def test_schedules_that_cannot_run_any_more_are_all_named(configured):
    """A profile that is gone, a calendar that nobody knows, a line that is never due: each with its reason."""
    from core.journal.schedules import Schedules

    journal = Schedules(configured.data)
    for name, timing, request in (
        ("a", {"text": "close"}, {"profile": "gone"}),
        ("b", {"text": "close", "calendar": "XNYZ"}, {}),
        ("c", {"text": "cron 61 * * * *"}, {}),
        ("d", {"text": "close"}, {}),
    ):
        journal.add_schedule(name, {"timing": timing, "request": request}, who="x", since=NOW.isoformat())
    told = found(configured)["scheduler"]
    assert told.state == "wrong"
    for reason in (
        "schedule a: there is no profile 'gone'",
        "schedule b",
        "XNYZ",
        "schedule c",
        "61 * * * *",
    ):
        assert reason in told.says
    assert "schedule d" not in told.says
    assert "(a b c)" in told.remedy


def test_a_lost_journal_an_edited_chain_and_a_failed_run(configured):
    """What the record itself says."""
    (configured.data / "checkpoints").mkdir(parents=True)
    assert found(configured)["journal"].state == "wrong"
    journal = Journal(configured.data)
    journal.add_run("r1", who="x", how="desk", request={}, target="report", state="running")
    journal.end("r1", "failed", 30, "ingest: no answer")
    assert (found(configured)["journal"].state, found(configured)["runs"].state) == ("ok", "warning")
    assert "afterclose show r1" in found(configured)["runs"].remedy
    journal.append("promotion", "m1", {"why": "x"})
    import sqlite3

    with sqlite3.connect(configured.data / "journal.sqlite") as database:
        database.execute("UPDATE record SET content = '{}'")
    assert found(configured)["journal"].state == "wrong"


def test_a_held_lock_a_missing_source_and_a_full_disk(configured, tmp_path, monkeypatch):
    """Each is its own finding."""
    Journal(configured.data)
    with locks.hold(configured.data, "launch", "somebody", journal="", waiting=None):
        assert found(configured)["locks"].state == "warning"
    gone = dict(configured.defaults) | {"source": "files", "path": str(tmp_path / "gone.csv")}
    assert "gone.csv" in found(dataclasses.replace(configured, defaults=gone))["source"].says
    monkeypatch.setattr(health, "LITTLE_BYTES", 2**62)
    assert found(configured)["disk"].state == "warning"
    monkeypatch.setattr(health, "LEAST_BYTES", 2**62)
    assert "afterclose gc" in found(configured)["disk"].remedy
    assert found(configured)["disk"].state == "wrong"


def test_the_terminal_tells_and_its_exit_code_says_so(run_afterclose, data):
    """0 when all is well; 30 when something is wrong; --json for programs."""
    told = run_afterclose("doctor", "--json", data=data)
    assert told.code == 0, told.out
    subjects = [one["subject"] for one in json.loads(told.out)]
    assert subjects == [
        "versions", "configuration", "storage", "disk", "locks", "journal", "runs", "scheduler", "report", "source",
    ]  # fmt: skip
    (data / "checkpoints").mkdir(parents=True)
    assert run_afterclose("doctor", data=data).code == 30
