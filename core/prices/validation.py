"""The gate: every rule over a table of daily prices; an error stops the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from core import columns as col
from core.artifacts import Document, Table
from core.errors import ValidationFailed
from core.prices import rules
from core.prices.calendar import check_calendar
from core.prices.findings import ERROR, Finding, records
from core.prices.moves import bar_findings, frozen_findings, move_findings
from core.prices.panel import Panel, panel_of
from core.prices.schema import Reading, read, schema_findings
from core.prices.sessions import session_findings
from core.prices.spikes import find_spikes
from core.prices.volumes import volume_findings

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from core.parameters import Value
    from core.prices.rows import Flags, Whole

COPIED = "copied_from_close"


def validate(prices: Table, parameters: Mapping[str, Value], *, today: date) -> tuple[Table, Document]:
    """Every row has been judged, and nothing was changed but types and order.

    Parameters
    ----------
    prices : Table
        ``prices_raw``: dates as text, prices raw, in the ticker's currency, volume in shares.
    parameters : mapping
        ``calendar``, ``spike_ratio``, ``spike_reversion``, ``max_missing_share``, ``price_tolerance``,
        ``jump_ratio``, ``volume_ratio``, ``stale_sessions``, ``min_rows``.
    today : datetime.date
        Rows after this day are from the future.

    Returns
    -------
    prices_valid : Table
        All rows (copies and incomplete ones too), typed, sorted by (date, ticker). A missing adjusted
        close is a copy of the close, said in the header. Nothing else is filled.
    findings : Document
        ``source`` and the warnings.

    Raises
    ------
    ValidationFailed
        If a finding is an error; it carries the whole document.
    ParameterError
        If there is no such calendar.
    """
    check_calendar(str(parameters["calendar"]))
    reading = read(prices.frame)
    panel, arranged = panel_of(reading)
    header = _header(prices, reading)
    found = records([*_adjustment(header), *schema_findings(reading), *_judge(panel, parameters, today)])
    body = {"source": _source(header, panel), "findings": found}
    if any(finding["severity"] == ERROR for finding in found):
        raise ValidationFailed(body)
    return Table("prices_valid", _typed(reading, panel, arranged.order), header), Document("findings", body)


def _judge(panel: Panel, parameters: Mapping[str, Value], today: date) -> list[Finding]:
    if not len(panel):
        return []
    number = {name: float(cast("float", parameters[name])) for name in _NUMBERS}
    present = panel.keyed & ~(panel.days > np.datetime64(today, "D"))
    usable = present & panel.complete() & ~panel.copy & ~panel.conflict
    spiked = _spikes(panel, usable, number)
    share = number["max_missing_share"]
    unjudged = panel.per_ticker(np.isnat(panel.days)) > 0
    dated = panel.take(~np.isnat(panel.days) & ~(panel.days > np.datetime64(today, "D")))
    return [
        *rules.duplicate_findings(panel),
        *rules.row_findings(panel, tolerance=number["price_tolerance"], excused=spiked),
        *rules.missing_findings(panel, largest_share=share),
        *rules.date_findings(panel, today=today),
        *rules.size_findings(panel, least=int(number["min_rows"])),
        *session_findings(
            dated, calendar=str(parameters["calendar"]), largest_share=share, unjudged=unjudged
        ),
        *panel.each("outlier_spike", spiked, panel.cells[col.CLOSE]),
        *_sequence(panel.take(usable & ~spiked), number),
    ]


_NUMBERS = (
    "max_missing_share", "price_tolerance", "jump_ratio", "volume_ratio", "stale_sessions", "min_rows",
    "spike_ratio", "spike_reversion",
)  # fmt: skip


def _spikes(panel: Panel, usable: Flags, number: Mapping[str, float]) -> Flags:
    rows = panel.take(usable)
    spikes = find_spikes(
        rows.codes,
        rows.cells[col.CLOSE],
        rows.cells[col.ADJ_CLOSE],
        ratio=number["spike_ratio"],
        reversion=number["spike_reversion"],
    )
    flags = np.zeros(len(panel), bool)
    flags[np.flatnonzero(usable)[spikes.any]] = True
    return flags


def _sequence(rows: Panel, number: Mapping[str, float]) -> list[Finding]:
    if not len(rows):
        return []
    frozen, told = frozen_findings(rows, stale_sessions=int(number["stale_sessions"]))
    volumes, silent = volume_findings(rows, ratio=number["volume_ratio"], frozen=told)
    moves = move_findings(rows, jump_ratio=number["jump_ratio"])
    return [*moves, *frozen, *volumes, *bar_findings(rows, told | silent)]


def _header(prices: Table, reading: Reading) -> dict[str, Any]:
    header = dict(prices.header)
    header.setdefault("price_basis", "unknown")
    header.setdefault("adjusted_close", "source")
    if col.ADJ_CLOSE not in reading.numbers:
        header["adjusted_close"] = COPIED
    return header


def _adjustment(header: Mapping[str, Any]) -> list[Finding]:
    return [Finding("no_adjusted_close")] if header["adjusted_close"] == COPIED else []


def _source(header: Mapping[str, Any], panel: Panel) -> dict[str, Any]:
    """Return where the rows came from; what the header does not say is taken from the rows."""
    told = header.get("source")
    known = dict(told) if isinstance(told, Mapping) else {"name": None, "uri": None, "sha256": None}
    known.setdefault("rows", len(panel))
    known.setdefault("tickers", _tickers(panel))
    basis = {name: header[name] for name in ("price_basis", "adjusted_close")}
    return {**known, **basis, "waivers": known.get("waivers", [])}


def _tickers(panel: Panel) -> dict[str, dict[str, Any]]:
    rows = panel.take(panel.keyed)
    codes, first, count = np.unique(rows.codes, return_index=True, return_counts=True)
    spans = zip(codes.tolist(), first.tolist(), count.tolist(), strict=True)
    return {rows.tickers[code]: _span(rows, start, number) for code, start, number in spans}


def _span(rows: Panel, start: int, number: int) -> dict[str, Any]:
    first, last = rows.name(start)[1], rows.name(start + number - 1)[1]
    return {"rows": number, "first": first, "last": last, "outcome": "ok"}


def _typed(reading: Reading, panel: Panel, order: Whole) -> pd.DataFrame:
    """Return the rows typed and sorted by (date, ticker), contract columns first."""
    by_date = order[np.argsort(panel.days, kind="stable")]
    frame = reading.frame
    if col.ADJ_CLOSE not in frame:
        frame = frame.assign(**{col.ADJ_CLOSE: frame[col.CLOSE]})
    further = [name for name in frame.columns if name not in col.PRICES]
    return frame[[*col.PRICES, *further]].iloc[by_date].reset_index(drop=True)
