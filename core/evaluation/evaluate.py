"""The evaluate stage: predictions against outcomes, baselines, the past, and chance."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.evaluation import baselines, drift, looks, sufficiency, summaries, trading_blocks, verdict
from core.evaluation.advice import advice
from core.evaluation.champion import against
from core.evaluation.comparison import Comparison, compare
from core.evaluation.evaluate_settings import EvaluateSettings
from core.evaluation.holding import holdings
from core.evaluation.inputs import Inputs, in_memory, read
from core.evaluation.joined import NEXT_RETURN, with_returns
from core.evaluation.market_states import empty_slices, keep_states, slice_figures
from core.evaluation.scorecard import scorecard
from core.label import FIELD, Label
from core.measures.expanded import coverage_of
from core.measures.judged_rows import JudgedRows, labelled_rows, numbers
from core.measures.performance import CLASSIFICATION, entries, json_number, undefined
from core.models.splits import judged_sessions_needed
from core.platform.progress import Steps
from core.tables.artifacts import Artifact, Document
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from core.evaluation.holding import Holdings

PERFORMANCE = (*CLASSIFICATION, "long_flat_return", "long_flat_sharpe")
_STEPS = 9
"""Tasks of an evaluation: the description, the evidence in sequence and seven of the judgement."""

_BESIDE = f"{col.PROBABILITY}_"


def evaluate(
    inputs: Mapping[str, Artifact],
    digests: Mapping[str, str],
    settings: EvaluateSettings,
    *,
    workplace: Workplace | None = None,
) -> Document:
    """Return the evaluation: verdict, performance with intervals, baselines, champion, drift, advice, summaries.

    Parameters
    ----------
    inputs : mapping of str to Artifact
        By kind: ``predictions``, ``features``, ``findings``, ``repairs``, ``model`` when there is one
        and, in a train run, ``champion``: the champion's model file.
    digests : mapping of str to str
        SHA-256 of each input by file name; written as they are.
    settings : EvaluateSettings
    workplace : Workplace, optional
        Who works on the parts of large features; its progress counts the steps.

    Returns
    -------
    Document
        Kind ``evaluation``; without NaN: what is undefined is null with a reason.

    Raises
    ------
    DataError
        If an input lacks a column, or a probability or label is out of range.
    """
    loaded = read(inputs, settings, workplace or Workplace())
    body = {**_computed(loaded), "digests": dict(digests)}
    body |= _label(loaded.label, body)
    body["verdict"] = verdict.verdict_of(body["performance"]["auc"], loaded.mode, body["sequential"])
    body["reason"] = _reason(loaded, body)
    body["verdict_sentence"] = verdict.sentence(body)
    body["advice"] = advice(body, settings, _auc_at_training(loaded.model))
    return Document("evaluation", {name: body[name] for name in (*_ORDER, FIELD) if name in body})


def _label(label: Label, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the label and how many outcomes that do not overlap were judged; nothing of the default."""
    if label.is_default:
        return {}
    outcomes = body["sessions"] // label.horizon_sessions
    return {FIELD: {**label.facts, "text": label.text, "sessions_without_overlap": outcomes}}


def _computed(inputs: Inputs) -> dict[str, Any]:
    """Return the figures: of a large table its parts are computed beside each other, from the same judged rows."""
    workplace, parts = inputs.workplace, inputs.features.parts
    inputs = replace(inputs, workplace=workplace.within(parts))
    steps, body = Steps(workplace.progress, _STEPS), dict[str, Any]()
    for block in workplace.engine.beside(_tasks(inputs, steps), parts=parts):
        body |= block
        steps.done()
    return body


def _tasks(inputs: Inputs, steps: Steps) -> Iterator[Callable[[], dict[str, Any]]]:
    """Yield the tasks whose results are merged into the body of the evaluation.

    The description, which is the longest, needs no judged row: they are made while it goes on, or after it, so that
    it never has them in memory beside its own.
    """
    yield partial(_description, inputs)
    rows = _judged_rows(inputs)
    shortfall = sufficiency.why_insufficient(
        rows, inputs.mode, inputs.predictions.header.get("no_model_reason")
    )
    judging = [partial(_unjudged, inputs, rows, shortfall)] if shortfall else _judgement(inputs, rows)
    steps.expect(_STEPS if not shortfall else 3)
    yield partial(_sequential, inputs, rows)
    yield from judging


def _judged_rows(inputs: Inputs) -> JudgedRows:
    predictions = in_memory(inputs.predictions)
    frame = with_returns(predictions, inputs.features, also=(col.VOLATILITY20,), workplace=inputs.workplace)
    del predictions
    if inputs.mode == "score":
        frame = frame.assign(fold=np.nan)
    rows = labelled_rows(frame, horizon_sessions=inputs.label.horizon_sessions, consume=True)
    del rows.frame[col.FOLD]  # the rows know theirs
    keep_states(rows)
    return rows


def _sequential(inputs: Inputs, rows: JudgedRows) -> dict[str, Any]:
    """Return the evidence after every session of a model in use; a candidate is judged once."""
    if inputs.mode != "score":
        return {"sequential": None}
    return {"sequential": looks.sequential(rows, inputs.features, confidence=inputs.settings.confidence)}


_ORDER = (
    "verdict", "verdict_sentence", "reason", "advice", "mode", "performance", "training_performance",
    "baselines", "beside", "paired", "champion", *trading_blocks.BLOCKS, "sequential", "rows", "sessions", "up_rate",
    "from", "to", "by_fold", "by_period", "by_ticker", "slices", "scorecard", "calibration", "calibration_error",
    "importance", "leak_alarm", "drift", "drift_window", "signals", "data", "features", "model", "settings", "digests",
)  # fmt: skip


def _reason(inputs: Inputs, body: Mapping[str, Any]) -> str | None:
    """Return why there is no verdict and which setting would do; None where there is one."""
    if body["verdict"] not in (verdict.INSUFFICIENT, verdict.INSUFFICIENT_NEW):
        return None
    reason = str(body["performance"]["auc"]["reason"])
    if body["sessions"] >= judged_sessions_needed(inputs.label.horizon_sessions):
        return reason
    walk = summaries.walk_of(inputs.model, inputs.predictions)
    model_features = summaries.features_of_model(inputs.model, inputs.features)
    return f"{reason}; {sufficiency.remedy(inputs.features, model_features, inputs.mode, walk)}"


def _unjudged(inputs: Inputs, rows: JudgedRows, shortfall: str) -> dict[str, Any]:
    """Return the judged part of the body when there is too little to judge."""
    has_label = ~np.isnan(numbers(inputs.predictions, col.UP_NEXT))
    frame = pd.DataFrame({name: inputs.predictions[name][has_label] for name in (col.DATE, col.UP_NEXT)})
    empty = {name: undefined(shortfall) for name in PERFORMANCE}
    earlier = inputs.model.body.get("walk_forward") if inputs.model and inputs.mode == "score" else None
    return {
        "performance": empty,
        "training_performance": (earlier or {}).get("performance"),
        "baselines": {name: dict.fromkeys(baselines.FIGURES) for name in baselines.NAMES},
        "beside": {kind: dict(empty) for kind in _kinds(inputs)},
        "paired": [],
        **_champion(inputs, rows),
        **trading_blocks.undefined_blocks(inputs.settings.cost_bps, shortfall),
        **summaries.extent(frame),
        **empty_slices(shortfall),
        **_scorecard(inputs, rows),
        "leak_alarm": verdict.leak_alarm(_without_auc(inputs, rows), inputs.settings.leak_auc),
    }


def _kinds(inputs: Inputs) -> list[str]:
    return [name.removeprefix(_BESIDE) for name in inputs.predictions.columns if name.startswith(_BESIDE)]


def _own_kind(inputs: Inputs) -> str:
    body = inputs.model.body if inputs.model else inputs.predictions.header
    return str(body.get("model_kind") or "model")


def _without_auc(inputs: Inputs, rows: JudgedRows) -> dict[str, dict[str, Any]]:
    """Return every model that ran with its rows alone, by kind, the judged one first."""
    counts = {_own_kind(inputs): len(rows)}
    for kind in _kinds(inputs):
        counts[kind] = int((~np.isnan(numbers(rows.frame, _BESIDE + kind))).sum())
    return {kind: {"auc": None, "low": None, "rows": count} for kind, count in counts.items()}


def _judgement(inputs: Inputs, rows: JudgedRows) -> list[Callable[[], dict[str, Any]]]:
    """Return the tasks that make the judged part of the body, the longest first."""
    rules, cost = baselines.probabilities(rows, inputs.features), inputs.settings.cost_bps
    holding = holdings(rows, inputs.features, cost_bps=cost, workplace=inputs.workplace)
    market = trading_blocks.Market(inputs.features, holding)
    return [
        partial(_compared, inputs, rows, rules, holding),
        partial(trading_blocks.blocks, rows, market, cost_bps=cost, workplace=inputs.workplace),
        partial(_champion, inputs, rows),
        partial(_baselines, rows, rules, holding, cost),
        partial(_slices, inputs, rows),
        partial(_scorecard, inputs, rows),
        partial(summaries.extent, rows.frame),
    ]


def _slices(inputs: Inputs, rows: JudgedRows) -> dict[str, Any]:
    """Return the figures of every slice; that, and what comes after it, reads no return and no model beside."""
    for name in (col.RETURN, NEXT_RETURN, *(_BESIDE + kind for kind in _kinds(inputs))):
        del rows.frame[name]  # a tenth of the memory each, where what follows takes most
    return slice_figures(rows, inputs.resampling)


def _compared(
    inputs: Inputs, rows: JudgedRows, rules: Mapping[str, NDArray[np.float64]], holding: Holdings
) -> dict[str, Any]:
    """Return the figures of the models, their differences, and whether one knows too much."""
    beside = {kind: numbers(rows.frame, _BESIDE + kind) for kind in _kinds(inputs)}
    cost, coverage = inputs.settings.cost_bps, coverage_of(rows, inputs.resampling)
    compared = compare(rows, beside, rules, holding.on_judged_dates, inputs.resampling, cost_bps=cost)
    return {
        "performance": entries(compared.model, len(rows), coverage),
        "training_performance": None,
        "beside": {
            kind: entries(estimates, len(rows), coverage) for kind, estimates in compared.beside.items()
        },
        "paired": compared.paired,
        "leak_alarm": verdict.leak_alarm(_aucs(inputs, rows, compared, beside), inputs.settings.leak_auc),
    }


def _baselines(
    rows: JudgedRows, rules: Mapping[str, NDArray[np.float64]], holding: Holdings, cost_bps: float
) -> dict[str, Any]:
    """Return the figures of each rule and of both ways of holding."""
    figures = {name: baselines.figures(rows, p, cost_bps=cost_bps) for name, p in rules.items()}
    return {"baselines": {**figures, **baselines.of_holding(holding)}}


def _aucs(
    inputs: Inputs, rows: JudgedRows, compared: Comparison, beside: Mapping[str, NDArray[np.float64]]
) -> dict[str, dict[str, Any]]:
    """Return the AUC of every model that ran, its lower end and its rows, by kind, the judged one first."""
    models = {_own_kind(inputs): (compared.model["auc"], len(rows))}
    for kind, probability in beside.items():
        models[kind] = (compared.beside[kind]["auc"], int((~np.isnan(probability)).sum()))
    coverage = coverage_of(rows, inputs.resampling)
    return {
        kind: {
            "auc": json_number(auc.value),
            "low": (auc.interval(coverage) or (None, None))[0],
            "rows": count,
        }
        for kind, (auc, count) in models.items()
    }


def _champion(inputs: Inputs, rows: JudgedRows) -> dict[str, Any]:
    """Return the contest with the champion; None in a score run, where the champion itself is judged."""
    if inputs.mode == "score":
        return {"champion": None}
    identity, cost = inputs.settings.champion_id, inputs.settings.cost_bps
    contest = against(
        inputs.champion,
        identity,
        rows,
        inputs.features,
        inputs.resampling,
        cost_bps=cost,
        calendar=inputs.predictions.header.get("calendar"),
        workplace=inputs.workplace,
    )
    return {"champion": contest}


def _scorecard(inputs: Inputs, rows: JudgedRows) -> dict[str, Any]:
    """Return what came of the model's signals by quarter; None in a train run, where nothing was in use."""
    if inputs.mode != "score":
        return {"scorecard": None}
    identity = summaries.identity_of(inputs.model, inputs.predictions) or "not recorded"
    quarters = scorecard(
        rows.frame.assign(model_id=identity), inputs.resampling, horizon_sessions=rows.horizon_sessions
    )
    return {"scorecard": quarters}


def _auc_at_training(model: Document | None) -> float | None:
    record = (model.body.get("walk_forward") if model else None) or {}
    value = record.get("performance", {}).get("auc", {}).get("value")
    return None if value is None else float(value)


def _description(inputs: Inputs) -> dict[str, Any]:
    """Return the part of the body that needs no labelled prediction."""
    features, predictions = inputs.features, inputs.predictions
    model_features = summaries.features_of_model(inputs.model, features)
    cut = drift.windows(features, inputs.settings.drift_sessions)
    return {
        "mode": inputs.mode,
        "drift": drift.drift(features, predictions, model_features, cut),
        "drift_window": drift.window_description(features, cut),
        "importance": summaries.importance_summary(predictions),
        "signals": summaries.signals(predictions, inputs.findings),
        "data": summaries.data_summary(inputs.findings, inputs.repairs, features),
        "features": summaries.features_summary(features, model_features),
        "model": summaries.model_summary(inputs.model, predictions, features),
        "settings": asdict(inputs.settings),
    }
