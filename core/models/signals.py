"""Signals: what a model says about the sessions after each ticker's last row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.models.document import THRESHOLD

if TYPE_CHECKING:
    from datetime import date

    from core.models.document import Model
    from core.models.rows import Rows


def signals_of(rows: Rows, model: Model, calendar: str) -> list[dict[str, Any]]:
    """Return one signal per ticker whose last row has all features, sorted by ticker.

    Parameters
    ----------
    rows : Rows
        Each ticker's last row alone is read.
    model : Model
        Gives the probability of a rise (or of an excess) over its label's horizon.
    calendar : str
        Exchange calendar that names the sessions after.

    Returns
    -------
    list of dict
        ``ticker``, ``after`` (date of the last row), ``session`` (the last one of the horizon: the exchange's next of
        a label of one session), ``probability`` and ``direction`` (``up`` from 0.5 on, else ``down``).
    """
    chosen = rows.last & rows.complete
    days: list[date] = rows.dates[chosen].tolist()
    following = _sessions_after(set(days), calendar, model.label.horizon_sessions)
    rows_with_chances = zip(
        rows.tickers[chosen].tolist(), days, model.probability(rows.inputs[chosen]).tolist(), strict=True
    )
    signals = [
        {
            "ticker": ticker,
            "after": day.isoformat(),
            "session": following[day].isoformat(),
            "probability": probability,
            "direction": "up" if probability >= THRESHOLD else "down",
        }
        for ticker, day, probability in rows_with_chances
    ]
    return sorted(signals, key=lambda signal: signal["ticker"])


def _sessions_after(days: set[date], calendar: str, sessions: int) -> dict[date, date]:
    # The calendar library takes 0.2 s to import: not paid when there is nothing to look up.
    from core.prices.calendar import next_session

    following = {day: day for day in days}
    for _ in range(sessions):
        following = {day: next_session(calendar, reached) for day, reached in following.items()}
    return following
