"""A Python process that knows nothing of this one: it is asked once, over pipes, and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Self

_KEEPING_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(256 * 2**20), "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20)}
"""For glibc: give back to the system what is free above 256 MB, and get arrays of up to 32 MB, its upper limit, from
what is kept. Without it each array of 128 KB and more is new memory, and the system clears every page of it."""


class FreshProcess:
    """A process that runs a module of ours; started early, it gets ready while its question is being made.

    The module reads the question from its standard input and writes the answer to its standard output.

    Parameters
    ----------
    module : str
        Such as ``core.features.auditing``.
    keeps_memory : bool
        Whether it keeps what it frees for what it needs next: where it makes many arrays of some size.
    """

    def __init__(self, module: str, *, keeps_memory: bool = False) -> None:
        self._module, self._settings = module, _KEEPING_MEMORY if keeps_memory else {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self._settings, **os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def ask(self, question: bytes) -> bytes:
        """Return the answer; empty where the process ended without one."""
        self._answer, self._complaint = self._process.communicate(question)
        return self._answer

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def kill(self) -> None:
        """End it now; whoever waits for its answer gets an empty one."""
        self._process.kill()

    @property
    def end(self) -> str:
        """How it ended: its exit code, and the last line of what it complained."""
        last = self._complaint.decode(errors="replace").strip().splitlines()[-1:] or ["without a word"]
        return f"code {self._process.returncode}: {last[0][:200]}"
