"""Where in a file a row stands: the lines of a ticker and date in a text table, for whoever has to correct it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core import columns as col
from core.errors import AftercloseError
from core.paths import bytes_of
from core.prices.source_lines import MOST_LINES, Key, first_of_each_rule, key_of
from core.sources.files import options_of
from core.sources.settings import IngestSettings
from core.sources.tabular.bytestream import unpacked
from core.sources.tabular.columns import value_for
from core.sources.tabular.inventory import Inventory, inventory_of, partitions_of
from core.sources.tabular.options import MAX_BYTES, Options
from core.sources.tabular.rowlines import MOST_BYTES, lines_of
from core.sources.tabular.shapes import ticker_of_file


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
    about = first_of_each_rule(copies)
    if settings.source != "files" or not about:
        return copies
    try:
        inventory = inventory_of(settings.path)
        small = sum(file.stat().st_size for file in inventory.files) <= MOST_BYTES
        if not small or inventory.digest() != settings.input_digest:
            return copies
        lines = _lines_in(inventory, {key_of(finding) for finding in about}, options_of(settings))
    except (AftercloseError, OSError):
        return copies  # what is wrong with the files was said when they were read
    for finding in about:
        if texts := lines.get(key_of(finding)):
            finding["lines"] = texts[:MOST_LINES]
    return copies


def _lines_in(inventory: Inventory, keys: Collection[Key], options: Options) -> dict[Key, list[str]]:
    lines: dict[Key, list[str]] = {}
    for file in inventory.files:
        name = inventory.name_of(file)
        own = value_for(partitions_of(name), col.TICKER) or (
            ticker_of_file(name) if inventory.is_folder else ""
        )
        try:
            for key, text in lines_of(unpacked(bytes_of(file, MAX_BYTES), name), name, keys, own, options):
                lines.setdefault(key, []).append(text)
        except (AftercloseError, csv.Error, UnicodeDecodeError):
            continue
    return lines
