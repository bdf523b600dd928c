"""What is known of the models in a data root, for the terminal and the desk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.errors import AftercloseError, ModelError
from core.features.history import changes
from core.journal import Journal
from core.registry.registry import PROMOTION, ROLLBACK, Registry
from core.registry.tries import all_tries
from core.request.settings import Settings
from core.review.decisions import History, history, states

_UNTOLD: Mapping[str, Any] = {"model_kind": None, "training": {}, "walk_forward": None, "feature_set": None}


def listing(settings: Settings, *, with_tries: bool = False) -> list[dict[str, Any]]:
    """Return one entry per model: champion first, then by the end of training, the latest first.

    Parameters
    ----------
    with_tries : bool
        Whether to hold each candidate against those judged on the same sessions, which reads their predictions.

    Returns
    -------
    list of dict
        ``model_id``, ``state``, ``model_kind``, ``trained_from``, ``trained_to``, ``rows``, ``auc`` (walk-forward, with
        interval), ``feature_set``, ``problem`` (why it cannot be used, or None), ``why`` (of the last move to it) and
        ``tries`` (which of how many candidates on its sessions, and what the best of them reaches by chance; None where
        the journal does not know, or it was not asked for).

    Raises
    ------
    ModelError
        If the champion pointer is damaged, or points to a model that is not there.
    """
    registry = Registry(settings.data)
    champion = registry.champion()  # a damaged pointer is said, not taken for "no champion"
    if champion is not None and champion.model_id not in registry.ids():
        raise ModelError(
            f"the champion {champion.model_id} is not among the models",
            expected=f"{settings.data}/models/{champion.model_id}.json",
            remedy="Restore it from a backup, or promote another: afterclose promote MODEL --why TEXT",
        )
    decisions = history(settings)
    by_model = all_tries(settings.data, journal_of(settings)) if with_tries else {}
    entries = [
        _entry(settings, identity, state, decisions)
        | {"tries": by_model[identity].record() if identity in by_model else None}
        for identity, state in states(settings).items()
    ]
    newest_first = sorted(entries, key=lambda e: (e["trained_to"] or "", e["model_id"]), reverse=True)
    return sorted(newest_first, key=lambda e: e["state"] != "champion")


def journal_of(settings: Settings) -> Journal | None:
    """Return the journal to be read, None before there is one."""
    if not Journal.exists(settings.data, settings.journal):
        return None
    return Journal(settings.data, settings.journal, read_only=True)


def _entry(settings: Settings, identity: str, state: str, decisions: History) -> dict[str, Any]:
    body, problem = _read(Registry(settings.data), identity)
    training = body.get("training") or {}
    moved = [d for d in decisions.decisions if d.action in (PROMOTION, ROLLBACK) and d.completed]
    moves = [d for d in moved if d.model_id == identity]
    return {
        "model_id": identity,
        "state": state,
        "model_kind": body.get("model_kind"),
        "trained_from": training.get("from"),
        "trained_to": training.get("to"),
        "rows": training.get("rows"),
        "auc": ((body.get("walk_forward") or {}).get("performance") or {}).get("auc"),
        "feature_set": body.get("feature_set"),
        "problem": problem,
        "why": moves[-1].why if moves else None,
    }


def unjudged(settings: Settings, text: str) -> str:
    """Return in a sentence that nothing is known of how good a model is; empty where it was judged.

    A model that cannot be used is said to be so elsewhere.

    Raises
    ------
    ParameterError
        If no model or more than one answers to ``text``.
    """
    registry = Registry(settings.data)
    identity = registry.find(text)
    body, problem = _read(registry, identity)
    performance = (body.get("walk_forward") or {}).get("performance") or {}
    if problem or (performance.get("auc") or {}).get("value") is not None:
        return ""
    return (
        f"Model {identity} was judged on 0 rows: its training had too few sessions to hold any back. "
        "Nothing says whether it is better than chance."
    )


def _read(registry: Registry, identity: str) -> tuple[Mapping[str, Any], str | None]:
    """Return a model's body as far as it can be told, and why it cannot be used."""
    from core.models.loader import read_model

    try:
        data = registry.bytes_of(identity)
    except ModelError as error:
        return _UNTOLD, error.problem
    try:
        return read_model(data).body, None
    except ModelError as error:
        return _content(data), error.problem


def _content(data: bytes) -> Mapping[str, Any]:
    """Return what a model that cannot be used says of itself, if it can be read at all."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return _UNTOLD
    whole = isinstance(body, dict) and all(isinstance(body.get(key), dict) for key in ("training",))
    return body if whole else _UNTOLD


def description(settings: Settings, text: str) -> dict[str, Any]:
    """Return everything about one model: its entry, training, walk-forward figures, features and decisions.

    Raises
    ------
    ParameterError
        If no model or more than one answers to ``text``.
    """
    registry = Registry(settings.data)
    identity, decisions = registry.find(text), history(settings)
    body, _ = _read(registry, identity)
    entry = _entry(settings, identity, states(settings)[identity], decisions)
    return {
        **entry,
        "features": body.get("features"),
        "definition_digest": body.get("definition_digest"),
        "hyperparameters": body.get("hyperparameters"),
        "training": body.get("training"),
        "walk_forward": body.get("walk_forward"),
        "decisions": [asdict(d) for d in decisions.decisions if identity in (d.model_id, d.before)],
        "history_trouble": decisions.trouble,
    }


def compared(settings: Settings, first: str, second: str, features: str = "") -> dict[str, Any]:
    """Return two models side by side: what they are, their features, and both on the same later rows.

    Parameters
    ----------
    features : str
        A features file; empty: the features of the last successful run.

    Returns
    -------
    dict
        ``models`` (two entries), ``feature_changes`` (from the first to the second) and ``contest``
        (differences are first less second), or ``contest`` null with ``reason``.
    """
    from core.queries.models.track_record import contest_of
    from core.registry.evidence import features_of

    registry, decisions = Registry(settings.data), history(settings)
    identities = [registry.find(text) for text in (first, second)]
    bodies = [_read(registry, identity)[0] for identity in identities]
    state = states(settings)
    result: dict[str, Any] = {
        "models": [_entry(settings, identity, state[identity], decisions) for identity in identities],
        "feature_changes": changes(bodies[0], bodies[1]),
        "contest": None,
        "reason": None,
    }
    try:
        result["contest"] = contest_of(settings, features_of(settings.data, features).table, *identities)
    except AftercloseError as error:
        result["reason"] = str(error)
    return result
