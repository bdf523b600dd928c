"""Loaders of the model page: curves, and what came of decisions; kept by the digests of what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import AftercloseError
from core.journal import Journal
from core.measures.bootstrap import Resampling
from core.queries.models import to_decide
from core.queries.models.modelbook import listing
from core.queries.models.to_decide import Choice
from core.registry.champions import Champions
from core.registry.registry import Registry
from core.registry.tries import Tries
from core.request.settings import Settings
from core.store.checkpoints import Store
from core.tables.artifacts import Table
from dashboard import data
from dashboard.data import StoredArtifact

Curves = Mapping[str, Any]


@dataclass(frozen=True)
class Beside:
    """Curves of candidate and champion on the rows that count for both."""

    candidate: Curves
    champion: Curves


@st.cache_data(max_entries=16, show_spinner="Drawing the curves…", hash_funcs=data.BY_CONTENT)
def curves(store: Store, predictions: StoredArtifact, how: Resampling) -> Curves:
    """Return the curves of the judged model over all rows it is judged on."""
    from core.queries.models.curves import curves, judged_rows

    return curves(judged_rows(data.table(store, predictions)), how)


@st.cache_data(max_entries=16, show_spinner="Drawing the curves…", hash_funcs=data.BY_CONTENT)
def curves_beside(
    store: Store, predictions: StoredArtifact, features: StoredArtifact, champion_id: str, how: Resampling
) -> Beside:
    """Return the curves of candidate and champion on the same rows.

    Raises
    ------
    ModelError
        If the champion's file is gone, or cannot score with these features.
    """
    from core.evaluation.joined import chances
    from core.models.loader import read_model
    from core.queries.models.curves import curves_of_both, judged_rows

    rows = judged_rows(data.table(store, predictions))
    champion = read_model(Registry(store.root).bytes_of(champion_id))
    theirs = chances(champion, data.table(store, features), rows.frame)
    return Beside(*curves_of_both(rows, theirs, how))


@st.cache_data(max_entries=16, show_spinner="Filling the calls at the next open…", hash_funcs=data.BY_CONTENT)
def fills(
    store: Store, tables: Mapping[str, StoredArtifact], settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what the rule earns at the close of the call and at the next open; ``tables`` by kind.

    Raises
    ------
    AftercloseError
        If a table is damaged or gone.
    """
    from core.queries.models.fills import fills as of_both

    loaded = {kind: data.table(store, artifact) for kind, artifact in tables.items()}
    return of_both(loaded["predictions"], loaded["features"], loaded["prices_clean"], settings)


def tries(settings: Settings, evaluation_key: str) -> Tries | None:
    """Return the candidate of an evaluation among those judged on the same sessions; counted anew with each run."""
    return _tries(evaluation_key, _runs(settings), _settings=settings)


@st.cache_data(max_entries=32, show_spinner="Counting the tries…")
def _tries(evaluation_key: str, runs: int, *, _settings: Settings) -> Tries | None:  # noqa: ARG001 - what it rests on
    from core.registry.tries import tries

    return tries(_settings, evaluation_key)


def models(settings: Settings, profile: str, mark: str) -> list[dict[str, Any]]:
    """Return every model of a profile with its tries; ``mark`` says when a decision changed one."""
    return _models(profile, mark, _runs(settings), _settings=settings)


@st.cache_data(max_entries=8, show_spinner="Counting the tries…")
def _models(profile: str, *key: Any, _settings: Settings) -> list[dict[str, Any]]:  # noqa: ARG001 - what it rests on
    return listing(_settings, profile, with_tries=True)


def _runs(settings: Settings) -> int:
    journal = Journal.find(settings.data, settings.journal)
    return journal.count_runs() if journal else 0


def choice(settings: Settings, profile: str, body: Mapping[str, Any]) -> Choice:
    """Return what there is to decide at the run with the evaluation ``body``; looked up anew with each run and record.

    Raises
    ------
    ModelError
        If the champion pointer is damaged.
    """
    pointer = Champions(settings).of(profile)
    journal = Journal.find(settings.data, settings.journal)
    last = max((record.seq for record in journal.records()), default=0) if journal else 0
    mark = (pointer.model_id if pointer else "", last, _runs(settings))
    return _choice(profile, body["mode"], mark, _settings=settings, _body=body, **_model_key(body))


def _model_key(body: Mapping[str, Any]) -> dict[str, str]:
    model = body.get("model") or {}
    return {"model_id": str(model.get("model_id") or ""), "retained": str(model.get("retained") or "")}


@st.cache_data(max_entries=32, show_spinner=False)
def _choice(*key: Any, _settings: Settings, _body: Mapping[str, Any], **about: str) -> Choice:  # noqa: ARG001 - what it rests on
    return to_decide.choice(_settings, str(key[0]), _body)


def track_record(settings: Settings, profile: str, chain_head: str) -> list[dict[str, Any]]:
    """Return every advised decision of a profile with what came of it; ``chain_head`` says when there is a new one."""
    from core.registry.evidence import features_of

    try:
        features = features_of(settings, "", profile)
    except AftercloseError:
        return _track_record(profile, chain_head, "", _settings=settings, _features=None)
    return _track_record(profile, chain_head, features.sha256, _settings=settings, _features=features.table)


@st.cache_data(max_entries=8, show_spinner="Looking at what came of earlier decisions…")
def _track_record(
    profile: str,
    *key: str,  # noqa: ARG001 - what it rests on
    _settings: Settings,
    _features: Table | None,
) -> list[dict[str, Any]]:
    from core.queries.models.track_record import track_record

    return track_record(_settings, _features, profile)
