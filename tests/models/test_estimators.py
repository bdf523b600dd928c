"""Classifiers of others as plain JSON: the same probabilities as the library's own, and nothing hostile gets in."""

import base64
import copy
import json
import re
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils import all_estimators

from core.errors import ModelError
from core.models.boosters import BoosterKind, booster_for
from core.models.classifier import ClassifierKind, estimator_for, seeded, text_parameters
from core.models.estimators import estimator_of, text_of
from core.models.loader import load_model, read_model
from core.models.train_settings import TrainSettings
from core.models.training import train
from core.parameters import settings_from
from core.tables.artifacts import Document
from core.tables.codec import encode

FEATURES = 9
COUNTS = ("CategoricalNB", "ComplementNB", "MultinomialNB")
"""Classifiers of counts: they refuse inputs below 0."""


def _classifiers():
    """Return every classifier of scikit-learn that can be made without settings and gives probabilities."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, kind in all_estimators(type_filter="classifier"):
            try:
                estimator = kind()
            except TypeError:
                continue
            if hasattr(estimator, "predict_proba"):
                yield pytest.param(f"{kind.__module__.split('._')[0]}.{name}", name in COUNTS, id=name)


@pytest.fixture(scope="module")
def rows():
    """Inputs and labels that depend on them a little."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(300, FEATURES))
    return inputs, (inputs[:, 0] + draw.normal(size=300) > 0).astype(float)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "counts"), list(_classifiers()))
def test_every_classifier_of_scikit_learn_is_kept_whole(rows, name, counts):
    """Its probabilities are the library's own, its text is the same each time, and is that of what is read back."""
    inputs, label = (np.abs(rows[0]) if counts else rows[0]), rows[1]
    own = seeded(estimator_for(name, {}), 7).fit(inputs, label)
    kind = ClassifierKind(name)
    learnt = kind.fit(inputs, label, seed=7)
    kind.check(learnt, FEATURES)
    np.testing.assert_allclose(kind.probability(learnt, inputs), own.predict_proba(inputs)[:, 1], atol=1e-11)
    assert kind.fit(inputs, label, seed=7) == learnt
    assert text_of(estimator_of(learnt["text"], FEATURES)) == learnt["text"]


@pytest.mark.parametrize("name", ["lightgbm.LGBMClassifier", "xgboost.XGBClassifier"])
def test_boosters_are_kept_in_their_own_text(rows, name):
    """The same probabilities as the library's own classifier, the same text each time."""
    inputs, label = rows
    own = booster_for(name, {"n_estimators": 15, "random_state": 7}).fit(inputs, label.astype(int))
    kind = BoosterKind(name, {"n_estimators": 15})
    learnt = kind.fit(inputs, label, seed=7)
    kind.check(learnt, FEATURES)
    theirs = own.booster_.predict(inputs) if name.startswith("light") else own.predict_proba(inputs)[:, 1]
    np.testing.assert_allclose(kind.probability(learnt, inputs), theirs, atol=1e-7)
    assert kind.fit(inputs, label, seed=7) == learnt
    with pytest.raises(ModelError, match="inputs"):
        kind.check(learnt, FEATURES - 1)
    with pytest.raises(ModelError, match="which is installed here"):
        kind.check({**learnt, "library": ["lightgbm", "1.0"]}, FEATURES)
    with pytest.raises(ModelError, match="was changed"):
        kind.check({**learnt, "text": learnt["text"] + " "}, FEATURES)


@pytest.mark.parametrize("name", ["lightgbm.LGBMClassifier", "xgboost.XGBClassifier"])
def test_a_booster_that_was_cut_or_bent_is_refused_before_its_library_reads_it(rows, name):
    """LightGBM would end the process; every cut is a message here, and so is a child that leads back."""
    kind = BoosterKind(name, {"n_estimators": 3})
    text = kind.fit(*rows, seed=7)["text"]
    library = kind.fit(*rows, seed=7)["library"]
    child = "left_child=" if name.startswith("light") else '"left_children":['
    bent = text.replace(child + "1", child + "0", 1)
    assert bent != text
    cuts = [text[:length] for length in range(1, len(text) * 9 // 10, max(1, len(text) // 40))]
    for damaged in (bent, *cuts):
        with pytest.raises(ModelError):
            kind.check(text_parameters(damaged, library), FEATURES)


def _last_leaf_and_beyond(text):
    """The first tree's first leaf replaced by the number after its last leaf."""
    leaves = int(re.search(r"num_leaves=(\d+)", text)[1])
    children = re.search(r"left_child=([-\d ]+)\n", text)[1]
    first = next(child for child in children.split() if int(child) < 0)
    beyond = children.replace(first, str(-leaves - 1), 1)
    return text.replace(children, beyond, 1).replace(
        f"tree_sizes={_size(text)}", f"tree_sizes={_size(text) + len(beyond) - len(children)}", 1
    )


def _size(text):
    return int(re.search(r"tree_sizes=(\d+)", text)[1])


@pytest.mark.parametrize(
    "change", [_last_leaf_and_beyond, lambda text: text.replace("end of trees", "X\nend of trees", 1)]
)
def test_a_leaf_beyond_the_last_and_words_between_trees_and_their_end_are_refused(rows, change):
    """LightGBM counts leaves as -1, -2, ...: of n leaves -n is the last, and -n - 1 none."""
    kind = BoosterKind("lightgbm.LGBMClassifier", {"n_estimators": 2})
    learnt = kind.fit(*rows, seed=7)
    with pytest.raises(
        ModelError, match=r"(lacks a leaf|do not end where they say).*expected the text that training wrote"
    ):
        kind.check(text_parameters(change(learnt["text"]), learnt["library"]), FEATURES)


def test_a_pipeline_of_parts_is_made_from_settings(rows):
    """Names of estimators in settings become estimators, with settings of their own."""
    scaled = {
        "steps": [
            ["scale", "sklearn.preprocessing.StandardScaler"],
            ["model", {"sklearn.linear_model.LogisticRegression": {"C": 0.1}}],
        ]
    }
    pipeline = estimator_for("sklearn.pipeline.Pipeline", scaled)
    assert [(name, type(step).__name__) for name, step in pipeline.steps] == [
        ("scale", "StandardScaler"), ("model", "LogisticRegression"),
    ]  # fmt: skip
    assert pipeline["model"].C == 0.1
    kind = ClassifierKind("sklearn.pipeline.Pipeline", scaled)
    learnt = kind.fit(*rows, seed=3)
    kind.check(learnt, FEATURES)
    own = pipeline.fit(*rows).predict_proba(rows[0])[:, 1]
    np.testing.assert_allclose(kind.probability(learnt, rows[0]), own, atol=1e-11)


def test_numbers_stand_in_a_text_as_json_has_them_and_what_it_has_not_as_words(rows):
    """A setting of 0.5 is 0.5, and one that is infinite a text under ``float``."""
    fitted = estimator_for("sklearn.linear_model.LogisticRegression", {"C": 0.5, "max_iter": 300}).fit(*rows)
    text = text_of(fitted.set_params(intercept_scaling=float("inf")))
    fields = json.loads(text)["object"][1]
    assert (fields["C"], fields["max_iter"], fields["intercept_scaling"]) == (0.5, 300, {"float": "inf"})


class Foreign(BaseEstimator):
    """An estimator that scikit-learn does not define."""


def _hostile(text):
    """Yield ways to turn an honest text into one that must not be read."""
    yield json.dumps({"object": ["os.system", {}]})
    yield json.dumps({"object": ["sklearn.model_selection._search.GridSearchCV", {}]})
    yield json.dumps({"object": ["sklearn.utils._testing.raises", {}]})
    yield json.dumps({"object": ["sklearn.linear_model._logistic.os", {}]})
    yield json.dumps({"new": "subprocess.Popen"})
    yield json.dumps({"object": [f"{__name__}.Foreign", {}]})
    yield json.dumps({"pickle": "gASVAAAAAAAAAA=="})
    yield json.dumps({"array": ["|O", "|O", [1], "AAAAAAAAAAA="]})
    yield json.dumps([1, 2])
    yield text[:-40]
    yield "null"


def test_a_hostile_text_is_refused(rows):
    """What is not on the closed list is neither imported as a model nor called."""
    honest = ClassifierKind("sklearn.naive_bayes.GaussianNB").fit(*rows, seed=0)["text"]
    for text in _hostile(honest):
        with pytest.raises(ModelError):
            estimator_of(text, FEATURES)
    with pytest.raises(ModelError, match=r"Foreign.*nothing else is kept without pickle"):
        text_of(Foreign())


@pytest.mark.parametrize(
    ("column", "value"), [("left_child", 10**6), ("left_child", 0), ("right_child", -5), ("feature", 99)]
)
def test_a_tree_that_leads_nowhere_is_refused(rows, column, value):
    """Native code would follow it out of its arrays."""
    learnt = ClassifierKind("sklearn.tree.DecisionTreeClassifier", {"max_depth": 3}).fit(*rows, seed=0)
    body = json.loads(learnt["text"])
    nodes = body["object"][1]["tree_"]["tree"]["list"][4]["table"][column]["array"]
    values = np.frombuffer(_bytes(nodes[3]), nodes[1]).astype("<i8")
    values[0] = value
    nodes[1], nodes[3] = "<i8", _text(values.tobytes())
    with pytest.raises(ModelError, match="leads nowhere"):
        estimator_of(json.dumps(body), FEATURES)


def _bytes(text):
    return base64.b64decode(text)


def _text(data):
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("outcome", [-1, 2])
def test_a_neighbour_with_another_outcome_than_0_and_1_is_refused(rows, outcome):
    """Votes of neighbours are counted by their outcome: native code would count beside its array."""
    learnt = ClassifierKind("sklearn.neighbors.KNeighborsClassifier").fit(*rows, seed=0)
    body = json.loads(learnt["text"])
    array = body["object"][1]["_y"]["array"]
    values = np.frombuffer(_bytes(array[3]), array[1]).astype("<i8")
    assert set(values) == {0, 1}
    values[0] = outcome
    array[1], array[3] = "<i8", _text(values.tobytes())
    with pytest.raises(ModelError, match="a neighbour has an outcome that is none; expected 0 or 1"):
        estimator_of(json.dumps(body), FEATURES)


def test_any_one_number_damaged_is_refused_or_harmless(rows):
    """A hundred places of a forest's text, each replaced: a message, or probabilities from 0 to 1."""
    kind = ClassifierKind("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 2, "max_depth": 3})
    learnt, draw = kind.fit(*rows, seed=0), np.random.default_rng(3)
    refused = 0
    for place in draw.integers(0, len(learnt["text"]), 100):
        text = learnt["text"][:place] + "7" + learnt["text"][place + 1 :]
        try:
            damaged = text_parameters(text, learnt["library"])
            kind.check(damaged, FEATURES)
            chances = kind.probability(damaged, rows[0][:20])
        except ModelError:
            refused += 1
        else:
            assert chances.shape == (20,)
    assert refused > 30


@pytest.fixture(scope="module")
def trained(features, parameters):
    """A function from settings to predictions and model of the shared features."""

    def of(**settings):
        return train(features, settings_from(TrainSettings, {**parameters, **settings}), features_sha256="")

    return of


BOUNDED = {
    "model": "sklearn.ensemble.RandomForestClassifier",
    "model_parameters": '{"max_depth": 3, "n_estimators": 5}',
}


def test_a_trained_classifier_is_a_model_like_any_other(trained):
    """Its file is read back, has the same id each time, and says what it was set to."""
    predictions, model = trained(**BOUNDED)
    again = trained(**BOUNDED)[1]
    data = encode(model).data
    assert encode(again).data == data
    assert encode(read_model(data)).data == data
    assert model.body["model_kind"] == "sklearn.ensemble.RandomForestClassifier"
    assert model.body["hyperparameters"] == {"max_depth": 3, "n_estimators": 5}
    assert predictions.frame["probability"].between(0, 1).all()
    assert b"pickle" not in data


@pytest.mark.parametrize(
    "change",
    [
        {"model_kind": "sklearn.ensemble.ExtraTreesClassifier"},
        {"model_kind": "sklearn.nowhere.Classifier"},
        {"model_kind": "os.system"},
        {"parameters": {"library": ["scikit-learn", "0.1"], "text": "{}"}},
        {"parameters": {"text": "{}"}},
    ],
)
def test_a_model_file_of_another_kind_is_refused(trained, change):
    """With the loader's own error, whatever it names."""
    body = {**copy.deepcopy(dict(trained(**BOUNDED)[1].body)), **change}
    with pytest.raises(ModelError):
        load_model(Document("model", body))
