"""What ``docs/growth.json`` says, as the tables and the arithmetic of the documentation.

``benchmarks/growth.py`` measures and writes both; a test of the documentation makes them again from the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Entry = dict[str, Any]

SHARED = ("ingest", "validate", "clean", "feature_engineer")
"""Stages that look at one ticker at a time: their work can be cut into universes."""

BARS = 10_000 * 390 * 252 * 20
"""10,000 tickers, minute bars of a session of 390 minutes, 252 sessions a year, 20 years."""

CORES, LINE_GBIT = 64, 10


def sizes(entries: list[Entry]) -> list[int]:
    """Return the numbers of tickers that were measured, rising."""
    return sorted({entry["tickers"] for entry in entries})


def by_size(entries: list[Entry]) -> str:
    """Return CPU seconds and peak memory by stage and number of tickers as a Markdown table.

    >>> one = {"stage": "ingest", "tickers": 50, "cpu_s": 1.5, "peak_mb": 226.4}
    >>> print(by_size([one]))
    | stage | 50 tickers |
    |---|---|
    | ingest | 1.50 s, 226 MB |
    """
    return _table("stage", "tickers", entries, _cell)


def _table(head: str, size: str, entries: list[Entry], cell: Callable[[Entry | None], str]) -> str:
    columns = sorted({entry[size] for entry in entries})
    lines = [
        f"| {head} | {' | '.join(f'{n:,} {size}' for n in columns)} |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for stage in dict.fromkeys(entry["stage"] for entry in entries):
        by_size = {e[size]: e for e in entries if e["stage"] == stage}
        lines.append(f"| {stage} | {' | '.join(cell(by_size.get(n)) for n in columns)} |")
    return "\n".join(lines)


def _cell(entry: Entry | None) -> str:
    return "" if entry is None else f"{entry['cpu_s']:.2f} s, {entry['peak_mb']:,.0f} MB"


def by_history(entries: list[Entry]) -> str:
    """Return CPU seconds and peak memory by stage and length of history as a Markdown table.

    >>> one = {"stage": "ingest", "sessions": 630, "cpu_s": 1.5, "peak_mb": 226.4}
    >>> print(by_history([one]))
    | stage | 630 sessions |
    |---|---|
    | ingest | 1.50 s, 226 MB |
    """
    return _table("stage", "sessions", entries, _cell)


def per_row(entries: list[Entry]) -> str:
    """Return microseconds of CPU per row of prices by stage and number of tickers as a Markdown table."""
    rows = {e["tickers"]: e["rows"] for e in entries if e["stage"] == "ingest"}

    def cell(entry: Entry | None) -> str:
        return "" if entry is None else f"{entry['cpu_s'] / rows[entry['tickers']] * 1e6:.2f}"

    return _table("us per row", "tickers", entries, cell)


def largest(entries: list[Entry]) -> dict[str, Entry]:
    """Return the entries of the most tickers, by stage."""
    most = sizes(entries)[-1]
    return {entry["stage"]: entry for entry in entries if entry["tickers"] == most}


def shared_costs(entries: list[Entry]) -> dict[str, tuple[float, float]]:
    """Return CPU microseconds and stored bytes per row of prices of each stage that can be cut."""
    found = largest(entries)
    rows = found["ingest"]["rows"]
    return {name: (found[name]["cpu_s"] / rows * 1e6, found[name]["bytes"] / rows) for name in SHARED}


def minute_bars(entries: list[Entry]) -> str:
    """Return the table of costs per row and what they make of minute bars, as Markdown."""
    costs = shared_costs(entries)
    cpu, stored = (sum(side) for side in zip(*costs.values(), strict=True))
    # what the last of them stores is read by training, which is not among them
    read = stored - costs[SHARED[-1]][1]
    seconds, written_tb, read_tb = BARS * cpu / 1e6, BARS * stored / 1e12, BARS * read / 1e12
    line_s = (written_tb + read_tb) * 8e12 / (LINE_GBIT * 1e9)
    lines = ["| stage | CPU per million rows | bytes per row stored |", "|---|---|---|"]
    lines += [f"| {name} | {us:.1f} s | {held:.0f} |" for name, (us, held) in costs.items()]
    total = BARS / largest(entries)["ingest"]["rows"]
    lines += [
        f"| all four | {cpu:.1f} s | {stored:.0f} |",
        "",
        f"10,000 tickers of minute bars over 20 years are 10,000 x 390 x 252 x 20 = {BARS / 1e9:.1f} billion rows,",
        f"{total:,.0f} times the table above. The four stages then take {BARS / 1e6:,.0f} x {cpu:.1f} s =",
        f"{seconds:,.0f} CPU seconds: {seconds / 3600:.0f} hours on one core, {seconds / 60 / CORES:.0f} minutes on",
        f"{CORES} cores, if the work is cut into universes that run beside each other. They store",
        f"{BARS / 1e9:.1f} billion x {stored:.0f} bytes = {written_tb:.1f} TB and read {read_tb:.1f} TB of it again",
        f"for the stage after. That takes {line_s / 3600:.1f} hours over a line of {LINE_GBIT} Gbit/s: above some",
        f"{seconds / line_s:.0f} cores on one line the network is what one waits for.",
    ]
    return "\n".join(lines)


SECTIONS: dict[str, tuple[str, Callable[[list[Entry]], str]]] = {
    "growth": ("entries", by_size),
    "per-row": ("entries", per_row),
    "history": ("history", by_history),
    "minute-bars": ("entries", minute_bars),
}
"""What stands between ``<!-- NAME -->`` and ``<!-- end NAME -->`` in a page: from which measurements, and how."""


def filled(page: str, results: dict[str, Any]) -> str:
    """Return a page with its sections made anew; all else stays."""
    for name, (measured, table) in SECTIONS.items():
        if f"<!-- {name} -->" in page and results.get(measured):
            text = table(results[measured])
            pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
            page = pattern.sub(lambda marks, text=text: f"{marks[1]}{text}\n{marks[2]}", page)
    return page
