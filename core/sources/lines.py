"""Where in a file a row stands: the lines of a ticker and date in a text table, for whoever has to correct it."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from core import columns as col
from core.errors import AftercloseError
from core.sources.files import options_of
from core.sources.settings import IngestSettings
from core.sources.tabular.bytestream import as_utf8, is_feather, is_parquet, unpacked
from core.sources.tabular.columns import header_of, value_for
from core.sources.tabular.date_forms import kind_of, without_weekday
from core.sources.tabular.dates import iso_dates
from core.sources.tabular.inventory import Inventory, inventory_of, partitions_of
from core.sources.tabular.layout import Layout, layout_of
from core.sources.tabular.norows import shortened
from core.sources.tabular.options import Options
from core.sources.tabular.shapes import flattened_header, stacked_header, ticker_of_file
from core.sources.tabular.tickercells import unguarded
from core.sources.tabular.workbook import is_workbook

MOST_BYTES = 64 * 1024**2
"""Larger files are not read again to say where a row stands."""

MOST_FINDINGS = 20
"""Of a rule, so many findings get their lines."""

MOST_LINES = 4
"""Of one ticker and date."""

Key = tuple[str, str]
"""Ticker and ISO date."""


def with_lines(findings: Iterable[Mapping[str, Any]], settings: IngestSettings) -> list[dict[str, Any]]:
    """Return findings with ``lines``: file, line and text of the rows that each speaks of, where the source has lines.

    Parameters
    ----------
    findings : iterable of mapping
        As ``findings.json`` has them; those of one ticker and date get lines, the first of each rule.
    settings : IngestSettings
        As the run that made them had them. Files that changed since have none.
    """
    copies = [dict(finding) for finding in findings]
    about = _first_of_each_rule(copies)
    if settings.source != "files" or not about:
        return copies
    try:
        inventory = inventory_of(settings.path)
        small = sum(file.stat().st_size for file in inventory.files) <= MOST_BYTES
        if not small or inventory.digest() != settings.input_digest:
            return copies
        lines = _lines_in(inventory, {_key(finding) for finding in about}, options_of(settings))
    except (AftercloseError, OSError):
        return copies  # what is wrong with the files was said when they were read
    for finding in about:
        if texts := lines.get(_key(finding)):
            finding["lines"] = texts[:MOST_LINES]
    return copies


def _first_of_each_rule(findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    chosen = []
    for finding in findings:
        if finding.get("ticker") and finding.get("date"):
            counts[finding["rule"]] = counts.get(finding["rule"], 0) + 1
            if counts[finding["rule"]] <= MOST_FINDINGS:
                chosen.append(finding)
    return chosen


def _key(finding: Mapping[str, Any]) -> Key:
    return str(finding["ticker"]), str(finding["date"])[:10]


def _lines_in(inventory: Inventory, keys: Collection[Key], options: Options) -> dict[Key, list[str]]:
    lines: dict[Key, list[str]] = {}
    for file in inventory.files:
        name = inventory.name_of(file)
        own = value_for(partitions_of(name), col.TICKER) or (
            ticker_of_file(name) if inventory.is_folder else ""
        )
        try:
            for key, text in _lines_of(unpacked(file.read_bytes(), name), name, keys, own, options):
                lines.setdefault(key, []).append(text)
        except (AftercloseError, csv.Error, UnicodeDecodeError):
            continue
    return lines


def _lines_of(
    data: bytes, name: str, keys: Collection[Key], own: str, options: Options
) -> Iterator[tuple[Key, str]]:
    """Yield the lines of one file; ``own`` is its ticker where no column names one, empty for any."""
    import pandas as pd

    if is_parquet(data) or is_feather(data) or is_workbook(data):
        return  # they have no lines
    layout = layout_of(as_utf8(data, name, options.encoding)[0], name, options.delimiter, options.mapping)
    date_place, ticker_place, is_long = _places(layout, name, options)
    if date_place is None:
        return
    reader = csv.reader(io.StringIO(layout.body.decode(), newline=""), delimiter=layout.mark)
    rows = [
        (layout.above + reader.line_num, row)
        for row in reader
        if len(row) > date_place and _is_day(row[date_place])
    ]
    if not rows:
        return
    dates = pd.Series([row[date_place].strip() for _, row in rows], dtype=object)
    days = iso_dates(dates, name, options.date_format)[0].astype(str).str.slice(0, 10).tolist()
    tickers = [own if is_long else ""] * len(rows)
    if ticker_place is not None:
        cells = [row[ticker_place] if len(row) > ticker_place else "" for _, row in rows]
        tickers = unguarded(pd.Series(cells, dtype=object)).astype(str).tolist()
    by_day: dict[str, list[Key]] = {}
    for key in sorted(keys):
        by_day.setdefault(key[1], []).append(key)
    for (number, row), day, ticker in zip(rows, days, tickers, strict=True):
        text = f"{name}, line {number:,}: {shortened(layout.mark.join(row))}"
        yield from ((key, text) for key in by_day.get(day, ()) if ticker in ("", key[0]))


def _is_day(cell: str) -> bool:
    return kind_of(without_weekday(cell.strip()), loosely=True) is not None


def _places(layout: Layout, name: str, options: Options) -> tuple[int | None, int | None, bool]:
    """Return where date and ticker stand in a line, and whether a line is one ticker's."""
    if not options.columns:
        if stacked := stacked_header(layout.rows):
            return stacked.place, None, False
        if flat := flattened_header(layout.rows[0]):
            return flat.place, None, False
    header = header_of(layout.rows[0], name, options.mapping)
    names = list(header.names)
    if col.DATE in names:
        place = names.index(col.DATE)
        return place, names.index(col.TICKER) if header.is_long else None, not header.is_wide
    return header.unnamed, names.index(col.TICKER) if header.is_long else None, True
