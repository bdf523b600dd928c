"""Where in a file a row stands: the lines of a ticker and date in a text table, for whoever has to correct it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core import columns as col
from core.errors import AftercloseError
from core.fingerprint import sha256
from core.paths import bytes_of
from core.prices.source_lines import MOST_LINES, Key, first_of_each_rule, key_of
from core.sources.files import options_of
from core.sources.ingest_settings import IngestSettings
from core.sources.tabular.bytestream import unpacked
from core.sources.tabular.columns import value_for
from core.sources.tabular.inventory import inventory_of, partitions_of
from core.sources.tabular.options import Options
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
        if sum(file.stat().st_size for file in inventory.files) > MOST_BYTES:
            return copies
        contents = {inventory.name_of(file): bytes_of(file, MOST_BYTES) for file in inventory.files}
        # of the very bytes that are quoted: another file may stand there by now
        if (
            inventory.digest_over({name: sha256(data) for name, data in contents.items()})
            != settings.input_digest
        ):
            return copies
        keys = {key_of(finding) for finding in about}
        lines = _lines_in(contents, keys, options_of(settings), is_folder=inventory.is_folder)
    except (AftercloseError, OSError):
        return copies  # what is wrong with the files was said when they were read
    for finding in about:
        if texts := lines.get(key_of(finding)):
            finding["lines"] = texts[:MOST_LINES]
    return copies


def _lines_in(
    contents: Mapping[str, bytes], keys: Collection[Key], options: Options, *, is_folder: bool
) -> dict[Key, list[str]]:
    lines: dict[Key, list[str]] = {}
    for name, data in contents.items():
        own = value_for(partitions_of(name), col.TICKER) or (ticker_of_file(name) if is_folder else "")
        try:
            for key, text in lines_of(unpacked(data, name), name, keys, own, options):
                lines.setdefault(key, []).append(text)
        except (AftercloseError, csv.Error, UnicodeDecodeError):
            continue
    return lines
