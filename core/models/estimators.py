"""Fitted scikit-learn estimators as plain JSON, and back, without pickle.

A closed list of types stands between a file and the program: numbers, texts, lists, mappings, arrays of numbers,
estimators that scikit-learn itself defines, and the few parts they are made of. A file names nothing else, calls
nothing, and no code comes with it. What only fitting uses (random states, optimisers) is left out. Trees and
neighbours, which native code walks without looking, are checked or built anew.
Why this form: ``docs/decisions/022-models-of-others.md``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from core.errors import ModelError

_FIT_ONLY = frozenset({"_optimizer", "_loss_function_"})
"""Attributes that only a fit reads: the state of a solver. Generators of random numbers are left out, too."""

_NOT_ALLOWED = ("sklearn.tests", "sklearn.datasets", "sklearn.model_selection", "sklearn.conftest")
"""Modules of scikit-learn that hold no model; a search over folds mixes past and future."""

_PARTS = frozenset(
    {
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Exponentiation",
        "sklearn.gaussian_process.kernels.Matern",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.gaussian_process.kernels.RationalQuadratic",
        "sklearn.gaussian_process.kernels.Sum",
        "sklearn.gaussian_process.kernels.WhiteKernel",
    }
)
"""Parts of estimators that are not estimators themselves, restored field by field."""

_STATELESS = frozenset({"sklearn._loss.loss.HalfBinomialLoss", "sklearn._loss.loss.ExponentialLoss"})
"""What is the same each time it is made."""

_TREE = "sklearn.tree._tree.Tree"
_NEIGHBOURS = frozenset({"sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree"})

_WHOLE = ("<i1", "<i2", "<i4", "<i8")


def text_of(estimator: Any) -> str:
    """Return a fitted estimator as JSON text; equal estimators give equal texts.

    Raises
    ------
    ModelError
        If it holds anything that is not on the closed list.
    """
    return json.dumps(_encoded(estimator, type(estimator).__name__), sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=16)
def estimator_of(text: str, features: int) -> Any:
    """Return the estimator that :func:`text_of` wrote, ready to give probabilities of 0 and 1.

    Parameters
    ----------
    text : str
    features : int
        Inputs that it must take.

    Raises
    ------
    ModelError
        If the text is no such estimator: unreadable, of a type that is not on the list, damaged, or of
        other inputs or outcomes.
    """
    try:
        estimator = _decoded(json.loads(text, parse_constant=_refuse), features)
        sound = list(estimator.classes_) == [0.0, 1.0] and int(estimator.n_features_in_) == features
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"parameters.text is no estimator ({type(error).__name__}: {str(error)[:120]})",
            expected="the text that training wrote",
        ) from error
    if not sound:
        raise ModelError(
            "parameters.text is an estimator of something else",
            expected=f"{features} inputs, outcomes 0 and 1",
        )
    return estimator


def _refuse(name: str) -> Any:
    raise ModelError(f"parameters.text holds {name}", expected="finite numbers")


def _encoded(value: Any, where: str) -> Any:  # noqa: PLR0911 - one return per type reads as a table
    """Return one value as JSON: scalars as they are, everything else as an object with one key that says what it is."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.generic):
        return _scalar(value, where)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else {"float": str(value)}
    if isinstance(value, np.ndarray):
        return _array(value, where)
    if isinstance(value, list):
        return {"list": [_encoded(entry, where) for entry in value]}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(entry, where) for entry in value]}
    if isinstance(value, dict):
        return {"dict": [[_encoded(key, where), _encoded(entry, where)] for key, entry in value.items()]}
    return _object(value, where)


def _scalar(value: np.generic, where: str) -> Any:
    if value.dtype.kind not in "biuf":
        raise _unkeepable(value, where)
    return {"scalar": [value.dtype.str, value.item() if np.isfinite(value) else str(value)]}


def _array(values: np.ndarray, where: str) -> dict[str, Any]:
    if values.dtype.names:
        return {"table": {name: _array(values[name], where) for name in values.dtype.names}}
    if values.dtype.kind == "O":
        return {
            "objects": [list(values.shape), [_encoded(entry, where) for entry in values.ravel().tolist()]]
        }
    if values.dtype.kind not in "biuf":
        raise _unkeepable(values, where)
    narrow = values
    if values.dtype.kind == "i" and values.size:
        bounds = (int(values.min()), int(values.max()))
        fits = (
            kind for kind in _WHOLE if np.iinfo(kind).min <= bounds[0] and bounds[1] <= np.iinfo(kind).max
        )
        narrow = values.astype(next(fits))
    data = np.ascontiguousarray(narrow.astype(narrow.dtype.newbyteorder("<"), copy=False)).tobytes()
    return {
        "array": [
            values.dtype.newbyteorder("<").str,
            narrow.dtype.newbyteorder("<").str,
            list(values.shape),
            base64.b64encode(data).decode(),
        ]
    }


def _object(value: Any, where: str) -> dict[str, Any]:
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if name in _STATELESS:
        return {"new": name}
    if name in _NEIGHBOURS:
        return {"neighbours": name}
    if name == _TREE:
        _, made_of, state = value.__reduce__()
        return {"tree": _encoded([*made_of, state["max_depth"], state["nodes"], state["values"]], where)}
    if not (_is_estimator(type(value)) or name in _PARTS):
        raise _unkeepable(value, where)
    random = (np.random.RandomState, np.random.Generator)
    fields = {
        key: None if isinstance(entry, random) else entry
        for key, entry in vars(value).items()
        if key not in _FIT_ONLY
    }
    return {"object": [name, {key: _encoded(entry, f"{where}.{key}") for key, entry in fields.items()}]}


def _unkeepable(value: Any, where: str) -> ModelError:
    return ModelError(
        f"{where} holds a {type(value).__module__}.{type(value).__qualname__}",
        expected="numbers, texts, arrays, trees and scikit-learn's own estimators: nothing else is kept without pickle",
        remedy="Choose another model, or other --model-parameters.",
    )


def _is_estimator(kind: type) -> bool:
    from sklearn.base import BaseEstimator

    return issubclass(kind, BaseEstimator) and is_allowed(kind.__module__)


def is_allowed(module: str) -> bool:
    """Return whether estimators of a module are taken: those of scikit-learn, but for searches and test data."""
    return module.startswith("sklearn.") and not module.startswith(_NOT_ALLOWED)


def _decoded(value: Any, features: int) -> Any:
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise ModelError("parameters.text holds a bare list", expected="the text that training wrote")
        return value
    ((tag, content),) = value.items()
    return _DECODERS[tag](content, features)


def _list(content: Any, features: int) -> list[Any]:
    return [_decoded(entry, features) for entry in content]


def _dict(content: Any, features: int) -> dict[Any, Any]:
    return {_decoded(key, features): _decoded(entry, features) for key, entry in content}


def _numbers(content: Any, features: int) -> np.ndarray:
    del features
    kind, stored, shape, data = content
    if np.dtype(kind).kind not in "biuf" or np.dtype(stored).kind not in "biuf":
        raise ModelError(f"parameters.text holds an array of {kind}", expected="numbers")
    return np.frombuffer(base64.b64decode(data, validate=True), dtype=stored).reshape(shape).astype(kind)


def _objects(content: Any, features: int) -> np.ndarray:
    shape, entries = content
    values = np.empty(len(entries), dtype=object)
    values[:] = _list(entries, features)
    return values.reshape(shape)


def _rows_of(content: Mapping[str, Any], kind: np.dtype, features: int) -> np.ndarray:
    """Return a table of nodes; its columns are those of the installed scikit-learn, or it is refused."""
    columns = {name: _numbers(entry["array"], features) for name, entry in content.items()}
    if tuple(columns) != tuple(sorted(kind.names or ())) and set(columns) != set(kind.names or ()):
        raise ModelError(f"nodes have the columns {sorted(columns)}", expected=f"{kind.names}")
    rows = np.zeros(len(next(iter(columns.values()))), dtype=kind)
    for name, values in columns.items():
        rows[name] = values
    return rows


def _tree(content: Any, features: int) -> Any:
    from sklearn.tree._tree import NODE_DTYPE, Tree

    inputs, classes, outputs, depth, nodes, values = content["list"]
    rows = _rows_of(nodes["table"], NODE_DTYPE, features)
    leaf = rows["left_child"] == -1
    check_nodes(rows["left_child"], rows["right_child"], rows["feature"], leaf, features)
    if (rows["right_child"][leaf] != -1).any() or int(inputs) != features:
        raise ModelError("a tree's leaf has a child, or it takes other inputs", expected=f"{features} inputs")
    tree = Tree(features, _decoded(classes, features), int(outputs))
    figures = _decoded(values, features)
    tree.__setstate__({"max_depth": int(depth), "node_count": len(rows), "nodes": rows, "values": figures})
    return tree


def check_nodes(first: Any, second: Any, feature: Any, leaf: Any, features: int) -> None:
    """Refuse nodes whose walk would loop or leave its arrays: native code follows them without looking.

    Raises
    ------
    ModelError
        Unless each inner node splits on an input and its children stand after it.
    """
    place, inner = np.arange(len(leaf)), ~np.asarray(leaf, dtype=bool)
    inside = (first > place) & (second > place) & (first < len(leaf)) & (second < len(leaf))
    splits = (feature >= 0) & (feature < features)
    if not len(leaf) or not (inside & splits)[inner].all():
        raise ModelError(
            "a tree's node leads nowhere", expected="children after their parent, and inputs that exist"
        )


def _stateless(content: str, features: int) -> Any:
    del features
    if content not in _STATELESS:
        raise ModelError(f"parameters.text names {str(content)[:80]!r}", expected="a type of the closed list")
    return _class_of(content)()


def _restored(content: Any, features: int) -> Any:
    name, fields = content
    module, _, _ = str(name).rpartition(".")
    if not is_allowed(module):
        raise ModelError(f"parameters.text names {str(name)[:80]!r}", expected="a type of the closed list")
    kind = _class_of(name)
    if not (_is_estimator(kind) or name in _PARTS):
        raise ModelError(f"parameters.text names {str(name)[:80]!r}", expected="a type of the closed list")
    state: dict[str, Any] = {}
    for key, entry in fields.items():
        if isinstance(entry, dict) and "neighbours" in entry:
            continue
        nodes = name.endswith("TreePredictor") and key == "nodes"
        state[key] = _boosted_nodes(entry["table"], features) if nodes else _decoded(entry, features)
    restored = kind.__new__(kind)
    restored.__dict__.update(state)
    for key, entry in fields.items():
        if isinstance(entry, dict) and "neighbours" in entry:
            restored.__dict__[key] = _neighbours(entry["neighbours"], restored)
    outcomes = state.get("_y")
    if isinstance(outcomes, np.ndarray) and not ((outcomes >= 0) & (outcomes < 2)).all():
        raise ModelError("a neighbour has an outcome that is none", expected="0 or 1")
    return restored


def _boosted_nodes(content: Mapping[str, Any], features: int) -> np.ndarray:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    rows = _rows_of(content, PREDICTOR_RECORD_DTYPE, features)
    first, second, feature = (rows[name].astype(np.int64) for name in ("left", "right", "feature_idx"))
    check_nodes(first, second, feature, rows["is_leaf"], features)
    if rows["is_categorical"].any():
        raise ModelError("a tree splits on categories", expected="numbers")
    return rows


def _neighbours(name: str, restored: Any) -> Any:
    """Return the search tree of a model of neighbours, built anew from its rows."""
    if name not in _NEIGHBOURS:
        raise ModelError(f"parameters.text names {str(name)[:80]!r}", expected="a type of the closed list")
    more = restored.effective_metric_params_
    return _class_of(name)(restored._fit_X, restored.leaf_size, metric=restored.effective_metric_, **more)  # noqa: SLF001 - as scikit-learn builds it


def _class_of(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def _scalar_of(content: Any, features: int) -> Any:
    del features
    kind, value = content
    if np.dtype(kind).kind not in "biuf":
        raise ModelError(f"parameters.text holds a number of type {kind}", expected="numbers")
    return np.dtype(kind).type(float(value) if isinstance(value, str) else value)


_DECODERS: Mapping[str, Callable[[Any, int], Any]] = {
    "list": _list,
    "tuple": lambda content, features: tuple(_list(content, features)),
    "dict": _dict,
    "float": lambda content, features: float(content),  # noqa: ARG005 - all take both
    "scalar": _scalar_of,
    "array": _numbers,
    "objects": _objects,
    "tree": _tree,
    "new": _stateless,
    "object": _restored,
}
