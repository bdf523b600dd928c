"""Completion at the tab key, tried in each shell itself."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time

import pytest

from tests.commands import environment


def test_bash_completes_commands_options_and_choices(tmp_path, run_afterclose):
    """One command writes the script and one line for the shell's start, once; a tab then asks the program."""
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": "", "SHELL": "/bin/bash"}
    first, again = (run_afterclose("completion", "--install", "--json", env=home) for _ in range(2))
    assert [len(json.loads(done.out)["files"]) for done in (first, again)] == [2, 1]
    asked = """
source ~/.bashrc
for words in "afterclose sche" "afterclose run --targ" "afterclose run --target cle" "afterclose models sh"; do
    COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
    _afterclose_completion afterclose; echo "${COMPREPLY[@]}"
done
"""
    answer = subprocess.run(
        ["bash", "-c", asked], env=environment(None, home), capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == ["schedules scheduler", "--target", "clean", "show"], answer.stderr
    assert run_afterclose("completion", env={**home, "SHELL": "/bin/tcsh"}).code == 2


def test_a_tab_imports_no_command(tmp_path):
    """The first word is completed from the table of commands: nothing heavy is read at the tab key."""
    env = environment(
        None, {"_AFTERCLOSE_COMPLETE": "bash_complete", "COMP_WORDS": "afterclose ", "COMP_CWORD": "1"}
    )
    script = (
        "import sys; sys.argv = ['afterclose']\n"
        "from core.cli.main import group\n"
        "try: group.main(prog_name='afterclose', standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('core.cli.')))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['core.cli.main', 'core.cli.output', 'core.cli.paging']", (
        done.stdout
    )
    assert "plain,dashboard" in done.stdout


def shell_named(name):
    """Return the shell's path; without it the test is skipped, or fails where all tools must be there."""
    path = shutil.which(name)
    if path is None:
        (pytest.fail if os.environ.get("AFTERCLOSE_REQUIRE_TOOLS") else pytest.skip)(
            f"{name} is not installed"
        )
    return path


def test_fish_completes_commands_options_choices_and_files(tmp_path, run_afterclose):
    """fish reads its folder by itself; what a command does stands beside it, commas and all."""
    fish = shell_named("fish")
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "", "SHELL": fish}
    (tmp_path / "prices.csv").touch()
    first, again = (
        json.loads(run_afterclose("completion", "--install", "--json", env=home).out) for _ in range(2)
    )
    assert [len(done["files"]) for done in (first, again)] == [1, 1]
    asked = (
        'for words in "afterclose sche" "afterclose run --targ" "afterclose run --target cle" "afterclose look pri"\n'
        "complete --do-complete $words\nend"
    )
    answer = subprocess.run(
        [fish, "-c", asked],
        env=environment(None, home),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.splitlines() == [
        "scheduler\tStart what schedules have due, until Ctrl-C.",
        "schedules\tList, add, pause, resume or remove schedules.",
        "--target\tLast stage wanted.",
        "clean",
        "prices.csv",
    ], answer.stderr


TYPED = {
    "afterclose predi\t": "afterclose predict",
    "afterclose run --targ\t": "afterclose run --target",
    "afterclose run --target cle\t": "afterclose run --target clean",
    "afterclose look pri\t": "afterclose look prices.csv",
    "afterclose schedule\t\t": "until Ctrl-C.",
}
CLEARS_LINE = b"\x15"


def test_zsh_completes_commands_options_choices_and_files(tmp_path, run_afterclose):
    """An interactive zsh on a terminal, the tab key pressed; its completion system is begun where it was not."""
    zsh = shell_named("zsh")
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": "", "ZDOTDIR": "", "SHELL": zsh}
    (tmp_path / "prices.csv").touch()
    first, again = (
        json.loads(run_afterclose("completion", "--install", "--json", env=home).out) for _ in range(2)
    )
    assert [len(done["files"]) for done in (first, again)] == [2, 1]
    ours, its = pty.openpty()
    surroundings = environment(None, {**home, "ZDOTDIR": str(tmp_path), "TERM": "xterm", "PS1": "READY> "})
    with subprocess.Popen(
        [zsh, "-i"], stdin=its, stdout=its, stderr=its, env=surroundings, cwd=tmp_path, start_new_session=True
    ) as process:
        os.close(its)
        try:
            shown_until(ours, "READY> ")
            for typed, expected in TYPED.items():
                os.write(ours, typed.encode())
                shown_until(ours, expected)
                os.write(ours, CLEARS_LINE)
        finally:
            process.kill()
    os.close(ours)


def shown_until(terminal, expected, limit_s=20):
    """Read a terminal until a text stands on it.

    Raises
    ------
    AssertionError
        If it does not within the limit.
    """
    shown, ends = "", time.monotonic() + limit_s
    while expected not in shown:
        ready, _, _ = select.select([terminal], [], [], max(0.0, ends - time.monotonic()))
        assert ready, f"no {expected!r} in {shown!r}"
        shown += os.read(terminal, 65536).decode(errors="replace")
