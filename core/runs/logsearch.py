"""Looking into a run's log: only some lines of its end, or the place of its first error. EDGE (reads one file).

However large the log, a bounded part of it is read: the last 64 KiB, or the last 4 MiB when only some lines
are wanted. Where the first error stands is found by running over the bytes once.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.runs.loglines import TAIL_BYTES, LogLine, log_lines, tail

SEARCHED_BYTES = 4 * 1024**2
MOST_LINES = 500
"""Lines shown of those that are wanted: the last ones."""

LEVELS = ("info", "warning", "error")
"""From the least to the most serious; a level asked for includes those above it."""

_ERROR = b'"level": "error"'
"""How a line says that it is an error: the log is written by this program alone, in one way."""


@dataclass(frozen=True)
class Asked:
    """Which lines are wanted; what is empty does not narrow.

    Parameters
    ----------
    level : str
        The least serious one wanted.
    stage : str
    attempt : int
        Of the stage; 0 is any. Lines of the run itself belong to no attempt.
    text : str
        Stands anywhere in the sentence, in any case.
    """

    level: str = ""
    stage: str = ""
    attempt: int = 0
    text: str = ""

    @property
    def narrow(self) -> bool:
        """Whether anything narrows the log."""
        return bool(self.level not in ("", LEVELS[0]) or self.stage or self.attempt or self.text.strip())


@dataclass(frozen=True)
class Seen:
    """Lines of a log in order, and in words what is left out; empty when nothing is."""

    lines: tuple[LogLine, ...]
    left_out: str = ""

    def __str__(self) -> str:
        head = [f"({self.left_out})"] if self.left_out else []
        return "\n".join([*head, *map(str, self.lines)])


def end_of(path: Path, asked: Asked) -> Seen:
    """Return the end of the log, or those lines of it that are wanted."""
    if not asked.narrow:
        data, cut = tail(path, TAIL_BYTES)
        return Seen(tuple(log_lines(data)), "the beginning is left out; the file has it" if cut else "")
    data, cut = tail(path, SEARCHED_BYTES)
    # the bytes decide about most lines, so that a long log is not parsed whole every second
    raw = b"\n".join(_likely(data.splitlines(), asked))
    found = [line for line, attempt in _attempts(log_lines(raw)) if _wanted(line, attempt, asked)]
    told = [f"only the last {SEARCHED_BYTES // 1024**2} MiB were searched"] if cut else []
    told += [f"{len(found) - MOST_LINES:,} earlier lines left out"] if len(found) > MOST_LINES else []
    return Seen(tuple(found[-MOST_LINES:]), ", ".join(told))


def around_first_error(path: Path) -> Seen | None:
    """Return the log from a little before its first error on, None when it has no error."""
    at = _first_error(path)
    if at is None:
        return None
    before = TAIL_BYTES // 2
    with path.open("rb") as stream:
        stream.seek(max(0, at - before))
        data = stream.read(2 * before)
        more = bool(stream.read(1))
    data = data[data.find(b"\n") + 1 :] if at > before else data
    data = data[: data.rfind(b"\n") + 1] if more else data
    lines = log_lines(data)
    number = next((n for n, line in enumerate(lines) if line.level == "error"), 0)
    left = [
        told
        for told, is_so in (("what came before", at > before or number > CONTEXT), ("what came after", more))
        if is_so
    ]
    shown = tuple(lines[max(0, number - CONTEXT) :])
    return Seen(shown, f"opened at the first error; left out: {' and '.join(left)}" if left else "")


CONTEXT = 5
"""Lines shown before the first error."""


def _first_error(path: Path) -> int | None:
    """Return where the line of the first error begins."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as log:
            at = log.find(_ERROR)
            return None if at < 0 else log.rfind(b"\n", 0, at) + 1
    except (OSError, ValueError):  # not there, or empty: an empty file cannot be mapped
        return None


def _likely(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """Yield the lines that may be wanted, and those that say which attempt a stage is at."""
    stage = f'"stage": {json.dumps(asked.stage)}'.encode() if asked.stage else b""
    wanted = LEVELS[LEVELS.index(asked.level) :] if asked.level in LEVELS else LEVELS
    levels = tuple(f'"level": "{level}"'.encode() for level in wanted)
    for line in lines:
        said = stage in line and (len(levels) == len(LEVELS) or any(level in line for level in levels))
        if said or (asked.attempt and (b'"event": "started"' in line or b'"event": "retried"' in line)):
            yield line


def _attempts(lines: Iterable[LogLine]) -> Iterator[tuple[LogLine, int]]:
    """Yield each line with the attempt of its stage that it belongs to; 0 for the run's own lines."""
    at: dict[str, int] = {}
    for line in lines:
        if line.event == "started":
            at[line.stage] = 1
        yield line, at.get(line.stage, 1) if line.stage else 0
        if line.event == "retried":
            at[line.stage] = at.get(line.stage, 1) + 1


def _wanted(line: LogLine, attempt: int, asked: Asked) -> bool:
    if asked.level in LEVELS and line.level in LEVELS[: LEVELS.index(asked.level)]:
        return False
    if asked.stage and line.stage != asked.stage:
        return False
    if asked.attempt and attempt != asked.attempt:
        return False
    return asked.text.strip().lower() in line.message.lower()


def whole(path: Path, most: int) -> bytes:
    """Return a log's bytes for keeping: all of it, or whole lines of its end within ``most`` bytes."""
    return tail(path, most)[0]
