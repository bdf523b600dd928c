"""The model page's tables: gates, contest with the champion, advice, periods, decisions; body in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from core.features.feature_diff import change_in_words
from core.queries.models import written_differences
from core.queries.models.gates import PromotionGate
from core.queries.models.tries_words import tries_words
from core.queries.reports.tables import text_frame
from core.queries.runs.run_labels import short_ids
from core.report.formatting import NA, count, minute, name, ratio, with_interval
from core.tables import Body

_MODEL_STATES = {
    "champion": "● champion", "candidate": "○ candidate", "retired": "□ retired", "rejected": "■ rejected",
}  # fmt: skip
_ACTIONS = {
    "promotion": "Promoted", "rollback": "Rolled back to", "keep": "Kept", "retrain": "Retrain", "reject": "Rejected",
}  # fmt: skip


def gates(several: Iterable[PromotionGate]) -> pd.DataFrame:
    """Return one row for each gate: what was found with its unit, what was needed."""
    rows = [(gate.name, gate.measured(), gate.needed) for gate in several]
    return pd.DataFrame(rows, columns=["Gate", "Found", "Needed"])


def contest(body: Body) -> pd.DataFrame:
    """Return candidate and champion on the same rows with intervals; empty when they were not compared."""
    champion = body.get("champion")
    if not champion or not champion["compared"]:
        return pd.DataFrame()
    return text_frame(written_differences.contest(body, champion))


def ablation(entry: Body, settings: Body) -> pd.DataFrame:
    """Return a model with and without some of its features on the same rows, with intervals."""
    sides = "With", "Without", "With less without"
    return text_frame(written_differences.contest({"settings": settings}, entry, sides))


def models(listing: Iterable[Body]) -> pd.DataFrame:
    """Return the registry: state as mark and word, training, walk-forward AUC with interval, the last reason."""
    rows = [
        {
            "State": _MODEL_STATES.get(entry["state"], entry["state"]),
            "Model": entry["model_id"],
            "Kind": name(entry["model_kind"] or "not known"),
            "Trained": f"{entry['trained_from']} to {entry['trained_to']}" if entry["trained_to"] else NA,
            "Rows": count(entry["rows"]),
            "Walk-forward AUC": with_interval(entry["auc"], ratio),
            "Tries": tries_words(entry.get("tries")),
            "Note": entry["problem"] or entry["why"] or "",
        }
        for entry in listing
    ]
    return pd.DataFrame(rows)


def decisions(history: Iterable[Body]) -> pd.DataFrame:
    """Return the decisions about models, the newest first.

    Parameters
    ----------
    history : iterable of mapping
        ``at_utc``, ``who``, ``action``, ``model_id``, ``before``, ``why``, ``completed``, ``advice``,
        ``record``, ``features``.
    """
    rows = [
        {
            "Time": minute(d["at_utc"], "not recorded"),
            "Who": d["who"] or "not recorded",
            "Decision": f"{_ACTIONS.get(d['action'], d['action'])}{'' if d['completed'] else ' (not completed)'}",
            "Model": d["model_id"],
            "Instead of": d["before"] or "–",
            "Why": d["why"],
            "Features": change_in_words(d["features"]) if d.get("features") else "the same",
            "Advice then": (d["advice"] or {}).get("decision") or "none",
            "Record": count(d["record"]),
        }
        for d in history
    ]
    return pd.DataFrame(rows[::-1])


def track_record(entries: Sequence[Body]) -> pd.DataFrame:
    """Return advice, decision and what came of it, the newest first."""
    followed = {True: "● followed", False: "■ not followed", None: "○ advice was open"}
    rows = [
        {
            "Time": minute(e["at_utc"], "not recorded"),
            "Advice": e["advice"],
            "Decision": f"{_ACTIONS.get(e['decision'], e['decision'])} {short_ids(e['in_use'] or '')}",
            "Advice was": followed[e["followed"]],
            "What came of it": _outcome(e["outcome"]),
        }
        for e in entries
    ]
    return pd.DataFrame(rows[::-1])


def _outcome(outcome: Body) -> str:
    estimate = outcome.get("auc") or {**outcome, "value": outcome.get("difference")}
    if estimate.get("value") is None:
        return str(outcome["says"])
    return f"{outcome['says']}: {with_interval(estimate, ratio)} over {count(outcome['rows'])} rows"


def curve(lines: Mapping[str, Body], what: str) -> dict[str, pd.DataFrame]:
    """Return one kind of curve by model: ``roc``, ``precision_recall`` or ``calibration``."""
    return {model: pd.DataFrame(curves[what]) for model, curves in lines.items()}


def marks(lines: Mapping[str, Body]) -> pd.DataFrame:
    """Return precision and recall of each model at the threshold 0.5."""
    points = [entry["at_half"] for entry in lines.values() if entry["at_half"] is not None]
    return pd.DataFrame(points, columns=["threshold", "recall", "precision"])


def curve_basis(lines: Mapping[str, Body]) -> str:
    """Return in words which rows the curves are drawn over, and the area under each ROC curve."""
    rows = count(next(iter(lines.values()))["rows"])
    areas = ", ".join(f"{model} {ratio(curves['auc'])}" for model, curves in lines.items())
    return f"Drawn over {rows} judged rows. AUC: {areas}."


def contest_basis(champion: Body) -> str:
    """Return in words which rows candidate and champion are compared on, or why they are not."""
    if not champion["compared"]:
        return f"Champion {short_ids(champion['model_id'])}: not compared, {champion['reason'].rstrip('.')}."
    return (
        f"Champion {short_ids(champion['model_id'])}, trained to {champion['trained_to']}: {champion['judgement']}, on "
        f"{count(champion['rows'])} rows of {count(champion['sessions'])} sessions after its training, "
        f"{champion['from']} to {champion['to']}."
    )


def tally_words(counts: Mapping[str, int]) -> str:
    """Return how often advice was followed, in a sentence.

    >>> tally_words({"followed": 2, "against": 1, "open": 0})
    'Advice followed 2 times, not followed 1, open 0.'
    """
    return f"Advice followed {counts['followed']} times, not followed {counts['against']}, open {counts['open']}."


def newest_record(history: Iterable[Body]) -> str:
    """Return what tells one state of the history from another."""
    return " ".join(f"{d['record']}/{d['at_utc']}/{d['completed']}" for d in history)
