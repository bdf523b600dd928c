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
