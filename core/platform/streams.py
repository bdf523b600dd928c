r"""Standard output and error as a command can rely on: always there, never raising, and nothing but text on them.

Whoever reads a pipe may close it (``| head``), a disk behind ``>`` may be full, a shell may have closed a stream
(``>&-``), a locale may know no letter beyond ASCII. None of these may change what a command does, nor the exit code
of its work: the end of a reader is nobody's fault, and what could not be written is said once, at the end.

A name from a file, a ticker or a setting may hold what a terminal obeys (to set its title, clear it, write over a
line). It is shown as ``\x1b`` instead; the few sequences of our own progress bars pass.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from typing import Any, TextIO

_OWN = re.compile(r"\A\r|\r(?=\n?\Z)|\x1b\[K|\x1b\[\?25[lh]")
"""What a progress bar writes: back to the line's start, clear to its end, hide and show the cursor."""

_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters but tab and line feed, also those of eight bits, and those that turn the direction of writing."""

_OPEN_FOR = {0: os.O_RDONLY, 1: os.O_WRONLY, 2: os.O_WRONLY}


def visible(text: str) -> str:
    r"""Return the text with what a terminal would obey written out.

    >>> visible("AAPL\x1b]0;mine\x07")
    'AAPL\\x1b]0;mine\\x07'
    """
    if not _OBEYED.search(text):
        return text
    parts, at = [], 0
    for own in _OWN.finditer(text):
        parts += [_written_out(text[at : own.start()]), own[0]]
        at = own.end()
    return "".join([*parts, _written_out(text[at:])])


def _written_out(text: str) -> str:
    return _OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


class _Raw(io.FileIO):
    """A stream's file that takes everything: what nobody reads any more is dropped, any other fault is remembered."""

    fault: OSError | None = None
    _dropping = False

    def write(self, data: Any, /) -> int:
        size = memoryview(data).nbytes
        if self._dropping:
            return size
        try:
            return super().write(data) or 0
        except OSError as error:
            self._dropping = True
            if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                self.fault = error
            return size


class _Text(io.TextIOWrapper):
    """A stream of text that a terminal has nothing to obey in."""

    def write(self, text: str, /) -> int:
        super().write(visible(text))
        return len(text)


_raw: list[_Raw] = []


def make_sound() -> None:
    """Give this process streams that are there, take everything and know every letter.

    A process whose locale knows no letter beyond ASCII starts again, once, with Python's UTF-8 mode: names of files
    could not be read otherwise.
    """
    for number, flags in _OPEN_FOR.items():
        _make_there(number, flags)
    if sys.getfilesystemencoding().lower().replace("-", "") != "utf8" and not sys.flags.utf8_mode:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very command
    if (
        not _raw and sys.stdout is sys.__stdout__
    ):  # else a caller in the same process has replaced the stream to read it
        sys.stdout, sys.stderr = _wrapped(sys.stdout, 1), _wrapped(sys.stderr, 2)


def _make_there(number: int, flags: int) -> None:
    """Open a closed descriptor on nothing: else the next file, a journal perhaps, gets what is printed."""
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _wrapped(stream: TextIO | None, number: int) -> TextIO:
    if stream is not None:
        stream.flush()
    raw = _Raw(number, "wb", closefd=False)
    _raw.append(raw)
    encoding = stream.encoding if stream is not None else "utf-8"
    line_buffering = number == 2 or raw.isatty()
    return _Text(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=line_buffering
    )


def output_fault() -> OSError | None:
    """Return what kept standard output from taking what was printed, once it is flushed; None if nothing did."""
    if not _raw:
        return None
    sys.stdout.flush()
    return _raw[0].fault
