"""What somebody meets who has never seen the program: streams, messages and words, by the commands as typed."""

from __future__ import annotations

import json
import shutil
import signal
import time

import pytest

from core.errors import CommandError, ParameterError, SettingsError
from core.journal import Journal
from core.registry.evidence import features_of
from core.request import settings
from core.runs.resolve import resolve
from core.upkeep.garbage import garbage
from tests.champions import settings_of
from tests.commands import slow

pytestmark = pytest.mark.slow


def test_the_operators_run_says_on_stderr_and_prints_the_report_alone(run_afterclose, small, data, lookers):
    """``afterclose run > report.txt`` does what it says."""
    done = run_afterclose("run", *small, "--mode", "train", data=data)
    assert done.code == 0, done.err
    assert done.out == (lookers.folder_of(data, "report") / "report.txt").read_text()
    assert list(done.states()) == [
        "ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report",
    ]  # fmt: skip


def test_ctrl_c_reads_130_in_the_shell_and_in_the_journal(small, data, wait_until, root):
    """The run is interrupted, with its stage, before the command ends."""
    import subprocess

    from tests.commands import BIN, environment

    process = subprocess.Popen(
        [str(BIN / "afterclose"), "run", *small],
        env=environment(data, slow(20)), cwd=root, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until(lambda: Journal.exists(data), "a journal")
    journal = Journal(data)

    def at_work():
        return any(e.state == "started" for r in journal.runs() for e in journal.events(r.run_id))

    wait_until(at_work, "a stage at work")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    (run,) = journal.runs()
    assert (process.returncode, out) == (130, ""), err
    assert (run.state, run.exit_code, run.error) == ("interrupted", 130, "interrupted by a person")
    assert journal.events(run.run_id)[-1].state == "interrupted"
    assert "Traceback" not in err


def test_a_cancelled_run_still_reads_143(run_afterclose, small, data, wait_until):
    """The other way to end one keeps its own words."""
    started = run_afterclose("run", "--detach", *small, data=data, env=slow(20))
    run_id, journal = started.out.strip(), Journal(data)
    wait_until(lambda: journal.run(run_id).process, "a supervisor")
    time.sleep(0.5)
    assert run_afterclose("cancel", run_id, data=data).code == 0
    wait_until(lambda: not journal.run(run_id).active, "the end")
    assert (journal.run(run_id).state, journal.run(run_id).exit_code) == ("cancelled", 143)


def test_who_started_a_run_reads_the_same_whatever_the_door(run_luigi, run_afterclose, small, data):
    """Name of the settings and account."""
    assert run_luigi(*small, data=data).code == 0
    assert run_afterclose("run", *small, data=data).code == 0
    one, two = Journal(data, read_only=True).runs()
    assert one.who == two.who
    assert "local user" in one.who


def refused(request, now, folder, text=""):
    """The error of a plan that cannot be made."""
    (folder / "luigi.cfg").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as told:
        resolve(request, settings=settings.load(environ={}, folder=folder), now=now)
    return told.value


@pytest.fixture
def now():
    """Some time."""
    from datetime import UTC, datetime

    return datetime(2026, 3, 2, tzinfo=UTC)


def test_a_wrong_ticker_in_a_file_is_named_with_its_line(tmp_path, now):
    """Also when it is legal and the sample has none of that name."""
    path = tmp_path / "universe.txt"
    path.write_text("# mine\nAAPL\nappl\n", encoding="utf-8")
    error = refused({"tickers": f"@{path}"}, now, tmp_path)
    assert error.problem == "the sample has no ticker 'APPL' (universe.txt, line 3)"
    assert refused({"tickers": "APPL"}, now, tmp_path).problem == "the sample has no ticker 'APPL'"


@pytest.mark.parametrize("text", ["a,,b", ",AAPL", "AAPL,,", "AAPL, ,IBM", ","])
def test_a_name_missing_between_commas_is_refused(text, tmp_path, now):
    """A name was lost; nobody guesses which."""
    assert "a name missing between commas" in refused({"tickers": text}, now, tmp_path).problem


def test_a_bad_calendar_of_the_file_is_told_with_its_line(tmp_path, now):
    """In the file's words; one typed as an option in the option's."""
    text = "[train]\nseed = 3\n\n[market]\ncalendar = NYSX\n"
    error = refused({}, now, tmp_path, text)
    assert isinstance(error, SettingsError)
    assert error.problem == "luigi.cfg, line 5: [market] calendar is 'NYSX'"
    assert refused({"calendar": "NYSY"}, now, tmp_path, text).problem == "--calendar is 'NYSY'"


def test_a_role_that_does_not_exist_is_refused_when_the_file_is_read(tmp_path):
    """With file, line and the roles there are."""
    (tmp_path / "luigi.cfg").write_text("[user]\nrole = boss\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"luigi.cfg, line 2: \[user\] role is 'boss'.*viewer, operator"):
        settings.load(environ={}, folder=tmp_path)


def test_bounds_of_numbers_read_as_numbers(tmp_path, now):
    """No exponent where a person writes digits."""
    assert refused({"seed": "x"}, now, tmp_path).expected == "a whole number from 0 to 2,147,483,647"
    assert refused({"leak_auc": "7"}, now, tmp_path).expected == "a number from 0.5 to 1"


def test_features_of_the_wrong_kind_are_a_mistake_of_the_command_line(finished, run_afterclose):
    """Exit 2, as docs/exit-codes.md has it."""
    path = finished / "latest" / "evaluation.json"
    with pytest.raises(CommandError, match="kind 'evaluation'"):
        features_of(settings_of(finished), str(path), "files:prices")
    (model,) = json.loads(run_afterclose("models", "--json", data=finished).out)["models"]
    done = run_afterclose("predict", "--model", model["model_id"], "--features", str(path), data=finished)
    assert (done.code, len(done.messages)) == (2, 1), done.err


def test_help_of_the_main_command_names_no_value_that_only_the_plan_fills(run_luigi):
    """What is refused when given is not offered."""
    done = run_luigi("--help")
    assert done.code == 0
    assert "--source" in done.out
    for name in ("--input-digest", "--input-name", "--model-id", "--waivers-digest"):
        assert name not in done.out


def test_a_failed_gate_is_said_once(run_luigi, small, data, tmp_path):
    """ "validate failed", and then what stopped the run."""
    path = tmp_path / "torn.csv"
    path.write_text("date,ticker,open,high,low,close,volume\n2020-01-01,AAA,1,0.5,2,1,5\n", encoding="utf-8")
    failed = run_luigi(*small, "--path", str(path), data=data)
    (line,) = [line for line in failed.messages if line.startswith("validate")]
    assert line.split()[:6] == ["validate", "failed", "the", "gate", "stopped", "the"]


def test_an_unwritable_root_is_not_said_to_have_a_log(run_luigi, small):
    """/proc takes no folder: the cause, and no path to a file that is not there."""
    done = run_luigi(*small, data="/proc/nowhere")
    assert done.code == 30, done.err
    assert "the log is" not in done.err
    assert done.messages[-1] == "not finished"


def test_promoting_the_champion_again_says_so(finished, run_afterclose):
    """Not "now", and not instead of anything."""
    (model,) = json.loads(run_afterclose("models", "--json", data=finished).out)["models"]
    said = [
        run_afterclose("promote", model["model_id"], "--why", why, data=finished).out.strip()
        for why in ("the first", "still the best")
    ]
    assert said[0] == f"champion is now {model['model_id']}: the first"
    assert said[1] == f"{model['model_id']} was the champion already and stays it: still the best"


def test_gc_with_nothing_to_remove_prints_one_line(finished, run_afterclose):
    """No empty table."""
    for path in (finished / "locks").glob("*"):
        path.unlink()
    assert garbage(settings.load({"AFTERCLOSE_DATA": str(finished)}, finished), _later()) == []
    assert run_afterclose("gc", data=finished).out == "nothing to remove\n"


def _later():
    from datetime import UTC, datetime

    return datetime.now(UTC)


def test_one_of_a_thing_is_no_plural(finished, run_afterclose):
    """1 model, 0 records."""
    assert run_afterclose("verify", data=finished).out.startswith(
        "7 checkpoints, 1 model, 1 record: all whole"
    )
    shutil.rmtree(finished / "checkpoints" / "report")
    assert run_afterclose("verify", data=finished).out.startswith("6 checkpoints, 1 model")


def findings_of(run_luigi, small, data, tmp_path, text):
    """The findings that stopped a run of these prices."""
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    assert run_luigi(*small, "--path", str(path), data=data).code == 30
    (file,) = data.glob("runs/*/findings.json")
    return [f for f in json.loads(file.read_bytes())["findings"] if f["severity"] == "error"]


def test_a_bad_cell_is_one_finding(run_luigi, small, data, tmp_path):
    """Without an adjusted close the close stands for it; its mistake is told once."""
    text = "date,ticker,open,high,low,close,volume\n2020-01-01,AAA,1,1,1,oops,5\n2020-01-02,AAA,1,1,1,1,5\n"
    (found,) = findings_of(run_luigi, small, data, tmp_path, text)
    assert (found["rule"], found["date"], found["value"]) == ("wrong_type", "2020-01-01", "oops")
    assert found["expected"].startswith("close: ")


def test_a_missing_column_is_told_with_the_columns_there_are(run_luigi, small, data, tmp_path):
    """A misspelt name shows beside what was expected."""
    text = "date,ticker,open,high,low,close,volumme\n2020-01-01,AAA,1,1,1,1,5\n"
    (found,) = findings_of(run_luigi, small, data, tmp_path, text)
    assert (found["rule"], found["value"]) == ("missing_column", "volume")
    assert found["expected"].startswith("a column named volume beside date, ticker, open, high, low, close")


def test_a_model_is_shown_with_its_values_under_each_other(finished, run_afterclose):
    """No brackets, no label that runs into its value."""
    (model,) = json.loads(run_afterclose("models", "--json", data=finished).out)["models"]
    lines = run_afterclose("models", "show", model["model_id"], data=finished).out.splitlines()
    column = lines[0].index(model["model_id"])
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)
    assert not any(mark in line for line in lines for mark in "{}'")
    assert any(line.split() == ["training", "tickers", "AAA,", "BBB"] for line in lines)
