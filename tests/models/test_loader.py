"""Model files are refused one by one, each with its reason; whole ones load."""

import copy
import pickle
import re

import orjson
import pytest

from core.errors import ModelError
from core.features import FEATURE_SET, definition_digest, model_features
from core.fingerprint import sha256
from core.label import MOST_SESSIONS
from core.models import loader
from core.models.loader import load_model, read_model
from core.tables.artifacts import Document
from core.tables.codec import encode

KINDS = ["logistic_regression", "hist_gradient_boosting"]

FEATURES = model_features()
INPUTS = len(FEATURES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trained_model_loads_from_its_bytes(trained, kind):
    """The document comes back equal, and its id is the head of the file's SHA-256."""
    data = encode(trained[kind][1]).data
    document = read_model(data)
    assert document == trained[kind][1]
    model = load_model(document)
    assert model.kind.name == kind
    assert model.model_id == sha256(data)[:12]
    assert model.trained_to.isoformat() == document.body["training"]["to"]


def _first_split(body):
    return next(t for t in body["parameters"]["trees"] if t["feature"][0] >= 0)


def _set(*path, value):
    def change(body):
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = value

    return change


def _tree(key, place, value):
    def change(body):
        _first_split(body)[key][place] = value

    return change


def _drop(*path):
    def change(body):
        for step in path[:-1]:
            body = body[step]
        del body[path[-1]]

    return change


def _too_many_trees(body):
    body["parameters"]["trees"] *= 51


def _tree_of(nodes):
    return _set("parameters", "trees", 0, "feature", value=[-1] * nodes)


def _two_parents(body):
    tree = _first_split(body)
    tree["right"][0] = tree["left"][0]


def _other_values(body):
    for tree in body["parameters"]["trees"]:
        tree["value"][-1] = 0.5


LOGISTIC = {
    "another kind": (_set("model_kind", value="random_forest"), "'random_forest'; expected one of logistic"),
    "a kind that is no text": (_set("model_kind", value=["x"]), "expected one of logistic"),
    "a key missing": (_drop("threshold"), "lacks .'threshold'"),
    "a key unknown": (_set("code", value="import os"), "unknown .'code'"),
    "parameters missing": (_drop("parameters", "mean"), "parameters lacks .'mean'"),
    "parameters of another shape": (
        _set("parameters", value=[1]),
        "parameters is a list; expected an object",
    ),
    "features in another order": (lambda b: b["features"].reverse(), f"features are .'{FEATURES[-1]}'"),
    "a feature missing": (lambda b: b["features"].pop(), "in this order"),
    "too few coefficients": (
        lambda b: b["parameters"]["coefficients"].pop(),
        f"coefficients has {INPUTS - 1} values; expected {INPUTS}",
    ),
    "too many means": (
        lambda b: b["parameters"]["mean"].append(0.0),
        f"mean has {INPUTS + 1} values; expected {INPUTS}",
    ),
    "a mean that is no list": (_set("parameters", "mean", value="0"), "mean is a str; expected a list"),
    "a coefficient that is text": (
        _set("parameters", "coefficients", 3, value="1"),
        r"coefficients\[3\] is 1;",
    ),
    "a coefficient that is true": (
        _set("parameters", "coefficients", 3, value=True),
        r"\[3\] is True; .*finite",
    ),
    "a coefficient that is null": (
        _set("parameters", "coefficients", 0, value=None),
        r"\[0\] is None; .*finite",
    ),
    "an intercept that is infinite": (
        _set("parameters", "intercept", value=float("inf")),
        "intercept is inf",
    ),
    "an intercept that is no number": (
        _set("parameters", "intercept", value=float("nan")),
        "intercept is nan",
    ),
    "an integer beyond all floats": (_set("parameters", "intercept", value=10**400), "intercept is 1000"),
    "a scale that is text": (
        _set("parameters", "scale", 2, value="x"),
        r"^parameters\.scale\[2\] is x;",
    ),
    "a scale of zero": (
        _set("parameters", "scale", 2, value=0.0),
        "scale holds 0.0; expected numbers above 0",
    ),
    "a scale below zero": (_set("parameters", "scale", 2, value=-1.0), "scale holds -1.0"),
    "a coefficient that was changed": (
        _set("parameters", "coefficients", 0, value=9.0),
        r"self_check\[0\] gives",
    ),
    "a probability that was changed": (
        _set("self_check", 1, "probability", value=0.9),
        r"self_check\[1\] gives",
    ),
    "numbers that cancel to nothing": (
        _set("parameters", "scale", value=[1e-320] * INPUTS),
        "gives probability nan",
    ),
    "a self-check too few": (lambda b: b["self_check"].pop(), "self_check is incomplete; expected 3"),
    "a self-check without inputs": (_drop("self_check", 0, "inputs"), r"self_check\[0\] lacks .'inputs'"),
    "a self-check of wrong width": (
        _set("self_check", 2, "inputs", value=[0.1]),
        f"inputs has 1 values; expected {INPUTS}",
    ),
    "another label": (_set("label", value="up_5"), "label 'up_5'"),
    "another threshold": (_set("threshold", value=0.6), "threshold 0.6"),
    "no date of training": (_set("training", "to", value="yesterday"), "training.to is 'yesterday'"),
    "a date in another form": (
        _set("training", "to", value="20150102"),
        "expected a date written YYYY-MM-DD",
    ),
    "training without rows": (_drop("training", "rows"), "training lacks .'rows'"),
    "rows below zero": (_set("training", "rows", value=-1), "training.rows is '-1'"),
    "a seed of true": (_set("training", "seed", value=True), "training.seed is 'True'"),
    "tickers that are no texts": (_set("training", "tickers", value=[1]), "training.tickers is"),
    "tickers of the table that are no texts": (
        _set("training", "tickers_of_table", value=[1]),
        "training.tickers_of_table is",
    ),
    "a digest of a thousand letters": (
        _set("training", "features_sha256", value="a" * 1000),
        "expected a SHA-256",
    ),
    "versions as text": (_set("training", "libraries", value="1.9"), "expected versions by library"),
    "training as text": (_set("training", value="x"), "training is a str"),
    "folds as text": (_set("walk_forward", "folds", value="x"), "walk_forward is malformed"),
    "a metric that is text": (
        _set("walk_forward", "performance", "auc", value="x"),
        "walk_forward is malformed",
    ),
    "a bound that is text": (_set("walk_forward", "performance", "auc", "low", value="x"), "auc.low is x"),
    "a metric without value": (_drop("walk_forward", "performance", "auc", "value"), "auc lacks .'value'"),
    "a reason that is a page": (
        _set("walk_forward", "performance", "auc", "reason", value="x" * 999),
        "is no text",
    ),
}

BOOSTING = {
    "no trees": (_set("parameters", "trees", value=[]), "trees is 0 entries"),
    "trees as text": (_set("parameters", "trees", value="x"), "trees is a str"),
    "too many trees": (_too_many_trees, "2040 entries; .*2000"),
    "an infinite baseline": (_set("parameters", "baseline", value=float("inf")), "baseline is inf"),
    "a tree without values": (_drop("parameters", "trees", 0, "value"), r"trees\[0\] lacks .'value'"),
    "a tree with an unknown array": (_set("parameters", "trees", 0, "code", value=[]), "unknown .'code'"),
    "a tree of no nodes": (_set("parameters", "trees", 0, "feature", value=[]), "feature has 0 nodes"),
    "a tree of too many nodes": (_tree_of(256), "has 256 nodes"),
    "arrays of unlike length": (lambda b: _first_split(b)["left"].pop(), "left has .* values; expected"),
    "a child that is its own parent": (_tree("left", 0, 0), "children 0 and .*greater than their parent"),
    "a child outside the tree": (_tree("right", 0, 99), "and 99; expected children .* below"),
    "a node with two parents": (_two_parents, "no parent or two"),
    "a feature that is not there": (
        _tree("feature", 0, INPUTS),
        f"splits on feature {INPUTS}; expected 0 to {INPUTS - 1}",
    ),
    "a feature below zero": (_tree("feature", 0, -2), "splits on feature -2"),
    "a leaf with children": (_tree("feature", 0, -1), "splits on feature -1"),
    "a feature that is a fraction": (_tree("feature", 0, 1.0), "feature holds a fraction"),
    "a threshold that is no number": (_tree("threshold", 0, float("nan")), r"threshold\[0\] is nan"),
    "a value that was changed": (_other_values, "self_check"),
}  # fmt: skip


def _refused(document, change, reason):
    body = copy.deepcopy(dict(document.body))
    change(body)
    with pytest.raises(ModelError, match=reason):
        load_model(Document("model", body))


@pytest.mark.parametrize("case", LOGISTIC)
def test_a_model_document_is_refused_with_its_reason(trained, case):
    """What any kind can have wrong, and logistic regression."""
    _refused(trained["logistic_regression"][1], *LOGISTIC[case])


@pytest.mark.parametrize("case", BOOSTING)
def test_trees_are_refused_with_their_reason(trained, case):
    """What a boosted model can have wrong: nothing may loop or leave its arrays."""
    _refused(trained["hist_gradient_boosting"][1], *BOOSTING[case])


def test_features_defined_otherwise_are_refused_naming_both(trained):
    """The same names may mean other numbers, so this is a hard stop."""
    reason = re.escape(
        f"definitions {'0' * 64} (set {FEATURE_SET}); expected the present definitions {definition_digest()}"
    )
    _refused(trained["logistic_regression"][1], _set("definition_digest", value="0" * 64), reason)


def _bytes(trained):
    return encode(trained["logistic_regression"][1]).data


def _refused_bytes(data, reason):
    with pytest.raises(ModelError, match=reason):
        read_model(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not readable JSON"),
        (b'{"format": 1, "kind": "model", "model_kind"', "not readable JSON"),
        (b"\xff\xfe", "not readable JSON"),
        (pickle.dumps({"format": 1}), "not readable JSON"),
        (b"[" * 200_000, "not readable JSON"),
        (b'{"a":' + b"9" * 5000 + b"}", "not readable JSON"),
        (b"[1]", "the file is not a model"),
        (b'{"format": 2, "kind": "model"}', "the file is not a model"),
        (b'{"format": 1, "kind": "findings"}', "the file is not a model"),
        (b'{"format": 1, "kind": "model"}', "the model lacks"),
        (b" " * (loader.MAX_BYTES + 1), "67108865 bytes; expected at most 67108864"),
    ],
)
def test_bytes_that_are_no_model_are_refused(data, reason):
    """Empty, cut, binary, a pickle, nested too deep, another document, too large."""
    _refused_bytes(data, reason)


def test_a_key_that_comes_twice_is_refused(trained):
    """Two readers could take different ones."""
    _refused_bytes(
        _bytes(trained).replace(b'"label":', b'"threshold": 0.9, "label":'), "'threshold' comes twice"
    )
    _refused_bytes(_bytes(trained).replace(b'"scale":', b'"mean": [], "scale":'), "'mean' comes twice")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
def test_a_number_that_is_none_is_refused(trained, number):
    """Also where JSON spells it as an ordinary number."""
    data = re.sub(rb'"intercept": [-.e0-9]+', b'"intercept": ' + number, _bytes(trained))
    _refused_bytes(data, "holds -?(NaN|Infinity)|intercept is inf")


def test_a_changed_byte_of_a_parameter_is_noticed(trained):
    """The self-check sees what a plain schema would let pass."""
    body = orjson.loads(_bytes(trained))
    body["parameters"]["mean"][4] *= 1.0001
    _refused_bytes(orjson.dumps(body), r"self_check\[\d\] gives")


def test_a_model_of_the_longest_horizon_loads_and_of_a_longer_one_does_not(trained):
    """Labels of 1 to 63 sessions: the last counts, too."""
    body = copy.deepcopy(dict(trained["logistic_regression"][1].body))
    body["training"] |= {"horizon_sessions": MOST_SESSIONS, "labels_to": "2016-06-01"}
    assert load_model(Document("model", body)).label.horizon_sessions == MOST_SESSIONS
    body["training"]["horizon_sessions"] += 1
    with pytest.raises(ModelError, match=f"a whole number from 1 to {MOST_SESSIONS}"):
        load_model(Document("model", body))
