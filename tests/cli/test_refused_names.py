"""Names that the system refuses whatever lies there: a mistake of whoever typed them, not an unexpected error."""

from __future__ import annotations

import os

import pytest

LONG = "a" * 300
BYTES = os.fsdecode(b"\xff\xfe")

COMMANDS = [
    ("restore", LONG), ("keys", "admit", "--why", "x", LONG), ("init", LONG), ("init", f"sub/{BYTES}"),
    ("query", BYTES),
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_name_that_the_system_refuses_is_a_bad_value(words, run_afterclose, finished, tmp_path):
    """One line, 4, and no log of an unexpected error."""
    before = len(list((finished / "runs").iterdir()))
    done = run_afterclose(*words, data=finished, cwd=tmp_path)
    assert done.code == 4, done.err
    assert len(done.messages) == 1
    assert "Traceback" not in done.err
    assert len(list((finished / "runs").iterdir())) == before


@pytest.mark.parametrize("name", ["file", "folder"])
def test_a_file_of_prices_whose_name_is_no_text_is_refused_before_anything_is_made(
    name, run_afterclose, prices_file, tmp_path, data
):
    """Its name goes on record, and no artifact and no page can hold it: ingest failed at it, unexpectedly."""
    folder = tmp_path / "prices"
    folder.mkdir()
    path = folder / (os.fsdecode(b"caf\xe9") + ".csv")
    path.write_bytes(prices_file.read_bytes())
    asked = path if name == "file" else folder
    done = run_afterclose("run", "--source", "files", "--path", str(asked), "--calendar", "24/7", data=data)
    assert done.code == 4, done.err
    assert "UTF-8" in done.err
    assert "unexpected" not in done.err
