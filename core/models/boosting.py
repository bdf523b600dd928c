"""Histogram gradient boosting: many small trees, added up."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ModelError
from core.models.kind import (
    Parameters,
    logistic,
    require_keys,
    require_number,
    require_numbers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.models.model_rows import Matrix, Vector

_KEYS = ("baseline", "trees")
_TREE_KEYS = ("feature", "threshold", "left", "right", "value")

MAX_TREES = 2_000
MAX_NODES = 255
"""Caps of a loaded model, some twenty to fifty times what is trained here: a file above them is not ours."""

_ROWS_AT_ONCE = 8_192
"""Nine columns of so many rows, and what is chosen from them, stay within a processor's cache."""

LEAF = -1
"""In ``feature``: this node has no split, its ``value`` counts."""


class HistGradientBoostingKind:
    """Gradient-boosted trees, small and slow-learning because daily returns are nearly all noise.

    Forty trees of seven leaves on 63 bins: walking the embedded sample forward takes one CPU second,
    with scikit-learn's default size over four. No early stopping: scikit-learn's holds out rows at
    random, which mixes past and future.
    """

    name = "hist_gradient_boosting"
    hyperparameters: Mapping[str, Any] = MappingProxyType(
        {
            "max_iter": 40,
            "max_leaf_nodes": 7,
            "max_bins": 63,
            "learning_rate": 0.05,
            "min_samples_leaf": 100,
            "early_stopping": False,
        }
    )

    def __init__(self, hyperparameters: Mapping[str, Any] | None = None) -> None:
        if hyperparameters is not None:
            self.hyperparameters = dict(hyperparameters)  # a view of it could not travel to other processes

    def fit(
        self, inputs: Matrix, label: Vector, *, seed: int, weights: Vector | None = None
    ) -> dict[str, Any]:
        """Return the baseline log-odds and the trees, exactly as fitted.

        Parameters
        ----------
        inputs : float64 array, shape (n, features)
            Rows without NaN.
        label : float64 array, shape (n,)
            1 or 0, both present.
        weights : float64 array, shape (n,), optional
            How much each row counts; all alike without.
        seed : int
            Of the rows that bins are made from (all of them up to 200,000).
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        estimator = HistGradientBoostingClassifier(**self.hyperparameters, random_state=seed)
        estimator.fit(inputs, label, sample_weight=weights)
        # scikit-learn has no public way to the trees; a test compares probabilities with its own.
        trees = [_tree_arrays(stage[0].nodes) for stage in estimator._predictors]  # noqa: SLF001 - see above
        return {"baseline": float(estimator._baseline_prediction[0, 0]), "trees": trees}  # noqa: SLF001 - see above

    def probability(self, parameters: Parameters, inputs: Matrix) -> Vector:
        """Return the probability of label 1, shape (n,), for rows of shape (n, features) without NaN.

        >>> stump = {"feature": [0, -1, -1], "threshold": [5.0, 0.0, 0.0], "left": [1, 0, 0],
        ...          "right": [2, 0, 0], "value": [0.0, -1.0, 1.0]}
        >>> model = {"baseline": 0.0, "trees": [stump]}
        >>> HistGradientBoostingKind().probability(model, np.array([[5.0], [5.1]])).round(4).tolist()
        [0.2689, 0.7311]
        """
        log_odds = np.full(len(inputs), parameters["baseline"], dtype="float64")
        for start in range(0, len(inputs), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            columns = np.ascontiguousarray(inputs[part].T)
            # One tree after the other, as scikit-learn adds them: the same bits.
            for tree in parameters["trees"]:
                log_odds[part] += _values(tree, columns)
        return logistic(log_odds)

    def check(self, parameters: Parameters, features: int) -> None:
        """Refuse other keys, too many trees or nodes, and anything that is not a binary tree."""
        require_keys(parameters, _KEYS, "parameters")
        require_number(parameters["baseline"], "parameters.baseline")
        trees = parameters["trees"]
        if not isinstance(trees, list) or not 0 < len(trees) <= MAX_TREES:
            what = f"{len(trees)} entries" if isinstance(trees, list) else f"a {type(trees).__name__}"
            raise ModelError(f"parameters.trees is {what}", expected=f"a list of 1 to {MAX_TREES} trees")
        for number, tree in enumerate(trees):
            _check_tree(tree, features, f"parameters.trees[{number}]")


def _values(tree: Mapping[str, Any], columns: Matrix, node: int = 0) -> Vector | float:
    """Return what a tree says of each row from a node on; ``columns`` has shape (features, rows).

    Every split is asked of every row, one column at a time: comparing and choosing so costs less than to look up
    where each row has come to.
    """
    feature = tree["feature"][node]
    if feature == LEAF:
        return float(tree["value"][node])
    below, above = (_values(tree, columns, tree[side][node]) for side in ("left", "right"))
    return np.where(columns[feature] <= tree["threshold"][node], below, above)


def _tree_arrays(nodes: np.ndarray) -> dict[str, list[Any]]:
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "feature": np.where(leaf, LEAF, nodes["feature_idx"]).tolist(),
        "threshold": np.where(leaf, 0.0, nodes["num_threshold"]).tolist(),
        "left": np.where(leaf, 0, nodes["left"]).tolist(),
        "right": np.where(leaf, 0, nodes["right"]).tolist(),
        "value": np.where(leaf, nodes["value"], 0.0).tolist(),
    }


def _check_tree(tree: Any, features: int, where: str) -> None:
    require_keys(tree, _TREE_KEYS, where)
    size = len(tree["feature"]) if isinstance(tree["feature"], list) else 0
    if not 0 < size <= MAX_NODES:
        raise ModelError(f"{where}.feature has {size} nodes", expected=f"a list of 1 to {MAX_NODES}")
    for key in ("threshold", "value"):
        require_numbers(tree[key], size, f"{where}.{key}")
    for key in ("feature", "left", "right"):
        require_numbers(tree[key], size, f"{where}.{key}")
        if not all(isinstance(entry, int) for entry in tree[key]):
            raise ModelError(f"{where}.{key} holds a fraction", expected="whole numbers")
    _check_shape(tree, size, features, where)


def _check_shape(tree: Mapping[str, list[int]], size: int, features: int, where: str) -> None:
    """Refuse a tree that would loop, leave its arrays or reach a node in two ways."""
    children: list[int] = []
    for node, (feature, left_child, right_child) in enumerate(
        zip(tree["feature"], tree["left"], tree["right"], strict=True)
    ):
        if feature == LEAF and (left_child, right_child) == (0, 0):
            continue
        if not 0 <= feature < features:
            raise ModelError(
                f"{where}: node {node} splits on feature {feature}", expected=f"0 to {features - 1}"
            )
        if not (node < left_child < size and node < right_child < size):
            raise ModelError(
                f"{where}: node {node} has children {left_child} and {right_child}",
                expected=f"children greater than their parent and below {size}",
            )
        children += [left_child, right_child]
    if sorted(children) != list(range(1, size)):
        raise ModelError(
            f"{where} has nodes with no parent or two", expected="one parent for each but the root"
        )
