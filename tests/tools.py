"""Other programs that tests use, each in an environment of its own: made once, kept beside this one."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest


def environment_with(requirement: str, name: str) -> Path:
    """Return the Python of an environment that has what a requirement names, in its newest version that can be had.

    It is kept with what its imports compiled: a fresh one costs half a minute of CPU before it does anything. Without
    the package the test is skipped with the reason.
    """
    home = Path(sys.prefix) / "tools" / re.sub(r"\W", "-", requirement)
    home.parent.mkdir(exist_ok=True)
    python, whole = home / "bin" / "python", home / "whole"
    uv = Path(sys.executable).with_name("uv")
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            making = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, home]
            subprocess.run(making, check=True)
        whole.unlink(missing_ok=True)
        words = [uv, "pip", "install", "--quiet", "--upgrade", "--python", python, requirement]
        installed = subprocess.run(words, capture_output=True, text=True, check=False)
        if installed.returncode:
            pytest.skip(f"{name} cannot be installed: {installed.stderr.splitlines()[0]}")
        whole.touch()
    return python
