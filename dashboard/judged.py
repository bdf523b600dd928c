"""Loaders of the model page: curves, and what came of decisions; kept by the digests of what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import columns as col
from core.errors import AftercloseError, DataError
from core.queries.signals import too_few_sessions
from core.registry.registry import Registry
from core.request.settings import Settings
from core.store.checkpoints import Store
from core.tables.artifacts import Table
from core.tables.codec import decode
from dashboard import data
from dashboard.data import Held

Curves = Mapping[str, Any]


@dataclass(frozen=True)
class Beside:
    """Curves of candidate and champion on the rows that count for both."""

    candidate: Curves
    champion: Curves


def curves(store: Store, predictions: Held) -> Curves:
    """Return the curves of the judged model over all rows it is judged on."""
    return _curves(predictions.sha256, store, predictions)


def curves_beside(store: Store, predictions: Held, features: Held, champion_id: str) -> Beside:
    """Return the curves of candidate and champion on the same rows.

    Raises
    ------
    ModelError
        If the champion's file is gone, or cannot score with these features.
    """
    return _beside(
        predictions.sha256, features.sha256, champion_id, _store=store, _held=(predictions, features)
    )


def _table(store: Store, artifact: Held) -> Table:
    decoded = decode(store.read(artifact.slot, artifact.filename), artifact.filename)
    if not isinstance(decoded, Table):
        raise DataError(f"{artifact.filename} is a document", expected="a table")
    return decoded


@st.cache_data(max_entries=16, show_spinner="Drawing the curves…")
def _curves(sha256: str, _store: Store, _artifact: Held) -> Curves:  # noqa: ARG001 - the digest is the cache's key
    from core.measures.rows import judge
    from core.queries.curves import curves

    return curves(judge(_table(_store, _artifact).frame))


@st.cache_data(max_entries=16, show_spinner="Drawing the curves…")
def _beside(*key: str, _store: Store, _held: tuple[Held, Held]) -> Beside:
    from core.evaluation.joined import chances
    from core.measures.rows import judge
    from core.models.loader import read_model
    from core.queries.curves import curves_of_both

    rows = judge(_table(_store, _held[0]).frame)
    champion = read_model(Registry(_store.root).bytes_of(key[-1]))
    return Beside(*curves_of_both(rows, chances(champion, _table(_store, _held[1]), rows.frame)))


def too_short(store: Store, keys: Mapping[str, str], body: Mapping[str, Any]) -> str:
    """Return that a run had too few sessions to judge its model, and what to do; nothing where that is not so.

    Parameters
    ----------
    store : Store
    keys : mapping of str to str
        The run's keys by stage.
    body : mapping
        The run's evaluation; empty while there is none.
    """
    if body.get("mode") != "train" or body.get("rows"):
        return ""
    try:
        predictions, features = (data.held(store, keys, kind) for kind in ("predictions", "features"))
    except AftercloseError:
        return ""  # what is damaged is said where it is shown
    meta = store.meta(predictions.slot) if predictions else None
    if meta is None or features is None:
        return ""
    sessions = _labelled_sessions(features.sha256, store, features)
    return too_few_sessions(body, sessions, int(meta.body["parameters"]["min_train_sessions"]))


@st.cache_data(max_entries=16, show_spinner=False)
def _labelled_sessions(sha256: str, _store: Store, _artifact: Held) -> int:  # noqa: ARG001 - the digest is the cache's key
    frame = _table(_store, _artifact).frame
    return int(frame.loc[frame[col.UP_NEXT].notna(), col.DATE].nunique())


def track_record(settings: Settings, chain_head: str) -> list[dict[str, Any]]:
    """Return every advised decision with what came of it; ``chain_head`` says when there is a new one."""
    from core.registry.evidence import features_of

    try:
        features = features_of(settings.data, "")
    except AftercloseError:
        return _track_record(chain_head, "", _settings=settings, _features=None)
    return _track_record(chain_head, features.sha256, _settings=settings, _features=features.table)


@st.cache_data(max_entries=8, show_spinner="Looking at what came of earlier decisions…")
def _track_record(*key: str, _settings: Settings, _features: Table | None) -> list[dict[str, Any]]:  # noqa: ARG001 - what it rests on
    from core.queries.track_record import track_record

    return track_record(_settings, _features)
