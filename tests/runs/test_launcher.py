"""Runs started from the desk: recorded first, processes of their own, one at a time, ended whole."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import psutil
import pytest

from core.errors import CheckpointError, CommandError, ParameterError, SourceError, StageError
from core.journal import Journal
from core.platform.processes import process
from core.queries.runs.folder import RunFolder
from core.queries.runs.log_search import LogFilter, end_of
from core.request import settings
from core.review.people import local_person
from core.runs import launcher
from core.runs.launcher import cancel, command_of, judge_apart, launch
from core.store.checkpoints import Slot, Store


def session_of(leader: int) -> list[int]:
    """The processes that still run in the session that ``leader`` leads."""
    found = []
    for each in psutil.process_iter():
        try:
            if os.getsid(each.pid) == leader and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@pytest.mark.slow
def test_a_run_is_recorded_and_ends_with_a_whole_report(launched, small_request, desk_settings, wait_until):
    """Launching returns at once; the supervisor writes the end, and the report is committed."""
    told = launched(small_request)
    journal = Journal(desk_settings.data)
    first = journal.run(told.run_id)
    assert told.new
    assert first.active
    assert (first.who, first.how, dict(first.request)) == ("a tester", "desk", small_request)

    def supervised():
        run = journal.run(told.run_id)
        return run if run.exit_code is not None else None

    run = wait_until(supervised, "the run to end")
    assert (run.state, run.exit_code, run.error) == ("succeeded", 0, None)
    store = Store(desk_settings.data)
    assert store.damage(Slot("report", run.keys["report"])) is None
    assert {e.stage for e in journal.events(run.run_id) if e.state == "succeeded"} == set(run.keys)
    folder = RunFolder(desk_settings.data, run.run_id)
    assert "supervisor: succeeded, exit code 0" in str(end_of(folder.log_path, LogFilter()))
    assert "DAILY EQUITY-PRICE REPORT" in folder.output()


@pytest.mark.slow
def test_a_second_click_leads_to_the_running_one_and_cancel_ends_its_whole_group(
    launched, desk_settings, wait_until
):
    """Two launches of the same give one run; cancelled, no process of it is left and the journal says so."""
    told, again = launched({}), launched({})
    assert (told.new, again.new, again.run_id) == (True, False, told.run_id)
    journal = Journal(desk_settings.data)
    assert journal.count_runs() == 1
    wait_until(
        lambda: any(e.state == "started" for e in journal.events(told.run_id)), "the first stage to start"
    )
    leader = journal.run(told.run_id).process.pid
    assert len(session_of(leader)) > 1

    assert cancel(desk_settings, told.run_id, person=local_person(desk_settings))
    wait_until(lambda: not session_of(leader), "the whole session to end")
    run = journal.run(told.run_id)
    assert (run.state, run.exit_code) == ("cancelled", 143)
    assert not cancel(desk_settings, told.run_id, person=local_person(desk_settings))


def test_a_mistake_starts_nothing(launched, desk_settings):
    """What can be judged before a stage runs is said to the caller; there is no run in the journal."""
    with pytest.raises(ParameterError, match="is after --end"):
        launched({"start": "2013-01-01", "end": "2012-01-01"})
    assert not Journal.exists(desk_settings.data) or Journal(desk_settings.data).count_runs() == 0


def test_cancelling_what_is_not_there_is_said(desk_settings):
    """An unknown run id is a mistake and not a silent success."""
    with pytest.raises(ParameterError, match="no run 'nobody'"):
        cancel(desk_settings, "nobody", person=local_person(desk_settings))


def test_a_process_that_has_nothing_of_the_run_is_not_ended(desk_settings):
    """Whoever can write the journal could name any process of the desk's account."""
    journal = Journal(desk_settings.data)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        about = {"who": "a", "how": "desk", "request": {}, "target": "report", "state": "running"}
        journal.add_run("one", **about, process=process(bystander.pid))
        with pytest.raises(CheckpointError, match="has nothing of run one open"):
            cancel(desk_settings, "one", person=local_person(desk_settings))
        assert bystander.poll() is None
        bystander.kill()


def test_the_run_is_the_command_that_a_person_would_type(desk_settings):
    """The supervisor runs the stock script with the request's options; nothing goes around it."""
    journal = Journal(desk_settings.data)
    request = {"source": "sample", "end": "2012-01-03"}
    journal.add_run("one", who="a", how="desk", request=request, target="report", state="queued")
    words = command_of(journal.run("one"), desk_settings.data)
    assert words[3:] == [
        "luigi", "--module", "luigi_tasks", "Report", "--local-scheduler", "--source=sample", "--end=2012-01-03",
    ]  # fmt: skip


def test_a_process_is_known_by_the_file_that_it_has_open_whatever_its_path(tmp_path):
    """A data root that is mounted in two places has two paths; a hard link stands for the mount here."""
    (tmp_path / "run").mkdir()
    (tmp_path / "elsewhere").mkdir()
    log = tmp_path / "run" / "output.txt"
    log.write_bytes(b"")
    (tmp_path / "elsewhere" / "output.txt").hardlink_to(log)
    with (
        (tmp_path / "elsewhere" / "output.txt").open("ab") as output,
        subprocess.Popen(["sleep", "60"], stdout=output) as sleeper,
    ):
        (tmp_path / "elsewhere" / "output.txt").unlink()
        assert launcher._has_open(sleeper.pid, tmp_path / "run")
        (tmp_path / "other").mkdir()
        assert not launcher._has_open(sleeper.pid, tmp_path / "other")
        sleeper.kill()


def test_a_process_of_another_account_is_no_changed_row(desk_settings, monkeypatch):
    """Nobody can look at what it has open: that says nothing of the journal."""

    def refused(pid, folder):
        raise PermissionError(13, "Permission denied", f"/proc/{pid}/fd")

    journal = Journal(desk_settings.data)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        about = {"who": "a", "how": "desk", "request": {}, "target": "report", "state": "running"}
        journal.add_run("one", **about, process=process(bystander.pid))
        monkeypatch.setattr(launcher, "_has_open", refused)
        with pytest.raises(CommandError, match="another account's"):
            cancel(desk_settings, "one", person=local_person(desk_settings))
        assert bystander.poll() is None
        bystander.kill()


# an alarm that falls into a weak reference's callback is swallowed there, and comes again
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_request_whose_planning_never_ends_is_refused_where_others_are_served(tmp_path):
    """A pattern over links that lead in circles: more folders than anybody has time for."""
    folder = tmp_path / "prices"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).symlink_to(".")
    configured = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)
    quick = replace(configured, defaults={**configured.defaults, "read_timeout_s": 2.0})
    request = {"source": "files", "path": f"{folder}/**/none.csv"}
    with pytest.raises(SourceError, match=r"took more than 2 seconds.*read_timeout_s"):
        judge_apart(quick, request)
    with pytest.raises(StageError, match=r"planning took longer than 2 s.*read_timeout_s"):
        launch(quick, request, person=local_person(quick), how="terminal", folder=tmp_path)
    assert not Journal.exists(tmp_path / "data")
