"""What one panel answers: its intervals with their truths, and what happened.

Intervals are read from an evaluation where they stand in one. Questions are named as the page prints them:
``MODEL: FIGURE`` for intervals, sentences for events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import notebook
import numpy as np
from truths import Judgement, defaults, probability, truths

from core import columns as col
from core.evaluation.joined import NEXT_RETURN, chances
from core.measures.bootstrap import Resampling
from core.measures.judged_rows import labelled_rows, numbers
from core.measures.performance import measure
from core.measures.trading import trading
from core.tables.artifacts import Document, Table

MAIN, BESIDE = "logistic_regression", "hist_gradient_boosting"
SHORT = {MAIN: "logistic regression", BESIDE: "boosting"}
FIRST_LOOK, LOOK_EVERY = 60, 13
"""Fixed intervals are looked at after so many sessions, and then every so many: 15 looks in a year."""


@dataclass
class Answers:
    """What one panel answers.

    Parameters
    ----------
    intervals : dict of str to list
        ``[value, low, high, truth]`` by name.
    events : dict of str to bool
        Whether it happened, by question.
    """

    intervals: dict[str, list[float]] = field(default_factory=dict)
    events: dict[str, bool] = field(default_factory=dict)

    def interval(
        self, name: str, entry: Mapping[str, Any], truth: float | None, value: str = "value"
    ) -> None:
        """Add an interval of an evaluation where it has one and its truth is known."""
        if truth is not None and entry[value] is not None and entry["low"] is not None:
            self.intervals[name] = [float(entry[value]), float(entry["low"]), float(entry["high"]), truth]

    def line(self) -> dict[str, Any]:
        """Return the answers as plain numbers and truths, for JSON."""
        return {
            "intervals": {name: [float(v) for v in values] for name, values in self.intervals.items()},
            "events": {name: bool(answer) for name, answer in self.events.items()},
        }


def add_models(answers: Answers, judged: Judgement) -> None:
    body, cost = judged.body, defaults()["cost_bps"]
    for kind, figures in {MAIN: body["performance"], **body["beside"]}.items():
        p = probability(judged.rows.frame, None if kind == MAIN else kind)
        true = truths(judged, p, cost)
        for name, entry in figures.items():
            answers.interval(f"{SHORT[kind]}: {name}", entry, true.get(name))


def add_differences(answers: Answers, judged: Judgement) -> None:
    """Add the differences from rules, holding and models beside; their truth is 0 but for the Brier score."""
    own = truths(judged, judged.rows.probability, defaults()["cost_bps"])
    apart = {"brier": own["brier"] - 0.25 - float(((judged.references - 0.5) ** 2).mean())}
    apart["long_flat_sharpe"] = own.get("long_flat_sharpe")
    for pair in judged.body["paired"]:
        metric, other = pair["metric"], SHORT.get(pair["against"], pair["against"])
        answers.interval(f"{metric} less that of {other}", pair, apart.get(metric, 0.0), "difference")


def add_champion(answers: Answers, judged: Judgement, champion: Document, features: Table) -> None:
    contest = judged.body["champion"]
    later = judged.rows.frame[col.DATE] >= np.datetime64(contest["from"])
    own = labelled_rows(judged.rows.frame[later])
    common = replace(
        judged, rows=own, up_chance=np.full(len(own), 0.5), references=judged.references[later.to_numpy()]
    )
    cost = defaults()["cost_bps"]
    ours = truths(common, own.probability, cost)
    theirs = truths(common, chances(champion, features, own.frame), cost)
    for pair in contest["paired"]:
        metric = pair["metric"]
        if metric in ours and metric in theirs:
            truth = ours[metric] - theirs[metric]
            answers.interval(f"{metric} less that of the champion", pair, truth, "difference")


def add_verdicts(answers: Answers, body: Mapping[str, Any]) -> None:
    events = answers.events
    for verdict in ("better than chance", "worse than chance", "insufficient"):
        events[f'verdict "{verdict}"'] = body["verdict"].startswith(verdict)
    events["leak alarm"] = body["leak_alarm"]["raised"]
    beside = [figures["auc"] for figures in body["beside"].values()]
    if beside:
        ends = [entry["low"] for entry in (body["performance"]["auc"], *beside)]
        events["the interval of either model lies above .5"] = any(
            low is not None and low > 0.5 for low in ends
        )
    if body["sequential"]:
        events['the e-value says "better" after a year'] = body["sequential"]["better"]
    elif body["ic"]["t"] is not None:
        events["t of the IC beyond 1.96"] = abs(body["ic"]["t"]) > 1.96
        events["t of the rank IC beyond 1.96"] = abs(body["ic"]["rank_t"]) > 1.96
    severities = [entry["severity"] for entry in body["drift"].values()]
    if any(severity != "insufficient" for severity in severities):
        events["drift: some column at percentile 95 or above"] = bool({"warn", "alarm"} & set(severities))


def add_advice(answers: Answers, body: Mapping[str, Any]) -> None:
    advice, events = body["advice"], answers.events
    events[f'advice "{advice["decision"]}"'] = True
    for decision in ("retrain", "keep", "insufficient evidence"):
        events[f'advice "{decision}"'] = advice["decision"] == decision
    against = [reason["name"] for reason in advice["reasons"] if reason["says"] == "retrain"]
    for reason, says in product(advice["reasons"], ("retrain", "keep")):
        events[f'reason "{reason["name"]}" says {says}'] = reason["says"] == says
    events["a reason other than age says retrain"] = bool(set(against) - {"model age"})
    if body["champion"]:
        for judgement_ in ("better", "better than a bad model", "worse", "not inferior"):
            events[f'the champion: "{judgement_}"'] = body["champion"]["judgement"] == judgement_


def add_importance(answers: Answers, body: Mapping[str, Any]) -> None:
    """Add what is said of the inputs' worth: of the return, which is what a planted dependence rests on, and of any."""
    if not body["importance"]:
        return
    folds, inputs = body["importance"]["folds"], body["importance"]["inputs"]
    best = max(inputs, key=lambda name: inputs[name]["loss"])
    answers.events |= {
        "input: the return is worth more than 0": inputs[col.RETURN]["loss"] > 0,
        "input: the return helped in every fold": inputs[col.RETURN]["helped"] == folds,
        "input: the return is the most useful": best == col.RETURN,
    }


def add_looks(answers: Answers, judged: Judgement, seed: int) -> None:
    """Add what fixed intervals and the growing evidence say at some look of the year."""
    low, high, rows = [], [], judged.rows
    for sessions in range(FIRST_LOOK, len(rows.group_fold) + 1, LOOK_EVERY):
        auc = figures(rows.frame[rows.group < sessions], seed)["auc"]
        low.append(auc["low"])
        high.append(auc["high"])
    better, worse = max(low) > 0.5, min(high) < 0.5
    evidence = judged.body["sequential"]
    peak = {name: max(look[name] for look in evidence["line"]) for name in ("e_value", "worse_e_value")}
    answers.events |= {
        'fixed interval: "better" at some look': better,
        'fixed interval: "better" or "worse" at some look': better or worse,
        'e-value: "better" on some day': peak["e_value"] >= evidence["threshold"],
        'e-value: "better" or "worse" on some day': max(peak.values()) >= evidence["threshold"],
    }


def resampling(seed: int) -> Resampling:
    """Return the product's default way of making intervals; each panel has a seed of its own."""
    values = defaults()
    return Resampling(
        int(values["bootstrap_samples"]), int(values["block_sessions"]), float(values["confidence"]), seed
    )


def figures(predictions: Any, seed: int) -> dict[str, dict[str, Any]]:
    """Return the classification metrics of predictions with the product's default intervals."""
    return measure(predictions, resampling(seed))


def add_notebook(answers: Answers, judged: Judgement, seed: int) -> None:
    """Add what a plain notebook claims of the same rows."""
    rows, p = judged.rows, judged.rows.probability
    true = truths(judged, p, 0.0)
    reference = 1 - true["brier"] / 0.25
    sign = (numbers(rows.frame, col.RETURN) > 0).astype(float)
    daily = trading(rows, numbers(rows.frame, NEXT_RETURN), (p >= 0.5).astype(float)).net(0.0)
    claims = {
        name: (interval, true.get(name)) for name, interval in notebook.intervals(p, rows.up, seed).items()
    }
    claims["brier_skill"] = (claims["brier_skill"][0], reference)
    claims["long_flat_sharpe"] = (notebook.sharpe_interval(daily, seed), 0.0)
    claims["auc less that of previous_day_sign"] = (notebook.difference_interval(p, sign, rows.up), 0.0)
    for name, ((low, high), truth) in claims.items():
        if truth is not None and np.isfinite(low):
            answers.intervals[f"notebook: {name}"] = [(low + high) / 2, low, high, truth]
    answers.events['notebook: AUC "significantly better"'] = claims["auc"][0][0] > 0.5
