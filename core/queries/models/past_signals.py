"""What became of past signals, for terminal and desk alike: counts, and the scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.fingerprint import digest_of
from core.label import FIELD, Label
from core.paths import StoragePath
from core.report.sheets import PREDICTED
from core.request.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

    from core.measures.bootstrap import Resampling

_RESTS_ON = ("train_or_score", "feature_engineer")
"""Stages whose checkpoints hold signals and outcomes."""


def past_signals(settings: Settings, profile: str) -> dict[str, Any]:
    """Return every signal of a profile's past score runs set against what happened.

    Returns
    -------
    dict
        ``profile``, ``score_runs``, ``signals`` (how many), ``known`` (with an outcome), ``written_ahead`` (before
        the first session that they are about was over, by the machine's clock), ``withheld`` (how many more
        the findings of their run withheld) and ``scorecard``, as :func:`core.evaluation.scorecard.scorecard` gives it.
    """
    from core.queries.models.track_record import resampling
    from core.registry.evidence import signals

    past = signals(settings, profile)
    return {
        "profile": profile,
        "score_runs": past.checkpoints,
        "signals": len(past.frame),
        "known": int(past.frame["up_next"].notna().sum()),
        "written_ahead": int(past.frame["ahead"].sum()),
        "withheld": past.withheld,
        "scorecard": _scorecards(past.frame, resampling(settings)),
    }


def _scorecards(signals: pd.DataFrame, how: Resampling) -> list[dict[str, Any]]:
    """Return the scorecard of each model's signals, whose outcomes overlap as far as they look ahead."""
    from core.evaluation.scorecard import scorecard

    entries = []
    # a model has one label
    for _, own in signals.groupby(["horizon_sessions", FIELD], sort=True):
        label = Label(int(own["horizon_sessions"].iloc[0]), str(own[FIELD].iloc[0]))
        rows = scorecard(own, how, horizon_sessions=label.horizon_sessions)
        entries += [{**row, **label.facts, PREDICTED: label.name} for row in rows]
    return sorted(entries, key=lambda entry: str(entry["model_id"]))


def mark_of_signals(root: StoragePath) -> str:
    """Return a digest that changes when a checkpoint is made from which :func:`past_signals` reads.

    Keys never change their content, so their names are enough; no file is opened.
    """
    folders = {stage: root / "checkpoints" / stage for stage in _RESTS_ON}
    return digest_of(
        {
            stage: sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
            for stage, folder in folders.items()
        }
    )
