"""Prices by a plug-in function: a module declares it with ``@source``, and its digest is in the key.

It is asked as a live service is: for the last closed session and no later one, with each answer a vintage. Unlike a
feature it may read files and use the network; what it gives is judged by the gate like any other prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import AftercloseError, ParameterError, SourceError, listed
from core.fingerprint import sha256
from core.platform.retry import TRANSIENT, TransientError
from core.plugins.describing import describe
from core.plugins.examining import examined
from core.plugins.loading import call, planned
from core.plugins.modules import modules_named
from core.sources import OWN, Resolved
from core.sources.closing import last_closed_session, surely_closed
from core.sources.context import ALONE, Context
from core.sources.ingest_settings import IngestSettings, SessionSettings
from core.sources.table import lacks_tickers, nothing_between, prices_table, usable_days
from core.tables.codec import judge_cells

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from core.plugins.declared import DeclaredSource as Declared
    from core.plugins.modules import Module
    from core.tables.artifacts import Table


class DeclaredSource:
    """The function under ``@source`` of the modules that a run names."""

    def resolve(self, settings: IngestSettings, tickers: tuple[str, ...], now: datetime) -> Resolved:
        """Return the request, up to the last closed session; the function is not asked."""
        _judge_one(settings)
        end = settings.end
        if not end or not surely_closed(end, now):
            closed = last_closed_session(settings.calendar, now).isoformat()
            end = min(end, closed) if end else closed
        if settings.start and settings.start > end:
            raise ParameterError(
                f"--start {settings.start} is after {end}, the last closed session of {settings.calendar}",
                expected="a session that has closed",
                parameter="start",
            )
        return Resolved(tickers, settings.start or None, end, "", "", end)

    def read(self, settings: IngestSettings, tickers: tuple[str, ...], context: Context = ALONE) -> Table:
        """Return the rows of ``tickers`` (all, when empty) from start to end, as the function gives them."""
        del context  # the function has no other surroundings
        module, source = _declared(settings)
        span = (settings.start or "", settings.end)
        with _one_message(module, source):
            frame = _rows_of(module, source, tickers, span)
            present = sorted(set(frame[col.TICKER])) if col.TICKER in frame else []
            if absent := sorted(set(tickers) - set(present)):
                raise lacks_tickers(f"source {source.name}", absent, present)
            if not len(frame):
                raise nothing_between(f"source {source.name}", span, ("no day", "no day"))
            table = prices_table(
                frame,
                name=OWN,
                uri=f"{OWN}:{module.file}:{source.name}",
                digest=sha256(frame.to_csv(index=False).encode()),
                price_basis=source.price_basis,
            )
            judge_cells(table)
        return table

    def sessions(
        self,
        settings: SessionSettings,
        tickers: tuple[str, ...],
        span: tuple[str, str],
        context: Context = ALONE,
    ) -> frozenset[str]:
        """Return the days of ``span`` on which the function has a row of any of ``tickers`` that cleaning can keep."""
        del context
        module, source = _declared(settings)
        with _one_message(module, source):
            return frozenset(usable_days(_rows_of(module, source, tickers, span), settings, whole=False))


@contextmanager
def _one_message(module: Module, source: Declared) -> Iterator[None]:
    """Turn what cells of any kind lead to, dates that are none and objects of its own, into one message."""
    try:
        yield
    except (AftercloseError, MemoryError):
        raise
    except Exception as error:
        raise SourceError(
            f"source {source.name} gives no table of prices: {describe(error, module, source.line)}",
            expected="dates and tickers as texts, prices as numbers",
            remedy="Mend that line; nothing was committed.",
        ) from error


def _judge_one(settings: IngestSettings) -> None:
    """Refuse modules that declare no source, or several: a run has one."""
    modules = modules_named(settings.plugins, Path("/")) if settings.sources_modules else ()
    names = [entry["name"] for module in examined(modules) for entry in module.declared["sources"]]
    if len(names) != 1:
        raise ParameterError(
            f"--source {OWN} came with modules that declare {listed(names) or 'no source'}"
            if settings.plugins
            else f"--source {OWN} came without a module: a profile without a section remembers none",
            expected="one function under @source, in one of the modules of [plugins] modules or --plugins",
            remedy="See docs/own-code.md. Where there are several, let each profile name its module.",
            parameter="source",
        )


def _declared(settings: IngestSettings) -> tuple[Module, Declared]:
    ((module, source),) = planned(settings.plugins, "sources", settings.sources_modules).sources
    return module, source


def _rows_of(
    module: Module, source: Declared, tickers: tuple[str, ...], span: tuple[str, str]
) -> pd.DataFrame:
    """Return what a source gives of the tickers and days that it was asked for, dates as ISO text."""
    import pandas as pd

    place = f"{module.file}, line {source.line}: source {source.name}"
    try:
        rows = call(module, source.name, "sources", tickers, *span)
        frame = pd.DataFrame(rows) if isinstance(rows, list | dict) else rows
    except TRANSIENT as error:
        raise TransientError(f"source {source.name} is out of reach: {describe(error, module)}") from error
    except Exception as error:
        raise SourceError(
            f"source {source.name} fails: {describe(error, module, source.line)}",
            expected="rows of prices",
            remedy="Mend that line; nothing was committed.",
        ) from error
    if not isinstance(frame, pd.DataFrame) or not {col.DATE, col.TICKER} <= set(frame.columns):
        raise SourceError(
            f"{place} gives {_form(frame)}",
            expected=f"a DataFrame, or a list of rows, with {listed(col.PRICES)}; at least {col.DATE} and {col.TICKER}",
            remedy="Mend that line; nothing was committed.",
        )
    if not frame.columns.is_unique or not all(isinstance(name, str) for name in frame.columns):
        raise SourceError(
            f"{place} gives {_form(frame)}",
            expected="columns whose names are texts, each once",
            remedy="Mend that line; nothing was committed.",
        )
    frame = frame.reset_index(drop=True)
    dates = _iso(frame[col.DATE])
    frame = frame.assign(**{col.DATE: dates, col.TICKER: frame[col.TICKER].astype(object)})
    within = (dates >= span[0]) & (dates <= (span[1] or "9999"))
    return frame[within & (frame[col.TICKER].isin(tickers) if tickers else True)].reset_index(drop=True)


def _iso(dates: pd.Series) -> pd.Series:
    """Return dates, times and texts as text; a time of midnight is its day."""
    texts: pd.Series = dates.map(lambda day: day.isoformat()[:10] if hasattr(day, "isoformat") else str(day))
    return texts


def _form(value: Any) -> str:
    columns = getattr(value, "columns", None)
    return (
        type(value).__name__
        if columns is None
        else f"columns {listed([str(name) for name in columns]) or 'none'}"
    )


SOURCE = DeclaredSource()
