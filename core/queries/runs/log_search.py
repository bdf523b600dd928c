"""Searching a run's log: the last lines that match a filter, or the place of its first error.

However large the log, a bounded part of its end is read, and the excerpt says what was not searched.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.paths import opened
from core.queries.runs.log_lines import TAIL_BYTES, LogLine, log_line, log_lines, tail
from core.queries.runs.progress import NEXT_ATTEMPT

SEARCHED_BYTES = 4 * 1024**2
"""Searched of a log that is looked at again every second."""

MOST_SEARCHED_BYTES = 16 * 1024**2
"""Half a second of searching; a longer log is for the tools of whoever downloads it."""

MOST_LINES = 500
"""Matching lines shown: the last ones."""

CONTEXT = 5
"""Lines shown before the first error."""

LEVELS = ("info", "warning", "error")
"""From the least to the most serious; a level in a filter includes those above it."""

_ERROR = b'"level": "error"'
"""How a line says that it is an error: the log is written by this program alone, in one way."""


@dataclass(frozen=True)
class LogFilter:
    """Which lines match; what is empty does not narrow.

    Parameters
    ----------
    level : str
        The least serious level.
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

    def matches(self, line: LogLine, attempt: int) -> bool:
        """Return whether a line of that attempt of its stage matches."""
        return not (
            (self.level in LEVELS and line.level in LEVELS[: LEVELS.index(self.level)])
            or (self.stage and line.stage != self.stage)
            or (self.attempt and attempt != self.attempt)
            or self.text.strip().lower() not in line.message.lower()
        )


@dataclass(frozen=True)
class LogExcerpt:
    """Lines of a log in order, and in words what is left out; empty when nothing is."""

    lines: tuple[LogLine, ...]
    left_out: str = ""

    def __str__(self) -> str:
        head = [f"({self.left_out})"] if self.left_out else []
        return "\n".join([*head, *map(str, self.lines)])


def end_of(path: Path, criteria: LogFilter, most: int = MOST_SEARCHED_BYTES) -> LogExcerpt:
    """Return the end of the log, or the last of the lines that match, of the last ``most`` bytes."""
    data, cut = tail(path, most if criteria.narrow else TAIL_BYTES)
    if not criteria.narrow:
        note = "the beginning is left out; the file has it" if cut else ""
        return LogExcerpt(tuple(log_lines(data)), note)
    matches: deque[LogLine] = deque(maxlen=MOST_LINES)
    count = 0
    for line, attempt in _attempts(filter(None, map(log_line, io.BytesIO(data)))):
        if criteria.matches(line, attempt):
            matches.append(line)
            count += 1
    notes = [f"only the last {most / 1024**2:,.0f} MiB were searched"] if cut else []
    notes += [f"{count - MOST_LINES:,} earlier lines left out"] if count > MOST_LINES else []
    return LogExcerpt(tuple(matches), ", ".join(notes))


def _attempts(lines: Iterable[LogLine]) -> Iterator[tuple[LogLine, int]]:
    """Yield each line with the attempt of its stage that it belongs to; 0 for the run's own lines."""
    attempts: dict[str, int] = {}
    for line in lines:
        if line.event == "started":
            attempts[line.stage] = 1
        yield line, attempts.get(line.stage, 1) if line.stage else 0
        if line.event in NEXT_ATTEMPT:
            attempts[line.stage] = attempts.get(line.stage, 1) + 1


def around_first_error(path: Path) -> LogExcerpt | None:
    """Return the log from a little before its first error on, None when it has no error."""
    at = _first_error(path)
    if at is None:
        return None
    before = TAIL_BYTES // 2
    with opened(path) as stream:
        stream.seek(max(0, at - before))
        if at > before:
            stream.readline()
        data = stream.read(at + before - stream.tell())
        more = bool(stream.read(1))
    lines = log_lines(data[: data.rfind(b"\n") + 1] if more else data)
    number = next((n for n, line in enumerate(lines) if line.level == "error"), 0)
    cut = at > before or number > CONTEXT
    omitted = [*(["what came before"] if cut else []), *(["what came after"] if more else [])]
    note = f"opened at the first error; left out: {' and '.join(omitted)}" if omitted else ""
    return LogExcerpt(tuple(lines[max(0, number - CONTEXT) :]), note)


def _first_error(path: Path) -> int | None:
    """Return where the line of the first error begins."""
    at = 0
    try:
        with opened(path) as stream:
            for raw in stream:
                if _ERROR in raw:
                    return at
                at += len(raw)
    except OSError:  # not there yet, or unreadable
        pass
    return None


def whole(path: Path, most: int) -> bytes:
    """Return a log's bytes for keeping: all of it, or whole lines of its end within ``most`` bytes."""
    return tail(path, most)[0]
