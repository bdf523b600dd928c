"""Validate and clean over shards: the same rules, a few tickers at a time; what shows between tickers, once.

Three things need all tickers: which sessions anybody has, where one ticker ends as another begins, and
which waivers fit. The first is read from the dates alone beforehand; the others are looked at afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import ParameterError
from core.prices.calendar import check_calendar
from core.prices.catalogue import RULES, named
from core.prices.cells import read_dates
from core.prices.cleaning import NothingLeft, cleaned, flag_counts, repairs_document
from core.prices.findings import ERROR, Finding
from core.prices.flags import row_flags
from core.prices.moves import edges, rename_findings
from core.prices.panel import Panel
from core.prices.removal import Trail
from core.prices.sessions import Market, market_of, nowhere_findings
from core.prices.validation import (
    about_adjustment,
    days_up_to,
    end_of,
    header_of,
    judge_rows,
    look,
    not_checked_of,
    numbers_of,
    source_of,
    spans,
    told_of,
    typed,
)
from core.prices.waivers import Waiver, judge
from core.tables.artifacts import Document
from core.tables.engine import Engine
from core.tables.shards import Sharded, ShardWriter, arrow_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from core.parameters import Value
    from core.platform.progress import Progress


_RENAMED = "renamed_ticker"
"""The one rule that looks at two tickers: its rows carry no flag here, because they are written before."""


@dataclass(frozen=True)
class _Gate:
    """What every shard is judged by."""

    parameters: Mapping[str, Value]
    today: date
    waivers: tuple[Waiver, ...]
    market: Market | None
    end: str

    @property
    def stopping(self) -> frozenset[str]:
        """Warnings that stop the run."""
        return named(self.parameters.get("stop_on"))


@dataclass(frozen=True)
class _Found:
    """What came of one shard: findings, what is known of it, its rows unless an error forbids them."""

    findings: list[Finding]
    header: dict[str, Any]
    tickers: dict[str, Any]
    ends: Panel | None
    days: np.ndarray
    rows: pa.Table | None


def validate(
    prices: Sharded,
    parameters: Mapping[str, Value],
    *,
    today: date,
    waivers: Sequence[Waiver],
    path: Path,
    engine: Engine,
    progress: Progress,
) -> tuple[Sharded, Document]:
    """Return what :func:`core.prices.validation.validate` returns, from a table of shards.

    The column ``flags`` is always there, null where no rule has something to say.

    Parameters
    ----------
    path : Path
        Where the valid prices are written.
    engine : Engine
        Where shards are worked on.
    progress : Progress
        Told (shards done, shards in all).

    Raises
    ------
    ValidationFailed, ParameterError
        As there; also if a table of closes alone is this large.
    """
    if parameters.get("close_only"):
        raise ParameterError(
            f"--close-only true came with {prices.rows:,} rows",
            expected="at most 250,000 rows of closes alone",
            remedy="Take fewer tickers, or get whole bars.",
        )
    calendar = check_calendar(str(parameters["calendar"]))
    days, unsound = _days(prices)
    market = market_of(days_up_to(days, today), calendar)
    gate = _Gate(dict(parameters), today, tuple(waivers), market, end_of(days))
    found = _judged(prices, gate, path, engine, progress)
    first = found[0].header
    everywhere = nowhere_findings(market, unjudged=unsound)
    parts = [about_adjustment(first), everywhere, _renames(found, parameters), *(f.findings for f in found)]
    told = list(_once(finding for part in parts for finding in part))
    counted = {"rows": prices.rows, "tickers": {k: v for f in found for k, v in f.tickers.items()}}
    source = source_of(first, counted, not_checked_of(first, frozenset(), days, calendar))
    document = told_of(judge(told, gate.waivers, gate.end), source, gate.stopping)
    return Sharded(path), document


def _days(prices: Sharded) -> tuple[np.ndarray, bool]:
    """Return the distinct days of all rows, ascending, and whether a cell is none."""
    held, unsound = [], col.DATE not in prices.columns
    for frame in prices.each([col.DATE]) if not unsound else ():
        days = read_dates(frame[col.DATE]).days
        unsound = unsound or bool(np.isnat(days).any())
        held.append(np.unique(days[~np.isnat(days)]))
    return np.unique(np.concatenate([*held, np.array([], "datetime64[D]")])), unsound


def _judged(prices: Sharded, gate: _Gate, path: Path, engine: Engine, progress: Progress) -> list[_Found]:
    """Return what came of each shard; the rows are in ``path`` unless some shard has an error."""
    found: list[_Found] = []
    work = partial(_judge_shard, prices, gate)
    with ShardWriter(path, "prices_valid") as writer:
        broken = False
        for one in engine.each(work, range(prices.shards)):
            broken = broken or one.rows is None
            if one.rows is not None and not broken:
                writer.add(one.rows)
            found.append(replace(one, rows=None))
            progress(len(found), prices.shards)
        if not broken:
            writer.done(found[0].header)
    return found


def _judge_shard(prices: Sharded, gate: _Gate, number: int) -> _Found:
    seen = look(prices.shard(number), close_only=False)
    sequences: list[Panel] = []
    findings = judge_rows(
        seen.panel, gate.parameters, gate.today, gate.market, whole=False, sequences=sequences
    )
    findings = [*seen.shape, *findings]
    rows = sequences[0] if sequences else None
    judged = judge(findings, gate.waivers, gate.end)
    header = header_of(prices.header, seen)
    stops = any(RULES[f.rule].severity == ERROR or f.rule in gate.stopping for f in judged.standing)
    flags = row_flags(len(seen.panel), judged.standing, [finding for finding, _ in judged.waived])
    made = None if stops else _flagged(typed(seen, slice(None), flags))
    return _Found(
        [replace(finding, rows=()) for finding in findings],
        header,
        {} if isinstance(prices.header.get("source"), Mapping) else spans(seen.panel),
        rows.take(edges(rows)) if rows is not None else None,
        np.unique(rows.days) if rows is not None else np.array([], "datetime64[D]"),
        made,
    )


def _flagged(frame: pd.DataFrame) -> pa.Table:
    """Return valid rows with a column of flags, whether there are any or not."""
    if col.ROW_FLAGS not in frame:
        frame = frame.assign(**{col.ROW_FLAGS: pd.Series(None, index=frame.index, dtype=object)})
    return arrow_of(frame)


def _renames(found: Sequence[_Found], parameters: Mapping[str, Value]) -> list[Finding]:
    """Return tickers that begin where another ends, over all shards."""
    ends = [one.ends for one in found if one.ends is not None]
    if not ends:
        return []
    days = np.unique(np.concatenate([one.days for one in found]))
    return rename_findings(_joined(ends), days, numbers_of(parameters))


def _joined(panels: Sequence[Panel]) -> Panel:
    """Return panels of different tickers as one."""
    tickers = tuple(ticker for panel in panels for ticker in panel.tickers)
    before = np.cumsum([0, *(len(panel.tickers) for panel in panels)])[:-1]
    codes = [panel.codes + offset for panel, offset in zip(panels, before.tolist(), strict=True)]
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(panel, name) for panel in panels])
        for name in ("days", "incomplete", "timed", "copy", "conflict", "live", "rows")
    }
    cells = {name: np.concatenate([panel.cells[name] for panel in panels]) for name in panels[0].cells}
    return Panel(tickers, np.concatenate(codes), cells=cells, **joined)


def _once(findings: Any) -> Any:
    """Yield findings, those of the whole table (which each shard tells) only once."""
    told: set[str] = set()
    for finding in findings:
        if finding.ticker is None and finding.date is None:
            key = repr(finding)
            if key in told:
                continue
            told.add(key)
        yield finding


@dataclass(frozen=True)
class _Kept:
    """What clean left of one shard (None: nothing), and its record."""

    rows: pa.Table | None
    rows_in: int
    flags: dict[str, int]
    repairs: list[dict[str, Any]]
    error: NothingLeft | None = None


def clean(
    prices: Sharded, parameters: Mapping[str, Value], *, path: Path, engine: Engine, progress: Progress
) -> tuple[Sharded, Document]:
    """Return what :func:`core.prices.cleaning.clean` returns, from a table of shards.

    Repairs stand shard after shard; the column ``flags`` is always there.

    Raises
    ------
    DataError, ParameterError
        As there.
    """
    check_calendar(str(parameters["calendar"]))
    if _RENAMED in named(parameters.get("drop_row")) | named(parameters.get("drop_ticker")):
        raise ParameterError(
            f"{_RENAMED} is to be dropped from {prices.rows:,} rows",
            expected="rules of a single ticker, where tables are this large",
            remedy="Leave the ticker out with --tickers.",
        )
    flags: Counter[str] = Counter()
    repairs: list[dict[str, Any]] = []
    rows_in, nothing = 0, None
    with ShardWriter(path, "prices_clean") as writer:
        work = partial(_clean_shard, prices, dict(parameters))
        for number, one in enumerate(engine.each(work, range(prices.shards)), start=1):
            if one.rows is None:
                nothing = one.error
            else:
                writer.add(one.rows)
            rows_in += one.rows_in
            flags.update(one.flags)
            repairs += one.repairs
            progress(number, prices.shards)
        if nothing is not None and rows_in == len(repairs):
            raise nothing
        made = writer.done(prices.header)
    return made, repairs_document(rows_in, made.rows, dict(sorted(flags.items())), repairs)


def _clean_shard(prices: Sharded, parameters: Mapping[str, Value], number: int) -> _Kept:
    frame, trail = prices.shard(number), Trail()
    try:
        kept = cleaned(frame, prices.header, parameters, trail)
    except NothingLeft as error:
        return _Kept(None, len(frame), {}, trail.repairs, error)
    counts = flag_counts(kept)
    if col.ROW_FLAGS not in kept:
        place = list(kept.columns).index(col.ADJUSTMENT_FACTOR)
        kept.insert(place, col.ROW_FLAGS, pd.Series(None, index=kept.index, dtype=object))
    return _Kept(arrow_of(kept), len(frame), counts, trail.repairs)
