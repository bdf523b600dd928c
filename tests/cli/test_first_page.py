"""On a terminal a run ends with the report's first page; what is piped or written to a file is the whole."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from tests.commands import BIN, ROOT, environment, luigi_words

pytestmark = pytest.mark.slow


def on_a_terminal(words, data):
    """Return what a command prints on a terminal that is its standard output."""
    main, end = pty.openpty()
    with subprocess.Popen(
        words, stdout=end, stderr=subprocess.PIPE, cwd=ROOT, env=environment(data)
    ) as process:
        os.close(end)
        printed = b""
        while piece := _read(main):
            printed += piece
        _, messages = process.communicate(timeout=120)
    os.close(main)
    assert process.returncode == 0, messages.decode()
    return printed.decode().replace("\r\n", "\n"), messages.decode()


def _read(main):
    try:
        return os.read(main, 65536)
    except OSError:  # Linux says so that nobody holds the other end any more
        return b""


@pytest.mark.parametrize("command", ["luigi", "afterclose"])
def test_a_terminal_gets_the_first_page_and_where_the_whole_is(command, finished, small, lookers):
    """At most 45 lines, from the title to the line before the reviewer's own headings."""
    words = luigi_words(*small) if command == "luigi" else [str(BIN / "afterclose"), "run", *small]
    printed, messages = on_a_terminal([*words, "--mode", "train"], finished)
    path = lookers.folder_of(finished, "report") / "report.txt"
    whole = path.read_text()
    assert whole.startswith(printed)
    assert whole[len(printed) :].lstrip("\n").startswith("Context\n-------\n")
    assert len(printed.splitlines()) <= 45
    assert str(path) in messages


def test_the_whole_report_is_printed_on_a_terminal_when_it_is_asked_for(finished, small, lookers):
    """``--full`` of the operator's run."""
    words = [str(BIN / "afterclose"), "run", *small, "--mode", "train", "--full"]
    printed, _ = on_a_terminal(words, finished)
    assert printed == (lookers.folder_of(finished, "report") / "report.txt").read_text()
