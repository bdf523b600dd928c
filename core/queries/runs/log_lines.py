"""A run's log for a person: the end of the file, one short line per event.

Only the last 64 KiB are read, whatever the size of the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.paths import opened

TAIL_BYTES = 64 * 1024
MOST_CHARACTERS = 500
"""Longest line shown; the file has the whole."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class LogLine:
    """One event: UTC time of day, level, stage (empty: of the run) and a sentence; ``event`` is its name."""

    time: str
    level: str
    stage: str
    message: str
    event: str = ""

    def __str__(self) -> str:
        level = "" if self.level == "info" else f"{self.level.upper()}: "
        return f"{self.time:<8}  {self.stage:<16}  {level}{self.message}".rstrip()


def tail(path: Path, most: int = TAIL_BYTES) -> tuple[bytes, bool]:
    """Return the last whole lines of a file within ``most`` bytes, and whether anything came before.

    A file that is not there (a run that has not written yet) is empty.
    """
    try:
        with opened(path) as stream:
            size = stream.seek(0, 2)
            cut = size > most
            # one byte more: whether the first line is whole shows in the byte before it
            stream.seek(max(0, size - most - 1))
            data = stream.read(most + 1)
    except FileNotFoundError:
        return b"", False
    if not cut:
        return data, False
    return data[data.find(b"\n") + 1 :], True


def log_lines(data: bytes) -> list[LogLine]:
    """Return the events of JSON lines in order; a line that is not one is shown as it stands.

    Left out is what only the file keeps (level debug): tracebacks of failures that have their own line.
    """
    lines = map(log_line, data.splitlines())
    return [line for line in lines if line is not None]


def log_line(raw: bytes) -> LogLine | None:
    """Return the event of one line, None for a line that only the file keeps (empty, or level debug)."""
    if not raw.strip():
        return None
    try:
        event = json.loads(raw)
        facts = {name: value for name, value in event.items() if name not in _COMMON}
        line = LogLine(
            str(event["at"])[11:19],
            str(event["level"]),
            str(event["stage"] or ""),
            _printable(_message(str(event["event"]), facts)),
            str(event["event"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        text = _printable(raw.rstrip(b"\r\n").decode(errors="replace"))
        return LogLine("", "warning", "", f"unreadable line: {text}")
    return None if line.level == "debug" else line


_COMMON = frozenset({"at", "level", "run", "stage", "event", "pid", "key", "traceback"})
"""Fields of every event; the others are put into its sentence."""


def _printable(text: str) -> str:
    return _CONTROL.sub(" ", text)[:MOST_CHARACTERS]


def _message(event: str, facts: Mapping[str, Any]) -> str:
    sentence = _SENTENCES.get(event)
    return sentence(facts) if sentence else _other(event, facts)


def _other(event: str, facts: Mapping[str, Any]) -> str:
    values = ", ".join(f"{name} {_value(value)}" for name, value in facts.items() if value is not None)
    return f"{event.replace('_', ' ')}: {values}" if values else event.replace("_", " ")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_value(inner)}" for name, inner in value.items()) or "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _started(facts: Mapping[str, Any]) -> str:
    request = _value(facts.get("request") or {})
    return f"run started ({'all defaults' if request == 'none' else request})"


def _done(facts: Mapping[str, Any]) -> str:
    rows = f", {facts['rows']:,} rows" if facts.get("rows") is not None else ""
    findings = f"; findings: {_value(facts['findings'])}" if "findings" in facts else ""
    repairs = f"; repairs: {_value(facts['repairs'])}" if "repairs" in facts else ""
    verdict = f"; verdict: {facts['verdict']}" if "verdict" in facts else ""
    return f"done{rows}, {facts['seconds']:.2f} s{findings}{repairs}{verdict}"


def _repair(facts: Mapping[str, Any]) -> str:
    repair = facts["repair"]
    where = " ".join(str(repair[name]) for name in ("ticker", "date", "column") if repair.get(name))
    return f"repair {repair['rule']}: {where}, {repair.get('before')} -> {repair.get('after')}"


def _rows(facts: Mapping[str, Any]) -> str:
    return "reused" if facts.get("rows") is None else f"reused, {facts['rows']:,} rows"


def _needs(facts: Mapping[str, Any]) -> str:
    processes = "one process" if facts["processes"] == 1 else f"{facts['processes']} processes"
    needs = f"{facts['rows']:,} rows: {processes}, up to {facts['memory_mb']:,} MB of memory"
    if facts.get("free_mb") is None:
        return needs
    free = f"{facts['free_mb']:,} MB are free"
    if facts["memory_mb"] <= facts["free_mb"]:
        return f"{needs}; {free}"
    advice = "fewer [compute] workers" if facts["processes"] > 1 else "fewer tickers or a later --start"
    return f"{needs}, and only {free}: {advice} would take less"


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "run_started": _started,
    "run_finished": lambda f: f"run finished: {f['state']}",
    "supervised": lambda f: f"supervisor: {f['state']}, exit code {f['exit_code']}",
    "done": _done,  # logs of earlier versions
    "succeeded": _done,
    "reused": _rows,
    "needs": _needs,
    "repair": _repair,
    "failed": lambda f: f"failed after {f['seconds']:.2f} s: {f['error']}",
    "waiting": lambda f: f"waits for {f['holder']}, which makes the same",
    "retried": lambda f: f"attempt {f['attempt']} failed, again in {f['wait_s']:g} s: {f['reason']}",
    "retained": lambda f: f"training failed, the previous model {f['model_id']} is kept: {f['reason']}",
    "quarantined": lambda f: f"damaged and moved to {f['moved_to']}: {f['reason']}",
    "luigi": lambda f: str(f["message"]),
}
