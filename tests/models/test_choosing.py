"""What a training is asked for: settings, grids, weights and calibration, judged before anything runs."""

import json

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import ModelError, ParameterError
from core.features import engineer
from core.label import Label
from core.models.calibrated import _slope
from core.models.choosing import check_models, fitter_of
from core.models.document import kind_named
from core.models.loader import load_model
from core.models.model_rows import needed, rows_from
from core.models.splits import walk_forward
from core.models.train_settings import TrainSettings
from core.models.training import train
from core.models.weighting import uniqueness, weights_of
from core.parameters import settings_from
from core.tables.artifacts import Document

PIPELINE = "sklearn.pipeline.Pipeline"
FOREST = "sklearn.ensemble.RandomForestClassifier"


@pytest.fixture
def settings(parameters):
    """A function from values to the settings of a training."""

    def of(**values):
        return settings_from(TrainSettings, {**parameters, **values})

    return of


@pytest.mark.parametrize(
    ("values", "parameter", "message"),
    [
        ({"model": "sklearn.ensemble.RandomForestClasifier"}, "model", f"Did you mean {FOREST}"),
        ({"model": "sklearn.svm.LinearSVC"}, "model", "no probabilities; expected a classifier with predict_proba"),
        ({"model": "sklearn.svm.LinearSVC", "model_parameters": {"C": 2.0}}, "model", "with these settings; expected"),
        ({"model": "sklearn.preprocessing.StandardScaler"}, "model", "predict_proba"),
        ({"model": "sklearn.model_selection.GridSearchCV"}, "model", "no estimator"),
        ({"model": "os.system"}, "model", "--model is 'os.system'"),
        ({"model": "xgboost.XGBClassifer"}, "model", "Did you mean xgboost.XGBClassifier"),
        ({"model": FOREST, "model_parameters": {"n_estimator": 5}}, "model_parameters", "Did you mean n_estimators"),
        ({"model": FOREST, "model_parameters": {"n_estimators": -1}}, "model_parameters", "Got -1"),
        ({"model": FOREST, "model_parameters": {"n_jobs": 2}}, "model_parameters", "none, or 1"),
        ({"model": PIPELINE, "model_parameters": {"steps": [["m", {FOREST: {"n_jobs": -1}}]]}},
         "model_parameters", "n_jobs = -1"),
        ({"model": PIPELINE, "model_parameters": {"steps": [], "memory": "/tmp"}}, "model_parameters", "no files"),
        ({"model_parameters": {"max_iters": 1}}, "model_parameters", "Did you mean max_iter"),
        ({"model_parameters": {"C": -1.0}}, "model_parameters", "C"),
        ({"model": "hist_gradient_boosting", "model_parameters": {"max_iter": 5000}}, "model_parameters", "most 2000"),
        ({"model_grid": {"C": 1}}, "model_grid", "no list"),
        ({"model_grid": {"C": list(range(1, 22))}}, "model_grid", "21 settings"),
        ({"model_grid": {"solver": ["lbfgs"]}}, "model_parameters", "no setting 'solver'"),
        ({"model": "sklearn.neighbors.KNeighborsClassifier", "sample_weights": "decay"}, "model", "no weights"),
        ({"beside": "sklearn.svm.LinearSVC"}, "model", "predict_proba"),
        ({"model": "lightgbm.LGBMClassifier", "model_parameters": {"n_jobs": 4}}, "model_parameters", "always 1"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_trained_is_refused_with_the_nearest_name(
    settings, values, parameter, message
):
    """Exit code 4, one message, before anything runs."""
    texts = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in values.items()}
    with pytest.raises(ParameterError, match=message) as error:
        check_models(settings(**texts), 9)
    assert (error.value.exit_code, error.value.parameter) == (4, parameter)


def test_what_can_be_trained_is_taken(settings):
    """Built-in settings, a classifier with a grid, and one beside."""
    check_models(settings(model_parameters='{"C": 0.1}', beside="sklearn.naive_bayes.GaussianNB"), 9)
    check_models(
        settings(model=FOREST, model_parameters='{"n_estimators": 3}', model_grid='{"max_depth": [1, 2]}'), 9
    )


def test_settings_that_need_more_rows_than_a_first_trial_has_are_taken(settings):
    """200 neighbours; 5,000 do not stand in a second trial either, and the whole cause is said."""
    neighbours = "sklearn.neighbors.KNeighborsClassifier"
    check_models(settings(model=neighbours, model_parameters='{"n_neighbors": 200}'), 9)
    with pytest.raises(
        ParameterError, match=r"on 2,000 rows: .* n_samples_fit = 2000, n_samples = 2000; expected settings"
    ):
        check_models(settings(model=neighbours, model_parameters='{"n_neighbors": 5000}'), 9)


def test_settings_of_a_built_in_kind_reach_its_fit(features, settings):
    """As scikit-learn fits it, and as the file says."""
    rows = rows_from(features.frame[list(needed())])
    used = rows.labelled
    found = fitter_of(settings(model_parameters='{"C": 0.001}'), 1).fit(rows, used)
    own = make_pipeline(StandardScaler(), LogisticRegression(C=0.001, solver="newton-cholesky", tol=1e-10))
    own.fit(rows.inputs[used], rows.label[used])
    np.testing.assert_allclose(found.parameters["coefficients"], own[-1].coef_[0], rtol=1e-6)
    assert found.kind.hyperparameters["C"] == 0.001
    assert kind_named("logistic_regression").hyperparameters["C"] == 1.0


def test_the_grid_chooses_by_log_loss_of_later_rows_within_what_is_learnt_from(features, settings):
    """By hand: halves and thirds of the sessions, purged; rows after those that are used change nothing."""
    rows = rows_from(features.frame[list(needed())])
    used = rows.labelled & (rows.dates < np.datetime64("2015-09-01"))
    values = [1e-6, 1.0, 1e3]
    found = fitter_of(settings(model_grid=json.dumps({"C": values})), 1).fit(rows, used)
    days = np.unique(rows.dates[used]).tolist()
    losses = []
    for value in values:
        own, each = kind_named("logistic_regression", {"C": value}), []
        for fold in walk_forward(
            days, min_train_sessions=len(days) // 2, fold_sessions=(len(days) - len(days) // 2) // 3
        ):
            train_rows = (
                used
                & (rows.dates <= np.datetime64(fold.train_to))
                & (rows.label_dates < np.datetime64(fold.test_from))
            )
            test_rows = (
                used
                & (rows.dates >= np.datetime64(fold.test_from))
                & (rows.dates <= np.datetime64(fold.test_to))
            )
            learnt = own.fit(rows.inputs[train_rows], rows.label[train_rows], seed=7)
            each.append(log_loss(rows.label[test_rows], own.probability(learnt, rows.inputs[test_rows])))
        losses.append(np.mean(each))
    assert [entry["log_loss"] for entry in found.choice["settings"]] == pytest.approx(losses, rel=1e-9)
    assert found.choice["chosen"] == int(np.argmin(losses))
    assert found.kind.hyperparameters["C"] == values[int(np.argmin(losses))]


def test_a_choice_stands_in_predictions_and_model(features, settings):
    """Fold by fold, and of the candidate; the file is read back."""
    predictions, model = train(features, settings(model_grid='{"C": [0.01, 1]}'), features_sha256="")
    assert [entry["fold"] for entry in predictions.header["choices"]] == [1, 2, 3]
    assert len(model.body["choice"]["settings"]) == 2
    assert model.body["hyperparameters"]["C"] == [0.01, 1][model.body["choice"]["chosen"]]
    assert load_model(model).kind.name == "logistic_regression"
    plain, without = train(features, settings(), features_sha256="")
    assert "choices" not in plain.header
    assert "choice" not in without.body


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_is_scikit_learns_on_the_latest_fifth(features, settings, method):
    """What earlier sessions taught, set right by later ones; the labels that reach into those are left out."""
    rows = rows_from(features.frame[list(needed())])
    used = rows.labelled
    found = fitter_of(settings(calibration=method), 1).fit(rows, used)
    days, complete = np.unique(rows.dates[used]), rows.complete
    start = days[int(len(days) * 0.8)]
    earlier, later = used & (rows.dates < start) & (rows.label_dates < start), used & (rows.dates >= start)
    base = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10))
    base.fit(rows.inputs[earlier], rows.label[earlier])
    if method == "isotonic":
        chance = base.predict_proba(rows.inputs[later])[:, 1]
        own = IsotonicRegression(out_of_bounds="clip").fit(chance, rows.label[later])
        expected = own.predict(base.predict_proba(rows.inputs[complete])[:, 1])
        tolerance = 1e-5
    else:
        own = CalibratedClassifierCV(FrozenEstimator(base), method="sigmoid").fit(
            rows.inputs[later], rows.label[later]
        )
        expected, tolerance = (
            own.predict_proba(rows.inputs[complete])[:, 1],
            0.02,
        )  # Platt's targets are a little within 0 and 1
    got = found.kind.probability(found.parameters, rows.inputs[complete])
    np.testing.assert_allclose(got, np.asarray(expected), atol=tolerance)


def test_a_calibrated_model_is_read_back_and_refused_when_damaged(features, settings):
    """Steps that fall are no calibration."""
    _, model = train(features, settings(calibration="isotonic"), features_sha256="")
    loaded = load_model(model)
    assert loaded.kind.name == "logistic_regression"
    steps = model.body["parameters"]["calibration"]
    for change in ({"y": steps["y"][::-1]}, {"method": "magic"}, {"x": []}):
        damaged = {**model.body["parameters"], "calibration": {**steps, **change}}
        with pytest.raises(ModelError):
            load_model(Document("model", {**model.body, "parameters": damaged}))


def test_a_calibration_by_one_line_has_one_point(features, settings):
    """Two points are no line of the log odds, whatever the second says; the place is named."""
    _, model = train(features, settings(calibration="sigmoid"), features_sha256="")
    line = model.body["parameters"]["calibration"]
    for change, message in (
        ({"x": line["x"] * 2, "y": line["y"] * 2}, "parameters.calibration has 2 points"),
        ({"z": 1}, "parameters.calibration"),
    ):
        damaged = {**model.body["parameters"], "calibration": {**line, **change}}
        with pytest.raises(ModelError, match=message):
            load_model(Document("model", {**model.body, "parameters": damaged}))


def test_uniqueness_by_hand(walk_prices):
    """Two sessions ahead: the first and the last label share less; a hole in what is used shares less, too."""
    rows = rows_from(engineer(walk_prices(30, ("AA", "BB"), 1), Label(2)).frame[list(needed())], Label(2))
    used = ~np.isnan(rows.label) & (rows.tickers == "AA")
    # labels of rows 0 to 27 are made of rows 1-2, 2-3, ...: row 1 and row 29 of one label, all others of two
    expected = [0.75, *[0.5] * 26, 0.75]
    np.testing.assert_allclose(uniqueness(rows, used, 2), expected)
    np.testing.assert_allclose(uniqueness(rows, ~np.isnan(rows.label), 1), 1.0)


def test_weights_decay_by_half_lives(walk_prices, settings):
    """A row of ten sessions ago counts half; the mean is one."""
    rows = rows_from(engineer(walk_prices(30, ("AA", "BB"), 1)).frame[list(needed())])
    used = ~np.isnan(rows.label)
    weights = weights_of(rows, used, settings(sample_weights="decay", half_life_sessions=10), 1)
    assert weights.mean() == pytest.approx(1)
    assert weights[-1] / weights[-1 - 20] == pytest.approx(2)
    assert weights_of(rows, used, settings(), 1) is None


def test_weights_reach_the_fit(features, settings):
    """As scikit-learn takes them."""
    rows = rows_from(features.frame[list(needed())])
    used, how = rows.labelled, settings(sample_weights="decay", half_life_sessions=20)
    found = fitter_of(how, 1).fit(rows, used)
    own = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10)
    scaled = StandardScaler().fit_transform(rows.inputs[used])
    own.fit(scaled, rows.label[used], sample_weight=weights_of(rows, used, how, 1))
    np.testing.assert_allclose(found.parameters["coefficients"], own.coef_[0], rtol=1e-6)


def test_a_sigmoid_meets_the_equations_of_its_maximum():
    """Of the likelihood less 1e-6 times half the slope's square: its derivatives by intercept and slope are 0."""
    draw = np.random.default_rng(4)
    chance = draw.uniform(0.2, 0.8, 20)
    up = (draw.random(20) < chance).astype(float)
    points = _slope(chance, up)
    odds, (slope,), (intercept,) = np.log(chance / (1 - chance)), points["x"], points["y"]
    wrong = 1 / (1 + np.exp(-(slope * odds + intercept))) - up
    assert abs(wrong.sum()) < 1e-8
    assert abs((wrong * odds).sum() + 1e-6 * slope) < 1e-8
