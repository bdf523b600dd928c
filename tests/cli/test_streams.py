"""Pipes, full and closed streams, a lost folder, a locale without letters, limits: contract's codes, no stack."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.platform.streams import visible

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--start", "2008-01-01", "--end", "2009-06-30", "--tickers", "AAPL", "--mode", "train"]
LUIGI = ["luigi", "--module", "luigi_tasks", "Report", "--local-scheduler", *SMALL]
COMMANDS = {
    "runs": ["afterclose", "runs", "--json"],
    "help": ["afterclose", "--help"],
    "review": ["afterclose", "review", "--text"],
    "run": ["afterclose", "run", *SMALL],
    "luigi": LUIGI,
}
CODES = {0, 2, 4, 10, 20, 25, 30, 35, 130, 143}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data root with one report, and what runs a shell line over it: code and standard error."""
    data = tmp_path_factory.mktemp("streams") / "däta"

    def shell(line, *, cwd=ROOT, **env):
        clean = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("AFTERCLOSE_", "LUIGI_", "PYTHON", "LC_"))
        }
        path = f"{BIN}{os.pathsep}{clean['PATH']}"
        return subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"], cwd=cwd, capture_output=True, text=True, check=False,
            env={**clean, "PATH": path, "AFTERCLOSE_DATA": str(data), **env}, errors="surrogateescape",
            timeout=120,
        )  # fmt: skip

    assert shell(" ".join(LUIGI)).returncode == 0
    shell.data = data
    return shell


def no_stack(done):
    """Nothing that a person cannot read."""
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "Error" not in re.sub(r"unexpected \w+Error", "", done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_leaves_changes_nothing(name, made):
    """``| head`` and ``| true``: the exit code is that of the work, and nobody says a word about it."""
    for reader in ("head -1", "true"):
        done = made(f"{' '.join(COMMANDS[name])} | {reader}")
        assert done.returncode == 0, done.stderr
        no_stack(done)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_behind_standard_output_is_said_and_the_work_is_done(name, made):
    """What was printed is lost, so it is no success: 30 and one line."""
    done = made(f"{' '.join(COMMANDS[name])} > /dev/full")
    assert done.returncode == 30, done.stderr
    said = [line for line in done.stderr.splitlines() if "standard output could not be written" in line]
    assert len(said) == 1
    assert "No space left on device" in said[0]
    no_stack(done)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_a_closed_stream_is_nothing_to_write_to(name, closed, made):
    """Also no file of ours takes its number: what is printed would land in a journal."""
    before = made("afterclose verify").returncode
    done = made(f"{' '.join(COMMANDS[name])} {closed}")
    assert done.returncode == 0, done.stderr
    no_stack(done)
    assert made("afterclose verify").returncode == before == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_working_folder_that_is_gone_is_named(name, made, tmp_path):
    """20, as for any other thing that is not there."""
    gone = tmp_path / "gone"
    gone.mkdir()
    done = made(f"rmdir '{gone}'; {' '.join(COMMANDS[name])}", cwd=gone)
    assert done.returncode == 20
    assert done.stderr.splitlines()[-1].startswith("afterclose: the working folder is gone")
    no_stack(done)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_locale_without_letters_is_no_obstacle(name, locale, made):
    """Names of files beyond ASCII, also where Python was told not to help itself."""
    done = made(" ".join(COMMANDS[name]), LC_ALL=locale, PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert str(made.data).encode() in os.fsencode(done.stderr + done.stdout) or name not in ("run", "luigi")
    no_stack(done)


@pytest.mark.slow
@pytest.mark.flaky(
    reruns=1
)  # where memory ends as Python begins a thread it prints, or waits, before a line of ours
@pytest.mark.parametrize("kilobytes", [300_000, 450_000])
def test_a_limit_on_memory_is_named_or_ends_the_process_and_nothing_is_torn(kilobytes, made, tmp_path):
    """30 with the cause and how to raise the limit; a library of others may crash first (signal; 40 if supervised)."""
    for name in ("luigi", "run"):
        data = str(tmp_path / name)
        done = made(f"ulimit -v {kilobytes}; {' '.join(COMMANDS[name])}", AFTERCLOSE_DATA=data)
        crashed = done.returncode < 0 or done.returncode == 40
        assert crashed or done.returncode == 30, (name, done.stderr)
        assert crashed or ("Cannot allocate memory" in done.stderr and "ulimit -v" in done.stderr), (
            done.stderr
        )
        assert "Traceback" not in done.stderr
        again = made(" ".join(COMMANDS[name]), AFTERCLOSE_DATA=data)
        assert again.returncode == 0, again.stderr


@pytest.mark.slow
@pytest.mark.parametrize("most", [8, 12, 16, 24, 32])
def test_too_many_open_files_are_named(most, made, tmp_path):
    """Wherever the limit bites: done, or 30 with the cause; never an unexpected error."""
    for name in ("runs", "review", "luigi"):
        done = made(f"ulimit -n {most}; {' '.join(COMMANDS[name])}")
        assert done.returncode in (0, 30), (name, done.stderr)
        assert done.returncode == 0 or "Too many open files" in done.stderr, done.stderr
        no_stack(done)


@pytest.mark.slow
def test_without_sound_streams_each_of_these_would_be_another_code(made, tmp_path):
    """The protection taken out: what the interpreter makes of it."""
    (tmp_path / "sitecustomize.py").write_text(
        "from core.platform import streams\nstreams.make_sound = lambda: None\n"
    )
    env = {"PYTHONPATH": str(tmp_path)}
    assert made("afterclose review --text | (exec <&-; sleep 1)", **env).returncode not in CODES
    lost = made("afterclose review --text", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0", **env)
    assert lost.returncode == 4, lost.stderr  # its letters read as bytes, the data root is refused by name


# ---- what a terminal would obey

HOSTILE = {
    "title": ("A\x1b]0;PWN\x07", r"A\x1b]0;PWN\x07"),
    "clear": ("\x1b[2J", r"\x1b[2J"),
    "line": ("AAPL\rMSFT done", r"AAPL\rMSFT done"),
    "eight bits": ("\x9b2J", r"\x9b2J"),
    "backspace": ("AAPL\b\b\b\bMSFT", r"AAPL\x08\x08\x08\x08MSFT"),
    "direction": ("abc\u202edcba", r"abc\u202edcba"),
    "null": ("a\0b", r"a\x00b"),
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_what_a_terminal_would_obey_is_shown(trick):
    """Written out; twice is once."""
    text, shown = HOSTILE[trick]
    assert visible(text) == shown
    assert visible(visible(text)) == shown


@pytest.mark.parametrize(
    "own", ["\rbar 1/2\x1b[K", "\x1b[?25l", "\x1b[?25h\n", "bar\r", "a\tb\n", "plain é ∞"]
)
def test_our_own_progress_bars_pass(own):
    """And letters of every script, tabs and line feeds."""
    assert visible(own) == own


@pytest.mark.slow
def test_a_name_in_the_settings_cannot_set_a_terminals_title(made, tmp_path):
    """On a real terminal: the bytes that reach it have no escape that is not our own."""
    (tmp_path / "luigi.cfg").write_text("[user]\nname = Ann\x1b]0;PWN\x07\x9b2J\n", encoding="utf-8")
    made(" ".join(LUIGI), cwd=tmp_path)
    shown = made("script -qec 'afterclose runs --no-pager' /dev/null", cwd=tmp_path)
    if shown.returncode == 127:
        pytest.skip("there is no `script` to make a terminal with")
    assert "\x1b]" not in shown.stdout
    assert "\x07" not in shown.stdout
    assert "\x9b" not in shown.stdout
