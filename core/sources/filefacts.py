"""What the header of raw prices says of the files they are from: how each was read, and where its rows stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.prices.source_lines import record_of
from core.sources.tabular.inventory import Inventory
from core.sources.tabular.options import CANONICAL, TableRead
from core.tables.artifacts import Table

if TYPE_CHECKING:
    import pandas as pd


def with_facts(
    table: Table,
    inventory: Inventory,
    tables: Mapping[str, TableRead],
    digests: Mapping[str, str],
    *,
    in_question: Mapping[str, list[dict[str, Any]]],
    places: Mapping[str, Any],
) -> Table:
    """Return the table with where its rows stand and how each file was read; of one plain file nothing is said.

    Parameters
    ----------
    in_question : mapping of str to list
        By file the rows that are there twice or lack a price, with their lines.
    places : mapping
        Of :func:`lines_of_rows`.
    """
    source = {**table.header["source"], **places}
    canonical = all(read.facts == CANONICAL and not in_question[name] for name, read in tables.items())
    if inventory.is_folder or not canonical:
        source["files"] = [
            {
                "name": name,
                "sha256": digests[name],
                "rows": len(read.frame),
                **read.facts.record(),
                **({"in_question": in_question[name]} if in_question[name] else {}),
            }
            for name, read in tables.items()
        ]
        if inventory.skipped:
            source["skipped"] = list(inventory.skipped)
    return Table(table.kind, table.frame, {**table.header, "source": source})


def lines_of_rows(rows: pd.DataFrame, tables: Mapping[str, TableRead]) -> dict[str, Any]:
    """Return the lines of rows for the header, nothing where no file has any.

    Parameters
    ----------
    rows : DataFrame
        Those that were chosen, their index the places in all files together.
    tables : mapping of str to TableRead
        The files in order.
    """
    by_file = [read.lines for read in tables.values()]
    if all(lines is None for lines in by_file) or not {col.DATE, col.TICKER} <= set(rows.columns):
        return {}
    sizes = [len(read.frame) for read in tables.values()]
    file = np.repeat([-1 if lines is None else number for number, lines in enumerate(by_file)], sizes)
    filled = (
        np.zeros(size, np.int64) if lines is None else lines
        for size, lines in zip(sizes, by_file, strict=True)
    )
    places = rows.index.to_numpy()
    record = record_of(rows, list(tables), file[places], np.concatenate(list(filled))[places])
    return {} if record is None else {"lines": record}
