"""A process of ours runs nothing that lies in the working folder: prices and other people's files lie there."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from core.cli.dashboard import command_line
from core.errors import SettingsError
from core.platform.isolated import Bounds, bounded
from core.platform.processes import MODULE
from core.request.config_place import refuse_other_settings
from core.runs.launcher import words_of
from tests.commands import ROOT

NAMES = ("random", "pickle", "statistics", "luigi", "streamlit", "pandas", "peewee", "sitecustomize_own")


@pytest.fixture
def downloads(tmp_path):
    """A folder with modules that leave a mark when they are run, and the mark."""
    folder, mark = tmp_path / "downloads", tmp_path / "run"
    (folder / "core").mkdir(parents=True)
    for name in (*(f"{name}.py" for name in NAMES), "core/__init__.py"):
        (folder / name).write_text(f"open({str(mark)!r}, 'a').write({name!r} + '\\n')\n")
    return folder, mark


def test_a_whole_run_takes_no_module_of_the_folder(downloads, run_afterclose, small, data, prices_file):
    """Supervisor, pipeline, and whatever they ask in processes of their own."""
    folder, mark = downloads
    made = run_afterclose("run", *small, data=data, cwd=folder)
    assert made.code == 0, made.err
    looked = run_afterclose("look", str(prices_file), data=data, cwd=folder)
    assert looked.code == 0, looked.err
    assert not mark.exists(), mark.read_text()


def test_a_call_in_a_process_of_its_own_takes_none(downloads, monkeypatch):
    """What reads a file that somebody brought."""
    folder, mark = downloads
    monkeypatch.chdir(folder)
    assert bounded(Bounds(memory_mb=512, time_s=60), len, "four") == 4
    assert not mark.exists(), mark.read_text()


def test_the_scheduler_beside_a_desk_takes_none(downloads, data):
    """It waits for a journal, with everything imported."""
    folder, mark = downloads
    environ = {"PATH": "/usr/bin:/bin", "AFTERCLOSE_DATA": str(data)}
    code = "import core.cli.daemon, core.schedule.scheduler, core.schedule.backfill, core.runs.supervisor"
    assert (
        subprocess.run([sys.executable, "-P", "-c", code], cwd=folder, env=environ, check=False).returncode
        == 0
    )
    assert not mark.exists()
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environ, check=False, capture_output=True)
    assert mark.exists(), "without the option they would be run"


def test_every_command_line_of_ours_says_so():
    """The desk, a run, and each place in the code that starts our own interpreter."""
    for words in (command_line("127.0.0.1", 8501), words_of({}, "report")):
        assert tuple(words[1:3]) == MODULE == ("-P", "-m")
    places = re.compile(r"\[sys\.executable, (?!\*MODULE,|\*sys\.orig_argv)")
    found = [str(path) for folder in ("core", "dashboard", "luigi_tasks") for path in (ROOT / folder).rglob("*.py")
             if places.search(path.read_text(encoding="utf-8"))]  # fmt: skip
    assert found == []


@pytest.fixture
def code(tmp_path):
    """Settings of Luigi's that would run code, and the mark that it would leave."""
    mark, evil = tmp_path / "mark", tmp_path / "evil.conf"
    evil.write_text(
        "[loggers]\nkeys = root\n[handlers]\nkeys = one\n[formatters]\nkeys =\n[logger_root]\nhandlers = one\n"
        f"[handler_one]\nclass = StreamHandler\nargs = (open({str(mark)!r}, 'a'),)[:0]\n"
    )
    return f"[DEFAULT]\nodd = %(nope)s\n[core]\nlogging_conf_file = {evil}\n", mark


@pytest.mark.parametrize("name", ["client.cfg", "luigi.cfg"])
def test_a_run_obeys_no_settings_of_luigis_but_those_of_the_file_that_counts(
    name, code, run_afterclose, run_luigi, small, data, tmp_path
):
    """What ``logging_conf_file`` names is evaluated; prices are delivered into the folder in which a run starts."""
    folder, own, (words, mark) = tmp_path / "downloads", tmp_path / "own.cfg", code
    folder.mkdir()
    own.write_text("[evaluate]\nbootstrap_seed = 7\n")
    (folder / name).write_text(words)
    env = {"LUIGI_CONFIG_PATH": str(own)}
    made = run_afterclose("run", *small, data=data, cwd=folder, env=env)
    assert made.code == (4 if name == "client.cfg" else 0), made.err
    again = run_luigi(*small, data=data, cwd=folder, env=env)
    assert again.code == 0, again.err
    assert not mark.exists()


def test_what_luigi_would_wait_for_is_refused(tmp_path):
    """A pipe holds whoever opens it, before a line of ours is run."""
    refuse_other_settings(tmp_path, "luigi.cfg")
    (tmp_path / "luigi.cfg").write_text("")
    refuse_other_settings(tmp_path, "luigi.cfg")
    os.mkfifo(tmp_path / "client.cfg")
    with pytest.raises(SettingsError, match="is there, and Luigi would read it"):
        refuse_other_settings(tmp_path, "luigi.cfg")
