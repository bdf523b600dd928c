"""Signals: what a model says about the sessions after each ticker's last row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.models.document import THRESHOLD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from core.models.document import Model
    from core.models.model_rows import Rows
    from core.tables.artifacts import Document


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
        a label of one session), ``probability`` and ``direction`` (``up`` from 0.5 on, else ``down``). Of a ticker that
        ended before the last session of all both are None, and ``reason`` says when it ended.
    """
    chosen = rows.last & rows.complete
    days: list[date] = rows.dates[chosen].tolist()
    following = _sessions_after(set(days), calendar, model.label.horizon_sessions)
    rows_with_chances = zip(
        rows.tickers[chosen].tolist(), days, model.probability(rows.inputs[chosen]).tolist(), strict=True
    )
    last = max(rows.dates.tolist(), default=None)
    signals = [
        {
            "ticker": ticker,
            "after": day.isoformat(),
            "session": following[day].isoformat(),
            **(_call(probability) if day == last else _ended(day, last)),
        }
        for ticker, day, probability in rows_with_chances
    ]
    return sorted(signals, key=lambda signal: signal["ticker"])


def withheld(signals: Iterable[Mapping[str, Any]], findings: Document | None) -> list[dict[str, Any]]:
    """Return signals, without a direction where the gate doubts the row that they rest on.

    Such a one has a ``reason``, as that of a ticker that ended has already. An accepted finding withholds, too: that a
    person lets a run go on makes no price right.
    """
    doubts = (findings.body.get("source") or {}).get("last_rows_in_doubt") if findings else None
    return [_with_doubt(signal, (doubts or {}).get(signal["ticker"])) for signal in signals]


def _with_doubt(signal: Mapping[str, Any], doubt: Mapping[str, Any] | None) -> dict[str, Any]:
    if signal.get("reason") or doubt is None or doubt["session"] != signal["after"]:
        return dict(signal)
    rules = ", ".join(rule.replace("_", " ") for rule in doubt["rules"])
    return {**signal, "direction": None, "reason": f"withheld: the last row is in doubt ({rules})"}


def _call(probability: float) -> dict[str, Any]:
    return {"probability": probability, "direction": "up" if probability >= THRESHOLD else "down"}


def _ended(day: date, last: date | None) -> dict[str, Any]:
    """Return what a ticker says that has no row of the last session: nothing about the session after it."""
    reason = f"its last row is of {day}, the last session of all is {last}"
    return {"probability": None, "direction": None, "reason": reason}


def _sessions_after(days: set[date], calendar: str, sessions: int) -> dict[date, date]:
    # The calendar library takes 0.2 s to import: not paid when there is nothing to look up.
    from core.prices.calendar import next_session

    following = {day: day for day in days}
    for _ in range(sessions):
        following = {day: next_session(calendar, reached) for day, reached in following.items()}
    return following
