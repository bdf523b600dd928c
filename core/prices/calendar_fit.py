"""Which exchange's days a table has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.errors import DataError, ParameterError
from core.prices.calendar import sessions_between

CALENDARS = (
    "XNYS", "24/7", "XLON", "XETR", "XPAR", "XMIL", "XMAD", "XSWX", "XSTO", "XTSE", "XTKS", "XHKG", "XSHG", "XBOM",
    "XASX", "XTAI", "BVMF", "24/5",
)  # fmt: skip
"""What days are compared with where the run's own calendar does not fit. Amsterdam, Brussels and Lisbon trade on the
days of Paris; Seoul is left out, because building its calendar takes seconds."""

FITS = 0.995
"""Share of days in common from which a calendar is taken as it is: one odd day in two hundred, most of a year."""


@dataclass(frozen=True)
class Fit:
    """How well a calendar fits the days of a table.

    Parameters
    ----------
    calendar : str
    share : float
        Days that both have, over days that either has; 0 to 1.
    missing : int
        Sessions of the calendar without a row.
    extra : int
        Days with rows that are no sessions.
    """

    calendar: str
    share: float
    missing: int
    extra: int

    @property
    def advice(self) -> str:
        """That this calendar is the one to choose, in a sentence."""
        days = f"The days are those of {self.calendar} ({self.share:.1%} in common)"
        return f"{days}: choose it with --calendar {self.calendar}."


def fit_of(calendar: str, days: list[str]) -> Fit | None:
    """Return how well ``calendar`` fits ``days`` (ISO, ascending); None where it does not know them.

    >>> fit_of("XNYS", ["2024-07-02", "2024-07-03", "2024-07-04", "2024-07-08"])
    Fit(calendar='XNYS', share=0.6, missing=1, extra=1)
    """
    if not days:
        return None
    try:
        sessions = sessions_between(calendar, date.fromisoformat(days[0]), date.fromisoformat(days[-1]))
    except (DataError, ParameterError):
        return None
    traded, open_days = set(days), set(map(str, sessions))
    share = len(traded & open_days) / len(traded | open_days)
    return Fit(calendar, share, len(open_days - traded), len(traded - open_days))


def best_fit(own: Fit | None, days: list[str]) -> Fit | None:
    """Return the calendar that fits best: the run's own where it fits well, or no other fits better."""
    if own is not None and own.share >= FITS:
        return own
    fits = [fit for name in CALENDARS if (fit := fit_of(name, days)) is not None]
    return max([*([own] if own else []), *fits], key=lambda fit: fit.share, default=None)


def calendar_advice(calendar: str, days: list[str]) -> str:
    """Return which calendar to choose for ``days`` (ISO, ascending); empty where the one that was used fits best."""
    own = fit_of(calendar, days)
    best = best_fit(own, days)
    return "" if best is None or best.calendar == calendar else best.advice
