"""Price sources, one module each, behind one small interface.

A source answers three questions: :meth:`Source.resolve`, cheap and before any stage runs (which
bytes, which tickers, which range, so that the key is known), :meth:`Source.read`, and for whoever fills in a
range :meth:`Source.sessions`.

Uses :mod:`core.platform`, :mod:`core.plugins`, :mod:`core.prices` and :mod:`core.tables`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from core.sources.context import ALONE, Context
from core.sources.ingest_settings import IngestSettings, SessionSettings

if TYPE_CHECKING:
    from datetime import datetime

    from core.platform.progress import Progress
    from core.sources.live import Service
    from core.tables.artifacts import Table
    from core.tables.engine import Engine
    from core.tables.writer import Scratch
    from core.universe import SymbolChange


@dataclass(frozen=True)
class Resolved:
    """What a source knows before it is read.

    Parameters
    ----------
    tickers : tuple of str
        Sorted; empty means "all that the source turns out to have".
    start, end : str or None
        First and last session (ISO, inclusive); None means "what the source turns out to have".
    input_digest : str
        SHA-256 of the source's bytes; empty for a live source.
    input_name : str
        File name without folder, or empty.
    label : str
        What a person recognises: the end session, else the file stem or the source's name.
    """

    tickers: tuple[str, ...]
    start: str | None
    end: str | None
    input_digest: str
    input_name: str
    label: str


class Source(Protocol):
    """A place prices come from."""

    def resolve(self, settings: IngestSettings, tickers: tuple[str, ...], now: datetime) -> Resolved:
        """Return what can be known before reading.

        Raises
        ------
        ParameterError
            If the request cannot be met whatever the data says.
        MissingFileError
            If a file is not there.
        """

    def read(self, settings: IngestSettings, tickers: tuple[str, ...], context: Context = ALONE) -> Table:
        """Return ``prices_raw``, sorted by (date, ticker).

        Raises
        ------
        SourceError
            If the source has no usable answer.
        """

    def sessions(
        self,
        settings: SessionSettings,
        tickers: tuple[str, ...],
        span: tuple[str, str],
        context: Context = ALONE,
    ) -> frozenset[str]:
        """Return the days of ``span`` (first and last, ISO, inclusive) on which any of ``tickers`` has a row.

        Start and end among the settings do not count. Rows that cleaning drops, because a value is empty, are none.

        Raises
        ------
        SourceError
            If the source cannot be read, or does not answer.
        """


_MODULES = {
    "sample": "core.sources.sample",
    "files": "core.sources.files",
    "yahoo": "core.sources.yahoo",
    "tiingo": "core.sources.tiingo",
    "own": "core.sources.plugin_source",
}

OWN = "own"
"""The source that is a plug-in function (:mod:`core.sources.plugin_source`)."""

LIVE = frozenset({"yahoo", "tiingo"})
"""Sources that are asked over the network; each gives the last closed session and no later one."""

MOVING = LIVE | {OWN}
"""Sources whose answer moves with the day: those, and a plug-in function."""


def source_named(name: str) -> Source:
    """Return the source called ``name``; its module is imported only now."""
    source: Source = import_module(_MODULES[name]).SOURCE
    return source


def live_service(name: str) -> Service:
    """Return what is particular to the live source called ``name``."""
    service: Service = import_module(_MODULES[name]).SOURCE.service
    return service


def ingest(
    settings: IngestSettings,
    tickers: tuple[str, ...],
    *,
    context: Context,
    progress: Progress,
    scratch: Scratch,
    engine: Engine,
    symbols: tuple[SymbolChange, ...] = (),
) -> Table:
    """Return ``prices_raw``: what the source of the settings has of ``tickers`` (all, when empty).

    Raises
    ------
    SourceError
        If it has no usable answer.
    """
    own = replace(context, progress=progress, scratch=scratch, engine=engine)
    source = source_named(settings.source)
    if not symbols:
        return source.read(settings, tickers, own)
    from core.sources.symbols import renamed, with_former
    from core.tables.workplace import Workplace

    prices = source.read(settings, with_former(tickers, symbols), own)
    return renamed(prices, symbols, Workplace(scratch, engine, progress))
