"""The terminal: groups of commands, lines that fit, logs, plans, settings in force, a folder of one's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from core.cli import output
from core.cli.main import _COMMANDS, GROUPS, group
from tests.cli.every_command import every_command

WIDTH = 80


def test_every_command_has_its_group_and_one_line():
    """Nobody looks for a command in vain, and no line of the help is cut."""
    listed = [name for commands in GROUPS.values() for name in commands]
    assert sorted(listed) == sorted(_COMMANDS)
    widest = max(map(len, listed))
    for commands in GROUPS.values():
        for name, sentence in commands.items():
            assert len(f"  {name:<{widest}}  {sentence}") <= WIDTH, name
            assert sentence.endswith(".")


def test_help_of_every_command_fits_the_terminal(run_afterclose, data):
    """No line over 80 columns, whatever the command."""
    import click

    with click.Context(group, info_name="afterclose") as top:
        for words in every_command():
            command, context = group, top
            for name in words.split():
                command = command.get_command(context, name)
                context = click.Context(
                    command, info_name=name, parent=context, max_content_width=WIDTH, terminal_width=WIDTH
                )
            assert max(map(len, command.get_help(context).splitlines())) <= WIDTH, words
    whole = run_afterclose("--help", data=data).out
    assert max(map(len, whole.splitlines())) <= WIDTH
    assert "Every day:" in whole


PRINTING = [
    ("config", "--changed"), ("query", "FROM findings LIMIT 3"), ("query", "--tables"), ("show", "nobody"),
    ("run", "--source", "sample", "--dry-run"), ("query", "SELECT * FROM nothing"), ("runs", "--state", "failed"),
]  # fmt: skip


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_no_line_is_wider_than_the_terminal(words, finished, run_afterclose):
    """Forms of commands, and errors, that are not in the day of ``test_every_command.py``."""
    done = run_afterclose(*words, data=finished, env={"COLUMNS": str(WIDTH)})
    assert "Traceback" not in done.err
    wide = [line for line in (done.out + done.err).splitlines() if len(line) > WIDTH]
    assert [line for line in wide if " " in line.strip()] == []  # the path of this test's folder is one word


def test_a_table_is_narrowed_before_it_is_stacked(monkeypatch, capsys):
    """The widest text first; numbers and the first column stay whole; a pipe gets the whole width."""
    rows = [("abc", "x" * 20 + " " + "y" * 30, 1_000), ("d", "short", 2)]
    monkeypatch.setenv("COLUMNS", "44")
    output.table(("name", "what", "n"), rows)
    assert capsys.readouterr().out.splitlines() == [
        f"name  {'what':<31}      n",
        f"abc   {'x' * 20:<31}  1,000",
        f"      {'y' * 30}",
        f"d     {'short':<31}      2",
    ]
    monkeypatch.setenv("COLUMNS", "40")
    output.table(tuple("abcdefghijkl"), [("12345678",) * 12])
    assert capsys.readouterr().out.splitlines() == [f"{name}  12345678" for name in "abcdefghijkl"]
    monkeypatch.delenv("COLUMNS")
    output.table(("name", "what", "n"), rows)
    assert capsys.readouterr().out.splitlines()[1] == f"abc   {rows[0][1]}  1,000"


def test_logs_are_lines_or_the_file(prepared, run_afterclose):
    """The newest run where none is named; a stage, a level and a text narrow it; --json is the file."""
    lines = run_afterclose("logs", data=prepared).out.splitlines()
    assert any("clean" in line and "done" in line for line in lines)
    of_clean = run_afterclose(
        "logs", "latest", "--stage", "clean", "--contains", "DONE", data=prepared
    ).out.splitlines()
    assert len(of_clean) == 1
    assert of_clean[0] in lines
    events = [json.loads(line) for line in run_afterclose("logs", "--json", data=prepared).out.splitlines()]
    assert events[0]["event"] == "run_started"
    assert run_afterclose("logs", "--level", "error", data=prepared).out == ""
    unknown = run_afterclose("logs", "nobody", data=prepared)
    assert (unknown.code, "latest" in unknown.err) == (4, True)


def test_a_plan_says_what_is_there_and_starts_nothing(finished, run_afterclose, small):
    """Everything there: nothing to do; another parameter: what would be made, with the key it will have."""
    before = sorted(path.name for path in (finished / "runs").iterdir())
    done = run_afterclose("plan", *small, data=finished)
    assert (done.code, "nothing to do" in done.out) == (0, True), done.err
    more = json.loads(run_afterclose("plan", *small, "--cost-bps", "7", "--json", data=finished).out)
    assert [step["stage"] for step in more["steps"] if step["does"] == "made"] == ["evaluate", "report"]
    assert more["makes"] == 2
    dry = run_afterclose("run", *small, "--cost-bps", "7", "--dry-run", data=finished)
    assert "2 stages to make; nothing was started" in dry.out
    assert sorted(path.name for path in (finished / "runs").iterdir()) == before
    assert run_afterclose("run", *small, "--cost-bps", "7", data=finished).code == 0
    keys = {step["stage"]: step["key"] for step in more["steps"]}
    made = json.loads(
        run_afterclose("show", "latest", "--profile", "files:prices", "--json", data=finished).out
    )["keys"]
    assert made == keys
    assert run_afterclose("plan", "--mode", "score", "--source", "sample", data=finished).code == 4


def test_config_says_where_each_value_was_set(tmp_path, run_afterclose):
    """File and line, environment or default; addresses that may hold passwords are not printed."""
    (tmp_path / "luigi.cfg").write_text(
        "[train]\nmodel = hist_gradient_boosting\n\n[notices]\nurls = json://user:secret@127.0.0.1/x\n"
        "[profile:us]\ntickers = MSFT\nreview_sign_by = 17:30\nnotices_deputy_urls = json://user:secret@127.0.0.1/y\n"
    )
    done = run_afterclose("config", "--json", data=tmp_path / "data", cwd=tmp_path)
    entries = {(row["section"], row["key"]): row for row in json.loads(done.out)}
    assert entries["train", "model"]["value"] == "hist_gradient_boosting"
    assert entries["train", "model"]["origin"] == "luigi.cfg, line 2"
    assert entries["evaluate", "cost_bps"]["origin"] == "default"
    assert entries["", "AFTERCLOSE_DATA"]["origin"] == "environment, AFTERCLOSE_DATA"
    assert entries["profile:us", "tickers"]["origin"] == "luigi.cfg, line 7"
    assert entries["profile:us", "review_sign_by"]["value"] == "17:30"
    assert entries["profile:us", "notices_deputy_urls"]["value"] == "(set, not shown)"
    assert "secret" not in done.out
    listed = run_afterclose("profiles", "--settings", data=tmp_path / "data", cwd=tmp_path)
    assert "17:30" in listed.out
    assert "secret" not in listed.out
    changed = run_afterclose("config", "--changed", data=tmp_path / "data", cwd=tmp_path).out
    assert "cost_bps" not in changed
    assert "hist_gradient_boosting" in changed


def test_a_folder_of_ones_own_runs_from_anywhere_in_it(tmp_path, run_afterclose, prices_file):
    """init with a file, then plan and run by its words from a folder below; the data root is beside luigi.cfg."""
    home = tmp_path / "desk of mine"
    done = run_afterclose("init", str(home), "--path", str(prices_file), "--calendar", "24/7")
    assert done.code == 0, done.err
    assert "afterclose run --profile prices" in done.out
    inner = home / "notes"
    inner.mkdir()
    environment = {"AFTERCLOSE_DATA": ""}
    planned = run_afterclose("plan", "--profile", "prices", cwd=inner, env=environment)
    assert "7 stages to make" in planned.out, planned.err
    assert not (home / "data").exists()
    refused = run_afterclose(
        "run", "--profile", "prices", "--path", "nowhere.csv", cwd=inner, env=environment
    )
    assert (refused.code, "data root begins" in refused.err) == (20, False), refused.err
    options = ("--bootstrap-samples", "100")
    ran = run_afterclose("run", "--profile", "prices", *options, cwd=inner, env=environment)
    assert (ran.code, f"a new data root begins: {home / 'data'}" in ran.err) == (0, True), ran.err
    assert (home / "data" / "latest").is_dir()
    again = run_afterclose("init", str(home), "--path", str(prices_file))
    assert (again.code, "luigi.cfg already" in again.err) == (4, True)
    missing = run_afterclose("init", str(tmp_path / "new"), "--path", "nowhere.csv")
    assert (missing.code, (tmp_path / "new" / "luigi.cfg").exists()) == (20, False)


def test_units_of_a_new_folder_are_understood_by_systemd(tmp_path, run_afterclose):
    """systemd reads them without a word, also where the folder's name has a blank, a percent sign and an umlaut."""
    if shutil.which("systemd-analyze") is None:
        (pytest.fail if os.environ.get("AFTERCLOSE_REQUIRE_TOOLS") else pytest.skip)(
            "systemd-analyze is not installed"
        )
    home = tmp_path / "100% Büro"
    done = json.loads(run_afterclose("init", str(home), "--tickers", "MSFT,AAPL", "--json").out)
    assert done["profile"] == "msft-aapl"
    units = sorted(str(path) for path in (home / "units").iterdir() if path.suffix in (".service", ".timer"))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    words = [line for line in checked.stderr.splitlines() if "afterclose" in line]
    assert (checked.returncode, words) == (0, [])
    assert (
        f"WorkingDirectory={tmp_path}/100%% Büro\n" in (home / "units" / "afterclose-run.service").read_text()
    )


def test_a_profile_is_named_after_its_file_and_what_to_type_next_can_be_pasted(
    tmp_path, run_afterclose, prices_file
):
    """Letters with marks lose them; a folder with a blank is quoted."""
    prices = tmp_path / "Kurse März.csv"
    prices.write_bytes(prices_file.read_bytes())
    done = run_afterclose("init", "ein Büro", "--path", str(prices), "--calendar", "24/7", cwd=tmp_path)
    assert "\n  cd 'ein Büro'\n  afterclose plan --profile kurse-marz\n" in done.out, done.err


def test_runs_are_narrowed_by_state_report_and_day(finished, run_afterclose):
    """Each shows where its report stands and its verdict; a filter that nothing meets lists nothing."""
    (run,) = json.loads(run_afterclose("runs", "--json", data=finished).out)
    assert (run["report_state"], run["verdict"]) == ("draft", "no better than chance")
    for words, count in (
        (("--state", "succeeded"), 1), (("--state", "failed"), 0), (("--report", "draft"), 1),
        (("--report", "signed"), 0), (("--since", run["created_at"][:10]), 1), (("--since", "2100-01-01"), 0),
    ):  # fmt: skip
        assert len(json.loads(run_afterclose("runs", *words, "--json", data=finished).out)) == count, words


def test_a_stranger_above_configures_nothing(tmp_path, monkeypatch):
    """A luigi.cfg in a folder above counts only if it is one's own or root's."""
    from core.request import settings

    (tmp_path / "luigi.cfg").write_text("[train]\nmodel = hist_gradient_boosting\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert settings.load({}, inner)["model"] == "hist_gradient_boosting"
    assert settings.load({}, inner).data == tmp_path / "data"
    assert settings.load({"AFTERCLOSE_DATA": "mine"}, inner).data == inner / "mine"
    if os.geteuid() == 0:
        os.chown(tmp_path / "luigi.cfg", 12345, 12345)
        assert settings.load({}, inner)["model"] == "logistic_regression"
        assert settings.load({}, tmp_path)["model"] == "hist_gradient_boosting"


def test_the_doctors_remedy_can_be_pasted(tmp_path, run_afterclose):
    """A folder with a blank is quoted in the command that mends what it found."""
    folder = tmp_path / "ein Büro"
    folder.mkdir()
    config = folder / "luigi.cfg"
    config.write_text("[notices]\nurls = json://user:secret@127.0.0.1/x\n")
    config.chmod(0o644)
    done = run_afterclose("doctor", "--offline", cwd=folder, data=folder / "data")
    (remedy,) = [line for line in done.out.splitlines() if line.startswith("secrets: Run: ")]
    subprocess.run(remedy.removeprefix("secrets: Run: "), shell=True, check=True)
    assert config.stat().st_mode & 0o777 == 0o600
