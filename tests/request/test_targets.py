"""No command writes what it is asked for over a file of the data root or of the configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import ParameterError
from core.request import settings
from core.request.targets import judge_target


@pytest.fixture
def configured(tmp_path):
    """Settings over a data root with a journal, a key, and an earlier backup."""
    (tmp_path / "luigi.cfg").write_text("")
    for name in ("journal.sqlite", "keys/desk.pem", "before.zip", "checkpoints/x.zip/meta.json"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("whole")
    return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


@pytest.mark.parametrize(
    "name", ["data/journal.sqlite", "data/keys/desk.pem", "data/checkpoints/x.zip/meta.json", "luigi.cfg"]
)
def test_what_the_desk_rests_on_is_not_written_over(configured, tmp_path, name):
    """Also by a link to it, and by another name of the file."""
    link, hard = tmp_path / "link.zip", tmp_path / "hard.zip"
    link.symlink_to(tmp_path / name)
    for target in (tmp_path / name, link):
        with pytest.raises(ParameterError, match="is a file of the"):
            judge_target(target, configured)
    if name in ("luigi.cfg", "data/keys/desk.pem"):
        os.link(tmp_path / name, hard)
        with pytest.raises(ParameterError):
            judge_target(hard, configured)


def test_other_files_and_an_earlier_backup_may_be(configured, tmp_path):
    """Whether they are is asked elsewhere; so is a name that is free."""
    (tmp_path / "out.json").write_text("x")
    for name in ("out.json", "data/before.zip", "data/new.json", "folder/none"):
        judge_target(tmp_path / name, configured)
        judge_target(Path(tmp_path / name), configured)


@pytest.mark.parametrize(
    "command",
    [
        ["backup", "{journal}", "--force"], ["export", "latest", "--output", "{journal}"],
        ["export", "latest", "--xlsx", "--output", "{journal}"],
        ["stage", "ingest", "--input", "{prices}", "--output", "{journal}"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_each_command_that_writes_a_file_asks_first(finished, run_afterclose, tmp_path, command):
    """4 in one line, and the journal is as it was: `backup --force`, `export` and `stage` each took its place."""
    prices = tmp_path / "prices.csv"
    prices.write_text("date,ticker,open,high,low,close,volume\n2024-01-02,AAA,1,1,1,1,1\n")
    journal = finished / "journal.sqlite"
    words = [word.format(journal=journal, prices=prices) for word in command]
    done = run_afterclose(*words, data=finished)
    assert done.code == 4
    assert "is a file of the data root" in done.err
    assert journal.read_bytes().startswith(b"SQLite format 3")
