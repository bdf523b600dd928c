"""A Python process that knows nothing of this one: it is asked once, over pipes, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Self

from core.platform.processes import MODULE


class FreshProcess:
    """A process that runs a module of ours; started early, it gets ready while its question is being made.

    The module reads the question from its standard input and writes the answer to its standard output.

    Parameters
    ----------
    module : str
        Such as ``core.features.auditing``.
    apart : bool
        Whether it has a group of its own, in which everything that it starts ends with it. Then no signal to this
        process's group reaches it: its module looks whether this process is still there.
    """

    def __init__(self, module: str, *, apart: bool = False) -> None:
        self._module, self._apart = module, apart

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, *MODULE, self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0 if self._apart else None,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
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
        """End it now, and what it has started where it is apart; whoever waits for its answer gets an empty one."""
        if not self._apart:
            self._process.kill()
            return
        with suppress(ProcessLookupError):  # all of them have ended
            os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def end(self) -> str:
        """How it ended: its exit code, and the last line of what it complained."""
        last = self._complaint.decode(errors="replace").strip().splitlines()[-1:] or ["without a word"]
        return f"code {self._process.returncode}: {last[0][:200]}"
