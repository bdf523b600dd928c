"""Trees of LightGBM and XGBoost, looked at in their text before their native readers see it.

Those readers trust a file: LightGBM ends the whole process on one that is cut off. So a text is refused here unless
its parts have the lengths that they announce, and every walk from a root ends in a leaf.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from core.errors import ModelError
from core.models.estimators import check_nodes

_SIZES = re.compile(r"^tree_sizes=([\d ]*)$", re.MULTILINE)
_END = "\nend of parameters\n\npandas_categorical:null\n"
_PER_SPLIT = ("split_feature", "threshold", "decision_type", "left_child", "right_child")


def check_lightgbm(text: str, features: int) -> None:
    """Refuse a text whose trees are cut off, lead nowhere, or split on other than ``features`` numbers.

    Raises
    ------
    ModelError
    """
    try:
        sizes = [int(size) for size in _SIZES.findall(text)[0].split()]
        start = text.index("Tree=0\n") if sizes else 0
        rest = text[start + sum(sizes) :].lstrip("\n")
        whole = text.startswith("tree\n") and rest.startswith("end of trees\n") and rest.endswith(_END)
        for number, size in enumerate(sizes):
            _lightgbm_tree(text[start : start + size], number, features)
            start += size
    except (ValueError, IndexError, KeyError) as error:
        raise _damaged(f"{type(error).__name__}: {str(error)[:80]}") from error
    if not whole or f"max_feature_idx={features - 1}\n" not in text:
        raise _damaged(f"its trees do not end where they say, or take other than {features} inputs")


def _lightgbm_tree(block: str, number: int, features: int) -> None:
    lines = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
    leaves = int(lines["num_leaves"])
    if lines["Tree"] != str(number) or int(lines["num_cat"]) or len(lines["leaf_value"].split()) != leaves:
        raise ValueError("a tree is another than it says")
    if leaves == 1:
        return
    columns = {name: np.array(lines[name].split(), dtype=np.float64) for name in _PER_SPLIT}
    if any(len(column) != leaves - 1 for column in columns.values()):
        raise ValueError("a tree lacks a split")
    sides = (columns["left_child"], columns["right_child"])
    for children in sides:
        if (-children[children < 0] - 1 >= leaves).any():
            raise ValueError("a tree lacks a leaf")
    # a child below 0 is a leaf, which is always in reach
    after = np.arange(leaves - 1)
    inner = [np.where(children < 0, after + 1, children) for children in sides]
    leaf = np.append(np.zeros(leaves - 1, dtype=bool), True)
    split = np.append(columns["split_feature"], 0)
    check_nodes(np.append(inner[0], 0), np.append(inner[1], 0), split, leaf, features)


def check_xgboost(text: str, features: int) -> None:
    """Refuse a text that is no JSON of trees whose walks end, or that split on other than ``features`` numbers.

    Raises
    ------
    ModelError
    """
    try:
        learner = json.loads(text)["learner"]
        trees = learner["gradient_booster"]["model"]["trees"]
        inputs = int(learner["learner_model_param"]["num_feature"])
        for tree in trees:
            _xgboost_tree(tree, features)
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _damaged(f"{type(error).__name__}: {str(error)[:80]}") from error
    if inputs != features or learner["gradient_booster"].get("name") != "gbtree":
        raise _damaged(f"it takes {inputs} inputs, or is no trees")


def _xgboost_tree(tree: Any, features: int) -> None:
    size = int(tree["tree_param"]["num_nodes"])
    names = (
        "left_children",
        "right_children",
        "split_indices",
        "split_conditions",
        "parents",
        "default_left",
    )
    columns = {name: np.array(tree[name], dtype=np.float64) for name in names}
    if any(column.shape != (size,) for column in columns.values()) or tree["categories"]:
        raise ValueError("a tree lacks a node, or splits on categories")
    below = (columns["left_children"], columns["right_children"])
    leaf = below[0] == -1
    if (below[1][leaf] != -1).any():
        raise ValueError("a leaf has a child")
    check_nodes(*below, columns["split_indices"], leaf, features)


def _damaged(what: str) -> ModelError:
    return ModelError(f"parameters.text is no whole model ({what})", expected="the text that training wrote")
