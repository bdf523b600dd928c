"""The evaluate stage: predictions against outcomes, baselines, the past, and chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.errors import DataError
from core.evaluation import baselines, breakdown, drift, floors, summaries, verdict
from core.evaluation.advice import advice
from core.evaluation.champion import against
from core.evaluation.comparison import Comparison, compare
from core.evaluation.joined import with_returns
from core.evaluation.scorecard import scorecard
from core.evaluation.settings import EvaluateSettings
from core.measures.bootstrap import Resampling
from core.measures.expanded import coverage_of
from core.measures.performance import CLASSIFICATION, entries, plain, undefined
from core.measures.rows import JudgedRows, judge, judged_order, numbers
from core.platform.progress import Steps
from core.tables.artifacts import Artifact, Document, Table
from core.tables.parquet import joined_frame
from core.tables.stored import StoredRows
from core.tables.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


PERFORMANCE = (*CLASSIFICATION, "long_flat_return", "long_flat_sharpe")
_BESIDE = f"{col.PROBABILITY}_"
_NEEDED = {
    "predictions": col.PREDICTIONS,
    "features": (col.DATE, col.TICKER, col.RETURN, col.UP_NEXT),
}


@dataclass(frozen=True, eq=False)
class _Inputs:
    """What the stage reads, with its settings."""

    predictions: Table
    features: Table
    findings: Document
    repairs: Document
    model: Document | None
    champion: Document | None
    settings: EvaluateSettings
    workplace: Workplace

    @property
    def mode(self) -> str:
        """``train`` or ``score``; a table without header says it by having folds or not."""
        folds = self.predictions.frame[col.FOLD].notna().any()
        return str(self.predictions.header.get("mode") or ("train" if folds else "score"))

    @property
    def resampling(self) -> Resampling:
        s = self.settings
        return Resampling(s.bootstrap_samples, s.block_sessions, s.confidence, s.bootstrap_seed)


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
        By kind: ``predictions``, ``features``, ``findings``, ``repairs``, ``model`` when there is one, and,
        in a train run, ``champion``: the model file of the champion.
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
    workplace = workplace or Workplace()
    given = _given(inputs, settings, workplace)
    steps = Steps(workplace.progress, 2 + len(drift.watched(summaries.seen_features(given.model))))
    judged = _performed(given)
    steps.done()
    body = {**judged, **_described(given, steps), "digests": dict(digests)}
    steps.done()
    body["verdict"] = verdict.verdict_of(body["performance"]["auc"], given.mode)
    body["reason"] = _reason(given, body)
    body["verdict_sentence"] = verdict.sentence(body)
    body["advice"] = advice(body, settings, _auc_at_training(given.model))
    return Document("evaluation", {name: body[name] for name in _ORDER})


def _performed(given: _Inputs) -> dict[str, Any]:
    """Return the judged part of the body; the judged rows are not held any longer than that."""
    frame = with_returns(given.predictions.frame, given.features, workplace=given.workplace)
    if given.mode == "score":
        frame = frame.assign(fold=np.nan)
    rows = judge(_by_fold(frame))
    lack = floors.lack(rows, given.mode, given.predictions.header.get("no_model_reason"))
    return _unjudged(given, rows, lack) if lack else _judged(given, rows)


_ORDER = (
    "verdict", "verdict_sentence", "reason", "advice", "mode", "performance", "training_performance",
    "baselines", "beside", "paired", "champion", "rows", "sessions", "up_rate", "from", "to", "by_fold", "by_period",
    "by_ticker", "scorecard", "calibration", "leak_alarm", "drift", "drift_window", "signals", "data",
    "features", "model", "settings", "digests",
)  # fmt: skip


def _by_fold(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as they are judged, by fold, date and ticker, and empty ``frame``: no row is there twice."""
    order = judged_order(frame)
    if order is None:
        return frame
    names = list(frame.columns)
    return pd.DataFrame({name: frame.pop(name).take(order).reset_index(drop=True) for name in names})


def _given(inputs: Mapping[str, Artifact], settings: EvaluateSettings, workplace: Workplace) -> _Inputs:
    return _Inputs(
        predictions=_in_memory(_table(inputs, "predictions")),
        features=_table(inputs, "features"),
        findings=_document(inputs, "findings"),
        repairs=_document(inputs, "repairs"),
        model=_document(inputs, "model") if "model" in inputs else None,
        champion=_document(inputs, "champion") if "champion" in inputs else None,
        settings=settings,
        workplace=workplace,
    )


def _in_memory(predictions: Table) -> Table:
    """Return the predictions with their rows in memory, those of a stored table with coded tickers."""
    if not isinstance(predictions.content, StoredRows):
        return predictions
    rows = predictions.content
    frame = joined_frame([rows.arrow(number) for number in range(rows.parts)])
    return Table(predictions.kind, frame, predictions.header)


def _table(inputs: Mapping[str, Artifact], kind: str) -> Table:
    table = inputs[kind]
    if not isinstance(table, Table):
        raise DataError(f"{kind} came as a document", expected="a table with columns and rows")
    missing = [name for name in _NEEDED[kind] if name not in table]
    if missing:
        raise DataError(
            f"{kind} lacks {', '.join(missing)}",
            expected=f"the columns {', '.join(_NEEDED[kind])}",
            remedy="Make the table again with the stage that writes it.",
        )
    return table


def _document(inputs: Mapping[str, Artifact], kind: str) -> Document:
    document = inputs[kind]
    if not isinstance(document, Document):
        raise DataError(f"{kind} came as a table", expected="a document")
    return document


def _reason(given: _Inputs, body: Mapping[str, Any]) -> str | None:
    """Return why there is no verdict and which setting would do; None where there is one."""
    if body["verdict"] not in (verdict.INSUFFICIENT, verdict.INSUFFICIENT_NEW):
        return None
    reason = str(body["performance"]["auc"]["reason"])
    if body["sessions"] >= floors.MIN_JUDGED_SESSIONS:
        return reason
    return f"{reason}; {floors.remedy(given.features, summaries.seen_features(given.model), given.mode)}"


def _unjudged(given: _Inputs, rows: JudgedRows, lack: str) -> dict[str, Any]:
    """Return the judged part of the body when there is too little to judge."""
    labelled = numbers(given.predictions.frame, col.UP_NEXT)
    frame = given.predictions.frame[~np.isnan(labelled)]
    empty = {name: undefined(lack) for name in PERFORMANCE}
    earlier = given.model.body.get("walk_forward") if given.model and given.mode == "score" else None
    return {
        "performance": empty,
        "training_performance": (earlier or {}).get("performance"),
        "baselines": {name: dict.fromkeys(baselines.FIGURES) for name in baselines.NAMES},
        "beside": {kind: dict(empty) for kind in _kinds(given)},
        "paired": [],
        "champion": _champion(given, rows),
        **_extent(frame),
        "by_fold": [],
        "by_period": {},
        "by_ticker": {},
        "scorecard": _scorecard(given, rows),
        "calibration": [],
        "leak_alarm": verdict.leak_alarm({}, given.settings.leak_auc),
    }


def _kinds(given: _Inputs) -> list[str]:
    columns = map(str, given.predictions.frame.columns)
    return [name.removeprefix(_BESIDE) for name in columns if name.startswith(_BESIDE)]


def _extent(frame: pd.DataFrame) -> dict[str, Any]:
    """Return number, dates and up-rate of labelled rows."""
    days = breakdown.iso_dates(np.unique(frame[col.DATE].to_numpy()))
    rate = float(numbers(frame, col.UP_NEXT).mean()) if days else None
    ends = (days[0], days[-1]) if days else (None, None)
    return {"rows": len(frame), "sessions": len(days), "up_rate": rate, "from": ends[0], "to": ends[1]}


def _judged(given: _Inputs, rows: JudgedRows) -> dict[str, Any]:
    """Return the judged part of the body."""
    rules = baselines.probabilities(rows, given.features)
    beside = {kind: numbers(rows.frame, _BESIDE + kind) for kind in _kinds(given)}
    cost, coverage = given.settings.cost_bps, coverage_of(rows, given.resampling)
    found = compare(rows, beside, rules, given.resampling, cost_bps=cost)
    return {
        "performance": entries(found.model, len(rows), coverage),
        "training_performance": None,
        "baselines": {name: baselines.figures(rows, p, cost_bps=cost) for name, p in rules.items()},
        "beside": {kind: entries(held, len(rows), coverage) for kind, held in found.beside.items()},
        "paired": found.paired,
        "champion": _champion(given, rows),
        **_extent(rows.frame),
        "by_fold": breakdown.by_fold(rows),
        "by_period": breakdown.by_period(rows),
        "by_ticker": breakdown.by_ticker(rows),
        "scorecard": _scorecard(given, rows),
        "calibration": breakdown.calibration(rows),
        "leak_alarm": verdict.leak_alarm(_aucs(given, rows, found, beside), given.settings.leak_auc),
    }


def _aucs(
    given: _Inputs, rows: JudgedRows, compared: Comparison, beside: Mapping[str, NDArray[np.float64]]
) -> dict[str, dict[str, Any]]:
    """Return the AUC of every model that ran, its lower end and its rows, by kind, the judged one first."""
    header = given.predictions.header
    judged = str((given.model.body if given.model else header).get("model_kind") or "model")
    models = {judged: (compared.model["auc"], len(rows))}
    for kind, probability in beside.items():
        models[kind] = (compared.beside[kind]["auc"], int((~np.isnan(probability)).sum()))
    coverage = coverage_of(rows, given.resampling)
    return {
        kind: {"auc": plain(auc.value), "low": (auc.interval(coverage) or (None, None))[0], "rows": count}
        for kind, (auc, count) in models.items()
    }


def _champion(given: _Inputs, rows: JudgedRows) -> dict[str, Any] | None:
    """Return the contest with the champion; None in a score run, where the champion itself is judged."""
    if given.mode == "score":
        return None
    identity, cost = given.settings.champion_id, given.settings.cost_bps
    return against(
        given.champion,
        identity,
        rows,
        given.features,
        given.resampling,
        cost_bps=cost,
        workplace=given.workplace,
    )


def _scorecard(given: _Inputs, rows: JudgedRows) -> list[dict[str, Any]] | None:
    """Return what came of the model's signals by quarter; None in a train run, where nothing was in use."""
    if given.mode != "score":
        return None
    identity = summaries.identity_of(given.model, given.predictions) or "not recorded"
    return scorecard(rows.frame.assign(model_id=identity), given.resampling)


def _auc_at_training(model: Document | None) -> float | None:
    record = (model.body.get("walk_forward") if model else None) or {}
    value = record.get("performance", {}).get("auc", {}).get("value")
    return None if value is None else float(value)


def _described(given: _Inputs, steps: Steps) -> dict[str, Any]:
    """Return the part of the body that needs no labelled prediction."""
    features, predictions = given.features, given.predictions
    seen = summaries.seen_features(given.model)
    cut = drift.windows(features, given.settings.drift_sessions)
    return {
        "mode": given.mode,
        "drift": drift.drift(features, predictions, seen, cut, steps.done),
        "drift_window": drift.described(features, cut),
        "signals": summaries.signals(predictions, given.findings),
        "data": summaries.data_summary(given.findings, given.repairs, features),
        "features": summaries.features_summary(features, seen),
        "model": summaries.model_summary(given.model, predictions, features),
        "settings": asdict(given.settings),
    }
