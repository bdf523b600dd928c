"""The lines of the source's files on which raw rows stand, small enough for a header: arithmetic runs by ticker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from core.tables.artifacts import Table

MOST_RUNS = 20_000
"""Rows in no order have a run each; with more, none go on record."""

MOST_FINDINGS = 20
"""Of a rule, so many findings get their lines."""

MOST_LINES = 4
"""Of one ticker and date."""

Key = tuple[str, str]
"""Ticker and ISO date."""


def record_of(
    rows: pd.DataFrame, files: Sequence[str], file: npt.NDArray[np.int64], line: npt.NDArray[np.int64]
) -> dict[str, Any] | None:
    """Return where rows stand as JSON values, None where that would be long.

    Parameters
    ----------
    rows : DataFrame, n_rows
        With date and ticker, in the order in which they were read.
    files : sequence of str
        Names of the files.
    file, line : array of int, n_rows
        Place of each row's file among them, -1 for a file without lines; and its line there.

    Returns
    -------
    mapping or None
        ``files``, and by ticker the ``runs`` of its rows by date: file, first line, step and count.
    """
    ordered = rows[[col.TICKER, col.DATE]].reset_index(drop=True)
    order = ordered.sort_values([col.TICKER, col.DATE], kind="stable", na_position="last").index.to_numpy()
    runs: dict[str, list[list[int]]] = {}
    tickers = ordered[col.TICKER].to_numpy(object)[order]
    file, line = file[order], line[order]
    change = np.flatnonzero(tickers[1:] != tickers[:-1]) + 1
    total = 0
    for start, end in zip([0, *change], [*change, len(order)], strict=True):
        own = _runs(file[start:end].tolist(), line[start:end].tolist())
        total += len(own)
        if total > MOST_RUNS:
            return None
        if start < end and isinstance(tickers[start], str):
            runs[tickers[start]] = own
    return {"files": list(files), "runs": runs}


def _runs(files: Iterable[int], lines: Iterable[int]) -> list[list[int]]:
    """Return file, first line, step and count of runs of rows; the second row of a run makes its step.

    >>> _runs([0, 0, 0, 0], [2, 5, 8, 4])
    [[0, 2, 3, 3], [0, 4, 1, 1]]
    """
    runs: list[list[int]] = []
    for file, line in zip(files, lines, strict=True):
        last = runs[-1] if runs else None
        if last and last[0] == file and last[3] == 1:
            last[2:] = [line - last[1], 2]
        elif last and last[0] == file and line == last[1] + last[2] * last[3]:
            last[3] += 1
        else:
            runs.append([file, line, 1, 1])
    return runs


def without_lines(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a header says of its source without the lines of its rows: they are for the gate alone."""
    return {name: value for name, value in source.items() if name != "lines"}


def with_lines(
    findings: list[dict[str, Any]], source: Mapping[str, Any], prices_raw: Table
) -> list[dict[str, Any]]:
    """Return findings with ``lines``, file and line of the rows of their ticker and date, as far as they are on record.

    What stands in question (rows that are there twice or lack a price) has the words of its line too.
    """
    lines: dict[Key, list[str]] = {}
    for file in source.get("files") or ():
        for row in file.get("in_question") or () if isinstance(file, Mapping) else ():
            lines.setdefault((row[col.TICKER], row[col.DATE]), []).extend(row["lines"])
    keys = {key_of(finding) for finding in first_of_each_rule(findings)} - set(lines)
    if keys and (record := source.get("lines")):
        lines |= _lines_of(keys, record, prices_raw)
    if not lines:
        return findings
    texts = [lines.get(key_of(each)) for each in findings]
    return [{**each, "lines": of} if of else each for each, of in zip(findings, texts, strict=True)]


def key_of(finding: Mapping[str, Any]) -> Key:
    """Return ticker and date of a finding."""
    return str(finding["ticker"]), str(finding["date"])[:10]


def first_of_each_rule(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the findings of one ticker and date, the first of each rule."""
    counts: dict[str, int] = {}
    chosen = []
    for finding in findings:
        if finding.get("ticker") and finding.get("date"):
            rule = finding["rule"]
            counts[rule] = counts.get(rule, 0) + 1
            if counts[rule] <= MOST_FINDINGS:
                chosen.append(finding)
    return chosen


def _lines_of(keys: Collection[Key], record: Mapping[str, Any], prices_raw: Table) -> dict[Key, list[str]]:
    tickers = {ticker for ticker, _ in keys}
    lines: dict[Key, list[str]] = {}
    for part in prices_raw.each([col.DATE, col.TICKER]):
        own = part[part[col.TICKER].isin(tickers)]
        for ticker, rows in own.groupby(col.TICKER, sort=False):
            stands = _expanded(record["runs"].get(ticker, ()), record["files"])
            if len(stands) != len(rows):
                continue
            for day, text in zip(rows[col.DATE], stands, strict=True):
                key = (str(ticker), str(day)[:10])
                if text and key in keys:
                    lines.setdefault(key, []).append(text)
    return {key: texts[:MOST_LINES] for key, texts in lines.items()}


def _expanded(runs: Iterable[Sequence[int]], files: Sequence[str]) -> list[str]:
    return [
        f"{files[file]}, line {first + step * number:,}" if file >= 0 else ""
        for file, first, step, count in runs
        for number in range(count)
    ]
