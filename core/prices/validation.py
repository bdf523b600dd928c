"""The gate: every rule over a table of daily prices; an error that nobody accepted stops the run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from core import columns as col
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
from core.prices.sessions import Market, market_of, nowhere_findings, session_findings
from core.prices.spikes import find_spikes
from core.prices.unchecked import not_checked
from core.prices.volumes import volume_findings
from core.prices.waivers import Judged, Waiver, judge, waived_records
from core.tables.artifacts import Document, Table

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from core.parameters import Value
    from core.prices.rows import Days, Flags, Whole

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
    seen = look(prices.frame, close_only=bool(parameters.get("close_only")))
    header = header_of(prices.header, seen)
    market = market_of(days_up_to(seen.panel.days, today), calendar)
    found = [
        *about_adjustment(header),
        *seen.shape,
        *judge_rows(seen.panel, parameters, today, market, whole=True),
    ]
    judged = judge(found, waivers, end_of(seen.panel.days))
    known = {"rows": len(seen.panel), "tickers": spans(seen.panel)}
    source = source_of(header, known, not_checked_of(header, seen.panel.absent, seen.panel.days, calendar))
    told = told_of(judged, source, named(parameters.get("stop_on")))
    flags = row_flags(len(seen.panel), judged.standing, [finding for finding, _ in judged.waived])
    by_date = np.argsort(seen.panel.days, kind="stable")
    return Table("prices_valid", typed(seen, by_date, flags), header), told


@dataclass(frozen=True)
class Seen:
    """A table read and arranged: the reading, the panel, the order, and what is wrong with its shape."""

    reading: Reading
    panel: Panel
    order: Whole
    shape: list[Finding]


def look(frame: pd.DataFrame, *, close_only: bool) -> Seen:
    """Return a table of prices ready to be judged."""
    # flags are the gate's own: those that a table brings along are of another judgement
    reading = read(frame.drop(columns=col.ROW_FLAGS) if col.ROW_FLAGS in frame else frame)
    panel, arranged = panel_of(reading, close_only=close_only)
    return Seen(reading, panel, arranged.order, _shape(reading, panel))


def days_up_to(days: Days, today: date) -> Days:
    """Return the sound days that are not in the future."""
    return days[~np.isnat(days) & ~(days > np.datetime64(today, "D"))]


def _unjudged(panel: Panel) -> Flags:
    """Return the tickers with a malformed date."""
    flags: Flags = panel.per_ticker(np.isnat(panel.days)) > 0
    return flags


def told_of(judged: Judged, source: Mapping[str, Any], stopping: frozenset[str]) -> Document:
    """Return the findings document.

    Raises
    ------
    ValidationFailed
        If an error stands; it carries the whole document.
    """
    told = records(judged.standing, stopping)
    body = {"source": {**source, **_about_waivers(judged)}, "findings": told}
    if any(finding["severity"] == ERROR for finding in told):
        raise ValidationFailed(body)
    return Document("findings", body)


def _shape(reading: Reading, panel: Panel) -> list[Finding]:
    return [
        finding
        for finding in schema_findings(reading)
        if not (finding.rule == "missing_column" and finding.value in panel.absent)
    ]


def end_of(days: Days) -> str:
    """Return the last sound day, empty without one."""
    sound = days[~np.isnat(days)]
    return str(sound.max()) if len(sound) else ""


def judge_rows(
    panel: Panel,
    parameters: Mapping[str, Value],
    today: date,
    market: Market | None,
    *,
    whole: bool,
    sequences: list[Panel] | None = None,
) -> list[Finding]:
    """Return what every rule but those of the whole table says.

    Parameters
    ----------
    panel : Panel
        Whole tickers.
    parameters : mapping
        As :func:`validate` takes them.
    today : datetime.date
    market : Market or None
        Of all tickers.
    whole : bool
        Whether these are all tickers: only then what shows between tickers is told here, too.
    sequences : list of Panel, optional
        Takes the rows that the rules of a sequence look at.
    """
    if not len(panel):
        return []
    number = numbers_of(parameters)
    present = panel.keyed & ~(panel.days > np.datetime64(today, "D"))
    usable = present & panel.complete() & ~panel.copy & ~panel.conflict
    spiked = _spikes(panel, usable, number)
    share = number["max_missing_share"]
    dated = panel.take(~np.isnat(panel.days) & ~(panel.days > np.datetime64(today, "D")))
    rows = panel.take(usable & ~spiked)
    if sequences is not None:
        sequences.append(rows)
    return [
        *rules.duplicate_findings(panel),
        *rules.row_findings(panel, tolerance=number["price_tolerance"], excused=spiked),
        *rules.missing_findings(panel, largest_share=share),
        *rules.date_findings(panel, today=today),
        *rules.size_findings(panel, least=int(number["min_rows"])),
        *(nowhere_findings(market, unjudged=bool(_unjudged(panel).any())) if whole else ()),
        *session_findings(
            dated,
            market,
            calendar=str(parameters["calendar"]),
            largest_share=share,
            unjudged=_unjudged(panel),
        ),
        *panel.each("outlier_spike", spiked, panel.cells[col.CLOSE]),
        *_sequence(rows, number, whole=whole),
    ]


def numbers_of(parameters: Mapping[str, Value]) -> dict[str, float]:
    """Return the thresholds among the stage's parameters."""
    return {name: float(cast("float", parameters[name])) for name in _NUMBERS}


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


def _sequence(rows: Panel, number: Mapping[str, float], *, whole: bool) -> list[Finding]:
    if not len(rows):
        return []
    frozen, told = frozen_findings(rows, stale_sessions=int(number["stale_sessions"]))
    volumes, silent = volume_findings(
        rows, ratio=number["volume_ratio"], window=int(number["volume_sessions"]), frozen=told
    )
    renames = rename_findings(rows, np.unique(rows.days), number) if whole else []
    return [
        *move_findings(rows, number),
        *renames,
        *frozen,
        *volumes,
        *bar_findings(rows, told | silent, bar_ratio=number["bar_ratio"]),
    ]


def header_of(came: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """Return the header of valid prices from that of raw ones."""
    reading, panel, header = seen.reading, seen.panel, dict(came)
    header.setdefault("price_basis", "unknown")
    header.setdefault("adjusted_close", "source")
    if col.ADJ_CLOSE not in reading.numbers:
        header["adjusted_close"] = COPIED
    if panel.absent:
        header[col.ABSENT] = [name for name in col.PRICES if name in panel.absent]
    return header


def about_adjustment(header: Mapping[str, Any]) -> list[Finding]:
    """Return that there is no adjusted close, if so."""
    return [Finding("no_adjusted_close")] if header["adjusted_close"] == COPIED else []


def source_of(
    header: Mapping[str, Any], counted: Mapping[str, Any], unchecked: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return where the rows came from; what the header does not say is taken from the rows (``counted``)."""
    told = header.get("source")
    known = dict(told) if isinstance(told, Mapping) else {"name": None, "uri": None, "sha256": None}
    basis = {name: header[name] for name in ("price_basis", "adjusted_close")}
    return {
        **known,
        **{k: v for k, v in counted.items() if k not in known},
        **basis,
        "not_checked": unchecked,
    }


def not_checked_of(
    header: Mapping[str, Any], absent: Collection[str], days: Days, calendar: str
) -> list[dict[str, Any]]:
    """Return the rules that could not do their work."""
    return not_checked(absent, days, calendar=calendar, adjusted=header["adjusted_close"] != COPIED)


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


def spans(panel: Panel) -> dict[str, dict[str, Any]]:
    """Return rows, first and last date of each ticker, from the sound rows."""
    rows = panel.take(panel.keyed)
    codes, first, count = np.unique(rows.codes, return_index=True, return_counts=True)
    spans = zip(codes.tolist(), first.tolist(), count.tolist(), strict=True)
    return {rows.tickers[code]: _span(rows, start, number) for code, start, number in spans}


def _span(rows: Panel, start: int, number: int) -> dict[str, Any]:
    first, last = rows.name(start)[1], rows.name(start + number - 1)[1]
    return {"rows": number, "first": first, "last": last, "outcome": "ok"}


def typed(seen: Seen, places: Whole | slice, flags: np.ndarray | None) -> pd.DataFrame:
    """Return the panel's rows at ``places`` typed, contract columns first, flags last."""
    frame, panel = seen.reading.frame, seen.panel
    if col.ADJ_CLOSE not in frame:
        frame = frame.assign(**{col.ADJ_CLOSE: frame[col.CLOSE]})
    frame = frame.assign(**dict.fromkeys(panel.absent, np.nan))
    further = [name for name in frame.columns if name not in col.PRICES]
    rows = frame[[*col.PRICES, *further]].iloc[seen.order[places]].reset_index(drop=True)
    return rows if flags is None else rows.assign(**{col.ROW_FLAGS: flags[places]})
