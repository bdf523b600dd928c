"""The gate: every rule over a table of daily prices; an error that nobody accepted stops the run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import ValidationFailed, listed
from core.prices.calendar import check_calendar
from core.prices.calendar_fit import calendar_advice
from core.prices.catalogue import ERROR, learn
from core.prices.cells import read_dates
from core.prices.findings import Finding, records
from core.prices.gate_settings import ValidateSettings
from core.prices.judging import COPIED, GROUPS, Gate, JudgedPart, PluginRule, judge_part, reading_of
from core.prices.panel import absent_columns
from core.prices.renames import rename_flags, renames_between, with_flags, with_flags_in_parts
from core.prices.sessions import ExchangeSessions, market_of, nowhere_findings
from core.prices.source_lines import with_lines
from core.prices.unchecked import not_checked
from core.prices.waivers import WaivedFindings, Waiver, apply_waivers, waived_records
from core.tables.artifacts import Document, Table
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from datetime import date

    from core.prices.row_order import Days


def validate(
    prices_raw: Table,
    settings: ValidateSettings,
    *,
    today: date,
    waivers: Sequence[Waiver] = (),
    own_rules: tuple[PluginRule, ...] = (),
    workplace: Workplace | None = None,
) -> tuple[Table, Document]:
    """Every row has been judged, and nothing was changed but types and order.

    Three things need all tickers: which days anybody has, where one ticker ends as another begins, and which
    waivers fit. The first is read from the dates alone beforehand; the others are looked at when all parts
    have been judged.

    Parameters
    ----------
    prices_raw : Table
        Dates as text, prices raw, in the ticker's currency, volume in shares.
    settings : ValidateSettings
    today : datetime.date
        Rows after this day are from the future.
    waivers : sequence of Waiver
        Findings that a person accepts.
    own_rules : tuple of PluginRule
        User-defined rules, after the built-in ones and over the rows that those find usable.
    workplace : Workplace, optional
        Who works on the parts of a large table, and where its file is made.

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
    calendar, workplace = check_calendar(settings.calendar), workplace or Workplace()
    days, absent = _days(prices_raw), _absent(prices_raw, settings)
    market = market_of(days_up_to(days, today), calendar)
    gate = Gate(settings, today, tuple(waivers), market, end_of(days), absent, own_rules)
    learn(own.rule for own in own_rules)
    table, parts, renames = _judged_parts(prices_raw, gate, workplace)
    header = parts[0].header
    findings = [*_about_adjustment(header), *_about_files(header), *_in_order(parts, market, renames)]
    counted = {"rows": prices_raw.rows, "tickers": {k: v for part in parts for k, v in part.spans.items()}}
    source = _source_of(header, counted, _not_checked(header, absent, days, calendar))
    if doubts := {ticker: doubt for part in parts for ticker, doubt in part.doubts.items()}:
        source["last_rows_in_doubt"] = doubts
    try:
        verdict = apply_waivers(findings, gate.waivers, gate.end)
        document = _findings_document(verdict, source, settings.stop_on, prices_raw)
    except ValidationFailed as failed:
        raise _with_calendar(failed, settings.calendar, days_up_to(days, today)) from failed
    assert table is not None  # an error that stands has raised
    return table, document


def _days(prices: Table) -> Days:
    """Return the distinct sound days of all rows, ascending."""
    if col.DATE not in prices.columns:
        return np.array([], "datetime64[D]")
    days = np.unique(
        np.concatenate([np.unique(read_dates(part[col.DATE]).days) for part in prices.each([col.DATE])])
    )
    sound: Days = days[~np.isnat(days)]
    return sound


def _absent(prices: Table, settings: ValidateSettings) -> frozenset[str]:
    """Return the columns that need not be there and hold nothing in any part."""
    if not settings.close_only:
        return frozenset()
    return frozenset.intersection(*(absent_columns(reading_of(part)) for part in prices.each()))


def _judged_parts(
    prices: Table, gate: Gate, workplace: Workplace
) -> tuple[Table | None, list[JudgedPart], list[Finding]]:
    """Return the table (None if an error stands), what was found in each part, and renamed tickers.

    A renamed ticker shows only when all parts have been judged. The last part waits for that, so that a
    table of one part is written once; earlier parts are written again where a rename is in them.
    """
    parts: list[JudgedPart] = []
    with workplace.writer("prices_valid") as writer:
        pending = None
        for part in workplace.each_part(partial(judge_part, prices, gate), prices):
            if pending is not None:
                writer.add(pending)
            pending = part.rows
            parts.append(replace(part, rows=None))
        renames = renames_between(parts, gate.settings)
        if any(part.stopped for part in parts):
            return None, parts, renames
        flags = rename_flags(renames, parts, gate)
        writer.add(with_flags(pending, flags.pop(len(parts) - 1, {})))
        if not flags:
            return writer.done(parts[0].header), parts, renames
        table = writer.stored(parts[0].header)
    return with_flags_in_parts(table, flags, workplace), parts, renames


@np.errstate(all="ignore")  # as each part is judged
def _in_order(
    parts: Sequence[JudgedPart], market: ExchangeSessions | None, renames: list[Finding]
) -> list[Finding]:
    """Return all findings as one part would have them: group after group, each through all parts."""
    unjudged = any(part.has_malformed_date for part in parts)
    between = {"market": nowhere_findings(market, unjudged=unjudged), "renames": renames}
    findings = [
        finding
        for part in parts
        for finding in part.shape
        if part is parts[0] or finding not in parts[0].shape
    ]
    for group in GROUPS:
        findings += between.get(group, [])
        findings += [finding for part in parts for finding in part.groups.get(group, ())]
    return findings


def days_up_to(days: Days, today: date) -> Days:
    """Return the sound days that are not in the future."""
    return days[~np.isnat(days) & ~(days > np.datetime64(today, "D"))]


def _findings_document(
    outcome: WaivedFindings, source: Mapping[str, Any], stopping: frozenset[str], prices_raw: Table
) -> Document:
    """Return the findings document.

    Raises
    ------
    ValidationFailed
        If an error stands; it carries the whole document.
    """
    stated = prices_raw.header.get("source")
    findings = with_lines(
        records(outcome.standing, stopping), stated if isinstance(stated, Mapping) else {}, prices_raw
    )
    body = {"source": {**source, **_about_waivers(outcome)}, "findings": findings}
    if any(finding["severity"] == ERROR for finding in findings):
        raise ValidationFailed(body)
    return Document("findings", body)


def _with_calendar(failed: ValidationFailed, calendar: str, days: Days) -> ValidationFailed:
    """Return the refusal with the calendar that fits, where sessions of the run's own are missing."""
    rules = ("missing_session_everywhere", "too_many_missing_sessions")
    findings = failed.findings["findings"]
    if not any(each["rule"] in rules and each["severity"] == ERROR for each in findings):
        return failed
    advice = calendar_advice(calendar, [str(day) for day in days])
    if not advice:
        return failed
    findings = [
        {**each, "action": f"{each['action']} {advice}"} if each["rule"] in rules else each
        for each in findings
    ]
    return ValidationFailed({**failed.findings, "findings": findings})


def end_of(days: Days) -> str:
    """Return the last sound day, empty without one."""
    sound = days[~np.isnat(days)]
    return str(sound.max()) if len(sound) else ""


def _about_adjustment(header: Mapping[str, Any]) -> list[Finding]:
    """Return that there is no adjusted close, if so."""
    return [Finding("no_adjusted_close")] if header["adjusted_close"] == COPIED else []


def _about_files(header: Mapping[str, Any]) -> list[Finding]:
    """Return whose ticker is the name of its file, and what of a folder was not read."""
    source = header.get("source")
    if not isinstance(source, Mapping):
        return []
    files = [file for file in source.get("files") or () if isinstance(file, Mapping)]
    by_name = [str(file.get("name")) for file in files if file.get("ticker_from") == "file name"]
    tickers = list(source.get("tickers") or {}) if len(files) == len(by_name) == 1 else []
    ticker = str(tickers[0]) if len(tickers) == 1 else None
    findings = [Finding("ticker_from_file_name", ticker, value=listed(by_name))] if by_name else []
    return findings + [Finding("skipped_file", value=str(name)) for name in source.get("skipped") or ()]


def _source_of(
    header: Mapping[str, Any], counted: Mapping[str, Any], unchecked: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return where the rows came from; what the header does not say is taken from the rows (``counted``)."""
    stated = header.get("source")
    source = dict(stated) if isinstance(stated, Mapping) else {"name": None, "uri": None, "sha256": None}
    basis = {name: header[name] for name in ("price_basis", "adjusted_close")}
    return {
        **source,
        **{k: v for k, v in counted.items() if k not in source},
        **basis,
        "not_checked": unchecked,
    }


def _not_checked(
    header: Mapping[str, Any], absent: Collection[str], days: Days, calendar: str
) -> list[dict[str, Any]]:
    """Return the rules that could not do their work."""
    return not_checked(absent, days, calendar=calendar, adjusted=header["adjusted_close"] != COPIED)


def _about_waivers(outcome: WaivedFindings) -> dict[str, Any]:
    """Return what was accepted, and the waivers that did nothing and why."""
    idle = [("expired", waiver) for waiver in outcome.expired] + [("unused", w) for w in outcome.unused]
    without = [
        {"state": state, "rule": w.rule, "ticker": w.ticker or None, "who": w.who, "until": w.until}
        for state, w in idle
    ]
    return {"waivers": waived_records(outcome.waived)} | (
        {"waivers_without_effect": without} if without else {}
    )
