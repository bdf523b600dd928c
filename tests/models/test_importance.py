"""What inputs are worth: scikit-learn's own figures, a planted input, and rows at even steps."""

import numpy as np
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from core.features import model_features
from core.models import importance as module
from core.models.document import kind_named
from core.models.importance import importance


def planted(rows=900, seed=0):
    """Inputs of which the third one alone tells the label, for learning and for testing."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(rows, len(model_features()))) * np.arange(1, len(model_features()) + 1)
    label = (random.random(rows) < 1 / (1 + np.exp(-inputs[:, 2]))).astype(float)
    half = rows // 2
    return inputs[:half], label[:half], inputs[half:], label[half:]


def test_figures_are_those_of_scikit_learns_own_model():
    """The same regression fitted and judged by scikit-learn: same losses, deviations and coefficients."""
    inputs, label, test_inputs, test_label = planted()
    kind = kind_named("logistic_regression")
    found = importance(
        kind, kind.fit(inputs, label, seed=7), test_inputs, test_label, names=model_features(), seed=7
    )
    scaler = StandardScaler().fit(inputs)
    theirs = LogisticRegression(**kind.hyperparameters).fit(scaler.transform(inputs), label)
    expected = permutation_importance(
        theirs, scaler.transform(test_inputs), test_label, scoring="roc_auc", n_repeats=5, random_state=7
    )
    names = list(found["inputs"])
    assert tuple(names) == model_features()
    figures = {
        key: [found["inputs"][name][key] for name in names] for key in ("loss", "deviation", "coefficient")
    }
    np.testing.assert_allclose(figures["loss"], expected.importances_mean, atol=1e-12)
    np.testing.assert_allclose(figures["deviation"], expected.importances_std, atol=1e-12)
    np.testing.assert_allclose(figures["coefficient"], theirs.coef_[0], rtol=1e-6)
    assert max(names, key=lambda name: found["inputs"][name]["loss"]) == model_features()[2]
    assert found["rows"] == 450


def test_many_rows_are_looked_at_in_even_steps(monkeypatch):
    """At most so many, first and last among them; the figure is that of those rows alone."""
    inputs, label, test_inputs, test_label = planted()
    kind = kind_named("logistic_regression")
    learnt = kind.fit(inputs, label, seed=7)
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    found = importance(kind, learnt, test_inputs, test_label, names=model_features(), seed=7)
    rows = np.linspace(0, 449, 100).round().astype(int)
    assert found == importance(
        kind, learnt, test_inputs[rows], test_label[rows], names=model_features(), seed=7
    )
    assert found["rows"] == 100


def test_other_kinds_have_no_coefficients_and_one_outcome_no_figure():
    """Boosting has none; a fold in which every day rose has no AUC to lose."""
    inputs, label, test_inputs, test_label = planted(300)
    kind = kind_named("hist_gradient_boosting")
    learnt = kind.fit(inputs, label, seed=7)
    found = importance(kind, learnt, test_inputs, test_label, names=model_features(), seed=7)
    assert {entry["coefficient"] for entry in found["inputs"].values()} == {None}
    assert (
        importance(kind, learnt, test_inputs, np.ones(len(test_label)), names=model_features(), seed=7)
        is None
    )


def test_training_writes_them_for_each_fold(trained):
    """In the header of the predictions, by fold, of the model named in the settings."""
    predictions, _ = trained["logistic_regression"]
    folds = [entry["fold"] for entry in predictions.header["folds"]]
    assert [entry["fold"] for entry in predictions.header["importance"]] == folds
    assert all(
        entry["coefficient"] is not None
        for fold in predictions.header["importance"]
        for entry in fold["inputs"].values()
    )
