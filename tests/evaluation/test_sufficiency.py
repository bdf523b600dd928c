"""Enough to judge, or not: the floors of rows and sessions, and what the reason says would do."""

import numpy as np
import pytest

from core.evaluation.sufficiency import _History
from core.tables.artifacts import Document, Table
from tests.evaluation.test_evaluate import body_of, with_labels_of


@pytest.mark.parametrize(
    ("setting", "remedy"), [(712, "139 or fewer, or auto would do"), ("auto", "139 or fewer would do")]
)
def test_the_reason_names_auto_where_a_number_was_set(world, settings, setting, remedy):
    """199 labelled sessions leave 139 to learn from; what fitted the history already is not offered again."""
    inputs = world(judged=60)
    header = {**inputs["predictions"].header, "min_train_sessions": {"setting": setting, "sessions": 140}}
    predictions = Table("predictions", inputs["predictions"].frame, header)
    body = body_of({**inputs, "predictions": predictions}, settings)
    assert body["reason"].endswith(f"min_train_sessions = {remedy}")
    assert body["model"]["min_train_sessions"] == {"setting": setting, "sessions": 140}


@pytest.mark.parametrize(
    ("mode", "verdict"), [("train", "insufficient data"), ("score", "insufficient new data")]
)
def test_sixty_sessions_are_judged_and_fifty_nine_are_not(world, settings, mode, verdict):
    """The last session has no label yet; the reason names a setting that leaves sixty."""
    few = body_of(world(judged=60, mode=mode), settings)
    assert (few["sessions"], few["rows"], few["verdict"]) == (59, 177, verdict)
    assert few["reason"] in few["verdict_sentence"]
    assert "min_train_sessions = 139 or fewer" in few["reason"]
    enough = body_of(world(judged=61, mode=mode), settings)
    assert (enough["sessions"], enough["reason"]) == (60, None)
    assert enough["performance"]["auc"]["value"] is not None


def test_sixty_rows_are_needed_beside_sixty_sessions(world, settings):
    """One ticker without a label on one day: 59 rows."""
    inputs = world(judged=61, tickers=1)
    assert body_of(inputs, settings)["reason"] is None
    less = with_labels_of(inputs, lambda t: t.assign(up_next=t["up_next"].where(t.index != 3)))
    assert body_of(less, settings)["verdict"] == "insufficient data"


def test_a_history_that_no_setting_helps_is_told_so(world, settings):
    """89 labelled sessions leave 29 to learn from beside 60, fewer than the setting takes."""
    assert "bring more history" in body_of(world(dates=90, judged=20), settings)["reason"]
    assert "min_train_sessions = 30 or fewer" in body_of(world(dates=91, judged=20), settings)["reason"]


@pytest.mark.parametrize(
    ("tickers", "dates", "limits", "remedy"),
    [
        # 95 labelled sessions leave 35 before the 60 to judge; the plan takes more than the embargo and the horizon
        (3, 96, {"embargo_sessions": 40}, "without embargo_sessions min_train_sessions = 35 or fewer would do"),
        # 31 less 11 are 20 sessions of three tickers: 60 rows, as many as a model is trained on at least
        (3, 96, {"embargo_sessions": 10}, "min_train_sessions = 35 or fewer (31 at least) would do"),
        (1, 200, {}, "min_train_sessions = 139 or fewer (61 at least) would do"),
        # thirty rows are in the window wherever it ends
        (
            1, 200, {"rolling_sessions": 30},
            "without rolling_sessions min_train_sessions = 139 or fewer (61 at least) would do",
        ),
        (
            1, 96, {"rolling_sessions": 30, "embargo_sessions": 20},
            "too few for any min_train_sessions (30 at least, and 60 sessions to judge): bring more history",
        ),
    ],
)  # fmt: skip
def test_the_value_that_is_named_leaves_out_what_training_does(
    world, settings, tickers, dates, limits, remedy
):
    """Embargo and rolling window count; a setting that leaves no value at all is named."""
    inputs = world(dates=dates, tickers=tickers, judged=20)
    walk = {"setting": "auto", "sessions": 50, **limits}
    predictions = Table(
        "predictions",
        inputs["predictions"].frame,
        {**inputs["predictions"].header, "min_train_sessions": walk},
    )
    assert body_of({**inputs, "predictions": predictions}, settings)["reason"].endswith(remedy)


def test_of_a_model_in_use_its_file_says_what_was_left_out(world, settings):
    """Scoring has no settings of training."""
    inputs = world(dates=96, judged=20, mode="score")
    model = inputs["model"].body
    walk = model["walk_forward"] | {"min_train_sessions": 50, "embargo_sessions": 40}
    reason = body_of({**inputs, "model": Document("model", model | {"walk_forward": walk})}, settings)[
        "reason"
    ]
    remedy = "without embargo_sessions min_train_sessions = 35 or fewer would do"
    assert reason.endswith(f"wait for more sessions, or {remedy}")


@pytest.mark.parametrize(("horizon", "embargo", "sessions"), [(1, 0, 30), (5, 0, 34), (5, 40, 46)])
def test_auto_leaves_out_the_horizon_and_the_embargo(horizon, embargo, sessions):
    """Of 90 sessions 60 are to be judged; a training takes 29 and the horizon, and one more than what it leaves out."""
    assert _History(np.full(90, 5), horizon).fitting(embargo) == sessions
