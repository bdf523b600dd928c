"""Tickers that go on under another name: seen between the parts of a table, and flagged in its rows afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.prices.catalogue import rule_of
from core.prices.flags import WAIVED
from core.prices.moves import rename_findings
from core.prices.panel import PricePanel
from core.prices.waivers import apply_waivers
from core.tables.writer import arrow_of

if TYPE_CHECKING:
    import pyarrow as pa

    from core.prices.findings import Finding
    from core.prices.gate_settings import ValidateSettings
    from core.prices.judging import Gate, JudgedPart
    from core.tables.artifacts import Table
    from core.tables.workplace import Workplace

Flags = dict[int, list[str]]
"""Further flags by the number of the row in its part."""


def renames_between(parts: Sequence[JudgedPart], settings: ValidateSettings) -> list[Finding]:
    """Return tickers that begin where another one ends, over all parts."""
    ends = [part.edges for part in parts if part.edges is not None]
    if not ends:
        return []
    days = np.unique(np.concatenate([part.days for part in parts]))
    return rename_findings(_joined(ends), days, settings)


def _joined(panels: Sequence[PricePanel]) -> PricePanel:
    """Return panels of different tickers as one; a row keeps its number in its own part."""
    tickers = tuple(ticker for panel in panels for ticker in panel.tickers)
    before = np.cumsum([0, *(len(panel.tickers) for panel in panels)])[:-1]
    codes = [panel.codes + offset for panel, offset in zip(panels, before.tolist(), strict=True)]
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(panel, name) for panel in panels])
        for name in ("days", "incomplete", "timed", "copy", "conflict", "live", "rows")
    }
    cells = {name: np.concatenate([panel.cells[name] for panel in panels]) for name in panels[0].cells}
    return PricePanel(tickers, np.concatenate(codes), cells=cells, **joined)


def rename_flags(renames: Sequence[Finding], parts: Sequence[JudgedPart], gate: Gate) -> dict[int, Flags]:
    """Return the flags of renamed tickers by part and row."""
    place = {
        t: number for number, part in enumerate(parts) if part.edges is not None for t in part.edges.tickers
    }
    verdict = apply_waivers(renames, gate.waivers, gate.end)
    flags: dict[int, Flags] = {}
    for prefix, findings in (("", verdict.standing), (WAIVED, [finding for finding, _ in verdict.waived])):
        for finding in findings:
            if rule_of(finding.rule).clean and finding.ticker is not None:
                for row in finding.rows:
                    flags.setdefault(place[finding.ticker], {}).setdefault(row, []).append(
                        prefix + finding.rule
                    )
    return flags


def with_flags(rows: pd.DataFrame | pa.Table, flags: Mapping[int, Sequence[str]]) -> pd.DataFrame | pa.Table:
    """Return the rows of a part with further flags, packed if they were."""
    if not flags:
        return rows
    if not isinstance(rows, pd.DataFrame):
        return arrow_of(with_flags(rows.to_pandas(use_threads=False), flags))
    present = rows[col.ROW_FLAGS].tolist() if col.ROW_FLAGS in rows else [None] * len(rows)
    for row, names in flags.items():
        earlier = str(present[row]).split(",") if isinstance(present[row], str) else []
        present[row] = ",".join(sorted({*earlier, *names}))
    return rows.assign(**{col.ROW_FLAGS: pd.Series(present, index=rows.index, dtype=object)})


def with_flags_in_parts(table: Table, flags: Mapping[int, Flags], workplace: Workplace) -> Table:
    """Return a stored table with further flags, in another file."""
    with workplace.writer(table.kind, "flagged") as writer:
        for number in range(table.parts):
            part = table.part(number)
            if col.ROW_FLAGS not in part:
                part = part.assign(**{col.ROW_FLAGS: pd.Series(None, index=part.index, dtype=object)})
            writer.add(arrow_of(with_flags(part, flags.get(number, {}))))
        return writer.done(table.header)
