"""What the report needs to know of the stages before: data, features, model, in a few numbers."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core import columns as col
from core.evaluation.breakdown import iso_dates
from core.features import definition_digest, definitions, model_features
from core.features.definitions import AUDIT, OWN, own_of
from core.label import Label
from core.measures.judged_rows import numbers
from core.models.document import OF_TABLE, WALK_LIMITS, model_id_of
from core.models.signals import withheld
from core.prices.calendar import sessions_after
from core.prices.findings import MOST_PER_RULE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from core.tables.artifacts import Document, Table

_ABOUT_PRICES = ("price_basis", "adjusted_close", "waivers")


def extent(frame: pd.DataFrame) -> dict[str, Any]:
    """Return number, dates and up-rate of labelled rows."""
    days = iso_dates(np.unique(frame[col.DATE].to_numpy()))
    rate = float(numbers(frame, col.UP_NEXT).mean()) if days else None
    ends = (days[0], days[-1]) if days else (None, None)
    return {"rows": len(frame), "sessions": len(days), "up_rate": rate, "from": ends[0], "to": ends[1]}


def data_summary(findings: Document, repairs: Document, features: Table) -> dict[str, Any]:
    """Return where the prices came from, what was found and repaired, and the coverage by ticker.

    Coverage is the source's own record; without one it is counted from the features, with the outcome
    ``not recorded``.
    """
    record = dict(findings.body.get("source") or {})
    tickers = _with_kept(record.pop("tickers", None), features)
    record.pop("last_rows_in_doubt", None)  # told with the signals
    about = {name: record.pop(name, None) for name in _ABOUT_PRICES}
    rows = features.rows
    first, last = _span(features)
    return {
        "source": record,
        "rows_in": repairs.body.get("rows_in", rows),
        "rows_clean": repairs.body.get("rows_out", rows),
        "tickers": tickers,
        "from": first,
        "to": last,
        "findings": _by_rule(findings.body.get("findings", ())),
        "repairs": _repairs(repairs.body.get("repairs", ())),
        "cells_filled": repairs.body.get("cells_filled", 0),
        "price_basis": about["price_basis"],
        "adjusted_close": about["adjusted_close"],
        "waivers": about["waivers"] or [],
        **{name: features.header[name] for name in ("membership",) if name in features.header},
    }


def _by_rule(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter((str(f["severity"]), str(f["rule"])) for f in findings)
    for finding in findings:
        rule = (str(finding["severity"]), str(finding["rule"]))
        if counts[rule] == MOST_PER_RULE + 1 and _stands_for_more(finding):
            counts[rule] += int(finding["value"]) - 1
    return [{"rule": rule, "severity": level, "count": n} for (level, rule), n in sorted(counts.items())]


def _stands_for_more(finding: Mapping[str, Any]) -> bool:
    """Return whether a finding stands for all rows of a rule beyond those listed, and for no single row."""
    nowhere = finding.get("ticker") is None and finding.get("date") is None
    return nowhere and isinstance(finding.get("value"), int)


def _repairs(repairs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter(str(repair["rule"]) for repair in repairs)
    return [{"rule": rule, "count": n} for rule, n in sorted(counts.items())]


def _coverage(features: col.Columns) -> dict[str, dict[str, Any]]:
    rows = pd.DataFrame({name: features[name] for name in (col.TICKER, col.DATE)})
    spans = rows.groupby(col.TICKER, sort=True, observed=True)[col.DATE].agg(["size", "min", "max"])
    columns = (spans.index, spans["size"], *(iso_dates(spans[side].to_numpy()) for side in ("min", "max")))
    return {
        str(ticker): {"rows": int(rows), "first": first, "last": last, "outcome": "not recorded"}
        for ticker, rows, first, last in zip(*columns, strict=True)
    }


def signals(predictions: Table, findings: Document) -> list[dict[str, Any]]:
    """Return the signals, each with a ``reason`` why its ``direction`` is null; null where there is one."""
    stated = predictions.header.get("signals") or ()
    return [{**signal, "reason": signal.get("reason")} for signal in withheld(stated, findings)]


def _with_kept(tickers: Mapping[str, Any] | None, features: col.Columns) -> dict[str, dict[str, Any]]:
    """Return the coverage with how many rows of each ticker are left after cleaning."""
    counted = _coverage(features)
    if not tickers:
        return {ticker: {**coverage, "rows_clean": coverage["rows"]} for ticker, coverage in counted.items()}
    rows_clean = {ticker: coverage["rows"] for ticker, coverage in counted.items()}
    return {
        ticker: {**coverage, "rows_clean": rows_clean.get(ticker, 0)} for ticker, coverage in tickers.items()
    }


def _span(features: col.Columns) -> tuple[str | None, str | None]:
    dates = features[col.DATE].to_numpy()
    if not len(dates):
        return None, None
    first, last = iso_dates(np.array([dates.min(), dates.max()]))
    return first, last


def features_summary(features: Table, names: Sequence[str]) -> dict[str, Any]:
    """Return the feature set's version and definitions, and how many rows have every feature.

    The definitions are this program's own; when the table was made by others, which its digest tells,
    they would describe something else and are left out.

    Parameters
    ----------
    features : Table
        The header may lack ``feature_set`` and ``definition_digest``.
    names : sequence of str
        What the model sees; a row is complete when none of them is null.
    """
    digest, own = features.header.get("definition_digest"), own_of(features.header)
    present = digest in (None, definition_digest(own=own))
    complete = np.ones(features.rows, dtype=bool)
    for name in names:
        if name in features:
            complete &= features[name].notna().to_numpy()
    return {
        "feature_set": features.header.get("feature_set"),
        "definition_digest": digest,
        "rows": features.rows,
        "complete_rows": int(complete.sum()),
        "definitions": definitions(own=own) if present else [],
        "label": Label.of(features.header).text,
        **{name: features.header[name] for name in (OWN, AUDIT) if name in features.header},
    }


def features_of_model(model: Document | None, features: Table) -> tuple[str, ...]:
    """Return the ordered features of ``model``; without one, those a model of ``features`` would see."""
    return tuple(model.body["features"]) if model else model_features(own=own_of(features.header))


def model_summary(model: Document | None, predictions: Table, features: Table) -> dict[str, Any]:
    """Return who gave the probabilities, how it was trained and first judged, and how many sessions ago.

    Age counts the exchange's sessions after the training's end up to the last row: data against data, never against
    today. ``new_tickers`` are those that are scored and that training did not hold.
    """
    training = model.body.get("training") if model else None
    header = predictions.header
    return {
        "model_id": identity_of(model, predictions),
        "model_kind": model.body.get("model_kind") if model else header.get("model_kind"),
        "features": list(features_of_model(model, features)),
        "training": training,
        "age_sessions": age_of((training or {}).get("to"), features, header.get("calendar")),
        "new_tickers": _new_tickers(training or {}, predictions),
        "retained": header.get("retained"),
        "min_train_sessions": walk_of(model, predictions),
        **_settings_tried(model),
    }


def _settings_tried(model: Document | None) -> dict[str, Any]:
    """Return among how many settings a model's own were chosen, with what; nothing of one without a grid."""
    choice = model.body.get("choice") if model else None
    if not choice:
        return {}
    return {
        "tries": len(choice["settings"]),
        "hyperparameters": model.body["hyperparameters"] if model else {},
    }


def walk_of(model: Document | None, predictions: Table) -> dict[str, Any] | None:
    """Return after how many sessions a model was first judged and what was left out before, where training said so."""
    if recorded := predictions.header.get("min_train_sessions"):
        return dict(recorded)
    record = (model.body.get("walk_forward") if model else None) or {}
    if "min_train_sessions" not in record:
        return None
    limits = {name: record[name] for name in WALK_LIMITS if name in record}
    return {"setting": None, "sessions": record["min_train_sessions"], **limits}


def importance_summary(predictions: Table) -> dict[str, Any] | None:
    """Return what each input was worth, over the folds and by fold; None where training did not say.

    Returns
    -------
    dict or None
        ``inputs``: by name ``loss`` (mean loss of AUC over the folds, by their rows), ``helped`` (folds in which it is
        above 0), ``coefficient`` (mean over the folds, None of a model without) and ``positive`` (folds in which that
        is above 0); ``folds`` (how many), and ``by_fold`` as training wrote it.
    """
    folds = predictions.header.get("importance")
    if not folds:
        return None
    rows = np.array([fold["rows"] for fold in folds], dtype=np.float64)
    inputs = {}
    for name in folds[0]["inputs"]:
        entries = [fold["inputs"][name] for fold in folds]
        losses = np.array([entry["loss"] for entry in entries])
        coefficients = [entry["coefficient"] for entry in entries if entry["coefficient"] is not None]
        inputs[name] = {
            "loss": float((losses * rows).sum() / rows.sum()),
            "helped": int((losses > 0).sum()),
            "coefficient": float(np.mean(coefficients)) if coefficients else None,
            "positive": sum(value > 0 for value in coefficients) if coefficients else None,
        }
    return {"folds": len(folds), "inputs": inputs, "by_fold": folds}


def identity_of(model: Document | None, predictions: Table) -> str | None:
    """Return the id of the model that gave the predictions, None if nobody recorded it."""
    return model_id_of(model) if model else predictions.header.get("model_id")


def _new_tickers(training: Mapping[str, Any], predictions: Table) -> list[str]:
    """Return the tickers that a model scores and training did not hold, sorted; none where that is not known.

    Those of every row that was scored, also of a ticker that came and went, and of every signal. A model of a large
    table learns from some of its tickers and is judged on all: it holds all.
    """
    if predictions.header.get("mode") != "score" or not training.get("tickers"):
        return []
    signals = predictions.header.get("signals") or ()
    scored = {str(ticker) for ticker in predictions[col.TICKER].unique()}
    scored |= {str(signal["ticker"]) for signal in signals if signal["direction"] is not None}
    return sorted(scored - set(training.get(OF_TABLE) or training["tickers"]))


def age_of(end: str | None, features: col.Columns, calendar: str | None) -> int | None:
    """Return how many sessions of the exchange come after the ISO date ``end`` up to the last row; None without one.

    Dates of ``features`` are counted where the calendar is not known, or does not know them.
    """
    if end is None:
        return None
    dates: NDArray[np.datetime64] = np.unique(features[col.DATE].to_numpy("datetime64[D]"))
    last = dates[-1].item() if len(dates) else date.fromisoformat(end)
    counted = sessions_after(calendar, date.fromisoformat(end), last) if calendar else None
    return int((dates > np.datetime64(end)).sum()) if counted is None else counted
