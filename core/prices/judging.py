"""One part of a table before the gate: its rows typed and flagged, and every finding that a part alone can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core import columns as col
from core.prices import rules
from core.prices.bars import bar_findings, frozen_findings
from core.prices.catalogue import ERROR, WITHHOLDING, Rule, learn, rule_of
from core.prices.findings import Finding
from core.prices.flags import row_flags
from core.prices.gate_settings import ValidateSettings
from core.prices.leaps import leap_findings
from core.prices.moves import edges, move_findings
from core.prices.panel import PricePanel, panel_of
from core.prices.schema import Reading, read, schema_findings
from core.prices.sessions import ExchangeSessions, session_findings
from core.prices.source_lines import without_lines
from core.prices.spikes import find_spikes
from core.prices.volumes import volume_findings
from core.prices.waivers import Waiver, apply_waivers
from core.tables.artifacts import Table
from core.tables.writer import packed

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    import pyarrow as pa

    from core.prices.row_order import Days, Flags, Floats, Whole

COPIED = "copied_from_close"

GROUPS = (
    "duplicates", "rows", "missing", "dates", "size", "market", "sessions", "spikes", "moves", "renames", "frozen",
    "volumes", "bars", "own",
)  # fmt: skip
"""Findings in the order in which they are reported; ``market`` and ``renames`` show between parts only."""


class PluginRule(Protocol):
    """A user-defined rule; it travels to other processes."""

    @property
    def rule(self) -> Rule:
        """Its entry in the catalogue."""

    def __call__(
        self, codes: Whole, session: Days, columns: Mapping[str, Floats], names: tuple[str, ...]
    ) -> Flags:
        """Return the rows in question, of rows sorted by (ticker, date); the codes count ``names``."""


@dataclass(frozen=True)
class Gate:
    """What every part is judged by.

    Parameters
    ----------
    settings : ValidateSettings
    today : datetime.date
        Rows after this day are from the future.
    waivers : tuple of Waiver
    market : ExchangeSessions or None
        Of all tickers.
    end : str
        The last sound day of all rows (ISO), by which a waiver is current or not.
    absent : frozenset of str
        Columns that need not be there and hold nothing in any part.
    own : tuple of PluginRule
        User-defined rules.
    """

    settings: ValidateSettings
    today: date
    waivers: tuple[Waiver, ...]
    market: ExchangeSessions | None
    end: str
    absent: frozenset[str]
    own: tuple[PluginRule, ...] = ()


@dataclass(frozen=True)
class JudgedPart:
    """What came of one part.

    Parameters
    ----------
    shape : list of Finding
        What is wrong with the table's shape: columns, types, cells.
    groups : mapping of str to list of Finding
        By :data:`GROUPS`.
    header : mapping
        The header of valid prices.
    spans : mapping
        Rows, first and last date by ticker; empty where the source said so itself.
    edges : PricePanel or None
        First and last usable row of each ticker.
    days : ndarray of datetime64[D]
        The distinct days of usable rows.
    has_malformed_date : bool
        Whether a ticker has a row without a sound date.
    stopped : bool
        Whether an error stands here.
    doubts : mapping
        ``session`` and ``rules`` by ticker, where a rule that withholds a signal names its last usable row.
    rows : DataFrame, pyarrow.Table or None
        The valid rows by ticker and date; None where an error stands.
    """

    shape: list[Finding]
    groups: Mapping[str, list[Finding]]
    header: dict[str, Any]
    spans: dict[str, Any]
    edges: PricePanel | None
    days: np.ndarray
    has_malformed_date: bool
    stopped: bool
    doubts: dict[str, dict[str, Any]]
    rows: pd.DataFrame | pa.Table | None = field(repr=False)


@dataclass(frozen=True)
class _Arranged:
    """A part read and arranged: the reading, the panel, and the order of its rows."""

    reading: Reading
    panel: PricePanel
    order: Whole


@np.errstate(all="ignore")  # what comes of the largest numbers is infinite, and beyond every bound
def judge_part(prices: Table, gate: Gate, number: int) -> JudgedPart:
    """Return what part ``number`` of a table of raw prices shows."""
    reading = reading_of(prices.part(number))
    panel, order = panel_of(reading, absent=gate.absent)
    arranged = _Arranged(reading, panel, order.order)
    shape = _shape(reading, panel)
    groups, usable = _judged_rows(panel, gate)
    verdict = apply_waivers(
        [*shape, *(f for group in groups.values() for f in group)], gate.waivers, gate.end
    )
    stopping = gate.settings.stop_on
    stopped = any(rule_of(f.rule).severity == ERROR or f.rule in stopping for f in verdict.standing)
    flags = row_flags(len(panel), verdict.standing, [finding for finding, _ in verdict.waived])
    return JudgedPart(
        shape,
        groups,
        _valid_header(prices.header, arranged),
        {} if isinstance(prices.header.get("source"), Mapping) else _spans(panel),
        usable.take(edges(usable)) if usable is not None else None,
        np.unique(usable.days) if usable is not None else np.array([], "datetime64[D]"),
        bool(_malformed(panel).any()),
        stopped,
        _doubts(usable, (f for group in groups.values() for f in group)) if usable is not None else {},
        None if stopped else packed(_typed(arranged, flags, always=prices.parts > 1), prices),
    )


def _doubts(usable: PricePanel, findings: Iterable[Finding]) -> dict[str, dict[str, Any]]:
    """Return the tickers whose last usable row is in doubt, accepted by a person or not."""
    last = np.flatnonzero(np.r_[~usable.follows[1:], True]) if len(usable) else np.array([], np.int64)
    ends = {usable.tickers[usable.codes[row]]: str(usable.days[row]) for row in last.tolist()}
    rules: dict[str, set[str]] = {}
    for finding in findings:
        ticker = finding.ticker
        if ticker is not None and finding.rule in WITHHOLDING and finding.last == ends.get(ticker, ""):
            rules.setdefault(ticker, set()).add(finding.rule)
    return {ticker: {"session": ends[ticker], "rules": sorted(rules[ticker])} for ticker in sorted(rules)}


def reading_of(frame: pd.DataFrame) -> Reading:
    """Return a part of a table read column by column."""
    # flags are the gate's own: those that a table brings along are of another judgement
    return read(frame.drop(columns=col.ROW_FLAGS) if col.ROW_FLAGS in frame else frame)


def _malformed(panel: PricePanel) -> Flags:
    """Return the tickers with a malformed date."""
    flags: Flags = panel.per_ticker(np.isnat(panel.days)) > 0
    return flags


def _shape(reading: Reading, panel: PricePanel) -> list[Finding]:
    return [
        finding
        for finding in schema_findings(reading)
        if not (finding.rule == "missing_column" and finding.value in panel.absent)
    ]


def _judged_rows(panel: PricePanel, gate: Gate) -> tuple[dict[str, list[Finding]], PricePanel | None]:
    """Return what every rule but those between tickers says, and the rows that rules of a sequence look at."""
    if not len(panel):
        return {}, None
    settings = gate.settings
    present = panel.keyed & ~_future(panel.days, gate.today)
    usable = present & panel.complete() & ~panel.copy & ~panel.conflict
    spiked = _spikes(panel, usable, settings)
    dated = panel.take(~np.isnat(panel.days) & ~_future(panel.days, gate.today))
    rows = panel.take(usable & ~spiked)
    share = settings.max_missing_share
    groups = {
        "duplicates": rules.duplicate_findings(panel),
        "rows": rules.row_findings(panel, tolerance=settings.price_tolerance, excused=spiked),
        "missing": rules.missing_findings(panel, largest_share=share),
        "dates": rules.date_findings(panel, today=gate.today),
        "size": rules.size_findings(panel, least=settings.min_rows),
        "sessions": session_findings(
            dated, gate.market, calendar=settings.calendar, largest_share=share, unjudged=_malformed(panel)
        ),
        "spikes": panel.each("outlier_spike", spiked, panel.cells[col.CLOSE]),
        **(_sequence(rows, settings) if len(rows) else {}),
        "own": [finding for own in gate.own for finding in _own(rows, own)],
    }
    return {name: list(findings) for name, findings in groups.items()}, rows


def _own(rows: PricePanel, own: PluginRule) -> list[Finding]:
    learn([own.rule])
    return rows.each(own.rule.name, own(rows.codes, rows.days, rows.cells, rows.tickers)) if len(rows) else []


def _future(days: Days, today: date) -> Flags:
    flags: Flags = days > np.datetime64(today, "D")
    return flags


def _spikes(panel: PricePanel, usable: Flags, settings: ValidateSettings) -> Flags:
    rows = panel.take(usable)
    spikes = find_spikes(
        rows.codes,
        rows.cells[col.CLOSE],
        rows.cells[col.ADJ_CLOSE],
        ratio=settings.spike_ratio,
        reversion=settings.spike_reversion,
    )
    flags = np.zeros(len(panel), bool)
    flags[np.flatnonzero(usable)[spikes.any]] = True
    return flags


def _sequence(rows: PricePanel, settings: ValidateSettings) -> dict[str, Sequence[Finding]]:
    frozen, standing_still = frozen_findings(rows, stale_sessions=settings.stale_sessions)
    volumes, silent = volume_findings(
        rows, ratio=settings.volume_ratio, window=settings.volume_sessions, frozen=standing_still
    )
    leaps, explained = leap_findings(rows, settings)
    return {
        "moves": [*leaps, *move_findings(rows, settings, explained)],
        "frozen": frozen,
        "volumes": volumes,
        "bars": bar_findings(rows, standing_still | silent, bar_ratio=settings.bar_ratio),
    }


def _valid_header(raw: Mapping[str, Any], arranged: _Arranged) -> dict[str, Any]:
    """Return the header of valid prices from that of raw ones."""
    header = dict(raw)
    if isinstance(raw.get("source"), Mapping):
        header["source"] = without_lines(raw["source"])
    header.setdefault("price_basis", "unknown")
    header.setdefault("adjusted_close", "source")
    if col.ADJ_CLOSE not in arranged.reading.numbers:
        header["adjusted_close"] = COPIED
    if arranged.panel.absent:
        header[col.ABSENT] = [name for name in col.PRICES if name in arranged.panel.absent]
    return header


def _spans(panel: PricePanel) -> dict[str, dict[str, Any]]:
    """Return rows, first and last date of each ticker, from the sound rows."""
    rows = panel.take(panel.keyed)
    codes, first, count = np.unique(rows.codes, return_index=True, return_counts=True)
    spans = zip(codes.tolist(), first.tolist(), count.tolist(), strict=True)
    return {rows.tickers[code]: _span(rows, start, number) for code, start, number in spans}


def _span(rows: PricePanel, start: int, number: int) -> dict[str, Any]:
    first, last = rows.name(start)[1], rows.name(start + number - 1)[1]
    return {"rows": number, "first": first, "last": last, "outcome": "ok"}


def _typed(arranged: _Arranged, flags: np.ndarray | None, *, always: bool) -> pd.DataFrame:
    """Return the panel's rows typed, contract columns first, flags last: if there are any, or ``always``."""
    frame, panel = arranged.reading.frame, arranged.panel
    if col.ADJ_CLOSE not in frame:
        frame = frame.assign(**{col.ADJ_CLOSE: frame[col.CLOSE]})
    frame = frame.assign(**dict.fromkeys(panel.absent, np.nan))
    further = [name for name in frame.columns if name not in col.PRICES]
    rows = frame[[*col.PRICES, *further]].iloc[arranged.order].reset_index(drop=True)
    if flags is None and always:
        flags = np.full(len(rows), None, dtype=object)
    return rows if flags is None else rows.assign(**{col.ROW_FLAGS: flags})
