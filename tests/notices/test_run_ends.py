"""Who is told what when a run has ended, by runs that really end so."""

from __future__ import annotations

import json
import os
import signal

import psutil
import pytest

from core.journal import Journal
from tests.commands import slow

pytestmark = pytest.mark.slow
SECRET = "h1dd3n"


def titles(receiver):
    """The titles that arrived, without the program's name."""
    return [body["title"].removeprefix("Afterclose: ") for _, body in receiver.taken]


def log(data):
    """The text of all logs of a data root."""
    return "".join(path.read_text() for path in sorted((data / "runs").glob("*/*")) if path.is_file())


@pytest.fixture
def told(configured, web):
    """The environment of a command whose notices go to the web hook."""
    return {"LUIGI_CONFIG_PATH": str(configured(web.url))}


def test_a_new_report_waits_for_a_signature_and_a_rerun_with_nothing_to_do_says_nothing(
    run_luigi, small, data, told, web
):
    """One notice with the report's key; the password is in no file and on no terminal."""
    done = run_luigi(*small, "--mode", "train", data=data, env=told)
    assert done.code == 0, done.err
    assert titles(web) == ["a report waits for your signature"]
    (folder,) = (data / "checkpoints" / "report").iterdir()
    assert folder.name in web.taken[0][1]["message"]
    again = run_luigi(*small, "--mode", "train", data=data, env=told)
    assert again.messages[0].startswith("nothing to do")
    assert len(web.taken) == 1
    assert SECRET not in done.out + done.err + again.err
    for path in data.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_a_run_that_fails_tells_its_reason(run_luigi, small, data, told, web, tmp_path):
    """The first error of the journal."""
    path = tmp_path / "torn.csv"
    path.write_text("date,ticker,open,high,low,close,volume\n2020-01-01,AAA,1,0.5,2,1,5\n", encoding="utf-8")
    failed = run_luigi(*small, "--path", str(path), data=data, env=told)
    assert failed.code == 30
    assert titles(web) == ["a run failed"]
    run = Journal(data, read_only=True).runs()[0]
    assert web.taken[0][1]["message"] == f"Run {run.run_id} of profile {run.profile} failed: {run.error}"


def test_without_the_call_at_the_end_nobody_is_told(finished, monkeypatch, configured, web):
    """The announcement taken out of the supervisor: the same end, and no notice."""
    from core.request import settings
    from core.runs import announcing
    from core.runs.supervisor import Supervisor

    path = configured(web.url)
    over = settings.load(environ={"AFTERCLOSE_DATA": str(finished), "LUIGI_CONFIG_PATH": str(path)})
    journal = Journal(finished)

    def end(run_id):
        journal.add_run(run_id, who="a", how="desk", request={}, target="report", state="running")
        Supervisor(over, journal, journal.run(run_id))._finish(-9)

    with monkeypatch.context() as patch:
        patch.setattr(announcing, "announce", lambda *_: None)
        end("untold")
    assert web.taken == []
    end("told")
    assert titles(web) == ["a run failed"]


def test_a_pipeline_killed_under_its_supervisor_is_told(
    only_new_processes, run_afterclose, small, data, told, web, wait_until
):
    """Nobody else is left to say it."""
    env = slow(20, told)
    started = run_afterclose("run", "--detach", *small, data=data, env=env)
    run_id = started.out.strip()
    journal = Journal(data, read_only=True)
    wait_until(lambda: journal.run(run_id).process, "a supervisor")
    wait_until(lambda: any(e.state == "started" for e in journal.events(run_id)), "a start")
    (pipeline,) = psutil.Process(journal.run(run_id).process.pid).children()
    os.kill(pipeline.pid, signal.SIGKILL)
    wait_until(lambda: web.taken, "the notice")
    assert titles(web) == ["a run failed"]
    assert "signal 9" in web.taken[0][1]["message"]


def test_a_receiver_that_refuses_costs_a_line_and_no_exit_code(run_luigi, small, data, configured):
    """Exit 0 with the report; one line on the terminal and one in the log, neither with the address."""
    url = f"json://desk:{SECRET}@127.0.0.1:9/hook"
    done = run_luigi(*small, data=data, env={"LUIGI_CONFIG_PATH": str(configured(url))})
    assert done.code == 0, done.err
    assert done.messages[-1] == (
        "afterclose: the notice of 'waiting' was not sent: receiver 1 (json) did not take it"
    )
    assert log(data).count("notice_not_sent") == 1
    assert SECRET not in log(data) + done.err


def test_a_cancelled_run_tells_nobody(run_luigi, start_luigi, small, data, told, web, wait_until):
    """The person who cancelled it knows."""
    process = start_luigi(*small, data=data, env=slow(20, told))
    wait_until(lambda: "started" in log(data), "a start")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert web.taken == []


def wild_at_the_end(text, sessions):
    """The prices with swings of a tenth on the last ``sessions`` days of each ticker."""
    head, *lines = text.splitlines()
    last = sorted({line.split(",")[0] for line in lines})[-sessions:]
    made = [head]
    for line in lines:
        day, ticker, *_, close, volume = line.split(",")
        if day not in last:
            made.append(line)
            continue
        swung = float(close) * (1.1 if last.index(day) % 2 else 1 / 1.1)
        made.append(f"{day},{ticker},{swung:.4f},{swung * 1.01:.4f},{swung * 0.99:.4f},{swung:.4f},{volume}")
    return "\n".join(made) + "\n"


def test_a_drift_alarm_is_told_with_its_columns(run_luigi, small, data, told, web, tmp_path, make_prices):
    """Prices that turn wild at the end; the columns are those of evaluation.json."""
    path = tmp_path / "wild.csv"
    path.write_text(wild_at_the_end(make_prices(days=560, tickers="ABCDEFGHIJKLM"), 5), encoding="utf-8")
    words = [
        *small,
        "--path",
        str(path),
        "--drift-sessions",
        "5",
    ]  # an alarm needs 99 past windows of 60 rows
    done = run_luigi(*words, data=data, env=told)
    assert done.code == 0, done.err
    (file,) = (data / "checkpoints" / "evaluate").glob("*/evaluation.json")
    drift = json.loads(file.read_bytes())["drift"]
    alarms = sorted(name for name, held in drift.items() if held["severity"] == "alarm")
    assert alarms
    assert titles(web) == ["drift alarm", "a report waits for your signature"]
    assert web.taken[0][1]["message"].endswith(f"drift alarm for {', '.join(alarms)}.")
