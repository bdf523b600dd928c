"""Whether to retrain: retrain, keep or insufficient evidence, with the table of reasons behind it.

It is evidence laid out for a person, who decides and may have reasons of their own (a business cycle,
an event). Each reason has a value, the threshold it is held against, its trend, and what it says:

* ``retrain``: this alone is reason to retrain (in a train run: to adopt the candidate);
* ``keep``: this speaks for the model in use;
* ``wait``: this must be looked into, or more must be known, before anything is decided;
* ``nothing``: neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.evaluation.champion import BETTER_THAN_BAD
from core.evaluation.drift import ALARM, WARN, Family, families
from core.evaluation.evaluate_settings import EvaluateSettings
from core.evaluation.looks import SIMPLE_RULES, UP_RATE
from core.evaluation.verdict import BETTER, CHANCE, WORSE, highest_auc
from core.report.formatting import apart, beside_zero, e_value, loss, ratio
from core.tables import Body

RETRAIN, KEEP, UNCERTAIN = "retrain", "keep", "insufficient evidence"
WAIT, NOTHING = "wait", "nothing"

MOST_FINDINGS = 0.01
"""Share of rows with a warning from which the data itself may be what changed."""


@dataclass(frozen=True)
class Reason:
    """One line of the table.

    Parameters
    ----------
    name : str
        What is looked at.
    value : float, int, str or None
        What it is; None where it is not known.
    threshold : float, int or str
        What it is held against.
    trend : str or None
        ``rising``, ``falling``, ``steady``, or None where there is nothing to compare with.
    says : str
        ``retrain``, ``keep``, ``wait`` or ``nothing``.
    text : str
        The same for a person.
    """

    name: str
    value: float | int | str | None
    threshold: float | int | str
    trend: str | None
    says: str
    text: str


def advice(body: Body, settings: EvaluateSettings, walk_forward_auc: float | None) -> dict[str, Any]:
    """Return ``decision``, ``sentence`` and ``reasons``.

    Parameters
    ----------
    body : mapping
        What the evaluation holds so far: ``mode``, ``verdict``, ``performance``, ``paired``, ``by_fold``,
        ``champion``, ``drift``, ``data``, ``features``, ``model``, ``leak_alarm`` and ``rows``.
    settings : EvaluateSettings
    walk_forward_auc : float or None
        What the scoring model had at training, to tell the trend.
    """
    training = body["mode"] == "train"
    if training:
        reasons = [_leak(body, settings), _champion(body), _schema(body), *_age_of_champion(body, settings)]
        reasons += [_of_candidate(body, reason) for reason in (_auc(body, None), _rule(body), _brier(body))]
        reasons += [*_drift(body, settings), _findings(body)]
        decision, sentence = _for_candidate(body, reasons)
    else:
        reasons = [_leak(body, settings), _auc(body, walk_forward_auc), _rule(body), _brier(body)]
        reasons += [_age(body["model"]["age_sessions"], settings), _new_rows(body["rows"], settings)]
        reasons += [*_drift(body, settings), _findings(body), _schema(body)]
        decision, sentence = _for_model_in_use(body, reasons)
    return {"decision": decision, "sentence": sentence, "reasons": [asdict(reason) for reason in reasons]}


def _of_candidate(body: Body, reason: Reason) -> Reason:
    """Return a reason about the judged model as it speaks when that model is a candidate.

    What speaks against a candidate speaks for keeping the champion, if there is one.
    """
    turned = {RETRAIN: KEEP, KEEP: RETRAIN, WAIT: NOTHING}.get(reason.says, NOTHING)
    return replace(reason, says=turned if body["champion"] else NOTHING)


def _names(reasons: Sequence[Reason], says: str) -> list[str]:
    return [reason.name for reason in reasons if reason.says == says]


def _for_model_in_use(body: Body, reasons: Sequence[Reason]) -> tuple[str, str]:
    """Return the decision on the model that scores, and the sentence."""
    waiting, against = _names(reasons, WAIT), _names(reasons, RETRAIN)
    doubts = [name for name in waiting if name in _DOUBTS]
    if doubts:
        return UNCERTAIN, f"Look into {', '.join(doubts)} first: until then the figures cannot be relied on."
    if against:
        return RETRAIN, f"Retraining is supported by: {', '.join(against)}."
    if waiting:
        return UNCERTAIN, f"Nothing speaks against the model, but too little is known: {', '.join(waiting)}."
    skill = (
        ""
        if body["verdict"] == BETTER
        else f' That is no proof of skill: the verdict is "{body["verdict"]}".'
    )
    return KEEP, f"No measure has crossed its threshold.{skill}"


def _for_candidate(body: Body, reasons: Sequence[Reason]) -> tuple[str, str]:
    """Return the decision on the champion in the light of the candidate, and the sentence."""
    champion, says = body["champion"], {reason.name: reason.says for reason in reasons}
    if says[_LEAK] == WAIT:
        return UNCERTAIN, "The candidate's figures are too good to be true; look for the leak first."
    if champion is None:
        outcome = "is better" if body["verdict"] == BETTER else "is not shown to be better"
        return UNCERTAIN, f"There is no champion to keep or to replace; the candidate {outcome} than chance."
    if says[_SCHEMA] == RETRAIN:
        return RETRAIN, "The champion cannot score with the present features; a successor is needed."
    judgement = champion["judgement"]
    if judgement == "not inferior" and says.get(_AGE) == RETRAIN:
        return RETRAIN, "The candidate is not inferior to the champion, and the champion is old."
    if judgement == "not compared":
        return UNCERTAIN, f"Champion and candidate could not be compared: {champion['reason'].rstrip('.')}."
    return _BY_JUDGEMENT[judgement]


_DRIFTING = "drifting families of columns"
_LEAK, _SCHEMA, _AGE, _FINDINGS = "leak alarm", "feature definitions", "model age", "data findings"
_DOUBTS = (_LEAK, _FINDINGS)
_SHOWN_NO_BETTER = "The candidate is not shown to be better than the champion."
_BY_JUDGEMENT = {
    "better": (RETRAIN, "On the same later sessions the candidate is better than the champion."),
    "worse": (KEEP, "On the same later sessions the candidate is worse than the champion."),
    BETTER_THAN_BAD: (KEEP, "The candidate beats the champion, but only as better than a bad model."),
    "not inferior": (KEEP, _SHOWN_NO_BETTER),
    "no difference shown": (KEEP, _SHOWN_NO_BETTER),
}


def _champion(body: Body) -> Reason:
    champion, name = body["champion"], "AUC less that of the champion"
    if champion is None:
        return Reason(name, None, 0.0, None, NOTHING, "there is no champion")
    pair = next((pair for pair in champion["paired"] if pair["metric"] == "auc"), None)
    if champion["judgement"] == "not compared" or pair is None:
        return Reason(name, None, 0.0, None, WAIT, f"not compared: {champion['reason']}")
    says = {"better": RETRAIN, "worse": KEEP}.get(champion["judgement"], NOTHING)
    text = f"{champion['judgement']}; {_interval(pair)} over {champion['rows']} rows"
    return Reason(name, pair["difference"], 0.0, None, says, text)


def _leak(body: Body, settings: EvaluateSettings) -> Reason:
    auc, raised = highest_auc(body), body["leak_alarm"]["raised"]
    return Reason(
        "leak alarm",
        auc,
        settings.leak_auc,
        None,
        WAIT if raised else NOTHING,
        body["leak_alarm"]["reason"],
    )


def _auc(body: Body, earlier: float | None) -> Reason:
    auc = body["performance"]["auc"]
    if auc["low"] is None:
        return Reason("AUC", auc["value"], CHANCE, None, WAIT, str(auc.get("reason") or "no interval"))
    if earlier is None:
        halves = _halves([(fold["auc"], fold["rows"]) for fold in body["by_fold"] if fold["auc"] is not None])
        trend = _trend(*halves) if halves else None
        than = "; trend: first half of the test periods against the second" if halves else ""
    else:
        trend, than = _trend(earlier, auc["value"]), f"; trend: {earlier:.3f} at training"
    says = {WORSE: RETRAIN, BETTER: KEEP}.get(body["verdict"], NOTHING)
    once = ", valid for one look" if body.get("sequential") else ""
    low, high = (apart(auc[end], CHANCE)[0] for end in ("low", "high"))
    text = f"interval {low} to {high}{once}{than}"
    return Reason("AUC", auc["value"], CHANCE, trend, says, text)


def _halves(folds: Sequence[tuple[float, int]]) -> tuple[float, float] | None:
    """Return the means of the first and the last half of folds' (AUC, rows), weighted by rows.

    >>> _halves([(0.5, 100), (0.5, 100), (0.6, 300), (0.4, 100)])
    (0.5, 0.55)
    """
    half = len(folds) // 2
    return (_mean(folds[:half]), _mean(folds[-half:])) if half else None


def _mean(folds: Sequence[tuple[float, int]]) -> float:
    return sum(auc * rows for auc, rows in folds) / sum(rows for _, rows in folds)


_STEADY = 0.005
"""A change below this is no trend: half an AUC point, or half a percent of a share."""


def _trend(before: float, now: float, steady: float = _STEADY) -> str:
    """Return ``rising``, ``falling`` or ``steady``.

    >>> _trend(0.50, 0.52), _trend(0.50, 0.503), _trend(0.52, 0.50)
    ('rising', 'steady', 'falling')
    """
    return "steady" if abs(now - before) < steady else "rising" if now > before else "falling"


def _rule(body: Body) -> Reason:
    name = "AUC less that of the best simple rule"
    ranked = [pair for pair in body["paired"] if pair["against"] in ("previous_day_sign", "reversal")]
    ranked = [pair for pair in ranked if pair["low"] is not None]
    if not ranked:
        return Reason(name, None, 0.0, None, NOTHING, "not known")
    best = min(ranked, key=lambda pair: (pair["difference"], pair["against"]))
    says, looks = _at_every_look(body, SIMPLE_RULES)
    if not looks:
        says = RETRAIN if best["high"] < 0 else KEEP if best["low"] > 0 else NOTHING
    text = f"{best['against'].replace('_', ' ')}; {_interval(best)}{looks}"
    return Reason(name, best["difference"], 0.0, None, says, text)


def _brier(body: Body) -> Reason:
    name = "Brier score less that of the up-rate"
    pair = next((p for p in body["paired"] if (p["against"], p["metric"]) == ("majority", "brier")), None)
    if pair is None or pair["low"] is None:
        return Reason(name, None, 0.0, None, NOTHING, "not known")
    says, looks = _at_every_look(body, UP_RATE)
    if not looks:
        says = RETRAIN if pair["low"] > 0 else KEEP if pair["high"] < 0 else NOTHING
    text = f"{_interval(pair, loss)}{looks}: above 0 the probabilities mislead"
    return Reason(name, pair["difference"], 0.0, None, says, text)


def _interval(pair: Body, write: Callable[[float | None], str] = ratio) -> str:
    return f"interval {beside_zero(pair['low'], write)} to {beside_zero(pair['high'], write)}"


def _at_every_look(body: Body, beside: str) -> tuple[str, str]:
    """Return what the evidence after every session speaks for, and its words; no words of a candidate.

    The interval of a model in use is looked at again and again: alone it speaks for nothing.
    """
    evidence = body.get("sequential")
    if not evidence:
        return NOTHING, ""
    now = evidence["beside"][beside]
    says = RETRAIN if now["worse"] else KEEP if now["better"] else NOTHING
    against, in_favour = (
        apart(now[key], evidence["threshold"], e_value)[0] for key in ("worse_e_value", "e_value")
    )
    words = f"e-value {against} against it, {in_favour} for it"
    return says, f", valid for one look; {words}, of {evidence['threshold']:g}"


def _age(sessions: int | None, settings: EvaluateSettings) -> Reason:
    limit = settings.max_age_sessions
    old = sessions is not None and sessions >= limit
    text = "sessions from the end of its training to the last row"
    return Reason(_AGE, sessions, limit, "rising", RETRAIN if old else NOTHING, text)


def _age_of_champion(body: Body, settings: EvaluateSettings) -> list[Reason]:
    age = (body["champion"] or {}).get("age_sessions")
    return [] if age is None else [_age(age, settings)]


def _new_rows(rows: int, settings: EvaluateSettings) -> Reason:
    limit = settings.min_new_rows
    text = "labelled rows since training: fewer can neither confirm nor refute the model"
    return Reason("new labelled rows", rows, limit, "rising", WAIT if rows < limit else NOTHING, text)


def _drift(body: Body, settings: EvaluateSettings) -> list[Reason]:
    """Return the reasons of drift; columns that are one series have one vote."""
    ranked = families(body["drift"])
    if not ranked:
        return [Reason(_DRIFTING, None, settings.drift_columns, None, NOTHING, "not ranked")]
    drifting = [name for name, family in ranked.items() if family.percentile >= WARN]
    before = sum(family.previous >= WARN for family in ranked.values())
    most = max(ranked, key=lambda name: (ranked[name].percentile, name))
    highest = ranked[most].percentile
    count = Reason(
        _DRIFTING, len(drifting), settings.drift_columns, _trend(before, len(drifting)),
        RETRAIN if len(drifting) >= settings.drift_columns else NOTHING,
        f"of {len(ranked)} ranked, from percentile {WARN:g} on: {', '.join(map(_members(ranked), drifting)) or 'none'}",
    )  # fmt: skip
    alarm = Reason(
        "highest drift percentile", highest, ALARM, _trend(ranked[most].previous, highest, 1.0),
        RETRAIN if highest >= ALARM else NOTHING, _members(ranked)(most),
    )  # fmt: skip
    return [count, alarm]


def _members(ranked: Mapping[str, Family]) -> Callable[[str], str]:
    """Return how a family is named: with its columns where it has several."""

    def words(name: str) -> str:
        columns = ranked[name].columns
        return name if len(columns) == 1 else f"{name} ({', '.join(columns)})"

    return words


def _findings(body: Body) -> Reason:
    data = body["data"]
    warnings = sum(finding["count"] for finding in data["findings"])
    share = warnings / data["rows_in"] if data["rows_in"] else 0.0
    waived = len(data["waivers"] or [])
    says = WAIT if share > MOST_FINDINGS or waived else NOTHING
    text = f"{warnings} findings in {data['rows_in']} rows, {waived} waived"
    return Reason(_FINDINGS, share, MOST_FINDINGS, None, says, text)


def _schema(body: Body) -> Reason:
    changes = (body["champion"] or {}).get("feature_changes")
    text = "of the champion and of this run" if body["champion"] else "of the model and of this run"
    if changes is None or changes["same"]:
        return Reason(_SCHEMA, "same", "same", None, NOTHING, text)
    if _only_added(changes):
        text = f"{text}: {', '.join(changes['added'])} beside those that the champion sees, so that it scores as before"
        return Reason(_SCHEMA, "added", "same", None, NOTHING, text)
    return Reason(_SCHEMA, "changed", "same", None, RETRAIN, text)


def _only_added(changes: Mapping[str, Any]) -> bool:
    """Return whether all that a champion sees is there as it was: one of another built-in set does not score."""
    differs = changes["removed"] or changes["redefined"] or not changes["texts_known"]
    return not differs and changes["from"] == changes["to"]
