"""Features of each session from data up to that session, and the label of what comes after.

One entry in :mod:`core.features.definitions` is all it takes to add a feature.
Uses the shared words, :mod:`core.platform` and :mod:`core.tables`.
"""

from __future__ import annotations

from core.features.definitions import (
    FEATURE_SET,
    FEATURES,
    columns,
    definition_digest,
    definitions,
    model_features,
    warm_up,
)
from core.features.engineering import engineer

__all__ = [
    "FEATURES",
    "FEATURE_SET",
    "columns",
    "definition_digest",
    "definitions",
    "engineer",
    "model_features",
    "warm_up",
]
