"""Fills, months, slices and calibration of a whole evaluation, recomputed by pandas, quantstats and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.evaluate import evaluate
from core.evaluation.evaluate_settings import EvaluateSettings
from core.evaluation.market_states import MARKET_SESSIONS
from core.parameters import settings_from
from core.queries.models.fills import fills
from core.tables.artifacts import Table
from tests.late import Late

qs = Late("quantstats.stats")


def body_of(inputs, settings):
    """Return the evaluation's body."""
    return evaluate(inputs, {}, settings_from(EvaluateSettings, settings)).body


def with_opens(inputs, seed=3):
    """Return clean prices of the same closes, adjusted by a factor that changes, with opens of their own."""
    random = np.random.default_rng(seed)
    frame = inputs["features"].frame[["date", "ticker", "adj_close"]].copy()
    frame["close"] = frame["adj_close"] * np.where(np.arange(len(frame)) < len(frame) / 2, 2.0, 1.0)
    frame["open"] = frame["close"] * random.uniform(0.99, 1.01, len(frame))
    frame.loc[random.choice(len(frame), 5, replace=False), "open"] = np.nan
    return Table("prices_clean", frame.sample(frac=1, random_state=1))


@pytest.fixture
def inputs(world):
    """Five tickers over a year and a half of judged sessions, in two folds."""
    return world(dates=480, tickers=5, judged=400, folds=2)


def judged(inputs):
    """Return the judged rows by (date, ticker) with all features, and what each earned next."""
    features = inputs["features"].frame.sort_values(["ticker", "date"])
    features["next"] = features.groupby("ticker")["return"].shift(-1)
    rows = inputs["predictions"].frame.drop(columns="up_next").merge(features, on=["date", "ticker"])
    return rows.dropna(subset="next").sort_values(["ticker", "date"])


def daily(rows, earned, bps):
    """Return the daily returns of long/flat at equal weights over rows that have ``earned``."""
    rows = rows[earned.loc[rows.index].notna()]
    position = (rows["probability"] >= 0.5).astype(float)
    moved = position.groupby(rows["ticker"]).diff().fillna(position).abs()
    return (position * earned.loc[rows.index] - moved * bps / 1e4).groupby(rows["date"]).mean()


def test_fills_at_the_next_open_are_pandas_own(inputs, settings):
    """From the open after the call to the one after that, adjusted as the close of their day; the rest is alike."""
    prices, body = with_opens(inputs), body_of(inputs, settings)
    frame = prices.frame.sort_values(["ticker", "date"])
    opened = (frame["open"] * frame["adj_close"] / frame["close"]).groupby(frame["ticker"])
    frame["earned"] = opened.shift(-2) / opened.shift(-1) - 1
    rows = judged(inputs).merge(frame[["date", "ticker", "earned"]], on=["date", "ticker"])
    rows = rows.sort_values(["ticker", "date"])
    ours = daily(rows, rows["earned"], settings["cost_bps"])
    close, at_open = fills(inputs["predictions"], inputs["features"], prices, settings)
    assert (close["fill"], at_open["fill"], at_open["sessions"]) == ("close", "next_open", len(ours))
    assert at_open["annual_return"]["value"] == pytest.approx(
        (1 + ours).prod() ** (252 / len(ours)) - 1, rel=1e-9
    )
    assert at_open["sharpe"]["value"] == pytest.approx(qs.sharpe(ours, periods=252), rel=1e-9)
    assert at_open["sharpe"]["low"] < at_open["sharpe"]["value"] < at_open["sharpe"]["high"]
    assert close["annual_return"] == pytest.approx(body["performance"]["long_flat_return"], rel=1e-9)
    assert close["sharpe"] == pytest.approx(body["performance"]["long_flat_sharpe"], rel=1e-9)


def test_without_opens_the_fill_says_so(inputs, settings):
    """Prices without opens: null with the reason, at both figures."""
    bare = Table("prices_clean", with_opens(inputs).frame.assign(open=np.nan))
    at_open = fills(inputs["predictions"], inputs["features"], bare, settings)[1]
    assert (at_open["annual_return"]["value"], at_open["sharpe"]["value"], at_open["sessions"]) == (
        None,
        None,
        0,
    )
    assert at_open["reason"] == "there are no opening prices"


def test_months_are_quantstats_and_so_is_the_rolling_ratio(inputs, settings):
    """A day's return belongs to the session at whose close it was earned."""
    body = body_of(inputs, settings)
    rows = judged(inputs)
    ours = daily(rows, rows["next"], settings["cost_bps"])
    sessions = np.sort(inputs["features"].frame["date"].unique())
    ours.index = pd.DatetimeIndex(
        sessions[np.searchsorted(sessions, ours.index.to_numpy("datetime64[s]")) + 1]
    )
    by_month = (1 + ours).groupby(ours.index.to_period("M")).prod() - 1
    rolling = qs.rolling_sharpe(ours, rolling_period=252, periods_per_year=252)
    ends = rolling.groupby(ours.index.to_period("M")).last().reindex(by_month.index)
    assert [entry["month"] for entry in body["months"]] == by_month.index.astype(str).tolist()
    found = pd.DataFrame(body["months"])
    np.testing.assert_allclose(found["return"], by_month, rtol=1e-9)
    np.testing.assert_allclose(found["sharpe"].astype(float), ends, rtol=1e-9)
    whole = body["baselines"]["buy_and_hold"]["annual_return"]
    assert (1 + found["buy_and_hold"]).prod() ** (252 / body["sessions"]) - 1 == pytest.approx(
        whole, rel=1e-9
    )


def test_states_of_the_market_are_known_before_and_scored_by_scikit_learn(inputs, settings):
    """Thirds by the ticker's volatility; rising where the tickers' mean return of 20 sessions compounds above 0."""
    body = body_of(inputs, settings)
    rows = judged(inputs)
    third = pd.qcut(rows["volatility20"], 3, labels=False)
    market = rows.groupby("date")["return"].mean()
    growth = (1 + market).rolling(MARKET_SESSIONS).apply(np.prod)
    rising = (growth > 1).astype(float).where(growth.notna())[rows["date"]].to_numpy()
    for name, state in (("volatility", third.to_numpy()), ("market", rising)):
        entries = body["slices"][name]
        for number, entry in enumerate(entries):
            own = rows[state == number]
            assert (entry["rows"], entry["sessions"]) == (len(own), own["date"].nunique())
            folds = [(len(f), roc_auc_score(f["next"] > 0, f["probability"])) for _, f in own.groupby("fold")]
            expected = sum(n * auc for n, auc in folds) / sum(n for n, _ in folds)
            assert entry["auc"] == pytest.approx(expected, rel=1e-12)
            assert entry["auc_low"] < entry["auc"] < entry["auc_high"]
            called = (own["probability"] >= 0.5) == (own["next"] > 0)
            assert entry["hit_rate"] == pytest.approx(called.mean(), rel=1e-12)
    assert body["slices"]["reason"] is None


def test_what_is_not_known_of_the_market_is_said(inputs, settings):
    """Features without volatility have no thirds."""
    bare = Table("features", inputs["features"].frame.drop(columns="volatility20"))
    slices = body_of({**inputs, "features": bare}, settings)["slices"]
    assert (slices["volatility"], slices["reason"]) == ([], "the features have no volatility20")
    assert len(slices["market"]) == 2


def test_calibration_error_is_the_mean_gap_of_its_bins(inputs, settings):
    """Of the table of bins that stands beside it, and chance explains it for probabilities near one half."""
    body = body_of(inputs, settings)
    bins = pd.DataFrame(body["calibration"])
    gaps = (bins["mean_probability"] - bins["share_up"]).abs()
    error = body["calibration_error"]
    assert error["value"] == pytest.approx(np.average(gaps, weights=bins["rows"]), rel=1e-12)
    assert (error["bins"], error["binning"]) == (10, "equally many rows")
    assert error["by_chance"] < error["by_chance_high"]


def test_importance_is_summed_over_folds(inputs, settings):
    """Losses by rows, counts of folds; a score run and an old table have none."""
    entry = {"loss": 0.01, "deviation": 0.001, "coefficient": 0.2}
    folds = [
        {"fold": 1, "auc": 0.5, "rows": 300, "inputs": {"return": entry}},
        {
            "fold": 2,
            "auc": 0.5,
            "rows": 100,
            "inputs": {"return": {"loss": -0.03, "deviation": 0.0, "coefficient": -0.4}},
        },
    ]
    table = inputs["predictions"]
    more = Table("predictions", table.frame, {**table.header, "importance": folds})
    found = body_of({**inputs, "predictions": more}, settings)["importance"]
    assert found["inputs"]["return"] == pytest.approx(
        {"loss": 0.0, "helped": 1, "coefficient": -0.1, "positive": 1}
    )
    assert (found["folds"], found["by_fold"]) == (2, folds)
    assert body_of(inputs, settings)["importance"] is None


def test_too_little_data_leaves_every_part_open(world, settings):
    """Nothing is shown of what is not judged."""
    body = body_of(world(judged=20), settings)
    assert (body["months"], body["calibration_error"]) == ([], None)
    assert body["slices"]["volatility"] == body["slices"]["market"] == []
    assert body["slices"]["reason"]


FIGURES = (
    "performance",
    "risk",
    "costs",
    "months",
    "ic",
    "by_fold",
    "by_period",
    "slices",
    "calibration_error",
)


def flat(value):
    """Return every number of a nested value, in order."""
    if isinstance(value, dict):
        return [number for inner in value.values() for number in flat(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in flat(inner)]
    return [value] if isinstance(value, float) else []


def test_names_of_tickers_and_the_size_of_prices_change_no_figure(inputs, settings):
    """Tickers under other names in another order, prices ten times as high: the same figures to the last digits."""
    inputs = {**inputs, "prices_clean": with_opens(inputs)}
    names = {f"T{n}": f"Z{9 - n}" for n in range(5)}
    turned = {}
    for kind in ("predictions", "features", "prices_clean"):
        table = inputs[kind]
        frame = table.frame.assign(ticker=table.frame["ticker"].map(names))
        for column in ("adj_close", "close", "open"):
            if column in frame:
                frame[column] *= 10
        turned[kind] = Table(kind, frame.sort_values(["date", "ticker"]).reset_index(drop=True), table.header)
    before, after = (dict(body_of(whole, settings)) for whole in (inputs, {**inputs, **turned}))
    opens = ("predictions", "features", "prices_clean")
    before["fills"], after["fills"] = (
        fills(*(whole[kind] for kind in opens), settings) for whole in (inputs, {**inputs, **turned})
    )
    for name in (*FIGURES, "fills"):
        np.testing.assert_allclose(flat(after[name]), flat(before[name]), rtol=1e-8, atol=1e-12, err_msg=name)
    tickers = {names[ticker]: flat(part) for ticker, part in before["by_ticker"].items()}
    for ticker, part in after["by_ticker"].items():
        np.testing.assert_allclose(flat(part), tickers[ticker], rtol=1e-8)
