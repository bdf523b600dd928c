"""Rolling windows and the embargo in training, with today's bytes where neither is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from core.models.train_settings import TrainSettings
from core.models.training import train
from core.parameters import settings_from
from core.tables.codec import encode

ROLLING = {"window": "rolling", "rolling_sessions": 60, "embargo_sessions": 0}


def bytes_of(features, parameters):
    """Predictions and model as bytes."""
    return [
        encode(artifact).data
        for artifact in train(features, settings_from(TrainSettings, parameters), features_sha256="ab")
    ]


def test_the_defaults_give_the_bytes_of_a_train_stage_that_knew_no_windows(features, parameters):
    """Parameters without any of the three, and with their defaults."""
    defaults = {"window": "expanding", "rolling_sessions": None, "embargo_sessions": 0}
    assert bytes_of(features, parameters) == bytes_of(features, {**parameters, **defaults})


def test_folds_and_candidate_learn_from_the_rolling_window_alone(features, parameters):
    """Sixty sessions each; the candidate's begin sixty labelled sessions before the end."""
    predictions, model = train(
        features, settings_from(TrainSettings, {**parameters, **ROLLING}), features_sha256=""
    )
    sessions = np.unique(features.frame["date"].to_numpy("datetime64[D]"))
    for fold in predictions.header["folds"]:
        first, last = (np.searchsorted(sessions, np.datetime64(fold[k])) for k in ("train_from", "train_to"))
        assert last - first == 59
        assert fold["train_rows"] == 180
    # the last session has no label
    assert model.body["training"]["from"] == str(sessions[-61])
    assert model.body["training"]["sessions"] == 60


@pytest.mark.parametrize("day", [99, 97])
def test_rows_in_the_embargo_change_no_fold_model(features, parameters, day):
    """With an embargo of 5 the sessions 94 to 98 and the purged 99 are not learnt from; without one, some are."""

    def first_fold(embargo, change):
        frame = features.frame.copy()
        sessions = np.unique(frame["date"])
        if change:
            frame.loc[frame["date"] == sessions[day], "lag5"] += 5.0
        table = type(features)("features", frame, features.header)
        found, _ = train(
            table,
            settings_from(TrainSettings, {**parameters, "embargo_sessions": embargo}),
            features_sha256="",
        )
        return found.frame.loc[found.frame["fold"] == 1, "probability"].tolist()

    assert first_fold(5, change=True) == first_fold(5, change=False)
    if day == 97:
        assert first_fold(0, change=True) != first_fold(0, change=False), "the probe sees a missing embargo"
