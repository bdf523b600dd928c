"""Features of each session from data up to that session, and the label of what comes after.

A built-in feature is defined by one entry in :mod:`core.features.definitions`; docs/add-a-feature.md says what
changes with it. A user-defined one comes from a plug-in.

Uses :mod:`core.platform`, :mod:`core.plugins` and :mod:`core.tables`.
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
