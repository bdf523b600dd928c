"""What came of decisions about models: advice, decision, and the sessions after it.

After each decision the model in use and the one that was not chosen are put on the same later rows, up
to the next decision. So confidence in the advice's thresholds can grow or fall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.errors import AftercloseError
from core.evaluation.champion import BETTER_THAN_BAD, contest, judgement
from core.evaluation.evaluate_settings import EvaluateSettings
from core.evaluation.joined import chances, with_returns
from core.evaluation.sufficiency import judged_sessions, too_few
from core.label import Label
from core.measures.bootstrap import Resampling
from core.measures.judged_rows import labelled_rows
from core.measures.performance import measure
from core.parameters import settings_from
from core.registry.evidence import model_documents
from core.report.formatting import counted
from core.request.settings import Settings
from core.review.decision_history import REJECT, Decision, history

if TYPE_CHECKING:
    import pandas as pd

    from core.tables.artifacts import Table

_FOLLOWS = {"promotion": "retrain", "retrain": "retrain", "keep": "keep", REJECT: "keep"}
"""Which advice a decision follows; a rollback answers to none."""


def resampling(settings: Settings) -> Resampling:
    """Return how intervals are made, from the settings of the evaluate stage."""
    s = evaluation_settings(settings)
    return Resampling(s.bootstrap_samples, s.block_sessions, s.confidence, s.bootstrap_seed)


def resampling_of(settings: Mapping[str, Any]) -> Resampling:
    """Return how an evaluation made its intervals, from the ``settings`` that it holds itself."""
    return Resampling(
        settings["bootstrap_samples"], settings["block_sessions"], settings["confidence"],
        settings["bootstrap_seed"],
    )  # fmt: skip


def evaluation_settings(settings: Settings) -> EvaluateSettings:
    """Return what the evaluate stage is set by here, without a champion."""
    return settings_from(EvaluateSettings, {**settings.defaults, "champion_id": None})


def contest_of(settings: Settings, features: Table, first: str, second: str, **span: str) -> dict[str, Any]:
    """Return two models of the registry on the rows after both their trainings.

    Parameters
    ----------
    first, second : str
        Model ids; differences are first less second.
    span : str
        ``after`` and ``upto``, ISO dates, narrow the rows down.

    Raises
    ------
    ParameterError, ModelError, DataError
        If a model or the features cannot be used.
    """
    ours, theirs = model_documents(settings.data, first, second)
    frame = _labelled(features, **span)
    frame = frame.assign(probability=chances(ours, features, frame), fold=np.nan)
    rows = labelled_rows(frame, horizon_sessions=Label.of(features.header).horizon_sessions)
    cost = evaluation_settings(settings).cost_bps
    result = contest(rows, chances(theirs, features, rows.frame), resampling(settings), cost_bps=cost)
    return {"judgement": judgement(result), **result}


def _labelled(features: Table, *, after: str = "", upto: str = "") -> pd.DataFrame:
    frame = features.frame[[col.DATE, col.TICKER, col.UP_NEXT]]
    dates = frame[col.DATE].to_numpy("datetime64[D]")
    labelled = frame[col.UP_NEXT].notna().to_numpy(copy=True)
    labelled &= (dates > np.datetime64(after, "D")) if after else True
    labelled &= (dates <= np.datetime64(upto, "D")) if upto else True
    return with_returns(frame[labelled].reset_index(drop=True), features)


def track_record(settings: Settings, features: Table | None, profile: str) -> list[dict[str, Any]]:
    """Return every decision of a profile that advice was given for, oldest first, with what came of it.

    Parameters
    ----------
    features : Table or None
        The profile's newest features; without them nothing can be said about later sessions.

    Returns
    -------
    list of dict
        ``at_utc``, ``who``, ``why``, ``advice``, ``sentence``, ``decision``, ``followed`` (True, False, or None where
        the advice was open), ``in_use``, ``instead_of`` and ``outcome``: ``says`` in a sentence, ``rows``, and
        ``auc`` of the model in use or ``difference`` (in use less the other) with their intervals.
    """
    decisions = [d for d in history(settings, profile).decisions if d.advice and d.completed and _in_use(d)]
    entries = []
    for place, decision in enumerate(decisions):
        advice = decision.advice or {}
        until = next((str((d.advice or {}).get("data_to") or "") for d in decisions[place + 1 :]), "")
        expected = _FOLLOWS.get(decision.action)
        open_ = expected is None or advice["decision"] not in _FOLLOWS.values()
        other = _other(decision)
        entries.append(
            {
                "at_utc": decision.at_utc,
                "who": decision.who,
                "why": decision.why,
                "advice": advice["decision"],
                "sentence": advice["sentence"],
                "decision": decision.action,
                "followed": None if open_ else advice["decision"] == expected,
                "in_use": _in_use(decision),
                "instead_of": other,
                "outcome": _outcome(settings, features, decision, other, until),
            }
        )
    return entries


def _in_use(decision: Decision) -> str:
    """Return the model in use after a decision; empty when one was rejected and there was no champion."""
    return (decision.before or "") if decision.action == REJECT else decision.model_id


def _other(decision: Decision) -> str | None:
    """Return the model that might have been in use after a decision: the former one or the candidate."""
    if decision.action == REJECT:
        return decision.model_id
    advice = decision.advice or {}
    candidate = advice.get("model_id") if advice.get("mode") == "train" else None
    other = decision.before if decision.action in ("promotion", "rollback") else candidate
    return other if other != decision.model_id else None


def _outcome(
    settings: Settings, features: Table | None, decision: Decision, other: str | None, until: str
) -> dict[str, Any]:
    since = str((decision.advice or {}).get("data_to") or "")
    if features is None or not since:
        return {"says": "not known: there are no features", "rows": 0}
    try:
        if other is None:
            return _alone(settings, features, _in_use(decision), since, until)
        result = contest_of(settings, features, _in_use(decision), other, after=since, upto=until)
    except AftercloseError as error:
        return {"says": f"not known: {error.problem}", "rows": 0}
    if not result["compared"]:
        return _too_early(result["rows"], result["sessions"])
    pair = next(pair for pair in result["paired"] if pair["metric"] == "auc")
    difference = {key: pair[key] for key in ("difference", "low", "high")}
    return {"says": _SAYS[result["judgement"]], "rows": result["rows"], **difference}


def _too_early(rows: int, sessions: int) -> dict[str, Any]:
    return {
        "says": f"too early: {counted(rows, 'later row')} in {counted(sessions, 'session')}",
        "rows": rows,
    }


_SAYS = {
    "better": "the model in use did better than the other",
    BETTER_THAN_BAD: "the model in use did better than the other, which does not make it good",
    "worse": "the model in use did worse than the other",
    "not inferior": "no difference shown",
    "no difference shown": "no difference shown",
    "not compared": "no AUC to compare",
}


def _alone(settings: Settings, features: Table, identity: str, since: str, until: str) -> dict[str, Any]:
    (model,) = model_documents(settings.data, identity)
    frame = _labelled(features, after=since, upto=until)
    frame = frame.assign(probability=chances(model, features, frame), fold=np.nan)
    rows, horizon = labelled_rows(frame), Label.of(features.header).horizon_sessions
    sessions = judged_sessions(rows)
    if too_few(len(rows), sessions, horizon):
        return _too_early(len(rows), sessions)
    auc = measure(frame, resampling(settings), horizon_sessions=horizon)["auc"]
    return {"says": _skill(auc), "rows": len(rows), "auc": auc}


def _skill(auc: Mapping[str, Any]) -> str:
    if auc["low"] is None:
        return "no AUC to judge by"
    if auc["low"] > 0.5:
        return "the model in use was better than chance"
    return "the model in use was " + ("worse" if auc["high"] < 0.5 else "no better") + " than chance"


def tally(entries: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how often the advice was followed, was not, and was open.

    >>> tally([{"followed": True}, {"followed": None}])
    {'followed': 1, 'against': 0, 'open': 1}
    """
    followed = [entry["followed"] for entry in entries]
    return {"followed": followed.count(True), "against": followed.count(False), "open": followed.count(None)}
