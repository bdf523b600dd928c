"""Training: what is written, what counts, and what too little history gives."""

import numpy as np
import pandas as pd
import pytest

from core.errors import DataError, ModelError
from core.features import definition_digest, engineer, model_features
from core.models.model_rows import rows_of
from core.models.train_settings import TrainSettings
from core.models.training import train, usable_folds
from core.parameters import settings_from
from core.tables.artifacts import Table
from core.tables.codec import decode, encode
from core.tables.workplace import Workplace


def _train(features, parameters, **changes):
    return train(features, settings_from(TrainSettings, {**parameters, **changes}), features_sha256="cd" * 32)


def _with(table, change):
    frame = table.frame.copy()
    return Table(table.kind, change(frame), table.header)


def test_predictions_have_the_contract_columns_in_date_and_ticker_order(trained):
    """The named model's probability first, the one beside it last."""
    frame = trained["logistic_regression"][0].frame
    assert list(frame.columns) == [
        "date", "ticker", "probability", "up_next", "fold", "probability_hist_gradient_boosting",
    ]  # fmt: skip
    assert frame.equals(frame.sort_values(["date", "ticker"], ignore_index=True))
    assert not frame.isna().to_numpy().any()
    assert set(frame["fold"]) == {1.0, 2.0, 3.0}


def test_predictions_cover_every_labelled_row_after_the_minimum_once(trained, features):
    """260 sessions, the last has no label: folds of 50, 50 and 59 leave no row out."""
    frame = trained["logistic_regression"][0].frame
    days = np.unique(features.frame["date"].to_numpy())[100:259]
    answer = features.frame[features.frame["date"].isin(days)].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame[["date", "ticker", "up_next"]], answer[["date", "ticker", "up_next"]])


def test_folds_are_told_with_dates_and_rows(trained, features):
    """Fold 2 trains on 148 sessions of three tickers less 20 of warm-up, one session is purged."""
    days = [str(day)[:10] for day in np.unique(features.frame["date"].to_numpy())]
    assert trained["logistic_regression"][0].header["folds"][1] == {
        "fold": 2, "train_from": days[0], "train_to": days[148], "test_from": days[150], "test_to": days[199],
        "train_rows": 3 * (149 - 20), "test_rows": 3 * 50,
    }  # fmt: skip


def test_predictions_survive_the_file(trained):
    """Decoded from their bytes they are equal in value and type, so a later stage sees the same."""
    table = trained["logistic_regression"][0]
    again = decode(encode(table).data, "predictions.json")
    pd.testing.assert_frame_equal(again.frame, table.frame)
    assert again.header == table.header


def test_a_signal_tells_the_exchange_session_after_each_last_row(trained, features):
    """The last day is Thursday 2015-12-31; the exchange opens again on Monday 2016-01-04."""
    assert str(features.frame["date"].max())[:10] == "2015-12-31"
    for kind in trained:
        signals = trained[kind][0].header["signals"]
        assert [signal["ticker"] for signal in signals] == ["AA", "BB", "CC"]
        assert {(signal["after"], signal["session"]) for signal in signals} == {("2015-12-31", "2016-01-04")}
        for signal in signals:
            assert signal["direction"] == ("up" if signal["probability"] >= 0.5 else "down")


def test_the_model_document_records_how_it_was_made(trained):
    """Nothing of time or host, and all that scoring will check."""
    body = trained["logistic_regression"][1].body
    assert list(body) == [
        "model_kind", "features", "definition_digest", "feature_set", "label", "threshold", "parameters",
        "hyperparameters", "training", "walk_forward", "self_check",
    ]  # fmt: skip
    assert body["features"] == list(model_features())
    assert body["definition_digest"] == definition_digest()
    assert {k: body["training"][k] for k in ("rows", "sessions", "tickers", "seed", "horizon_sessions")} == {
        "rows": 3 * (260 - 20 - 1), "sessions": 239, "tickers": ["AA", "BB", "CC"], "seed": 7,
        "horizon_sessions": 1,
    }  # fmt: skip
    assert body["training"]["from"] == "2015-01-30"
    assert body["training"]["to"] == "2015-12-30"
    assert body["training"]["features_sha256"] == "ab" * 32
    assert body["walk_forward"]["folds"] == 3
    assert set(body["walk_forward"]["performance"]) >= {"auc", "brier", "log_loss"}
    assert len(body["self_check"]) == 3


def test_a_model_beside_gives_what_it_gives_when_named(trained):
    """The two never influence each other."""
    beside = trained["logistic_regression"][0].frame["probability_hist_gradient_boosting"]
    named = trained["hist_gradient_boosting"][0].frame["probability"]
    assert beside.to_numpy().tobytes() == named.to_numpy().tobytes()


def test_a_model_beside_itself_is_left_out(features, parameters):
    """Named and repeated kinds are trained once."""
    twice = "logistic_regression,hist_gradient_boosting,hist_gradient_boosting"
    frame = _train(features, parameters, beside=twice)[0].frame
    assert list(frame.columns[5:]) == ["probability_hist_gradient_boosting"]


def test_row_order_of_the_features_does_not_matter(features, parameters, trained):
    """Shuffled rows give the same bytes."""
    shuffled = _with(features, lambda frame: frame.sample(frac=1, random_state=2))
    found = train(shuffled, settings_from(TrainSettings, parameters), features_sha256="ab" * 32)
    for ours, theirs in zip(found, trained["logistic_regression"], strict=True):
        assert encode(ours).data == encode(theirs).data


def test_progress_counts_folds_and_the_candidate(features, parameters):
    """Each fold with all its models is a step, the candidate one, and its record one."""
    told = []
    train(
        features,
        settings_from(TrainSettings, parameters),
        features_sha256="",
        workplace=Workplace(progress=lambda *step: told.append(step)),
    )
    folds = 3
    assert told == [(done, folds + 2) for done in range(folds + 3)]


def test_too_little_history_for_a_fold_still_trains_a_model(features, parameters):
    """No predictions, the right columns, a candidate without a walk-forward record."""
    predictions, model = _train(features, parameters, min_train_sessions=250)
    assert len(predictions.frame) == 0
    assert list(predictions.frame.columns)[-1] == "probability_hist_gradient_boosting"
    assert [str(kind) for kind in predictions.frame.dtypes] == ["datetime64[s]", "str", *["float64"] * 4]
    assert predictions.header["folds"] == []
    assert predictions.header["no_model_reason"] is None
    assert model.body["walk_forward"] is None
    assert len(predictions.header["signals"]) == 3


def test_auto_takes_half_of_the_history_and_says_so(features, parameters):
    """259 labelled sessions: judged from the 130th on, as if 129 had been set; header and model have the number."""
    fitted, model = _train(features, parameters, min_train_sessions="auto")
    named, _ = _train(features, parameters, min_train_sessions=129)
    pd.testing.assert_frame_equal(fitted.frame, named.frame)
    assert fitted.header["min_train_sessions"] == {"setting": "auto", "sessions": 129}
    assert named.header["min_train_sessions"] == {"setting": 129, "sessions": 129}
    assert model.body["walk_forward"]["min_train_sessions"] == 129


def test_auto_judges_the_sample_as_712_does(sample_features, parameters):
    """A long history keeps its test periods: the first begins on 2003-01-02."""
    rows = rows_of(sample_features)
    first = [
        next(usable_folds(rows, settings_from(TrainSettings, {**parameters, "min_train_sessions": number})))
        for number in ("auto", 712)
    ]
    assert first[0].fold == first[1].fold
    assert str(first[0].fold.test_from) == "2003-01-02"


@pytest.mark.parametrize(("sessions", "trainable"), [(80, False), (81, True)])
def test_sixty_labelled_complete_rows_are_needed(walk_prices, parameters, sessions, trainable):
    """One ticker: 20 rows of warm-up and the last without label leave 59 or 60."""
    predictions, model = _train(engineer(walk_prices(sessions, ("A",), 4)), parameters)
    assert (model is not None) is trainable
    if not trainable:
        assert predictions.header["no_model_reason"].startswith(
            "59 labelled rows with all features; at least 60"
        )
        assert predictions.header["model_id"] is None
        assert predictions.header["signals"] == []
        assert len(predictions.frame) == 0


def test_one_outcome_only_trains_nothing(walk_prices, parameters):
    """A price that rises every day teaches no difference."""
    prices = walk_prices(200, ("A",), 4)
    prices.frame["adj_close"] = 10 * 1.001 ** np.arange(200)
    predictions, model = _train(engineer(prices), parameters)
    assert model is None
    assert predictions.header["no_model_reason"] == "all 179 labels are 1; both outcomes are needed"


def test_a_fold_without_enough_to_learn_from_is_left_out(walk_prices, parameters):
    """One ticker: 60 sessions leave 39 complete rows before the first fold, so judging starts later."""
    features = engineer(walk_prices(200, ("A",), 4))
    predictions, _ = _train(features, parameters, min_train_sessions=60, fold_sessions=30)
    folds = predictions.header["folds"]
    assert [(fold["fold"], fold["train_rows"], fold["test_rows"]) for fold in folds] == [
        (1, 69, 30), (2, 99, 30), (3, 129, 49),
    ]  # fmt: skip
    assert set(predictions.frame["fold"]) == {1.0, 2.0, 3.0}


def test_incomplete_rows_are_neither_trained_on_nor_judged(features, parameters, trained):
    """A null in one feature takes the row out, whatever the rest says."""
    day = features.frame["date"].unique()[120]

    def blank(frame):
        frame.loc[(frame["date"] == day) & (frame["ticker"] == "BB"), "lag3"] = np.nan
        return frame

    frame = _train(_with(features, blank), parameters)[0].frame
    whole = trained["logistic_regression"][0].frame
    gone = whole[(whole["date"] == day) & (whole["ticker"] == "BB")]
    assert len(frame) == len(whole) - 1
    assert len(gone) == 1
    assert frame[frame["date"] == day]["ticker"].tolist() == ["AA", "CC"]


UNUSABLE = {
    "a column is missing": (lambda f: f.drop(columns="lag2"), "lack lag2"),
    "a row comes twice": (lambda f: pd.concat([f, f[70:71]]), "rows come twice: "),
    "a label is no outcome": (lambda f: f.assign(up_next=0.5), "up_next holds 0.5; expected 1, 0 or null"),
    "a feature is infinite": (lambda f: f.assign(lag1=np.inf), "a feature is infinite"),
    "a feature is text": (lambda f: f.assign(lag1="x"), "no numbers in lag1"),
    "dates are text": (lambda f: f.astype({"date": "str"}), "a date or ticker is missing or malformed"),
    "a ticker is missing": (lambda f: f.assign(ticker=None), "a date or ticker is missing or malformed"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_unusable_features_table_is_refused(features, parameters, case):
    """Each with its reason."""
    change, reason = UNUSABLE[case]
    with pytest.raises(DataError, match=reason):
        _train(_with(features, change), parameters)


def test_features_of_another_set_are_refused_naming_both(features, parameters):
    """A file from before a definition changed."""
    other = Table("features", features.frame, {"definition_digest": "f" * 64})
    with pytest.raises(DataError, match=f"made by definitions {'f' * 64}; expected .*{definition_digest()}"):
        _train(other, parameters)


def test_an_unknown_model_kind_is_refused(features, parameters):
    """The closed list is named."""
    with pytest.raises(ModelError, match="'boosting'; expected one of logistic_regression, hist_gradient"):
        _train(features, parameters, model="boosting")


def test_the_records_skill_is_against_the_rate_of_outcomes_known_before_each_fold(trained, features):
    """The outcome of the session just before a fold comes with the fold's first price: it is not known yet."""
    predictions, model = trained["logistic_regression"]
    frame = features.frame
    known = frame.sort_values(["ticker", "date"]).groupby("ticker")["date"].shift(-1)
    rates = {
        fold["fold"]: frame.loc[known < pd.Timestamp(fold["test_from"]), "up_next"].mean()
        for fold in predictions.header["folds"]
    }
    judged = predictions.frame
    reference = judged["fold"].map(rates)
    ours, theirs = ((p - judged["up_next"]).pow(2).mean() for p in (judged["probability"], reference))
    skill = model.body["walk_forward"]["performance"]["brier_skill"]["value"]
    assert skill == pytest.approx(1 - ours / theirs, rel=1e-12)


def test_rows_of_no_member_have_no_inputs_and_end_labels_all_the_same(features):
    """BB belongs on no day: what is read of the others, of labels and of own features is what it was."""
    frame = features.frame.assign(member=(features.frame["ticker"] != "BB").astype(int))
    rows, whole = rows_of(Table("features", frame, features.header)), rows_of(features)
    others = whole.tickers != "BB"
    assert not rows.complete[~others].any()
    np.testing.assert_array_equal(rows.inputs[others], whole.inputs[others])
    np.testing.assert_array_equal(rows.label_dates, whole.label_dates)
    assert rows.own == whole.own == ()
