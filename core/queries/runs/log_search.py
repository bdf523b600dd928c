"""Looking into a run's log: only some lines of its end, or the place of its first error.

However large the log, a bounded part of it is read, and a bounded number of lines is kept: the last 64 KiB, or,
when only some lines are wanted, as much of the end as it takes to find :data:`MOST_LINES` of them, up to a limit.
Where the first error stands is found by running over the bytes once.
"""

from __future__ import annotations

import json
import mmap
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.queries.runs.log_lines import TAIL_BYTES, LogLine, has_own_words, log_lines, tail

SEARCHED_BYTES = 4 * 1024**2
"""Searched at once, and all that is searched of a log that is looked at again every second."""

MOST_SEARCHED_BYTES = 256 * 1024**2
"""A second or two of searching; a longer log is for the tools of whoever downloads it."""

BLOCK_BYTES = 256 * 1024

WIDER = 8
"""Times as much is searched while too few lines are found."""

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


def end_of(path: Path, asked: Asked, most: int = MOST_SEARCHED_BYTES) -> Seen:
    """Return the end of the log, or the last of its lines that are wanted, of the last ``most`` bytes."""
    if not asked.narrow:
        data, cut = tail(path, TAIL_BYTES)
        return Seen(tuple(log_lines(data)), "the beginning is left out; the file has it" if cut else "")
    if asked.text.strip() and not _words_in_bytes(asked.text):
        most = min(
            most, SEARCHED_BYTES * WIDER
        )  # nothing tells which lines to parse: figures are written otherwise
    span = min(SEARCHED_BYTES, most)
    while True:
        found, count, cut = _searched(path, asked, span)
        if len(found) == MOST_LINES or not cut or span >= most:
            break
        # few lines so far: as thin further back, they are cheap to find there
        span = min(span * WIDER, most)
    told = [f"only the last {span / 1024**2:,.0f} MiB were searched"] if cut else []
    told += [f"{count - MOST_LINES:,} earlier lines left out"] if count > MOST_LINES else []
    return Seen(tuple(found), ", ".join(told))


def _searched(path: Path, asked: Asked, span: int) -> tuple[list[LogLine], int, bool]:
    """Return the last wanted lines of the last ``span`` bytes, how many there are, and whether anything came before."""
    found: deque[LogLine] = deque(maxlen=MOST_LINES)
    blocks = _Blocks(path, span)
    # the bytes decide about most lines, so that a long log is not parsed whole
    likely = (_likely(block.splitlines(), asked) for block in blocks if _worth_a_look(block, asked))
    lines = (line for some in likely for line in log_lines(b"\n".join(some)))
    count = 0
    for line, attempt in _attempts(lines):
        if _wanted(line, attempt, asked):
            found.append(line)
            count += 1
    return list(found), count, blocks.cut


class _Blocks:
    """The last bytes of a file, some whole lines at a time; ``cut`` says whether anything comes before them."""

    def __init__(self, path: Path, span: int) -> None:
        self.path, self.span, self.cut = path, span, False

    def __iter__(self) -> Iterator[bytes]:
        try:
            stream = self.path.open("rb")
        except FileNotFoundError:
            return
        with stream:
            size = stream.seek(0, 2)
            self.cut = size > self.span
            # one byte more: whether the first line is whole shows in the byte before it
            stream.seek(max(0, size - self.span - 1))
            if self.cut:
                stream.readline()
            while block := stream.read(BLOCK_BYTES):
                yield block + stream.readline()


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


def _worth_a_look(block: bytes, asked: Asked) -> bool:
    """Return whether any line of many may be wanted: most of a long log is passed by at the speed of memory."""
    return bool(asked.attempt) or next(_likely((block,), asked), None) is not None


def _likely(lines: Iterable[bytes], asked: Asked) -> Iterator[bytes]:
    """Yield the lines that may be wanted, and those that say which attempt a stage is at."""
    stage = f'"stage": {json.dumps(asked.stage)}'.encode() if asked.stage else b""
    wanted = LEVELS[LEVELS.index(asked.level) :] if asked.level in LEVELS else LEVELS
    levels = tuple(f'"level": "{level}"'.encode() for level in wanted)
    words = _words_in_bytes(asked.text)
    for line in lines:
        said = stage in line and (len(levels) == len(LEVELS) or any(level in line for level in levels))
        if (said and _may_say(line, words)) or (
            asked.attempt and (b'"event": "started"' in line or b'"event": "retried"' in line)
        ):
            yield line


def _words_in_bytes(text: str) -> tuple[bytes, ...]:
    """Return the parts of ``text`` that stand in the file as in the sentence: figures are written otherwise there."""
    return tuple(word.encode() for word in re.findall("[a-z]+", text.lower()) if word not in "none")


def _may_say(line: bytes, words: tuple[bytes, ...]) -> bool:
    return not words or all(word in line.lower() for word in words) or has_own_words(line)


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
