"""What a feature adds: a walk forward with and without it, on the same folds and rows, with paired intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.errors import CheckpointError, MissingFileError, ParameterError
from core.evaluation.champion import NO_AUC, contest
from core.evaluation.joined import with_returns
from core.features.definitions import own_of
from core.label import Label
from core.measures.judged_rows import labelled_rows
from core.models.ablation import walk_without
from core.models.train_settings import TrainSettings
from core.parameters import settings_from
from core.queries.models.track_record import evaluation_settings, resampling
from core.registry.champions import Champions
from core.registry.feature_changes import body_of
from core.registry.registry import Registry
from core.request.settings import Settings
from core.review.decisions import profile_to_promote_in
from core.store.artifacts import artifact_at, file_of
from core.store.checkpoints import Meta, Slot, Store
from core.store.lineage import keys_behind, trainings
from core.tables import Body
from core.tables.artifacts import Table

if TYPE_CHECKING:
    import pandas as pd


def new_features(model: Body, champion: Body) -> tuple[str, ...]:
    """Return the names of the own features that a model sees and a champion does not, or sees as another text."""
    others = own_of(champion)
    return tuple(entry["name"] for entry in own_of(model) if entry not in others)


def ablation(settings: Settings, text: str, without: Sequence[str] = (), profile: str = "") -> dict[str, Any]:
    """Return what a model's new features add, each alone and all together.

    The walk forward of its training is made once more without them: the same folds, rows, seed and settings. Nothing is
    kept; it takes about as long as that training, for each set of features.

    Parameters
    ----------
    text : str
        The model: its id, or the beginning of one.
    without : sequence of str
        Inputs to leave out; empty: the own features that the champion does not have.
    profile : str
        Whose champion; empty: the profile in which the model was trained.

    Returns
    -------
    dict
        ``profile``, ``model_id``, ``champion_id`` (or None) and ``ablations``: of each set of features ``without``,
        ``says`` (in a sentence) and :func:`core.evaluation.champion.contest`, in which the challenger is the model and
        the champion the one without.

    Raises
    ------
    ParameterError
        If no model answers to ``text``, it has no new features, or a name is not one of its inputs.
    MissingFileError
        If its training is not in this data root any more.
    """
    identity = Registry(settings.data).find(text)
    profile = profile_to_promote_in(settings, identity, profile)
    champion = Champions(settings).of(profile)
    other = champion.model_id if champion and champion.model_id != identity else None
    names = tuple(dict.fromkeys(without)) or new_features(
        body_of(settings, identity), body_of(settings, other) if other else {}
    )
    if not names:
        raise ParameterError(
            f"model {identity} has no feature of its own that the champion lacks",
            expected="the features to leave out",
            remedy=f"Name them: afterclose models ablation {identity} --without FEATURE",
            parameter="without",
        )
    features, predictions, meta = _training(settings, identity)
    train = settings_from(TrainSettings, meta.body["parameters"])
    sets = [(name,) for name in names] + ([names] if len(names) > 1 else [])
    frame = with_returns(predictions.frame, features)
    return {
        "profile": profile,
        "model_id": identity,
        "champion_id": other,
        "ablations": [_entry(settings, features, frame, train, left_out) for left_out in sets],
    }


def _entry(
    settings: Settings, features: Table, frame: pd.DataFrame, train: TrainSettings, left_out: tuple[str, ...]
) -> dict[str, Any]:
    fewer = walk_without(features, train, left_out).rename(columns={col.PROBABILITY: "_fewer"})
    both = frame.astype({col.TICKER: "str"}).merge(fewer, on=[col.DATE, col.TICKER])
    rows = labelled_rows(both, horizon_sessions=Label.of(features.header).horizon_sessions)
    cost = evaluation_settings(settings).cost_bps
    result = contest(rows, rows.frame["_fewer"].to_numpy("float64"), resampling(settings), cost_bps=cost)
    return {"without": list(left_out), "says": _says(left_out, result), **result}


def _says(left_out: tuple[str, ...], result: Body) -> str:
    """Return what an ablation shows, in a sentence."""
    what = " and ".join(left_out)
    auc = next((pair for pair in result["paired"] if pair["metric"] == "auc"), None)
    if not result["compared"] or auc is None or auc["low"] is None:
        return f"What {what} adds cannot be said: {result['reason'] or NO_AUC}."
    figures = f"{auc['difference']:+.4f} [{auc['low']:+.4f}, {auc['high']:+.4f}] of AUC"
    if auc["low"] > 0:
        return f"With {what} the model is better: {figures}."
    if auc["high"] < 0:
        return f"With {what} the model is worse: {figures}."
    adds = "adds" if len(left_out) == 1 else "add"
    return f"It is not shown that {what} {adds} anything: {figures}, and the interval holds 0."


def _training(settings: Settings, identity: str) -> tuple[Table, Table, Meta]:
    """Return the features, the predictions and the record of the training that made a model."""
    store = Store(settings.data)
    for slot, meta in trainings(store, identity):
        behind = Slot("feature_engineer", keys_behind(store, slot).get("feature_engineer", ""))
        features, predictions = (_table(store, "features", behind), _table(store, "predictions", slot))
        if features is not None and predictions is not None:
            return features, predictions, meta
    raise MissingFileError(
        f"the training of model {identity} is not in {settings.data}",
        expected="its features and predictions",
        remedy="Train it again with --mode train.",
    )


def _table(store: Store, kind: str, slot: Slot) -> Table | None:
    try:
        name = file_of(kind, store, slot)
        artifact = artifact_at(store, slot, name) if name else None
    except CheckpointError:
        return None
    return artifact if isinstance(artifact, Table) else None
