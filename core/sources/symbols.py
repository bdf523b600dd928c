"""Tickers that go on under another name: earlier rows are read under the new one, on record in the header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.sources.table import ranges
from core.tables.artifacts import Table
from core.tables.writer import arrow_of

if TYPE_CHECKING:
    import pandas as pd

    from core.tables.workplace import Workplace
    from core.universe import SymbolChange


def with_former(tickers: Sequence[str], changes: Sequence[SymbolChange]) -> tuple[str, ...]:
    """Return the tickers that are chosen and those they were before; none (all that there are) where none are named.

    >>> from datetime import date
    >>> from core.universe import SymbolChange
    >>> with_former(["META"], [SymbolChange("FB", "META", date(2022, 6, 9))])
    ('FB', 'META')
    """
    chosen = set(tickers)
    for change in reversed(changes):
        chosen |= {change.old} if change.new in chosen else set()
    return tuple(sorted(chosen))


def renamed(prices: Table, changes: Sequence[SymbolChange], workplace: Workplace) -> Table:
    """Return ``prices_raw`` with each row under the ticker that its company has after all changes.

    Parameters
    ----------
    prices : Table
        As a source gives it.
    changes : sequence of SymbolChange
        By day; rows dated before a change's day go on as the new ticker, later ones of the old are another company's.
    workplace : Workplace
        Where the file of a large table is made.
    """
    involved = {name for change in changes for name in (change.old, change.new)}
    counts: Counter[SymbolChange] = Counter()
    if prices.parts == 1:
        frame = _moved(prices.frame, changes, counts)
        order = [name for name in (col.DATE, col.TICKER) if name in frame]
        frame = frame.sort_values(order, kind="stable", ignore_index=True)
        return Table(prices.kind, frame, _header(prices, involved, ranges(frame), counts))
    parts = [part[part[col.TICKER].isin(involved)] for part in prices.each()]
    moved = _moved(_joined(parts), changes, counts)
    begins = [str(part[col.TICKER].astype(str).min()) for part in prices.each([col.TICKER])]
    with workplace.writer(prices.kind, "renamed") as writer:
        for number, part in enumerate(prices.each()):
            until = begins[number + 1] if number + 1 < prices.parts else None
            names = moved[col.TICKER]
            here = (names >= begins[number]) if number else names.notna()
            here &= (names < until) if until else names.notna()
            rest = part[~part[col.TICKER].isin(involved)]
            writer.add(arrow_of(_by_ticker(_joined([rest, moved[here]]))))
        return writer.done(_header(prices, involved, ranges(moved), counts))


def _joined(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    frames_of_rows = [frame.astype({col.TICKER: "str"}) for frame in frames if len(frame)]
    return pd.concat(frames_of_rows or [frames[0].astype({col.TICKER: "str"})], ignore_index=True)


def _by_ticker(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values([col.TICKER, col.DATE], kind="stable", ignore_index=True)


def _moved(
    frame: pd.DataFrame, changes: Sequence[SymbolChange], counts: Counter[SymbolChange]
) -> pd.DataFrame:
    """Return the rows under their last tickers, and count how many each change moved."""
    import pandas as pd

    if col.TICKER not in frame or col.DATE not in frame:
        return frame  # the gate says what a table without them is
    names = frame[col.TICKER].astype("str").copy()
    days = pd.to_datetime(frame[col.DATE], errors="coerce", format="ISO8601")
    for change in changes:
        rows = (names == change.old) & (days < pd.Timestamp(change.day))
        names[rows] = change.new
        counts[change] += int(rows.sum())
    return frame.assign(**{col.TICKER: names})


def _header(
    prices: Table, involved: set[str], spans: dict[str, Any], counts: Counter[SymbolChange]
) -> dict[str, Any]:
    source = dict(prices.header["source"])
    others = {name: entry for name, entry in source.get("tickers", {}).items() if name not in involved}
    source["tickers"] = dict(sorted({**others, **{n: e for n, e in spans.items() if n in involved}}.items()))
    source["symbols"] = [
        {"old": change.old, "new": change.new, "date": change.day.isoformat(), "rows": rows}
        for change, rows in counts.items()
    ]
    return {**prices.header, "source": source}
