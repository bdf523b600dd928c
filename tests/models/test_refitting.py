"""Training with fits that were done before: the same bytes as without, and no fit twice."""

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st

from core.features import engineer
from core.models import refitting
from core.models.boosting import HistGradientBoostingKind
from core.models.logistic import LogisticRegressionKind
from core.models.train_settings import TrainSettings
from core.models.training import train
from core.parameters import settings_from
from core.tables.artifacts import Table
from core.tables.codec import encode
from core.tables.workplace import Workplace


class Remembered(dict):
    """Fits in a dictionary, as :class:`core.tables.workplace.Memory` asks."""

    def read(self, digest):
        """Return what is there."""
        return self.get(digest)

    def keep(self, digest, data):
        """Keep it, once."""
        assert digest not in self
        self[digest] = data


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Small fits are remembered, too."""
    monkeypatch.setattr(refitting, "LEAST_ROWS", 1)


def bytes_of(features, how, memory=None):
    """Bytes of predictions and model."""
    predictions, model = train(features, how, features_sha256="0" * 64, workplace=Workplace(memory=memory))
    return encode(predictions).data, encode(model).data


def fits_counted(monkeypatch):
    """The rows of every fit that is done from now on."""
    done = []
    for kind in (LogisticRegressionKind, HistGradientBoostingKind):

        def counted(self, inputs, label, *, original=kind.fit, **more):
            done.append(len(label))
            return original(self, inputs, label, **more)

        monkeypatch.setattr(kind, "fit", counted)
    return done


def test_what_was_fitted_is_not_fitted_again(features, parameters, monkeypatch):
    """Trained twice with one memory: the second time nothing is fitted, and every byte is the same."""
    how, memory = settings_from(TrainSettings, parameters), Remembered()
    first = bytes_of(features, how, memory)
    done = fits_counted(monkeypatch)
    assert bytes_of(features, how, memory) == first == bytes_of(features, how)
    assert len(done) == len(memory)  # all of them in the training without a memory


def test_the_day_after_only_the_candidate_is_fitted(walk_prices, parameters, monkeypatch):
    """One more session: folds have the rows that they had, so that one model learns."""
    prices = walk_prices(261, ("AA", "BB", "CC"), 3).frame
    before = prices[prices["date"] < prices["date"].max()]
    how, memory = settings_from(TrainSettings, parameters), Remembered()
    bytes_of(engineer(Table("prices_clean", before)), how, memory)
    features = engineer(Table("prices_clean", prices))
    expected = bytes_of(features, how)
    done = fits_counted(monkeypatch)
    assert bytes_of(features, how, memory) == expected
    assert len(done) == 1


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 259),
    st.sampled_from(["lag1", "up_next", "volatility20"]),
    st.sampled_from(
        [
            {},
            {"calibration": "sigmoid"},
            {"sample_weights": "both"},
            {"window": "rolling", "rolling_sessions": 120},
            {"model_grid": '{"C": [0.1, 1.0]}'},
            {"seed": 8},
        ]
    ),
)
def test_a_correction_or_another_setting_gives_the_bytes_of_a_training_without_memory(
    features, parameters, session, column, change
):
    """Whatever a memory holds from other rows and settings, what comes out is what comes out without one."""
    memory = Remembered()
    bytes_of(features, settings_from(TrainSettings, parameters), memory)
    frame = features.frame.copy()
    row = frame.index[frame["date"] == np.unique(frame["date"])[session]][0]
    if not np.isnan(frame.loc[row, column]):
        frame.loc[row, column] = 1 - frame.loc[row, column]
    corrected = Table("features", frame, features.header)
    how = settings_from(TrainSettings, {**parameters, **change})
    assert bytes_of(corrected, how, memory) == bytes_of(corrected, how)


@pytest.mark.parametrize("change", ["inputs", "label", "weights", "seed", "kind", "settings"])
def test_everything_that_a_fit_follows_from_is_in_its_digest(change):
    """Each of them changed alone gives another digest."""
    draw = np.random.default_rng(0)
    given_ = {
        "kind": LogisticRegressionKind(),
        "inputs": draw.normal(size=(5, 2)),
        "label": np.array([0.0, 1, 0, 1, 1]),
        "weights": None,
        "seed": 1,
    }
    other = {
        "inputs": {"inputs": given_["inputs"] + 1e-16 + np.eye(5, 2)},
        "label": {"label": 1 - given_["label"]},
        "weights": {"weights": np.ones(5)},
        "seed": {"seed": 2},
        "kind": {"kind": HistGradientBoostingKind()},
        "settings": {"kind": LogisticRegressionKind({"C": 2.0})},
    }[change]
    digest = [
        refitting.digest_of(
            case["kind"], case["inputs"], case["label"], seed=case["seed"], weights=case["weights"]
        )
        for case in (given_, {**given_, **other})
    ]
    assert digest[0] != digest[1]


@pytest.mark.parametrize("name", ["stage_code", "program", "_versions"])
def test_a_fit_of_other_code_or_another_library_is_another(monkeypatch, name):
    """The stage that fits, the release and the libraries: what one of them learnt is not taken for another's."""
    says = {
        "stage_code": {"train_or_score": "1"}.__getitem__,
        "program": lambda: {"version": "1"},
        "_versions": dict,
    }
    other = {
        "stage_code": {"train_or_score": "2"}.__getitem__,
        "program": lambda: {"version": "2"},
        "_versions": lambda: {"numpy": "2"},
    }
    digests = []
    for how in (says, {**says, name: other[name]}):
        for function, answer in how.items():
            monkeypatch.setattr(refitting, function, answer)
        digests.append(
            refitting.digest_of(
                LogisticRegressionKind(), np.ones((2, 1)), np.array([0.0, 1]), seed=1, weights=None
            )
        )
    assert digests[0] != digests[1]


def test_libraries_are_told_apart_by_their_versions():
    """As they say themselves."""
    versions = refitting._versions()
    assert (versions["numpy"], versions["scikit-learn"]) == (np.__version__, sklearn.__version__)
