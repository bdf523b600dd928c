"""The gate: every rule over a table of daily prices; an error that nobody accepted stops the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from core import columns as col
from core.artifacts import Document, Table
from core.errors import ValidationFailed
from core.prices import rules
from core.prices.bars import bar_findings, frozen_findings
from core.prices.calendar import check_calendar
from core.prices.catalogue import ERROR, named
from core.prices.findings import Finding, records
from core.prices.flags import row_flags
from core.prices.moves import move_findings, rename_findings
from core.prices.panel import Panel, panel_of
from core.prices.schema import Reading, read, schema_findings
from core.prices.sessions import session_findings
from core.prices.spikes import find_spikes
from core.prices.unchecked import not_checked
from core.prices.volumes import volume_findings
from core.prices.waivers import Judged, Waiver, judge, waived_records

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from core.parameters import Value
    from core.prices.rows import Flags, Whole

COPIED = "copied_from_close"


def validate(
    prices: Table, parameters: Mapping[str, Value], *, today: date, waivers: Sequence[Waiver] = ()
) -> tuple[Table, Document]:
    """Every row has been judged, and nothing was changed but types and order.

    Parameters
    ----------
    prices : Table
        ``prices_raw``: dates as text, prices raw, in the ticker's currency, volume in shares.
    parameters : mapping
        ``calendar``, ``close_only``, ``stop_on`` and every threshold that
        :data:`core.prices.catalogue.RULES` names.
    today : datetime.date
        Rows after this day are from the future.
    waivers : sequence of Waiver
        Findings that a person accepts.

    Returns
    -------
    prices_valid : Table
        All rows (copies and incomplete ones too), typed, sorted by (date, ticker). A missing adjusted
        close is a copy of the close, said in the header. With ``close_only`` the columns that are not
        there are null throughout, said in the header. Nothing else is filled. If a rule has something to
        say about a row, a last column ``flags`` names it.
    findings : Document
        ``source`` (with ``waivers``, what was accepted, and ``not_checked``) and the warnings.

    Raises
    ------
    ValidationFailed
        If a finding is an error and nobody accepted it; it carries the whole document.
    ParameterError
        If there is no such calendar.
    """
    calendar = check_calendar(str(parameters["calendar"]))
    reading = read(_without_flags(prices.frame))
    panel, arranged = panel_of(reading, close_only=bool(parameters.get("close_only")))
    header = _header(prices, reading, panel)
    found = [*_adjustment(header), *_shape(reading, panel), *_judge(panel, parameters, today)]
    judged = judge(found, waivers, _end(panel))
    stopping = named(parameters.get("stop_on"))
    source = _source(header, panel, calendar) | _about_waivers(judged)
    told = records(judged.standing, stopping)
    body = {"source": source, "findings": told}
    if any(finding["severity"] == ERROR for finding in told):
        raise ValidationFailed(body)
    flags = row_flags(len(panel), judged.standing, [finding for finding, _ in judged.waived])
    return Table("prices_valid", _typed(reading, panel, arranged.order, flags), header), Document(
        "findings", body
    )


def _without_flags(frame: pd.DataFrame) -> pd.DataFrame:
    # flags are the gate's own: those that a table brings along are of another judgement
    return frame.drop(columns=col.ROW_FLAGS) if col.ROW_FLAGS in frame else frame


def _shape(reading: Reading, panel: Panel) -> list[Finding]:
    return [
        finding
        for finding in schema_findings(reading)
        if not (finding.rule == "missing_column" and finding.value in panel.absent)
    ]


def _end(panel: Panel) -> str:
    days = panel.days[~np.isnat(panel.days)]
    return str(days.max()) if len(days) else ""


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
    "max_missing_share", "price_tolerance", "jump_ratio", "split_tolerance", "gap_days", "volume_ratio",
    "volume_sessions", "stale_sessions", "bar_ratio", "min_rows", "spike_ratio", "spike_reversion",
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
    volumes, silent = volume_findings(
        rows, ratio=number["volume_ratio"], window=int(number["volume_sessions"]), frozen=told
    )
    moves = [*move_findings(rows, number), *rename_findings(rows, number)]
    return [*moves, *frozen, *volumes, *bar_findings(rows, told | silent, bar_ratio=number["bar_ratio"])]


def _header(prices: Table, reading: Reading, panel: Panel) -> dict[str, Any]:
    header = dict(prices.header)
    header.setdefault("price_basis", "unknown")
    header.setdefault("adjusted_close", "source")
    if col.ADJ_CLOSE not in reading.numbers:
        header["adjusted_close"] = COPIED
    if panel.absent:
        header[col.ABSENT] = [name for name in col.PRICES if name in panel.absent]
    return header


def _adjustment(header: Mapping[str, Any]) -> list[Finding]:
    return [Finding("no_adjusted_close")] if header["adjusted_close"] == COPIED else []


def _source(header: Mapping[str, Any], panel: Panel, calendar: str) -> dict[str, Any]:
    """Return where the rows came from; what the header does not say is taken from the rows."""
    told = header.get("source")
    known = dict(told) if isinstance(told, Mapping) else {"name": None, "uri": None, "sha256": None}
    known.setdefault("rows", len(panel))
    known.setdefault("tickers", _tickers(panel))
    basis = {name: header[name] for name in ("price_basis", "adjusted_close")}
    adjusted = header["adjusted_close"] != COPIED
    return {**known, **basis, "not_checked": not_checked(panel, calendar=calendar, adjusted=adjusted)}


def _about_waivers(judged: Judged) -> dict[str, Any]:
    """Return what was accepted, and the waivers that did nothing and why."""
    idle = [("expired", waiver) for waiver in judged.expired] + [("unused", w) for w in judged.unused]
    without = [
        {"state": state, "rule": w.rule, "ticker": w.ticker or None, "who": w.who, "until": w.until}
        for state, w in idle
    ]
    return {"waivers": waived_records(judged.waived)} | (
        {"waivers_without_effect": without} if without else {}
    )


def _tickers(panel: Panel) -> dict[str, dict[str, Any]]:
    rows = panel.take(panel.keyed)
    codes, first, count = np.unique(rows.codes, return_index=True, return_counts=True)
    spans = zip(codes.tolist(), first.tolist(), count.tolist(), strict=True)
    return {rows.tickers[code]: _span(rows, start, number) for code, start, number in spans}


def _span(rows: Panel, start: int, number: int) -> dict[str, Any]:
    first, last = rows.name(start)[1], rows.name(start + number - 1)[1]
    return {"rows": number, "first": first, "last": last, "outcome": "ok"}


def _typed(reading: Reading, panel: Panel, order: Whole, flags: np.ndarray | None) -> pd.DataFrame:
    """Return the rows typed and sorted by (date, ticker), contract columns first, flags last."""
    by_date = np.argsort(panel.days, kind="stable")
    frame = reading.frame
    if col.ADJ_CLOSE not in frame:
        frame = frame.assign(**{col.ADJ_CLOSE: frame[col.CLOSE]})
    frame = frame.assign(**dict.fromkeys(panel.absent, np.nan))
    further = [name for name in frame.columns if name not in col.PRICES]
    typed = frame[[*col.PRICES, *further]].iloc[order[by_date]].reset_index(drop=True)
    return typed if flags is None else typed.assign(**{col.ROW_FLAGS: flags[by_date]})
