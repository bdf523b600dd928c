"""What is known of the models in a data root, for the terminal and the desk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.errors import AftercloseError, ModelError, ParameterError, listed
from core.features.feature_diff import feature_change
from core.features.history import changes
from core.registry.champions import PROMOTION, ROLLBACK, Champions
from core.registry.choosing import profiles_here, several
from core.registry.registry import Registry
from core.registry.tries import all_tries
from core.request.settings import Settings
from core.review.decision_history import DecisionHistory, history, states

_UNTOLD: Mapping[str, Any] = {"model_kind": None, "training": {}, "walk_forward": None, "feature_set": None}


def listing(settings: Settings, profile: str, *, with_tries: bool = False) -> list[dict[str, Any]]:
    """Return one entry per model of a profile: champion first, then by the end of training, the latest first.

    Parameters
    ----------
    with_tries : bool
        Whether to hold each candidate against those judged on the same sessions, which reads their predictions.

    Returns
    -------
    list of dict
        ``profile``, ``model_id``, ``state``, ``model_kind``, ``trained_from``, ``trained_to``, ``rows``, ``tickers``
        (of the training, None where the model does not say), ``auc`` (walk-forward, with interval), ``feature_set``,
        ``problem`` (why it cannot be used, or None), ``why`` (of the last move to it) and ``tries`` (which of how many
        candidates on its sessions, and what the best of them reaches by chance; None where the journal does not know,
        or it was not asked for).

    Raises
    ------
    ModelError
        If the champion pointer is damaged, or points to a model that is not there.
    """
    champion = Champions(settings).of(profile)  # a damaged pointer is said, not taken for "no champion"
    if champion is not None and champion.model_id not in Registry(settings.data).ids():
        raise ModelError(
            f"the champion {champion.model_id} is not among the models",
            expected=f"{settings.data}/models/{champion.model_id}.json",
            remedy="Restore it from a backup, or promote another: afterclose promote MODEL --why TEXT",
        )
    decisions, by_model = history(settings, profile), states(settings, profile)
    counted = all_tries(settings, profile) if with_tries else {}
    entries = [
        {"profile": profile, **_entry(settings, identity, state, decisions)}
        | {"tries": counted[identity].record() if identity in counted else None}
        for identity, state in by_model.items()
    ]
    newest_first = sorted(entries, key=lambda e: (e["trained_to"] or "", e["model_id"]), reverse=True)
    return sorted(newest_first, key=lambda e: e["state"] != "champion")


def _entry(settings: Settings, identity: str, state: str, decisions: DecisionHistory) -> dict[str, Any]:
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
        "tickers": training.get("tickers"),
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
    return body if isinstance(body, dict) and isinstance(body.get("training"), dict) else _UNTOLD


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
    by_profile = states_by_profile(settings, identity)
    state = next(
        (s for s in by_profile.values() if s == "champion"), next(iter(by_profile.values()), "candidate")
    )
    entry = _entry(settings, identity, state, decisions)
    return {
        "profiles": by_profile,
        **entry,
        "features": body.get("features"),
        "definition_digest": body.get("definition_digest"),
        "hyperparameters": body.get("hyperparameters"),
        "training": body.get("training"),
        "walk_forward": body.get("walk_forward"),
        "decisions": [asdict(d) for d in decisions.decisions if identity in (d.model_id, d.before)],
        "history_trouble": decisions.trouble,
    }


def compared(
    settings: Settings, first: str, second: str, features: str = "", profile: str = ""
) -> dict[str, Any]:
    """Return two models side by side: what they are, their features, and both on the same later rows.

    Parameters
    ----------
    features : str
        A features file; empty: the features of the profile's newest report.
    profile : str
        Where both are compared; empty: the one profile that both belong to.

    Returns
    -------
    dict
        ``profile``, ``models`` (two entries), ``feature_changes`` (from the first to the second) and ``contest``
        (differences are first less second), or ``contest`` null with ``reason``.

    Raises
    ------
    ParameterError
        If a model is not known, or the two do not belong to one profile.
    """
    from core.queries.models.track_record import contest_of
    from core.registry.evidence import features_of

    registry = Registry(settings.data)
    identities = [registry.find(text) for text in (first, second)]
    profile = _shared_profile(settings, identities, profile)
    bodies = [_read(registry, identity)[0] for identity in identities]
    state, decisions = states(settings, profile), history(settings, profile)
    result: dict[str, Any] = {
        "profile": profile,
        "models": [_entry(settings, identity, state[identity], decisions) for identity in identities],
        "feature_changes": feature_change(bodies[0], bodies[1]) or changes(bodies[0], bodies[1]),
        "contest": None,
        "reason": None,
    }
    try:
        result["contest"] = contest_of(settings, features_of(settings, features, profile).table, *identities)
    except AftercloseError as error:
        result["reason"] = str(error)
    return result


def states_by_profile(settings: Settings, identity: str) -> dict[str, str]:
    """Return what a model is in each profile that it belongs to, by profile."""
    by_profile = {name: states(settings, name) for name in profiles_here(settings)}
    return {name: models[identity] for name, models in by_profile.items() if identity in models}


def _shared_profile(settings: Settings, identities: list[str], profile: str) -> str:
    """Return the profile in which two models can be compared.

    Raises
    ------
    ParameterError
        If there is none, or several and none was named.
    """
    homes = [set(states_by_profile(settings, identity)) for identity in identities]
    shared = sorted(homes[0] & homes[1])
    if not shared or (profile and profile not in shared):
        where = [
            f"{identity} of {listed(sorted(names)) or 'none'}"
            for identity, names in zip(identities, homes, strict=True)
        ]
        raise ParameterError(
            f"the models are not of one profile: {' and '.join(where)}",
            expected=f"two models of profile {profile}" if profile else "two models of one profile",
            remedy="What they say of different tickers cannot be compared. See: afterclose models",
            parameter="profile",
        )
    if profile or len(shared) == 1:
        return profile or shared[0]
    raise several(shared)
