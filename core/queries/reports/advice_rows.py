"""What the advice rests on, as a page shows it: what was looked at, how it stands, found and needed.

An advice says what each reason speaks for; a reader first asks whether it is as it should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import listed
from core.evaluation.verdict import BETTER, WORSE
from core.queries.reports.plain_numbers import plain_counts, plain_number
from core.report.formatting import counted
from core.tables import Body

OK, NOT_OK, UNCLEAR = "ok", "not ok", "unclear"
_ORDER = (NOT_OK, UNCLEAR, OK)


@dataclass(frozen=True)
class AdviceRow:
    """One reason of an advice.

    Parameters
    ----------
    state : str
        :data:`OK`, :data:`NOT_OK`, or :data:`UNCLEAR` where it is not known, or no difference is shown.
    name : str
    value, needed : str
        The value, and what it is held against.
    note : str
        The same in words, with the trend.
    """

    state: str
    name: str
    value: str
    needed: str
    note: str


def advice_rows(body: Body) -> list[AdviceRow]:
    """Return the reasons of an evaluation's advice: what is not as it should be first; none where there is no advice.

    Without a champion nothing is said of the difference to it. The words of a state agree with what the reason speaks
    for: of a model in use what speaks for retraining, or must be looked into first, is not ok.
    """
    reasons = (body.get("advice") or {}).get("reasons") or []
    without = "" if body.get("champion") else _CHAMPION
    rows = [_row(body, reason) for reason in reasons if reason["name"] != without]
    return sorted(rows, key=lambda row: _ORDER.index(row.state))


def in_short(rows: Sequence[AdviceRow]) -> str:
    """Return in a sentence how many are as they should be, and which are not.

    >>> rows = (("not ok", "AUC"), ("unclear", "Age"), ("ok", "Leak"))
    >>> in_short([AdviceRow(state, name, "", "", "") for state, name in rows])
    '1 of 3 reasons is ok. Not ok: AUC. Unclear: Age.'
    """
    names = {state: [row.name for row in rows if row.state == state] for state in _ORDER}
    verb = "is" if len(names[OK]) == 1 else "are"
    counts = f"{len(names[OK])} of {counted(len(rows), 'reason')} {verb} ok."
    others = (
        f"{state.capitalize()}: {listed(several)}."
        for state, several in names.items()
        if state != OK and several
    )
    return " ".join((counts, *others))


def _row(body: Body, reason: Body) -> AdviceRow:
    name = str(reason["name"])
    trend = None if name in _EVER_RISING else reason["trend"]
    words = f"{_NEEDED.get(name, '')} {plain_number(reason['threshold'])}".strip()
    note = plain_counts(str(reason["text"]))
    return AdviceRow(
        _state(body, reason),
        f"{name[:1].upper()}{name[1:]}",
        plain_number(reason["value"]),
        f"{words} or more" if name == _ROWS else words,
        f"{note}; {trend}" if trend and "trend:" not in note else note.replace("trend:", f"{trend}:"),
    )


_AUC, _CHAMPION, _ROWS = "AUC", "AUC less that of the champion", "new labelled rows"
_RULE, _BRIER = "AUC less that of the best simple rule", "Brier score less that of the up-rate"
_EVER_RISING = (_ROWS, "model age")
"""What can only rise: that says nothing."""

_NEEDED = {
    "leak alarm": "at most", _AUC: "above", _RULE: "above", _CHAMPION: "above", _BRIER: "below", "model age": "below",
    "drifting families of columns": "below", "highest drift percentile": "below", "data findings": "at most",
}  # fmt: skip
"""Reason -> on which side of its threshold it is as it should be (:mod:`core.evaluation.advice`)."""


def _state(body: Body, reason: Body) -> str:
    name, says = reason["name"], reason["says"]
    if reason["value"] is None:
        return UNCLEAR
    if name not in (_AUC, _RULE, _BRIER, _CHAMPION):
        return NOT_OK if says in ("retrain", "wait") else OK
    if name == _AUC:
        ok = {BETTER: True, WORSE: False}.get(body["verdict"])
    elif name == _CHAMPION:
        ok = {"retrain": True, "keep": False}.get(says)
    elif body["mode"] == "train":
        ok = _beside(body, name)
    else:
        ok = {"keep": True, "retrain": False}.get(says)
    return UNCLEAR if ok is None else OK if ok else NOT_OK


def _beside(body: Body, name: str) -> bool | None:
    """Return whether a candidate is shown to be better (True) or worse than a rule, whose interval holds no 0.

    Without a champion the reason itself speaks for nothing, whatever it shows.
    """
    brier = name == _BRIER
    against = {("majority", "brier")} if brier else {("previous_day_sign", "auc"), ("reversal", "auc")}
    pairs = [p for p in body["paired"] if (p["against"], p["metric"]) in against and p["low"] is not None]
    if not pairs:
        return None
    pair = min(pairs, key=lambda each: (each["difference"], each["against"]))
    below, above = pair["high"] < 0, pair["low"] > 0
    return brier is below if below or above else None
