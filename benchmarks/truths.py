"""What figures of a panel are in truth, and which predictions and evaluations the product makes of it.

The stages are called as ``afterclose stage`` calls them, on tables in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from core import columns as col
from core.evaluation.baselines import probabilities
from core.evaluation.joined import NEXT_RETURN, with_returns
from core.measures.judged_rows import JudgedRows, labelled_rows, numbers
from core.measures.metrics import CLIP, THRESHOLD
from core.measures.trading import trading
from core.request import settings
from core.request.stages import STAGES, parameters_of, stage_named
from core.runs.compute import Job, LoadedArtifact, compute
from core.tables.artifacts import Document, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray
    from panels import Panel

    from core.parameters import Value
    from core.tables.artifacts import Artifact

NO_DIGEST = "0" * 64
NOTHING_FOUND = {
    "findings": Document("findings", {"source": {}, "findings": []}),
    "repairs": Document("repairs", {"repairs": []}),
}
YEAR = 252
MIN_TRAIN_SESSIONS = 712


@cache
def defaults() -> dict[str, Value]:
    """Return the value of every stage's parameter: the default, but for the sessions before the first fold.

    They are fixed at what the default comes to on 1,500 sessions: how many rows of a shorter panel are judged is what
    the study varies.
    """
    values = settings.load({}).defaults
    fixed = {"mode": "train", "min_train_sessions": MIN_TRAIN_SESSIONS}
    return {name: values.get(name) for name in parameters_of(STAGES)} | fixed


def stage(name: str, inputs: Mapping[str, Artifact], **changes: Value) -> list[Artifact]:
    """Return what a stage makes of artifacts in memory, with default settings but for ``changes``."""
    values = {**defaults(), **changes}
    own = {parameter.name: values[parameter.name] for parameter in stage_named(name).parameters}
    loaded = {kind: LoadedArtifact(artifact, f"{kind}.json", NO_DIGEST) for kind, artifact in inputs.items()}
    return compute(name, Job(loaded, own, (), date(2100, 1, 1)))


def features_of(panel: Panel, sessions: int | None = None) -> Table:
    """Return the features of the first sessions of a panel."""
    (features,) = stage("feature_engineer", {"prices_clean": panel.prices(sessions)})
    return features


@dataclass(frozen=True, eq=False)
class Judgement:
    """An evaluation with the rows that it judged and their truth.

    Parameters
    ----------
    body : mapping
        ``evaluation.json``.
    rows : JudgedRows
        With ``next_return``.
    up_chance : ndarray of float, shape (rows,)
        True probability of each row.
    references : ndarray of float, shape (rows,)
        The up-rate that was known before each row's fold.
    """

    body: Mapping[str, object]
    rows: JudgedRows
    up_chance: NDArray[np.float64]
    references: NDArray[np.float64]


def judgement(
    panel: Panel,
    features: Table,
    predictions: Table,
    model: Document | None,
    champion: Document | None = None,
    **changes: Value,
) -> Judgement:
    """Return what evaluate makes of predictions, with the truth of each row beside it."""
    documents = {"model": model, "champion": champion}
    inputs = {kind: document for kind, document in documents.items() if document is not None}
    (evaluation,) = stage(
        "evaluate",
        {"predictions": predictions, "features": features, **inputs, **NOTHING_FOUND},
        **changes,
    )
    rows = labelled_rows(with_returns(predictions.frame, features))
    return Judgement(
        evaluation.body,
        rows,
        panel.chance_of(rows.frame),
        probabilities(rows, features)["majority"] if len(rows) else np.empty(0),
    )


def truths(judged: Judgement, p: NDArray[np.float64], cost_bps: float) -> dict[str, float]:
    """Return the truth of each figure of the probabilities ``p`` (shape (rows,)), which are taken as they are.

    Without a planted dependence the truth of the AUC, precision and hit rate is one half, of the recall the
    share of rows called up. The Sharpe ratio and the return lose their costs and, the return, half of the
    variance; both are left out where something is planted.
    """
    chance, calls = judged.up_chance, (p >= THRESHOLD).astype(float)
    clipped = np.clip(p, CLIP, 1 - CLIP)
    brier = (chance * (1 - p) ** 2 + (1 - chance) * p**2).mean()
    loss = -(chance * np.log(clipped) + (1 - chance) * np.log1p(-clipped)).mean()
    values = {
        "auc": _auc(judged.rows, p, chance),
        "hit_rate": (calls * chance + (1 - calls) * (1 - chance)).mean(),
        "recall": (calls * chance).sum() / chance.sum(),
        "brier": brier,
        "log_loss": loss,
        "brier_skill": 1 - brier / _reference_brier(judged),
    }
    if calls.any():
        values["precision"] = (calls * chance).sum() / calls.sum()
    if (chance == 0.5).all():
        values |= of_money(judged.rows, calls, numbers(judged.rows.frame, NEXT_RETURN), cost_bps)
    return {name: float(value) for name, value in values.items()}


def _reference_brier(judged: Judgement) -> float:
    chance, reference = judged.up_chance, judged.references
    return float((chance * (1 - reference) ** 2 + (1 - chance) * reference**2).mean())


def _auc(rows: JudgedRows, p: NDArray[np.float64], chance: NDArray[np.float64]) -> float:
    """Return the row-weighted mean over folds of the share of pairs won, outcomes drawn by their chances."""
    within = np.array([_pairs_won(p[part], chance[part]) for part in rows.parts])
    return float(np.average(within, weights=[part.stop - part.start for part in rows.parts]))


def _pairs_won(p: NDArray[np.float64], chance: NDArray[np.float64]) -> float:
    """Return the AUC expected of scores whose rows rise with ``chance``; one half where all chances agree."""
    values, place = np.unique(p, return_inverse=True)
    up = np.bincount(place, weights=chance, minlength=len(values))
    down = np.bincount(place, weights=1 - chance, minlength=len(values))
    lower = np.cumsum(down) - down / 2
    return float((up * lower).sum() / (up.sum() * down.sum()))


def of_money(
    rows: JudgedRows, calls: NDArray[np.float64], following: NDArray[np.float64], cost_bps: float
) -> dict[str, float]:
    """Return the truth of the long/flat rule's figures where no position earns anything.

    ``calls`` (1 or 0) and the simple returns that follow them have shape (rows,).
    """
    rule = trading(rows, following, calls)
    daily = rule.net(cost_bps)
    lost = float(np.nanmean(rule.net(cost_bps) - rule.gross))
    growth = lost - float(np.nanmean(daily**2)) / 2
    deviation = float(np.nanstd(daily, ddof=1))
    values = {"long_flat_return": np.expm1(YEAR * growth)}
    # a rule that never buys has no ratio
    return values | ({"long_flat_sharpe": lost / deviation * np.sqrt(YEAR)} if deviation > 0 else {})


def probability(frame: pd.DataFrame, kind: str | None = None) -> NDArray[np.float64]:
    """Return the column of the main model's probabilities, or of a model beside it."""
    return numbers(frame, col.PROBABILITY if kind is None else col.probability_of(kind))
