"""Files that are read before any run, for a question: in a process of their own, within bounds."""

from __future__ import annotations

from core.paths import Allowed
from core.platform.isolated import Bounds, call_isolated
from core.sources import source_named
from core.sources.context import ALONE, Context
from core.sources.ingest_settings import SessionSettings

FILES = "files"


def sessions_within(
    bounds: Bounds,
    settings: SessionSettings,
    tickers: tuple[str, ...],
    span: tuple[str, str],
    context: Context = ALONE,
) -> frozenset[str]:
    """Return the days (ISO) of ``span`` that a source has; files are read apart, others are asked from here.

    Raises
    ------
    SourceError
        If the source cannot say, or reading took more than ``bounds``.
    """
    if settings.source == FILES:
        return call_isolated(bounds, settings.path, _sessions, settings, tickers, span, context.allowed)
    return source_named(settings.source).sessions(settings, tickers, span, context)


def _sessions(
    settings: SessionSettings, tickers: tuple[str, ...], span: tuple[str, str], allowed: Allowed
) -> frozenset[str]:
    return source_named(settings.source).sessions(settings, tickers, span, Context(allowed=allowed))
