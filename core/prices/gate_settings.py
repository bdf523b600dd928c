"""What the gate and cleaning are set by, typed; values of the stage table become these at the edge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ValidateSettings:
    """The gate's calendar, switches and thresholds; :data:`core.prices.catalogue.RULES` names each threshold.

    Parameters
    ----------
    calendar : str
        A name of ``exchange_calendars``, or ``24/7``.
    close_only : bool
        Whether closes alone are enough.
    stop_on : frozenset of str
        Rules whose warnings stop the run.
    """

    calendar: str
    close_only: bool
    stop_on: frozenset[str]
    max_missing_share: float
    price_tolerance: float
    jump_ratio: float
    split_tolerance: float
    gap_days: int
    volume_ratio: float
    volume_sessions: int
    stale_sessions: int
    bar_ratio: float
    min_rows: int
    spike_ratio: float
    spike_reversion: float


@dataclass(frozen=True)
class CleanSettings:
    """What is done about findings, by rule, and how rows are enriched.

    Parameters
    ----------
    calendar : str
        As in :class:`ValidateSettings`.
    drop_row, drop_ticker : frozenset of str
        Rules whose rows, or whose whole tickers, are removed.
    fill : str
        ``forward`` fills missing cells from the row before; anything else fills nothing.
    """

    calendar: str
    drop_row: frozenset[str]
    drop_ticker: frozenset[str]
    fill: str
    spike_ratio: float
    spike_reversion: float
    split_ratio: float
