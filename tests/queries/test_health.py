"""``afterclose doctor``: each thing that can be wrong is found, with a remedy."""

from __future__ import annotations

import dataclasses
import json
import socket
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import SettingsError
from core.journal import Journal, locks
from core.queries.operations import health, machine
from core.request import settings
from core.review.people import Person
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.timing import Timing
from tests.commands import recorded_run

NOW = datetime(2024, 7, 8, 23, tzinfo=UTC)


@pytest.fixture
def configured(tmp_path):
    """Settings over a fresh root."""
    return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


def found(configured):
    """Findings by subject."""
    return {one.subject: one for one in health.check(NOW, lambda: configured)}


def test_a_fresh_place_lacks_a_first_run_alone_and_stays_untouched(configured):
    """As `deadman` says; everything else is ok, and looking made nothing."""
    told = found(configured)
    assert {subject: one.state for subject, one in told.items() if one.state != "ok"} == {"report": "warning"}
    assert told["report"].remedy == "Run: afterclose run"
    assert not configured.data.exists()


def test_without_a_schedule_it_tells_of_the_profiles_at_work_what_the_deadman_tells(
    configured, finished, run_afterclose
):
    """Whoever starts runs from cron has no schedule, and asks all the same: the data end in 2020."""
    over = dataclasses.replace(configured, data=finished)
    checks = health.check(datetime.now(UTC), lambda: over, ask=False)
    (report,) = (one for one in checks if one.subject == "report")
    asked = run_afterclose("deadman", data=finished)
    assert (report.state, asked.code) == ("warning", 20)
    assert "profile files:prices" in report.says
    assert report.remedy.endswith("afterclose run --profile files:prices")
    assert any(report.says in line for line in asked.messages), asked.messages


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


def test_the_sources_are_those_of_the_profiles(configured, tmp_path):
    """What they read, not what a run without a profile would: the one that is gone is named, with its profile."""
    there = tmp_path / "there.csv"
    there.write_text("date,ticker,close\n2024-01-02,AAA,1.5\n", encoding="utf-8")
    text = f"[profile:a]\nsource = files\npath = {there}\n\n[profile:b]\nsource = sample\n"

    def source(text):
        (tmp_path / "luigi.cfg").write_text(text, encoding="utf-8")
        environ = {"AFTERCLOSE_DATA": str(configured.data)}
        return found(health.configuration.load(environ=environ, folder=tmp_path))["source"]

    whole = source(text)
    assert (whole.state, whole.says) == (
        "ok",
        f"profile a: {there} (files) is there; profile b: sample is there",
    )
    gone = source(f"{text}\n[profile:c]\nsource = files\npath = {tmp_path / 'gone.csv'}\n")
    assert gone.state == "wrong"
    assert gone.says.startswith("profile c: ")
    assert "gone.csv" in gone.says


def test_the_terminal_tells_and_its_exit_code_says_so(run_afterclose, data):
    """0 when all is well; 30 when something is wrong; --json for programs."""
    told = run_afterclose("doctor", "--json", data=data)
    assert told.code == 0, told.out
    subjects = [one["subject"] for one in json.loads(told.out)]
    assert subjects == [
        "versions", "configuration", "clock", "time zone", "locale", "storage", "permissions", "secrets", "disk",
        "locks", "journal", "runs", "scheduler", "schedules", "report", "source", "port",
    ]  # fmt: skip
    (data / "checkpoints").mkdir(parents=True)
    assert run_afterclose("doctor", data=data).code == 30


def test_a_clock_that_went_back_is_wrong(configured):
    """Before the program was made, or behind the newest record; with the command that mends it."""
    early = machine.clock(configured, datetime(2000, 1, 1, tzinfo=UTC))
    assert (early.state, "timedatectl" in early.remedy) == ("wrong", True)
    recorded_run(
        configured.data,
        "20990101T000000Z-abcdef",
        who="x",
        how="terminal",
        request={},
        target="report",
        state="queued",
    )
    at = datetime.fromisoformat(Journal(configured.data).runs()[0].created_at)
    assert machine.clock(configured, at + timedelta(minutes=1)).state == "ok"
    assert machine.clock(configured, at - timedelta(minutes=1)).state == "ok"
    assert machine.clock(configured, at - timedelta(minutes=3)).state == "wrong"


@pytest.mark.parametrize(
    ("zone", "state"), [("", "ok"), ("Europe/Berlin", "ok"), (":UTC", "ok"), ("Nowhere/X", "wrong")]
)
def test_a_zone_that_nobody_knows_is_wrong(configured, zone, state):
    """The C library takes it for UTC without a word."""
    assert machine.time_zone(configured, NOW, {"TZ": zone}).state == state


def test_a_language_that_is_not_installed_is_a_warning():
    """C.UTF-8 is there on every machine; another name need not be."""
    assert machine.language({"LANG": "C.UTF-8"}).state == "ok"
    assert machine.language({"LANG": "xx_XX.UTF-8"}).state == "warning"


@pytest.mark.parametrize(
    ("version", "fits"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_pythons_that_fit(version, fits):
    """Luigi ends at 3.13."""
    assert (machine.python_version(version) is None) == fits


def test_a_port_is_free_a_desk_or_somebody_elses(monkeypatch):
    """What answers as the desk does is the desk; a program that only listens is another one."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number = listener.getsockname()[1]
        monkeypatch.setattr(machine, "DESK_PORT", number)
        assert machine.port().state == "ok"
        listener.listen()
        other = machine.port()
        assert (other.state, f"--port {number + 1}" in other.remedy) == ("warning", True)


def test_what_others_can_write_or_read_is_wrong(configured, tmp_path):
    """The data root, the configuration with a password in it, and a private key; the remedy is a command."""
    configured.data.mkdir()
    assert machine.permissions(configured).state == "ok"
    with locks.hold(configured.data, "launch", "me", journal="", waiting=None):
        assert machine.permissions(configured).state == "ok"
    (configured.data / "locks").chmod(0o755)  # as an earlier version made it
    assert machine.permissions(configured).remedy == f"Run: chmod 700 {configured.data / 'locks'}"
    (configured.data / "locks").chmod(0o700)
    configured.data.chmod(0o777)
    open_root = machine.permissions(configured)
    assert (open_root.state, open_root.remedy) == (
        "wrong", f"Take that right away: chmod o-w {configured.data}",
    )  # fmt: skip
    assert machine.secrets(configured, {}).says == "none"
    key = configured.data / "keys" / "desk.pem"
    key.parent.mkdir()
    key.write_text("x")
    key.chmod(0o644)
    assert (machine.secrets(configured, {}).state, machine.secrets(configured, {}).remedy) == (
        "wrong", f"Run: chmod 600 {key}",
    )  # fmt: skip
    key.chmod(0o600)
    assert machine.secrets(configured, {}).state == "ok"
    config = tmp_path / "luigi.cfg"
    config.write_text("[notices]\nurls = json://user:word@127.0.0.1/\n")
    config.chmod(0o644)
    inline = machine.secrets(settings.load({"AFTERCLOSE_DATA": str(configured.data)}, tmp_path), {})
    assert (inline.state, "[notices] urls" in inline.says, "word" in inline.says) == ("wrong", True, False)
    receivers = tmp_path / "receivers"
    receivers.write_text("json://127.0.0.1/\n")
    receivers.chmod(0o600)
    config.write_text("[notices]\nurls = @receivers\n")
    assert (
        machine.secrets(settings.load({"AFTERCLOSE_DATA": str(configured.data)}, tmp_path), {}).state == "ok"
    )


def test_growth_says_for_how_long_room_is_left(finished):
    """Bytes of the last 30 days by the day; a root that was made today counts as one day."""
    configured = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished.parent)
    now = datetime.now(UTC)
    written = sum(path.stat().st_size for path in (finished / "checkpoints").rglob("*") if path.is_file())
    per_day, days = machine.days_of_room(configured, now, 10 * written)
    assert (per_day, days) == (written, 10.0)
    assert machine.days_of_room(configured, now + timedelta(days=31), 10 * written) is None


def test_a_schedule_that_fails_again_and_again_is_named(configured):
    """Three times in a row nothing came of it; a success between them is enough."""
    from core.journal.occurrences import Occurrence
    from core.journal.schedules import Schedules

    person = Person("local:x", "x", "operator")
    definition.add(configured, Schedule("daily", Timing("close+45m"), {}), now=NOW, person=person)
    journal = Schedules(configured.data)
    for day in (1, 2, 3):
        assert found(configured)["schedules"].state == "ok"
        journal.add_occurrence(
            Occurrence(
                "daily", f"2024-07-0{day}T21:00:00+00:00", f"2024-07-0{day}", "failed", None, "no rows"
            )
        )
    stale = found(configured)["schedules"]
    assert (stale.state, "daily (failed: no rows)" in stale.says) == ("warning", True)
    journal.add_occurrence(Occurrence("daily", "2024-07-04T21:00:00+00:00", "2024-07-04", "succeeded"))
    assert found(configured)["schedules"].state == "ok"
