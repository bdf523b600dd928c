"""A fit that was done before is not done again: what a model learns is a function of its rows and settings."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.fingerprint import canonical
from core.platform.program import program, stage_code
from core.tables.artifacts import Document
from core.tables.codec import decode, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.kind import ModelKind
    from core.models.model_rows import Matrix, Vector
    from core.tables.workplace import Memory

LEAST_ROWS = 50_000
"""Fits of fewer rows are done again: they take less than a fifth of a second, and a file each."""

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "lightgbm", "xgboost")

_KIND = "fit"


def fit(
    kind: ModelKind,
    inputs: Matrix,
    label: Vector,
    *,
    seed: int,
    weights: Vector | None,
    memory: Memory | None,
) -> Mapping[str, Any]:
    """Return what a kind learns, from memory where the same rows taught the same kind before.

    Parameters
    ----------
    kind : ModelKind
    inputs : float64 array, shape (n, features)
        Rows without NaN.
    label : float64 array, shape (n,)
        1 or 0.
    seed : int
    weights : float64 array, shape (n,), or None
        How much each row counts.
    memory : Memory or None
        Under the digest of rows, labels, weights, kind, settings, seed, the stage's code and the libraries' versions.
    """
    extra = {} if weights is None else {"weights": weights}
    if memory is None or len(label) < LEAST_ROWS:
        return kind.fit(inputs, label, seed=seed, **extra)
    digest = digest_of(kind, inputs, label, seed=seed, weights=weights)
    data = memory.read(digest)
    if data is not None:
        return _parameters(data)
    parameters = kind.fit(inputs, label, seed=seed, **extra)
    try:
        data = encode(Document(_KIND, {"parameters": parameters})).data
    except DataError:  # no JSON has it: whoever writes the model says so
        return parameters
    memory.keep(digest, data)
    return parameters


def _parameters(data: bytes) -> Mapping[str, Any]:
    document = decode(data, f"{_KIND}.json")
    parameters: Mapping[str, Any] = document.body["parameters"] if isinstance(document, Document) else {}
    return parameters


def digest_of(kind: ModelKind, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None) -> str:
    """Return the SHA-256 of everything that a fit follows from."""
    arrays = [inputs, label] + ([] if weights is None else [weights])
    about = {
        "kind": kind.name,
        "hyperparameters": dict(kind.hyperparameters),
        "seed": seed,
        "shapes": [list(array.shape) for array in arrays],
        "program": program()["version"],
        "code": stage_code("train_or_score"),
        "libraries": _versions(),
    }
    digest = hashlib.sha256(canonical(about))
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype=np.float64).data)
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue  # not in use either
    return versions
