"""The journal under attack: forged process ids, moved clocks, damage and loss. What was made is still usable."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.journal import Journal
from core.journal.database import FILE_NAME
from core.journal.faults import JournalError
from core.platform.processes import ProcessId, boot_id, this_process
from core.runs import supervisor

LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


@pytest.fixture
def journal(data):
    """A journal in a fresh data root."""
    return Journal(data)


def going(journal, run_id, process):
    """Record a run that goes, led by ``process``, in the middle of its first stage."""
    journal.add_run(
        run_id, who="a", how="terminal", request={}, target="report", state="running", process=process
    )
    journal.start(run_id, {"ingest": "k"}, stages=["ingest", "validate"])
    journal.event(run_id, "ingest", "started", {})


HERE = this_process()
FORGED = {
    "reused pid": ProcessId(HERE.pid, HERE.started_ticks - 1, HERE.boot_id),
    "another boot": ProcessId(HERE.pid, HERE.started_ticks, "0" * 36),
    "no such process": ProcessId(2**22 + 1, HERE.started_ticks, HERE.boot_id),
    "pid of init": ProcessId(1, HERE.started_ticks, HERE.boot_id),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_run_whose_process_is_not_that_process_reads_interrupted(forgery, journal):
    """A pid alone proves nothing: start time and boot id must fit as well."""
    going(journal, "forged", FORGED[forgery])
    run = journal.run("forged")
    assert (run.state, run.error) == ("interrupted", "its process is gone")
    assert journal.active_runs() == []
    going(journal, "true", HERE)
    assert journal.run("true").state == "running"


def test_matching_the_pid_alone_would_take_the_forgery_for_alive(journal, monkeypatch):
    """The protection taken out: with the pid only, a reused one reads as running."""
    monkeypatch.setattr(ProcessId, "alive", lambda self: Path(f"/proc/{self.pid}").exists())
    going(journal, "forged", FORGED["reused pid"])
    assert journal.run("forged").state == "running"


def test_a_signal_never_reaches_a_process_that_took_over_the_pid(journal):
    """Cancelling a dead run whose pid is somebody else's now hits nobody."""
    import signal

    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as bystander:
        forged = ProcessId(bystander.pid, 1, boot_id())
        assert forged.signal(signal.SIGTERM, group=False) is False
        assert bystander.poll() is None
        bystander.kill()


def test_the_end_of_a_run_whose_process_is_gone_is_written_down_once(journal):
    """The next run settles it: state, and the stage that was at work; what never began stays queued."""
    going(journal, "dead", FORGED["no such process"])
    going(journal, "alive", HERE)
    assert journal.settle() == ["dead"]
    assert journal.settle() == []
    last = {event.stage: event.state for event in journal.events("dead")}
    assert last == {"ingest": "interrupted", "validate": "queued"}
    raw = sqlite3.connect(journal._database.database)
    assert raw.execute("SELECT state, ended_at IS NOT NULL FROM run WHERE run_id = 'dead'").fetchone() == (
        "interrupted",
        1,
    )
    raw.close()
    assert journal.run("alive").state == "running"


def test_a_launch_that_died_before_its_supervisor_does_not_block_the_next(journal):
    """A queued run that nobody leads is settled by who holds the launch lock, and by nobody else."""
    journal.add_run("half", who="a", how="desk", request={}, target="report", state="queued")
    assert journal.settle() == []
    assert [run.run_id for run in journal.active_runs()] == ["half"]
    assert journal.settle(unled=True) == ["half"]
    assert journal.active_runs() == []


def test_of_giving_a_run_up_and_leading_it_the_first_counts(journal):
    """A supervisor that comes when its run was given up leads nothing; a run that is led is not given up."""
    for name in ("late", "in time"):
        journal.add_run(name, who="a", how="desk", request={}, target="report", state="queued")
    journal.give_up("late")
    assert not journal.lead("late", this_process())
    assert journal.lead("in time", this_process())
    journal.give_up("in time")
    assert journal.lead("in time", this_process()), (
        "a second time by the same process, as its starter and itself do"
    )
    assert {run.run_id: run.state for run in journal.runs()} == {"late": "interrupted", "in time": "queued"}


def test_a_supervisor_whose_run_was_given_up_leaves_without_running_it(journal, data, monkeypatch, capsys):
    """It was slow to begin; the same work was started again meanwhile."""
    monkeypatch.setattr(supervisor, "Supervisor", None)
    monkeypatch.setattr(supervisor.configuration, "load", lambda: SimpleNamespace(data=data, journal=""))
    journal.add_run("late", who="a", how="desk", request={}, target="report", state="queued")
    journal.give_up("late")
    assert supervisor.main("late", "") == 130
    assert "given up" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "stage"),
    [("cancelled", "cancelled"), ("failed", "interrupted"), ("interrupted", "interrupted")],
)
def test_a_stage_at_work_when_its_run_ends_is_told_how_it_ended(journal, state, stage):
    """Nobody else is left to say it; stages that ended by themselves keep their word."""
    going(journal, "one", HERE)
    journal.event("one", "ingest", "succeeded", {})
    journal.event("one", "validate", "started", {})
    journal.end("one", state, 1, None)
    assert [(e.stage, e.state) for e in journal.events("one")][-2:] == [
        ("validate", "started"),
        ("validate", stage),
    ]


def test_runs_are_in_order_of_their_making_whatever_the_clock_says(journal, monkeypatch):
    """A clock set back by a year changes what is printed, neither the order nor how long a run took."""
    from core.journal import journal as module

    monkeypatch.setattr(module, "since_boot_s", iter((10, 12, 20, 23, 30, 34)).__next__)

    for run_id, clock in (("first", "2024-06-01"), ("second", "2023-06-01"), ("third", "2025-06-01")):
        monkeypatch.setattr(module, "utc_now", lambda clock=clock: f"{clock}T00:00:00.000+00:00")
        going(journal, run_id, HERE)
        monkeypatch.setattr(module, "utc_now", lambda: "2023-01-01T00:00:00.000+00:00")
        journal.end(run_id, "succeeded", 0, None)
    assert [run.run_id for run in journal.runs()] == ["third", "second", "first"]
    assert [run.run_id for run in journal.successes(2)] == ["third", "second"]
    assert [run.took_s() for run in journal.runs()] == [4, 3, 2]
    assert [e.seq for e in journal.events("second")] == sorted(e.seq for e in journal.events("second"))


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_another_time_zone_changes_nothing(zone, fleet, finished, lookers, undisturbed, looks):
    """The same keys and bytes; times in the journal are UTC."""
    done = fleet.run(fleet.luigi(), finished, env={"TZ": zone})
    assert done.returncode == 0, done.err
    assert done.err.startswith("nothing to do")
    assert lookers.artifacts(finished) == undisturbed
    assert all(run.created_at.endswith("+00:00") for run in looks.runs(finished))
    times = [run.created_at for run in looks.runs(finished)]
    assert times == sorted(times, reverse=True)


# ---- damage and loss


def scratched(path, seed):
    """Overwrite pages of a database at random, past its first page."""
    draw, data = random.Random(seed), bytearray(path.read_bytes())
    for _ in range(6):
        place = draw.randrange(4096, len(data) - 512)
        data[place : place + 512] = draw.randbytes(512)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_a_damaged_journal_answers_is_one_error(seed, finished):
    """Scratched pages: reading gives rows or a JournalError and never anything else."""
    scratched(finished / FILE_NAME, seed)
    for read in (
        lambda j: [j.events(run.run_id) for run in j.runs()],
        lambda j: j.active_runs(),
        lambda j: j.records(),
        lambda j: j.settle(),
        lambda j: j.end("x", "failed", 1, None),
    ):
        try:
            read(Journal(finished))
        except JournalError:
            continue


def test_a_row_that_is_not_what_was_written_is_an_error_and_no_crash(finished):
    """Text where JSON was."""
    raw = sqlite3.connect(finished / FILE_NAME)
    raw.execute("UPDATE run SET request = 'not json'")
    raw.commit()
    raw.close()
    with pytest.raises(JournalError, match="could not be read"):
        Journal(finished, read_only=True).runs()


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["overwritten", "scratched", "emptied", "cut"])
def test_a_damaged_journal_is_said_and_the_run_still_works(damage, fleet, finished, lookers, undisturbed):
    """Checkpoints do not depend on it: exit 0, the report, and a line that says what is not recorded."""
    path = finished / FILE_NAME
    data = path.read_bytes()
    path.write_bytes(
        {
            "overwritten": b"x" * len(data),
            "scratched": data[:4096] + b"\xff" * (len(data) - 4096),
            "emptied": b"",
            "cut": data[: len(data) // 3],
        }[damage]
    )
    (lookers.folder_of(finished, "report") / "meta.json").unlink()
    done = fleet.run(fleet.luigi(), finished)
    assert done.returncode == 0, done.err
    assert lookers.artifacts(finished) == undisturbed
    assert "Traceback" not in done.err
    if damage != "emptied":  # an empty file is a new database for SQLite
        assert "this run is not in the journal" in done.err
        listed = fleet.run(fleet.afterclose("runs"), finished)
        assert listed.returncode == 30
        assert "checkpoints do not depend on it" in listed.err
        assert len(listed.err.splitlines()) == 1


@pytest.mark.slow
def test_a_lost_journal_is_said_nothing_is_removed_and_a_backup_brings_it_back(
    fleet, finished, tmp_path, lookers
):
    """runs says it, gc refuses, restore works; a run goes on and says it as well."""
    zipped = tmp_path / "backup.zip"
    assert fleet.run(fleet.afterclose("backup", str(zipped)), finished).returncode == 0
    before = json.loads(fleet.run(fleet.afterclose("runs", "--json"), finished).out)
    for path in finished.glob(f"{FILE_NAME}*"):
        path.unlink()
    listed = fleet.run(fleet.afterclose("runs"), finished)
    assert (listed.returncode, listed.out) == (0, "")
    assert "is lost" in listed.err
    kept = lookers.tree(finished / "checkpoints")
    refused = fleet.run(fleet.afterclose("gc", "--yes"), finished)
    assert refused.returncode == 30
    assert "is lost" in refused.err
    assert lookers.tree(finished / "checkpoints") == kept
    shown = fleet.run(fleet.afterclose("show", before[0]["run_id"]), finished)
    assert shown.returncode == 30
    assert "there is no journal" in shown.err
    back = fleet.run(fleet.afterclose("restore", str(zipped)), finished)
    assert back.returncode == 0, back.err
    assert json.loads(fleet.run(fleet.afterclose("runs", "--json"), finished).out) == before
    for path in finished.glob(f"{FILE_NAME}*"):
        path.unlink()
    done = fleet.run(fleet.luigi(), finished)
    assert done.returncode == 0, done.err
    assert "is lost" in done.err


@pytest.mark.slow
def test_every_end_of_a_terminal_run_is_recorded_with_its_exit_code(
    fleet, data, looks, tmp_path, make_prices
):
    """0, 30 by a failing gate; each stage's states in order."""
    lines = make_prices().splitlines()
    row = lines[100].split(",")
    bad = tmp_path / "bad.csv"
    lines[100] = ",".join([*row[:3], "0.01", *row[4:]])  # a high below the low
    bad.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert fleet.run(fleet.luigi("--path", str(bad)), data).returncode == 30
    assert fleet.run(fleet.luigi(), data).returncode == 0
    done, failed = looks.runs(data)
    assert (done.state, done.exit_code, done.error) == ("succeeded", 0, None)
    assert (failed.state, failed.exit_code) == ("failed", 30)
    assert failed.error.startswith("validate: ")
    events = Journal(data, read_only=True).events(failed.run_id)
    assert [(e.stage, e.state) for e in events if e.stage in ("ingest", "validate", "clean")] == [
        ("ingest", "queued"), ("validate", "queued"), ("clean", "queued"), ("ingest", "started"),
        ("ingest", "succeeded"), ("validate", "started"), ("validate", "failed"),
    ]  # fmt: skip
    assert {e.state for e in events if e.stage == "report"} == {"queued"}
