"""Cleaning by named rules, each removal on record; nothing is filled unless asked. Then enrichment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError, listed
from core.prices.calendar import check_calendar
from core.prices.enrichment import enrich
from core.prices.flags import WAIVED, flagged
from core.prices.gate_settings import CleanSettings
from core.prices.removal import FILL, Trail, fill_forward, merged
from core.prices.row_order import arrange, live_rows
from core.prices.spikes import find_spikes
from core.tables.artifacts import Document, Table
from core.tables.workplace import Workplace
from core.tables.writer import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from core.prices.row_order import Flags, Whole

_VALIDATE_FIRST = "Run validate on the table first; it names every such row."
_SPIKE = "outlier_spike"


def clean(
    prices_valid: Table, settings: CleanSettings, *, workplace: Workplace | None = None
) -> tuple[Table, Document]:
    """What the rules name has been removed or flagged, on record, and the rest is enriched.

    In this order: whole tickers by ``drop_ticker``; ``exact_duplicate`` (the same ticker, date and values
    again), ``live_row`` and waived contradictions; with ``fill`` forward, missing cells from the row
    before; ``missing_price`` (no price or volume) and waived prices that are not above 0;
    ``outlier_spike`` (see :func:`core.prices.spikes.find_spikes`) and the other rules of ``drop_row``.
    Rows of all other rules are kept with their flags. A waived row is kept wherever it can be. Cleaning a
    cleaned table removes nothing and gives the same table.

    Parameters
    ----------
    prices_valid : Table
        Typed, raw prices in the ticker's currency, volume in shares; rows in any order.
        Its column ``flags`` (there may be none) says what the gate found; copies, missing values and
        spikes are found again without it.
    settings : CleanSettings
    workplace : Workplace, optional
        Who works on the parts of a large table, and where its file is made.

    Returns
    -------
    prices_clean : Table
        The kept rows sorted by (date, ticker): contract columns, further columns of the source, flags if
        there are any, then the enrichment; free of missing values in the contract columns, but for those
        that a table of closes does not have.
    repairs : Document
        ``rows_in``, ``rows_out``, ``cells_filled``, kept rows by flag (``flagged``), and one record per
        removed row or filled cell, by rule, ticker and date.

    Raises
    ------
    DataError
        If a contract column is missing or of another type, a date or ticker is missing, two rows of a
        ticker and date contradict each other, a price is not above 0, or no row is left.
    ParameterError
        If there is no such calendar.
    """
    check_calendar(settings.calendar)
    workplace = workplace or Workplace()
    parts: list[_CleanedPart] = []
    with workplace.writer("prices_clean") as writer:
        for part in workplace.each_part(partial(_cleaned_part, prices_valid, settings), prices_valid):
            if part.rows is not None:
                writer.add(part.rows)
            parts.append(replace(part, rows=None))
        if all(part.nothing_left for part in parts):
            raise next(part.nothing_left for part in reversed(parts) if part.nothing_left)
        table = writer.done(prices_valid.header)
    flags: Counter[str] = Counter()
    for part in parts:
        flags.update(part.flags)
    repairs = merged(part.trail for part in parts)
    rows_in = sum(part.rows_in for part in parts)
    return table, _repairs_document(rows_in, table.rows, dict(sorted(flags.items())), repairs)


@dataclass(frozen=True)
class _CleanedPart:
    """What cleaning left of one part, and its record; ``nothing_left`` says why there are no rows."""

    rows: pd.DataFrame | pa.Table | None
    rows_in: int
    flags: dict[str, int]
    trail: Trail
    nothing_left: NothingLeft | None = None


def _cleaned_part(prices: Table, settings: CleanSettings, number: int) -> _CleanedPart:
    frame, trail = prices.part(number), Trail()
    try:
        rows = _cleaned(frame, prices.header, settings, trail)
    except NothingLeft as error:
        return _CleanedPart(None, len(frame), {}, trail, error)
    counts = _flag_counts(rows)
    if prices.parts > 1 and col.ROW_FLAGS not in rows:  # all parts have the same columns
        place = list(rows.columns).index(col.ADJUSTMENT_FACTOR)
        rows.insert(place, col.ROW_FLAGS, pd.Series(None, index=rows.index, dtype=object))
    return _CleanedPart(packed(rows, prices), len(frame), counts, trail)


def _cleaned(
    frame: pd.DataFrame, header: Mapping[str, Any], settings: CleanSettings, trail: Trail
) -> pd.DataFrame:
    """Return the kept rows of whole tickers by ticker and date, enriched.

    Parameters
    ----------
    frame, header, settings
        As :func:`clean` takes them.
    trail : Trail
        Takes the record, also of what was done before an error.

    Raises
    ------
    NothingLeft
        If no row is left.
    DataError
        As :func:`clean`.
    """
    absent = frozenset(header.get(col.ABSENT, ()))
    _check_form(frame)
    rows = _without_tickers(_arranged(frame), settings, trail)
    rows = _each_once(rows, trail)
    rows = _complete(rows, settings, [name for name in col.NUMBERS if name not in absent], trail)
    rows = _without_rows(rows, settings, trail)
    if col.ROW_FLAGS in rows and rows[col.ROW_FLAGS].isna().all():
        rows = rows.drop(columns=col.ROW_FLAGS)
    return enrich(rows, calendar=settings.calendar, split_ratio=settings.split_ratio)


class NothingLeft(DataError):
    """No row is left."""


def _repairs_document(
    rows_in: int, rows_out: int, flags: Mapping[str, int], repairs: list[dict[str, Any]]
) -> Document:
    """Return the record of a cleaning."""
    filled = sum(repair["rule"] == FILL for repair in repairs)
    body: dict[str, Any] = {"rows_in": rows_in, "rows_out": rows_out, "cells_filled": filled}
    return Document("repairs", body | {"flagged": dict(flags), "repairs": repairs})


def _flags(frame: pd.DataFrame) -> pd.Series:
    return (
        frame[col.ROW_FLAGS] if col.ROW_FLAGS in frame else pd.Series(None, index=frame.index, dtype=object)
    )


def _flag_counts(frame: pd.DataFrame) -> dict[str, int]:
    """Return how many kept rows carry each flag, sorted by rule."""
    texts = Counter(_flags(frame).dropna().tolist())
    counts: Counter[str] = Counter()
    for text, rows in texts.items():
        counts.update(dict.fromkeys(str(text).split(","), rows))
    return dict(sorted(counts.items()))


def _without_tickers(frame: pd.DataFrame, settings: CleanSettings, trail: Trail) -> pd.DataFrame:
    """Return the rows of tickers of which no row carries a rule that drops its ticker."""
    for rule in sorted(settings.drop_ticker):
        accused = frame.loc[flagged(_flags(frame), rule), col.TICKER].unique()
        frame = trail.remove(frame, rule, frame[col.TICKER].isin(accused).to_numpy())
    if not len(frame):
        raise NothingLeft(
            f"clean dropped every ticker (--drop-ticker {','.join(sorted(settings.drop_ticker))})",
            expected="at least one ticker without such a finding",
            remedy="Take a rule off the list, or leave the worst tickers out.",
        )
    return frame


def _each_once(frame: pd.DataFrame, trail: Trail) -> pd.DataFrame:
    """Return the rows without copies, live rows and contradictions that a person accepted."""
    days = frame[col.DATE].to_numpy("datetime64[D]")
    arranged = arrange(_codes(frame), days, _content(frame))
    cells = {name: frame[name].to_numpy() for name in col.NUMBERS}
    live, pair = live_rows(_codes(frame), days, arranged.conflict, cells)
    accepted = flagged(_flags(frame), WAIVED + "conflicting_duplicate")
    _refuse_contradiction(frame, arranged.conflict & ~pair & ~accepted)
    doomed = arranged.conflict & ~pair & accepted
    rows = trail.remove(frame, "exact_duplicate", arranged.copy)
    live, doomed = live[~arranged.copy], doomed[~arranged.copy]
    rows = trail.remove(rows, "live_row", live)
    return trail.remove(rows, "conflicting_duplicate", doomed[~live])


def _refuse_contradiction(frame: pd.DataFrame, conflict: Flags) -> None:
    if conflict.any():
        row = frame.iloc[int(np.argmax(conflict))]
        raise DataError(
            f"{row[col.TICKER]} has several rows of {row[col.DATE]:%Y-%m-%d} with different values",
            expected="one row per ticker and date",
            remedy=_VALIDATE_FIRST,
        )


def _complete(frame: pd.DataFrame, settings: CleanSettings, names: list[str], trail: Trail) -> pd.DataFrame:
    """Return the rows that have every value of ``names``, filled first if that was asked for."""
    if settings.fill == "forward":
        frame, changed = fill_forward(frame, _codes(frame), names, trail)
        frame = _flag(frame, changed, FILL)
    blank = frame[names].isna().to_numpy()
    columns = np.array(names)[blank.argmax(axis=1)] if len(frame) else None
    frame = trail.remove(frame, "missing_price", np.logical_or.reduce(blank, axis=1), columns)
    accepted = flagged(_flags(frame), WAIVED + "non_positive_price")
    prices = frame[[name for name in names if name != col.VOLUME]].to_numpy()
    frame = trail.remove(frame, "non_positive_price", accepted & (prices <= 0).any(axis=1))
    _check_values(frame, names)
    return frame


def _flag(frame: pd.DataFrame, rows: Flags, rule: str) -> pd.DataFrame:
    """Return the table with ``rule`` among the flags of ``rows``, each flag once."""
    if not rows.any():
        return frame
    texts = _flags(frame).astype(object).tolist()
    for row in np.flatnonzero(rows).tolist():
        names = set(str(texts[row]).split(",")) if isinstance(texts[row], str) else set()
        texts[row] = ",".join(sorted(names | {rule}))
    return frame.assign(**{col.ROW_FLAGS: pd.Series(texts, index=frame.index, dtype=object)})


def _without_rows(frame: pd.DataFrame, settings: CleanSettings, trail: Trail) -> pd.DataFrame:
    """Return the rows that no rule of ``drop_row`` names; spikes that stay are flagged."""
    close, adjusted = frame[col.CLOSE].to_numpy(), frame[col.ADJ_CLOSE].to_numpy()
    spikes = find_spikes(
        _codes(frame), close, adjusted, ratio=settings.spike_ratio, reversion=settings.spike_reversion
    )
    doubtful = spikes.any & ~flagged(_flags(frame), WAIVED + _SPIKE)
    if _SPIKE in settings.drop_row:
        columns = np.where(spikes.close, col.CLOSE, col.ADJ_CLOSE)
        frame = trail.remove(frame, _SPIKE, doubtful, columns)
    else:
        frame = _flag(frame, doubtful, _SPIKE)
    for rule in sorted(settings.drop_row - {_SPIKE}):
        frame = trail.remove(frame, rule, flagged(_flags(frame), rule))
    if not len(frame):
        raise NothingLeft("clean left no row", expected="at least one", remedy="Take a rule off --drop-row.")
    return frame


def _check_form(frame: pd.DataFrame) -> None:
    missing = [name for name in col.PRICES if name not in frame]
    if missing:
        raise DataError(
            f"the table of prices has no column {listed(missing)}",
            expected=f"the columns {', '.join(col.PRICES)}",
            remedy="Give clean what validate wrote (prices_valid).",
        )
    if not len(frame):
        raise DataError("the table of prices has no rows", expected="at least one row")
    wrong = [name for name in col.NUMBERS if frame[name].dtype.kind not in "iuf"]
    wrong += [col.DATE] if frame[col.DATE].dtype.kind != "M" else []
    wrong += [] if _all_text(frame[col.TICKER]) else [col.TICKER]
    if wrong or frame[col.DATE].isna().any():
        fault = f"column {listed(wrong)} of another type" if wrong else "a row without a date"
        raise DataError(
            f"the table of prices has {fault}", expected="dates, tickers and numbers", remedy=_VALIDATE_FIRST
        )


def _all_text(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return not column.hasnans and all(isinstance(value, str) for value in column.cat.categories)
    return bool(column.map(lambda t: isinstance(t, str)).all())


def _arranged(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in the canonical order, contract columns first, flags last, without enrichment."""
    further = [n for n in frame.columns if n not in (*col.PRICES, *col.ENRICHMENT, col.ROW_FLAGS)]
    flags = [col.ROW_FLAGS] if col.ROW_FLAGS in frame and frame[col.ROW_FLAGS].notna().any() else []
    table = frame[[*col.PRICES, *further, *flags]].reset_index(drop=True)
    table = table.astype(dict.fromkeys(col.NUMBERS, "float64"))
    table[col.DATE] = table[col.DATE].to_numpy("datetime64[D]").astype("datetime64[s]")
    order = arrange(_codes(table), table[col.DATE].to_numpy("datetime64[D]"), _content(table)).order
    return table.iloc[order].reset_index(drop=True)


def _codes(frame: pd.DataFrame) -> Whole:
    return pd.factorize(frame[col.TICKER], sort=True)[0].astype(np.int64)


def _content(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=[n for n in (col.DATE, col.TICKER, col.ROW_FLAGS) if n in frame])


def _check_values(frame: pd.DataFrame, names: list[str]) -> None:
    if not len(frame):
        raise NothingLeft(
            "every row lacks a price or volume: none is left",
            expected="at least one complete row",
            remedy="If there are closes and no more, say so: --close-only true. A waiver makes no row complete.",
        )
    values = frame[names].to_numpy()
    prices = values[:, [name != col.VOLUME for name in names]]
    bad = np.isinf(values).any(axis=1) | (prices <= 0).any(axis=1)
    if bad.any():
        row = frame.iloc[int(np.argmax(bad))]
        raise DataError(
            f"{row[col.TICKER]} on {row[col.DATE]:%Y-%m-%d} has a price that is not above 0, or is infinite",
            expected="finite prices above 0",
            remedy=_VALIDATE_FIRST,
        )
