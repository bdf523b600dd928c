"""Scoring on request, outside any run: a model, features, and what it says now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import MissingFileError
from core.models.document import model_id_of
from core.models.loader import read_model
from core.models.scoring import score
from core.registry.evidence import features_of
from core.registry.registry import Registry
from core.request.settings import Settings
from core.tables.artifacts import Document


def predict(settings: Settings, *, model: str, features: str) -> dict[str, Any]:
    """Return what a model says of each ticker's next session. Nothing is written.

    Parameters
    ----------
    model : str
        An id, the beginning of one, or a model file; empty: the champion.
    features : str
        A features file; empty: the features of the last successful run.

    Returns
    -------
    dict
        ``model_id``, ``model_kind``, ``trained_to``, ``age_sessions`` (from training to the last row of the
        features), ``features`` (where they are from, their SHA-256 and last session) and ``signals``.

    Raises
    ------
    AftercloseError
        If there is no champion, no features, or the two do not fit (other feature definitions).
    """
    document = _document(Registry(settings.data), model)
    found = features_of(settings.data, features)
    table = score(found.table, document, {"calendar": settings["calendar"]})
    return {
        "model_id": model_id_of(document),
        "model_kind": document.body["model_kind"],
        "trained_to": document.body["training"]["to"],
        "age_sessions": table.header["age_sessions"],
        "features": {
            "origin": found.origin,
            "sha256": found.sha256,
            "last_session": str(found.table.frame["date"].max())[:10],
        },
        "signals": table.header["signals"],
    }


def _document(registry: Registry, text: str) -> Document:
    if not text:
        return read_model(registry.bytes_of(registry.require_champion().model_id))
    if "/" not in text and not text.endswith(".json"):
        return read_model(registry.bytes_of(registry.find(text)))
    path = Path(text)
    if not path.is_file():
        raise MissingFileError.of(path, "model file")
    return read_model(path.read_bytes())
