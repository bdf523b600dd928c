"""Long output on a terminal goes through the pager; short output, a pipe, JSON and whoever wants none do not."""

from __future__ import annotations

import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios

import pytest

from core.cli import output, paging
from tests.commands import BIN, environment, started

LINES = 20
FEW = 10
"""Lines of a screen that every log of a run is longer than."""


@pytest.fixture
def terminal(tmp_path, prepared):
    """Type a command on a terminal of 80 by 20; a pager that writes what it gets to a file is the person's own."""
    own = tmp_path / "pager"
    own.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words\ncat > {tmp_path}/paged\n')
    own.chmod(0o755)

    class Terminal:
        pager = str(own)
        cwd = tmp_path

        def type(self, *words, keys="", env=None, stdin=None, data=prepared, code=0, lines=LINES):
            """Return what the terminal showed and what the pager got, None where there was none."""
            (tmp_path / "paged").unlink(missing_ok=True)
            ours, its = pty.openpty()
            fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))
            surroundings = environment(data, {"TERM": "xterm", "PAGER": f"{own} -x 1", **(env or {})})
            for size in ("LINES", "COLUMNS"):  # a library that reads lines may have set them for this process
                surroundings.pop(size, None)
            streams = {"stdin": its if stdin is None else stdin, "stdout": its, "stderr": its}
            command = [str(BIN / "afterclose"), *words]
            with started(
                command, env=surroundings, cwd=tmp_path, start_new_session=True, **streams
            ) as process:
                os.close(its)
                shown = read_from(ours, keys)
                assert process.wait(timeout=120) == code, shown
            os.close(ours)
            got = tmp_path / "paged"
            return shown, got.read_text() if got.exists() else None

    return Terminal()


def read_from(terminal, keys):
    """All that a terminal shows until nobody has it open; keys are pressed when the first screen stands."""
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so that nobody holds the other end any more
            return shown.decode().replace("\r\n", "\n")
        if not piece:
            return shown.decode().replace("\r\n", "\n")
        shown += piece
        if keys and shown.count(b"\n") >= LINES - 2:
            os.write(terminal, keys.encode())
            keys = ""


LONG = [
    ("config",),
    ("logs", "RUN"),
    ("review", "--text"),
    ("query", "--tables"),
    ("show",),
    ("models", "show", "MODEL"),
]


@pytest.mark.parametrize("words", LONG, ids=" ".join)
def test_what_is_higher_than_the_screen_goes_to_the_persons_pager(words, terminal, prepared):
    """All of it, and nothing beside it on the screen; with --no-pager, before or behind, all of it on the screen."""
    (model,) = (prepared / "models").glob("*.json")
    first = min((prepared / "runs").iterdir())  # others of that root may be short
    names = {"MODEL": model.stem, "RUN": first.name}
    words = tuple(names.get(word, word) for word in words)
    shown, paged = terminal.type(*words, lines=FEW)
    assert (shown, (terminal.cwd / "words").read_text()) == ("", "-x 1\n")
    assert len(paged.splitlines()) >= FEW
    for form in ((*words, "--no-pager"), ("--no-pager", *words)):
        assert terminal.type(*form, lines=FEW) == (paged, None)


def test_a_run_and_its_whole_report(terminal, finished, small):
    """Its first page stays on the screen, as the run's messages do; the whole report is read in the pager."""
    run = ("run", *small, "--mode", "train")
    shown, paged = terminal.type(*run, data=finished)
    assert (paged, "Decision\n" in shown) == (None, True)
    shown, paged = terminal.type(*run, "--full", data=finished)
    assert paged == (finished / "latest" / "report.txt").read_text()
    assert "Decision\n" not in shown
    assert terminal.type(*run, "--full", "--no-pager", data=finished)[1] is None


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("runs",), {}),  # short
        (("config", "--json"), {}),
        (("query", "FROM features LIMIT 90", "--csv"), {}),
        (("logs", "--follow"), {}),
        (("config",), {"PAGER": "cat"}),
        (("config",), {"PAGER": ""}),
        (("config",), {"PAGER": "there-is-no-such-pager"}),
        (("config",), {"PAGER": "an 'open quote"}),
    ],
    ids=str,
)
def test_nothing_else_is_paged(words, env, terminal):
    """Short output, what is for a program, what is followed, and a pager that is none: on the screen, with 0."""
    shown, paged = terminal.type(*words, env=env)
    assert paged is None
    assert shown.strip()


def test_a_pipe_or_a_script_without_a_terminal_is_not_paged(terminal, run_afterclose, prepared):
    """Standard output of a pipe, and standard input of a scheduler that has a terminal for output alone."""
    piped = run_afterclose("config", data=prepared, env={"PAGER": terminal.pager}, cwd=terminal.cwd)
    assert (piped.code, len(piped.out.splitlines()) > LINES) == (0, True)
    shown, paged = terminal.type("config", stdin=subprocess.DEVNULL)
    assert (paged, len(shown.splitlines()) > LINES) == (None, True)


def test_an_exit_code_passes_the_pager(terminal, data):
    """The doctor's 30 of a root that is damaged, although the pager ended with 0."""
    data.mkdir()
    (data / "journal.sqlite").write_text("no database at all, but long enough to be looked at\n" * 40)
    _, paged = terminal.type("doctor", "--offline", data=data, code=30)
    assert "wrong" in paged


def test_less_shows_a_screen_and_is_left_with_q(terminal):
    """The pager where PAGER is not set, pressed as a person would: space for the next screen, q to leave."""
    if shutil.which("less") is None:
        (pytest.fail if os.environ.get("AFTERCLOSE_REQUIRE_TOOLS") else pytest.skip)("less is not installed")
    whole, _ = terminal.type("config", "--no-pager")
    shown, _ = terminal.type("config", env={"PAGER": "less"}, keys=" q")
    lines = [line for line in whole.splitlines() if line in shown]
    assert LINES < len(lines) < 3 * LINES < len(whole.splitlines())


def test_what_was_printed_before_an_error_stands_above_it(monkeypatch, capsys):
    """No pager would leave the message out of sight."""

    class Screen:
        def __init__(self):
            self.printed = ""

        def write(self, text):
            self.printed += text

        def flush(self):
            pass

        def isatty(self):
            return True

    screen = Screen()
    monkeypatch.setattr(sys, "stdout", output.WrappedStream(screen, 80))
    monkeypatch.setattr(sys, "stdin", screen)
    monkeypatch.setenv("PAGER", "false")

    def broken():
        with paging.pages():
            sys.stdout.write("a line\n" * 101)
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        broken()
    assert screen.printed == "a line\n" * 101
