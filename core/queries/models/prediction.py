"""Scoring on request, outside any run: a model, features, and what it says now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import MissingFileError, ParameterError, listed
from core.label import Label
from core.models.document import model_id_of
from core.models.loader import read_model
from core.models.scoring import score
from core.models.train_settings import ScoreSettings
from core.registry.champions import Champions
from core.registry.evidence import features_of, signals_behind
from core.registry.origins import Origins, finished_runs
from core.registry.registry import Registry
from core.request.settings import Settings
from core.review.decision_history import states
from core.store.checkpoints import Store
from core.tables.artifacts import Document


def predict(settings: Settings, *, model: str, features: str, profile: str) -> dict[str, Any]:
    """Return what a model says of each ticker's next sessions in a profile. Nothing is written.

    Parameters
    ----------
    model : str
        An id, the beginning of one, or a model file; empty: the profile's champion.
    features : str
        A features file; empty: the features of the profile's newest report.

    Returns
    -------
    dict
        ``profile``, ``model_id``, ``model_kind``, ``trained_to``, ``age_sessions`` (from training to the last row of
        the features), ``features`` (where they are from, their SHA-256 and last session), ``label`` (horizon and kind)
        and ``signals``: those of a ticker whose last row the findings behind the features doubt have no direction.
        Behind a features file are no findings.

    Raises
    ------
    AftercloseError
        If there is no champion, no features, or the two do not fit (other feature definitions).
    """
    document = _document(settings, model, profile)
    source = features_of(settings, features, profile)
    table = score(source.table, document, ScoreSettings(_calendar(settings, profile)))
    return {
        "profile": profile,
        "model_id": model_id_of(document),
        "model_kind": document.body["model_kind"],
        "trained_to": document.body["training"]["to"],
        "age_sessions": table.header["age_sessions"],
        "features": {
            "origin": source.origin,
            "sha256": source.sha256,
            "last_session": str(source.table.frame["date"].max())[:10],
        },
        "label": Label.of(table.header).facts,
        "signals": signals_behind(Store(settings.data), source.slot, table),
    }


def _calendar(settings: Settings, profile: str) -> str:
    """Return the calendar that a profile's sessions follow: that of its newest report, else of its section."""
    newest = next(iter(finished_runs(settings, profile)), None)
    requested = newest.request.get("calendar", "") if newest else ""
    return requested or str(settings.where_known(profile)["calendar"])


def _document(settings: Settings, text: str, profile: str) -> Document:
    """Return the model that is meant: one of the profile, or one that came from elsewhere.

    Raises
    ------
    ParameterError
        If it was trained in other profiles and never promoted in this one.
    """
    registry = Registry(settings.data)
    if not text:
        champion = Champions(settings).require(profile)
        return read_model(registry.bytes_of(champion.model_id, champion.sha256))
    if "/" not in text and not text.endswith(".json"):
        document = read_model(registry.bytes_of(registry.find(text)))
    else:
        path = Path(text)
        MissingFileError.unless_file(path, "model file")
        document = read_model(path.read_bytes())
    identity = model_id_of(document)
    elsewhere = Origins(settings).of_model(identity)
    if elsewhere and profile not in elsewhere and identity not in states(settings, profile):
        raise ParameterError(
            f"model {identity} is of profile {listed(sorted(elsewhere))}",
            expected=f"a model of profile {profile}",
            remedy="See: afterclose models",
            parameter="model",
        )
    return document
