"""The embedded sample: real daily prices of five US stocks, 2000 to 2013.

``shipped/stocks.csv.gz`` is that of the package ``bokeh_sampledata``, byte by byte (public domain, see
``shipped/README.md``), so nothing is fetched at run time, and artifacts go on naming it so.
Prices are raw; the adjusted close reflects splits and dividends.
"""

from __future__ import annotations

import gzip
import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core import columns as col
from core.errors import ParameterError, SourceError, nearest
from core.fingerprint import sha256
from core.platform.filedigest import digest_of_file
from core.sources import Resolved
from core.sources.context import ALONE, Context
from core.sources.ingest_settings import IngestSettings, SessionSettings
from core.sources.table import prices_table
from core.tickers import place_of

if TYPE_CHECKING:
    from datetime import datetime

    from core.tables.artifacts import Table

URI = "sample:bokeh_sampledata/_data/stocks.csv.gz"

_NAMES = {
    "Ticker": col.TICKER, "Date": col.DATE, "Open": col.OPEN, "High": col.HIGH, "Low": col.LOW,
    "Close": col.CLOSE, "Volume": col.VOLUME, "Adj Close": col.ADJ_CLOSE,
}  # fmt: skip


def sample_file() -> Path:
    """Return the sample's file, which comes with this package."""
    return Path(__file__).parent / "shipped" / "stocks.csv.gz"


@lru_cache(maxsize=1)
def sessions_by_ticker() -> dict[str, list[str]]:
    """Return the sample's sorted ISO dates per ticker (20 ms, without pandas)."""
    lines = gzip.decompress(sample_file().read_bytes()).decode("ascii").splitlines()
    names = lines[0].split(",")
    ticker, date = names.index("Ticker"), names.index("Date")
    sessions: dict[str, list[str]] = {}
    for line in lines[1:]:  # no cell of it is quoted
        cells = line.split(",")
        sessions.setdefault(cells[ticker], []).append(cells[date])
    return {name: sorted(sessions[name]) for name in sorted(sessions)}


class SampleSource:
    """The five stocks of the sample."""

    def resolve(self, settings: IngestSettings, tickers: tuple[str, ...], now: datetime) -> Resolved:
        """Return the request with the tickers and sessions the sample really has."""
        del now  # the sample does not move
        have = sessions_by_ticker()
        for ticker in tickers:
            if ticker not in have:
                raise ParameterError(
                    f"the sample has no ticker {ticker!r}{place_of(settings.tickers, ticker, Path.cwd())}",
                    expected=f"any of {', '.join(have)}",
                    remedy=nearest(ticker, have).strip() or "Other tickers need --source yahoo or files.",
                    parameter="tickers",
                )
        inside = {t: _within(have[t], settings.start, settings.end) for t in tickers or have}
        empty = [t for t, dates in inside.items() if not dates]
        if len(empty) == len(inside) or (tickers and empty):
            raise _empty(empty, have, settings)
        sessions = {t: dates for t, dates in inside.items() if dates}
        start, end = min(d[0] for d in sessions.values()), max(d[-1] for d in sessions.values())
        return Resolved(tuple(sessions), start, end, digest_of_file(sample_file()), "stocks.csv.gz", end)

    def read(self, settings: IngestSettings, tickers: tuple[str, ...], context: Context = ALONE) -> Table:
        """Return the sample's rows of ``tickers`` from start to end."""
        del context  # read in one piece, and at once
        import pandas as pd

        data = sample_file().read_bytes()
        digest = sha256(data)
        if digest != settings.input_digest:
            raise SourceError(
                "the sample's file changed while the run was starting",
                expected=f"SHA-256 {settings.input_digest}",
                remedy="Run again.",
            )
        # keep_default_na: a ticker called NA is a ticker
        text = io.BytesIO(gzip.decompress(data))
        frame = pd.read_csv(text, keep_default_na=False).rename(columns=_NAMES)
        chosen = frame[frame[col.TICKER].isin(tickers)]
        chosen = chosen[chosen[col.DATE].between(settings.start, settings.end)]
        return prices_table(chosen, name="sample", uri=URI, digest=digest, price_basis="raw")

    def sessions(
        self,
        settings: SessionSettings,
        tickers: tuple[str, ...],
        span: tuple[str, str],
        context: Context = ALONE,
    ) -> frozenset[str]:
        """Return the days of ``span`` on which the sample has a row of any of ``tickers``; each has a close."""
        del settings, context
        have = sessions_by_ticker()
        return frozenset(day for ticker in tickers or have for day in _within(have[ticker], *span))


def _within(dates: list[str], start: str, end: str) -> list[str]:
    return [d for d in dates if (not start or d >= start) and (not end or d <= end)]


def _empty(empty: list[str], have: dict[str, list[str]], settings: IngestSettings) -> ParameterError:
    spans = "; ".join(f"{t} {have[t][0]} to {have[t][-1]}" for t in empty)
    return ParameterError(
        f"the sample has no rows of {', '.join(empty)} from {settings.start or 'its start'} "
        f"to {settings.end or 'its end'}",
        expected=f"a range that meets what it has: {spans}",
        remedy="Widen --start and --end, or leave them out.",
    )


SOURCE = SampleSource()
