"""The verdict, its sentence for a stakeholder, and the alarm for results too good to be true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.label import Label
from core.report.formatting import apart, counted, decimal, e_value, ratio, share, short_number
from core.tables import Body

BETTER = "better than chance"
NO_BETTER = "no better than chance"
WORSE = "worse than chance"
INSUFFICIENT = "insufficient data"
INSUFFICIENT_NEW = "insufficient new data"

MIN_NEW_ROWS = 60
"""Labelled rows after training below which scoring is not judged: the interval near AUC .5 would be
.14 to either side and more."""

CHANCE = 0.5


def verdict_of(auc: Body, mode: str, evidence: Body | None = None) -> str:
    """Return the verdict: the AUC's interval lies above 0.5, below it, or holds it.

    Without an interval the data is insufficient. A model in use is looked at again and again, which such an
    interval does not allow for: there the evidence after every session decides, and the AUC must lie on its side.

    Parameters
    ----------
    auc : mapping
        ``value``, ``low`` and ``high``.
    mode : str
        ``train`` or ``score``.
    evidence : mapping, optional
        ``better`` and ``worse``, as :func:`core.evaluation.looks.sequential` gives them.

    Examples
    --------
    >>> verdict_of({"value": 0.52, "low": 0.49, "high": 0.55}, "train")
    'no better than chance'
    >>> verdict_of({"value": 0.52, "low": 0.51, "high": 0.55}, "score", {"better": False, "worse": False})
    'no better than chance'
    """
    if auc["low"] is None or auc["high"] is None:
        return INSUFFICIENT_NEW if mode == "score" else INSUFFICIENT
    if evidence is not None:
        if evidence["better"] and auc["value"] > CHANCE:
            return BETTER
        return WORSE if evidence["worse"] and auc["value"] < CHANCE else NO_BETTER
    if auc["low"] > CHANCE:
        return BETTER
    return WORSE if auc["high"] < CHANCE else NO_BETTER


LEAK_MARGIN = 0.05
"""The lower end of the AUC's interval must lie above the limit less this for the alarm."""

MIN_LEAK_ROWS = 252
"""Rows of a model below which no AUC raises the alarm: chance alone reaches .60 in fewer."""


def leak_alarm(models: Mapping[str, Body], limit: float) -> dict[str, Any]:
    """Return ``raised``, ``reason`` and ``models``, which is ``models`` itself.

    Raised when a model, judged or beside, has an AUC above ``limit``, the lower end of its interval above
    ``limit`` less :data:`LEAK_MARGIN` and :data:`MIN_LEAK_ROWS` rows: daily directions of liquid stocks are
    close to a coin toss, and so sure an AUC above .60 out of sample has, on prices alone, been a leak.

    Parameters
    ----------
    models : mapping of str to mapping
        By kind, the judged model first: ``auc`` and ``low`` (number or None) and ``rows``.
    limit : float
        Setting ``leak_auc``.

    Examples
    --------
    >>> sure, few = {"auc": 0.71, "low": 0.6, "rows": 252}, {"auc": 0.71, "low": 0.6, "rows": 251}
    >>> [leak_alarm({"a": {"auc": 0.5, "low": 0.4, "rows": 900}, "b": b}, 0.6)["raised"] for b in (sure, few)]
    [True, False]
    """
    kinds = [kind for kind, model in models.items() if _is_leak(model, limit)]
    aucs = {kind: model["auc"] for kind, model in models.items() if model["auc"] is not None}
    bound = _bound(limit)
    if kinds:
        reason = (
            f"The AUC of {_listed(aucs, kinds, limit)} is above {bound}: on daily prices that is more likely the "
            "future leaking into the features than skill."
        )
    elif not aucs:
        reason = "There is no AUC to judge."
    elif max(aucs.values()) > limit:
        above = [kind for kind, auc in aucs.items() if auc > limit]
        reason = (
            f"The AUC of {_listed(aucs, above, limit)} is above {bound}, but that is not sure: the interval must "
            f"begin above {_bound(limit - LEAK_MARGIN)} and hold {MIN_LEAK_ROWS} rows or more."
        )
    else:
        reason = f"The AUC of {_listed(aucs, list(aucs), limit)} is not above {bound}."
    return {"raised": bool(kinds), "reason": reason, "models": dict(models)}


def _is_leak(model: Body, limit: float) -> bool:
    if model["auc"] is None or model["low"] is None or model["rows"] < MIN_LEAK_ROWS:
        return False
    return bool(model["auc"] > limit and model["low"] > round(limit - LEAK_MARGIN, 9))


def _bound(limit: float) -> str:
    """Return a limit with two decimals, with more where it has more."""
    exact = round(limit, 9)
    return decimal(exact, 2) if exact == round(exact, 2) else short_number(exact)


def _listed(aucs: Mapping[str, float], kinds: list[str], limit: float) -> str:
    return " and ".join(f"{apart(aucs[kind], limit)[0]} ({kind.replace('_', ' ')})" for kind in kinds)


def highest_auc(body: Body) -> float | None:
    """Return the highest AUC of all models that ran; of an old evaluation that of the judged one."""
    models = body["leak_alarm"].get("models")
    if not models:
        auc: float | None = body["performance"]["auc"]["value"]
        return auc
    return max((model["auc"] for model in models.values() if model["auc"] is not None), default=None)


def sentence(body: Body) -> str:
    """Return the verdict in plain words with its figures.

    Parameters
    ----------
    body : mapping
        ``verdict``, ``reason``, ``performance``, ``baselines``, ``rows``, ``sessions``, ``leak_alarm`` and ``settings``
        of an evaluation.
    """
    if body["verdict"] in (INSUFFICIENT, INSUFFICIENT_NEW):
        return f"There is not enough data to judge the model: {body['reason']}."
    parts = [_ranking(body), _looks(body), _direction(body), _money(body)]
    if body["leak_alarm"]["raised"]:
        ours, limit = body["performance"]["auc"]["value"], body["settings"]["leak_auc"]
        about = "A result this good" if ours > limit else "The result of a model beside it"
        parts.append(f"{about} is more likely a leak of the future into the features than skill.")
    return " ".join(part for part in parts if part)


_OPENING = {
    BETTER: "The model ranked up days above down days slightly but measurably better than chance",
    NO_BETTER: "The model cannot be told from a coin toss",
    WORSE: "The model did worse than a coin toss",
}
_CLEARLY = 0.55
"""From this AUC on the word "slightly" would be wrong."""


def _ranking(body: Body) -> str:
    auc = body["performance"]["auc"]
    opening = _OPENING[body["verdict"]]
    if auc["value"] >= _CLEARLY:
        opening = opening.replace("slightly but measurably ", "")
    relation = "all above" if auc["low"] > CHANCE else "all below" if auc["high"] < CHANCE else "which holds"
    coverage = f"{100 * body['settings']['confidence']:g}%"
    once = "valid for one look, " if body.get("sequential") else ""
    low, high = (apart(auc[end], CHANCE)[0] for end in ("low", "high"))
    return (
        f"{opening}: AUC {ratio(auc['value'])} ({coverage} interval {low} to {high}, "
        f"{once}{relation} 0.500) over {counted(body['rows'], 'prediction')}{_of_what(body)} "
        f"in {counted(body['sessions'], 'session')}."
    )


def _of_what(body: Body) -> str:
    label = Label.of(body)
    return "" if label.is_default else f" of the {label.name}"


def _looks(body: Body) -> str:
    """Return what the evidence after every session says of a model in use."""
    evidence = body.get("sequential")
    if not evidence:
        return ""
    side, value = ("it", evidence["e_value"])
    horizon = Label.of(body).horizon_sessions
    often = "every session" if horizon == 1 else f"every {horizon} sessions, whose outcomes do not overlap"
    if body["verdict"] == WORSE:
        side, value = ("its opposite", evidence["worse_e_value"])
    return (
        f"Looked at after {often}, the evidence for {side} is an e-value of "
        f"{apart(value, evidence['threshold'], e_value)[0]}, where "
        f"{evidence['threshold']:g} is enough at any look."
    )


def _direction(body: Body) -> str:
    ours, always = body["performance"]["hit_rate"]["value"], body["baselines"]["always_up"]["hit_rate"]
    if ours is None or always is None:
        return ""
    return (
        f"It called {share(ours)} of directions rightly; always saying up would have called {share(always)}."
    )


def _money(body: Body) -> str:
    ours = body["performance"]["long_flat_return"]["value"]
    hold = body["baselines"]["buy_and_hold"]["annual_return"]
    if ours is None or hold is None:
        return ""
    return (
        f"Following it{_portfolios(body)} would have earned {share(ours)} a year after costs; "
        f"buying each ticker once and holding it, which needs no model, {share(hold)}."
    )


def _portfolios(body: Body) -> str:
    horizon = Label.of(body).horizon_sessions
    return "" if horizon == 1 else f", with 1/{horizon} of the money a session,"
