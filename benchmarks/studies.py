"""The studies: panels of a world, given to the stages, and what is asked of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import notebook
import numpy as np
from answers import (
    BESIDE,
    MAIN,
    Answers,
    add_advice,
    add_champion,
    add_differences,
    add_importance,
    add_looks,
    add_models,
    add_notebook,
    add_verdicts,
    figures,
    resampling,
)
from panels import World, knowing_nothing, overlapping, simulated
from truths import defaults, features_of, judgement, of_money, stage, truths

from core import columns as col
from core.evaluation.baselines import probabilities
from core.evaluation.breakdown import calibration_error
from core.evaluation.joined import NEXT_RETURN, open_returns, with_returns
from core.evaluation.market_states import market_direction, volatility_third
from core.measures.bootstrap import Estimate, Quantity, estimate
from core.measures.expanded import blocks_of, coverage_of, stretch
from core.measures.judged_rows import labelled_rows, numbers
from core.measures.metrics import THRESHOLD
from core.measures.performance import PooledScore
from core.measures.ranking import RankedScore
from core.measures.selection import best_by_chance
from core.measures.skill import BrierSkill
from core.measures.trading import trading
from core.measures.weighted import WeightedScore
from core.queries.models.fills import CLOSE, NEXT_OPEN, fills
from core.tables.artifacts import Document, Table
from core.tables.workplace import Workplace

CHAMPION_SESSIONS = 960
"""Sessions that the champion of a training run was trained on: it is compared on those after."""

YEAR = 250
"""Sessions that a model in use is judged by: one more, and its age alone would be reason to retrain."""

HORIZON = 5
OVERCONFIDENT = {"true probabilities": 1.0, "log odds times 1.5": 1.5, "log odds times 3": 3.0}
PERCENTILES, WIDENED = " (percentiles)", " (widened)"
OTHER_SETTINGS: tuple[Mapping[str, Any], ...] = (
    {},
    {"fold_sessions": 126},
    {"window": "rolling", "rolling_sessions": 504},
    {"window": "rolling", "rolling_sessions": 252},
    {"embargo_sessions": 20},
)
"""With either kind of model ten ordinary candidates on the same judged rows."""


@dataclass(frozen=True)
class Study:
    """Panels of one world and what is asked of each.

    Parameters
    ----------
    text, short : str
        What the panels are, for the page, and over a column.
    world : World
    ask : callable
        From the world and a seed to the answers.
    panels : int
        How many panels, where nothing else is said.
    """

    text: str
    short: str
    world: World
    ask: Callable[[World, int], Answers]
    panels: int


def candidate(world: World, seed: int) -> Answers:
    """Return what a training run says of a panel, with boosting beside and, where history allows, a champion."""
    panel = simulated(world, seed)
    features, champion = features_of(panel), None
    if world.sessions > CHAMPION_SESSIONS + YEAR:
        champion = trained(features_of(panel, CHAMPION_SESSIONS))
    predictions, model = stage("train_or_score", {"features": features})
    named = {"champion_id": "champion"} if champion else {}
    judged = judgement(panel, features, predictions, model, champion, bootstrap_seed=seed, **named)
    answers = Answers()
    add_models(answers, judged)
    if (judged.up_chance == 0.5).all():
        add_differences(answers, judged)
        add_notebook(answers, judged, seed)
        if champion:
            add_champion(answers, judged, champion, features)
    add_verdicts(answers, judged.body)
    add_importance(answers, judged.body)
    add_advice(answers, judged.body)
    return answers


def slices(world: World, seed: int) -> Answers:
    """Return which intervals of parts of a panel's rows hold the truth: one part of each kind."""
    panel, answers = simulated(world, seed), Answers()
    features = features_of(panel)
    predictions, model = stage("train_or_score", {"features": features}, beside=None)
    judged = judgement(panel, features, predictions, model, bootstrap_seed=seed)
    body, rows, place = judged.body, judged.rows, seed % 2
    frame = labelled_rows(with_returns(predictions.frame, features, also=(col.VOLATILITY20,))).frame
    states = {"volatility": volatility_third(replace(rows, frame=frame)), "market": market_direction(rows)}
    tickers, years = sorted(body["by_ticker"]), sorted(body["by_period"])
    parts = {
        "a fold of 252 sessions": (body["by_fold"][place], rows.fold == place),
        "a year": (body["by_period"][years[place]], frame[col.DATE].dt.year == int(years[place])),
        "a ticker": (body["by_ticker"][tickers[place]], frame[col.TICKER] == tickers[place]),
        "a third by volatility": (body["slices"]["volatility"][place], states["volatility"] == place),
        "rising or falling markets": (body["slices"]["market"][place], states["market"] == place),
    }
    for name, (entry, mask) in parts.items():
        p = rows.probability[np.asarray(mask)]
        called = (p >= THRESHOLD).mean()
        truth = {
            "auc": 0.5,
            "precision": 0.5,
            "hit_rate": 0.5,
            "recall": called,
            "brier": 0.25 + ((p - 0.5) ** 2).mean(),
        }
        for figure, value in truth.items():
            ends = {"value": entry[figure], "low": entry[f"{figure}_low"], "high": entry[f"{figure}_high"]}
            answers.interval(f"{figure} of {name}", ends, float(value))
    return answers


def next_open(world: World, seed: int) -> Answers:
    """Return which intervals of what a rule earns hold the truth, filled at the close of the call or the next open."""
    panel, prices = simulated(world, seed).prices_with_opens(seed)
    features, answers, how = (
        stage("feature_engineer", {"prices_clean": prices})[0],
        Answers(),
        resampling(seed),
    )
    cost, shape = float(defaults()["cost_bps"]), panel.returns.shape
    frame = prices.frame[[col.DATE, col.TICKER]].assign(
        probability=knowing_nothing(shape, seed).ravel(),
        up_next=np.append(panel.returns[1:] > 0, np.full((1, shape[1]), np.nan), axis=0).ravel(),
        fold=1,
    )
    values = {"cost_bps": cost, "bootstrap_samples": how.samples, "block_sessions": how.block_sessions}
    values |= {"confidence": how.confidence, "bootstrap_seed": how.seed}
    rows = labelled_rows(with_returns(frame, features))
    calls = (rows.probability >= THRESHOLD).astype(float)
    following = {
        CLOSE: numbers(rows.frame, NEXT_RETURN),
        NEXT_OPEN: open_returns(rows.frame, prices, Workplace()),
    }
    for entry in fills(Table("predictions", frame, {}), features, prices, values):
        earned, where = following[entry["fill"]], entry["fill"].replace("_", " ")
        true = of_money(rows, calls, earned, cost)
        answers.interval(
            f"long_flat_return filled at the {where}", entry["annual_return"], true["long_flat_return"]
        )
        answers.interval(f"long_flat_sharpe filled at the {where}", entry["sharpe"], true["long_flat_sharpe"])
        if entry["fill"] == NEXT_OPEN:
            claim = notebook.sharpe_interval(trading(rows, earned, calls).net(cost), seed)
            answers.intervals[f"notebook: long_flat_sharpe filled at the {where}"] = [
                sum(claim) / 2,
                *claim,
                true["long_flat_sharpe"],
            ]
    return answers


def calibrated(world: World, seed: int) -> Answers:
    """Return whether the calibration error is called more than chance explains, of true probabilities and of others."""
    panel = simulated(world, seed)
    count = len(panel.returns) - 1
    chance = panel.up_chance[:count]
    frame = (
        panel.prices(count)
        .frame[[col.DATE, col.TICKER]]
        .assign(probability=chance.ravel(), up_next=(panel.returns[1:] > 0).astype(float).ravel(), fold=1)
    )
    events = {}
    for words, factor in OVERCONFIDENT.items():
        odds = factor * np.log(chance / (1 - chance))
        rows = labelled_rows(frame.assign(probability=(1 / (1 + np.exp(-odds))).ravel()))
        error = calibration_error(rows, resampling(seed))
        events[f"{words}: calibration error more than chance explains"] = (
            error["value"] > error["by_chance_high"]
        )
    return Answers(events=events)


def trained(features: Table, **changes: Any) -> Document:
    """Return the candidate of a training run, boosting left out."""
    _, model = stage("train_or_score", {"features": features}, **{"beside": None, **changes})
    return model


def in_use(world: World, seed: int) -> Answers:
    """Return what is said of a model in its first year of use: at the end, and at looks on the way."""
    panel = simulated(world, seed)
    features, model = features_of(panel), trained(features_of(panel, world.sessions - YEAR))
    (predictions,) = stage("train_or_score", {"features": features, "model": model}, mode="score")
    judged = judgement(panel, features, predictions, model, bootstrap_seed=seed)
    answers = Answers()
    add_models(answers, judged)
    if (judged.up_chance == 0.5).all():
        add_differences(answers, judged)
    add_verdicts(answers, judged.body)
    add_advice(answers, judged.body)
    add_looks(answers, judged, seed)
    return answers


def tries(world: World, seed: int) -> Answers:
    """Return what the best of ten ordinary candidates on noise is called, alone and as the best of ten."""
    panel = simulated(world, seed)
    features = features_of(panel)
    frames = [
        stage("train_or_score", {"features": features}, model=kind, beside=None, **changes)[0].frame
        for kind, changes in product((MAIN, BESIDE), OTHER_SETTINGS)
    ]
    # all of them on the folds of the first, so that every candidate is resampled alike
    aligned = frames[0].assign(
        **{col.probability_of(str(n)): frame[col.PROBABILITY].to_numpy() for n, frame in enumerate(frames)}
    )
    rows, how = labelled_rows(aligned), resampling(seed)
    scores = {
        str(n): WeightedScore.of(rows, numbers(rows.frame, col.probability_of(str(n))))
        for n in range(len(frames))
    }
    estimates = [entry["auc"] for entry in estimate(scores, rows, how).values()]
    alone = [auc.interval(coverage_of(rows, how)) for auc in estimates]
    wider = stretch(1 - (1 - how.confidence) / len(frames), blocks_of(rows, how))
    best = best_by_chance(estimates, chance=0.5, confidence=how.confidence, stretch=wider)
    return Answers(
        events={
            'one of ten "better" by its own interval': any(low > 0.5 for low, _ in alone),
            'the best of ten "better" as the best of ten': best.p_value <= (1 - how.confidence) / 2,
        }
    )


def causes(world: World, seed: int) -> Answers:
    """Return which intervals hold the truth as they were made before, and as they are made, step by step."""
    panel, answers = simulated(world, seed), Answers()
    features = features_of(panel)
    predictions, model = stage("train_or_score", {"features": features})
    judged = judgement(panel, features, predictions, model, bootstrap_samples=100)
    rows, how = judged.rows, resampling(seed)
    sign = probabilities(rows, features)["previous_day_sign"]
    scores = {"": rows.probability, "previous day's sign": sign, "reversal": 1 - sign}
    scores["boosting"] = numbers(rows.frame, col.probability_of(BESIDE))
    quantities: dict[str, Quantity] = {}
    for name, p in scores.items():
        quantities |= {f"plain {name}": RankedScore.of(rows, p), f"rows {name}": WeightedScore.of(rows, p)}
    # against a rate known before the fold, and against that of the judged rows, which follows the resample
    quantities["before"] = BrierSkill.of(rows, rows.probability, judged.references)
    quantities["pooled"] = PooledScore.of(rows, rows.probability)
    quantities["reference"] = PooledScore.of(rows, np.ones(len(rows)))
    drawn = estimate(quantities, rows, how)
    true = truths(judged, rows.probability, 0.0)["brier_skill"]
    rate, brier = drawn["reference"]["precision"], drawn["pooled"]["brier"]
    skill = Estimate(
        1 - brier.value / (rate.value * (1 - rate.value)), 1 - brier.draws / (rate.draws * (1 - rate.draws))
    )
    estimates = {
        "Brier skill against the judged rows' up-rate": (skill, true),
        "Brier skill against the rate known before": (drawn["before"]["brier_skill"], true),
    }
    for weights, words in (("plain", "a plain mean of folds"), ("rows", "folds by their rows")):
        auc = {name: drawn[f"{weights} {name}"]["auc"] for name in scores}
        estimates[f"AUC, {words}"] = (auc[""], 0.5)
        for name in [name for name in scores if name]:
            apart = Estimate(auc[""].value - auc[name].value, auc[""].draws - auc[name].draws)
            estimates[f"AUC less that of {name}, {words}"] = (apart, 0.0)
    for name, (value, truth) in estimates.items():
        for kind, share in ((PERCENTILES, how.confidence), (WIDENED, coverage_of(rows, how))):
            low, high = value.interval(share) or (-np.inf, np.inf)
            answers.intervals[f"{name}{kind}"] = [value.value, low, high, truth]
    return answers


def shared_outcomes(world: World, seed: int) -> Answers:
    """Return which intervals hold the truth where neighbouring labels share four sessions of five."""
    frame, answers = overlapping(world, HORIZON, seed), Answers()
    by_name = figures(frame, seed)
    for name in ("auc", "hit_rate"):
        answers.interval(name, by_name[name], 0.5)
    p, up = frame[col.PROBABILITY].to_numpy(), frame[col.UP_NEXT].to_numpy()
    claims = notebook.intervals(p, up, seed)
    for name in ("auc", "hit_rate"):
        low, high = claims[name]
        answers.intervals[f"notebook: {name}"] = [(low + high) / 2, low, high, 0.5]
    return answers


STUDIES: Mapping[str, Study] = {
    "noise": Study("8 tickers, 1,500 sessions, nothing to predict", "8 tickers", World(), candidate, 800),
    "correlated": Study("the same, correlation .9", "correlation .9", World(correlation=0.9), candidate, 250),
    "one-94": Study("1 ticker, 94 judged rows", "94 rows", World(tickers=1, sessions=807), candidate, 800),
    "two-120": Study(
        "2 tickers, 60 judged sessions", "60 sessions", World(tickers=2, sessions=773), candidate, 400
    ),
    "one-753": Study(
        "1 ticker, 753 judged rows", "753 rows", World(tickers=1, sessions=1_466), candidate, 400
    ),
    "year": Study("a model in its first year of use", "in use", World(), in_use, 400),
    "slices": Study("parts of the judged rows", "parts", World(), slices, 200),
    "fills": Study("calls that know nothing, nights between days", "fills", World(), next_open, 400),
    "calibration": Study(
        "true probabilities, autocorrelation .1", "true", World(autocorrelation=0.1), calibrated, 400
    ),
    "tries": Study("ten ordinary candidates", "tries", World(), tries, 120),
    "causes": Study("intervals as they were made before", "causes", World(), causes, 200),
    "overlap": Study("labels over 5 sessions", "overlap", World(sessions=787), shared_outcomes, 400),
    "power-.02": Study("autocorrelation .02", ".02", World(autocorrelation=0.02), candidate, 100),
    "power-.05": Study("autocorrelation .05", ".05", World(autocorrelation=0.05), candidate, 100),
    "power-.1": Study("autocorrelation .1", ".1", World(autocorrelation=0.1), candidate, 100),
    "power-.2": Study("autocorrelation .2", ".2", World(autocorrelation=0.2), candidate, 100),
    "year-.1": Study(
        "a model in use, autocorrelation .1", "in use, .1", World(autocorrelation=0.1), in_use, 60
    ),
}
"""By name. ``one-94`` and ``two-120`` lie just above the floors of a verdict."""
