"""The evaluation as tables for the desk: body in, frames out, nothing computed that is not in the body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.report.about_results import performance
from core.report.about_slices import drift as drift_section
from core.report.blocks import Paragraph, Section
from core.report.figures import (
    HOLD,
    NA,
    count,
    decimal,
    metric,
    name,
    period,
    ratio,
    share,
    spaced,
    span,
    word,
)
from core.report.readings import confidence

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

Body = Mapping[str, Any]
Frame = pd.DataFrame

MEASURES = (
    "auc", "precision", "recall", "hit_rate", "brier", "brier_skill", "log_loss",
    "long_flat_return", "long_flat_sharpe",
)  # fmt: skip
"""In the order in which they are shown."""

THIS_MODEL, BESIDE, BASELINE = "This model", "Model beside", "Baseline"

_OF_BASELINES = {"long_flat_return": "annual_return", "long_flat_sharpe": "sharpe"}
"""A rule's return is that of following it, so it stands beside the model's long/flat return."""

_CHANCE = {"auc": 0.5, "brier": 0.25, "brier_skill": 0.0, "log_loss": log(2), "long_flat_return": 0.0}

_SEVERITIES = {"ok": "ok", "warn": "warning", "alarm": "alarm", "insufficient": "too little history"}
_MARKS = {"ok": "●", "warn": "▲", "alarm": "■"}
"""A shape beside the word, so that a column can be scanned without colours."""

_RANK = {"alarm": 0, "warn": 1, "ok": 2}

_DRIFT = ("psi", "ks", "ks_p", "wasserstein", "js", "percentile")
_TITLES = {
    "auc": "AUC", "psi": "PSI", "ks": "KS", "ks_p": "KS p", "js": "JS", "mean_probability": "Expected to rise",
    "share_up": "Rose", "action": "What to do", "low": "From probability", "high": "To probability",
}  # fmt: skip
_SLICED = ("auc", "precision", "recall", "hit_rate", "brier")


def label(key: str) -> str:
    """Return a measure's name for people."""
    return metric(key).label


def chance(body: Body, key: str) -> float | None:
    """Return what knowing nothing scores in a measure, None where there is no such number.

    Of precision and hit rate it is the share of rises: what always saying up scores.
    """
    if key in ("precision", "hit_rate"):
        return body["up_rate"] if body["up_rate"] is None else float(body["up_rate"])
    return _CHANCE.get(key)


def estimates(body: Body, key: str) -> pd.DataFrame:
    """Return one row for each predictor: ``who, group, value, low, high``; NaN where the body has null.

    Baselines have no interval.
    """
    rows = [(THIS_MODEL, THIS_MODEL, body["performance"].get(key) or {})]
    rows += [(name(kind), BESIDE, held.get(key) or {}) for kind, held in body["beside"].items()]
    theirs = _OF_BASELINES.get(key, key)
    # holding makes the calls of "always up": it says something of its own about returns only
    rows += [
        (name(rule), BASELINE, {"value": held[theirs]})
        for rule, held in body["baselines"].items()
        if theirs in held and (rule != HOLD or key in _OF_BASELINES)
    ]
    held = [(who, group, e.get("value"), e.get("low"), e.get("high")) for who, group, e in rows]
    frame = pd.DataFrame(held, columns=["who", "group", "value", "low", "high"])
    return frame.astype({"value": "float64", "low": "float64", "high": "float64"})


def comparison(body: Body) -> pd.DataFrame:
    """Return every measure as text: this model and those beside it with intervals, then the baselines."""
    models = {THIS_MODEL: body["performance"]} | {name(k): held for k, held in body["beside"].items()}
    rows = []
    for key in _measures(body["performance"]):
        write = metric(key).write
        row = {"Measure": label(key)}
        for who, held in models.items():
            estimate = held.get(key) or {}
            row[f"{who}, {confidence(body)} interval"] = _with_interval(estimate, write)
        for rule, held in body["baselines"].items():
            row[name(rule)] = write(held.get(_OF_BASELINES.get(key, key)))
        rows.append(row)
    return pd.DataFrame(rows)


def _with_interval(estimate: Body, write: Callable[[float | None], str]) -> str:
    """Return a value and its interval; of what has no value, that alone."""
    value = write(estimate.get("value"))
    return value if estimate.get("value") is None else f"{value} {span(estimate, write)}"


def basis(body: Body) -> str:
    """Return in words which rows were judged and what the intervals hold."""
    return _opening(performance(body))


def drift_basis(body: Body) -> str:
    """Return in words which sessions are compared with which."""
    return _opening(drift_section(body))


def _opening(section: Section) -> str:
    first = section.blocks[0]
    return first.text if isinstance(first, Paragraph) else ""


def signals_basis(body: Body) -> str:
    """Return in words what the signals rest on and how far they go."""
    return (
        f"The verdict is \"{body['verdict']}\". A signal is the model's probability that the next session's "
        "return is above 0: evidence, not advice."
    )


def verdict_mark(body: Body) -> str:
    """Return the verdict as a mark and its words.

    >>> verdict_mark({"verdict": "no better than chance"})
    '■ No better than chance'
    """
    marks = {"better than chance": "●", "no better than chance": "■", "worse than chance": "■"}
    return f"{marks.get(body['verdict'], '○')} {body['verdict'].capitalize()}"


def retained(body: Body) -> str | None:
    """Return the sentence that says that training failed and an earlier model was kept, None if not so."""
    kept = body["model"].get("retained")
    return f"Training failed; the previous model was kept: {word(kept)}" if kept else None


def headline(body: Body) -> list[tuple[str, str]]:
    """Return the figures that stand above everything else, as pairs of name and text."""
    auc = body["performance"].get("auc") or {}
    return [
        ("AUC", ratio(auc.get("value"))),
        (f"{confidence(body)} interval", span(auc, ratio)),
        ("Rows judged", count(body["rows"])),
        ("Sessions", count(body["sessions"])),
        ("Period judged", period(body["from"], body["to"])),
    ]


def _measures(held: Body) -> list[str]:
    return [k for k in MEASURES if k in held] + [k for k in held if k not in MEASURES]


def reasons(held: Body) -> list[str]:
    """Return one sentence for each reason why measures are left open."""
    by_reason: dict[str, list[str]] = {}
    for key in _measures(held):
        if held[key].get("value") is None:
            by_reason.setdefault(str(held[key].get("reason") or "no reason recorded"), []).append(label(key))
    return [f"{NA} ({', '.join(keys)}): {reason.rstrip('.')}." for reason, keys in by_reason.items()]


def at_training(body: Body) -> pd.DataFrame:
    """Return the model's walk-forward measures at training, empty where the run has none of its own."""
    held = body.get("training_performance") or {}
    rows = [
        (label(k), metric(k).write(held[k].get("value")), span(held[k], metric(k).write))
        for k in _measures(held)
    ]
    return pd.DataFrame(rows, columns=["Measure", "Then", f"{confidence(body)} interval"])


def folds(body: Body) -> pd.DataFrame:
    """Return the test periods in time order: ``fold, from, to, rows`` and their measures."""
    frame = pd.DataFrame(body["by_fold"], columns=["fold", "from", "to", "rows", *_SLICED])
    return frame.astype(dict.fromkeys(_SLICED, "float64"))


def calibration(body: Body) -> pd.DataFrame:
    """Return the bins in order of probability."""
    return pd.DataFrame(body["calibration"], columns=["low", "high", "rows", "mean_probability", "share_up"])


def by_ticker(body: Body) -> pd.DataFrame:
    """Return the measures of each ticker, in the order of their names."""
    rows = [{"ticker": ticker, **held} for ticker, held in sorted(body["by_ticker"].items())]
    frame = pd.DataFrame(rows, columns=["ticker", "rows", *_SLICED])
    return frame.astype(dict.fromkeys(_SLICED, "float64"))


def drift(body: Body) -> pd.DataFrame:
    """Return one row for each column, the most unusual first: severity in words, statistics, the reason."""
    rows = [{"column": column, **held} for column, held in body["drift"].items()]
    frame = pd.DataFrame(rows, columns=["column", "severity", *_DRIFT, "reason"])
    frame = frame.astype(dict.fromkeys(_DRIFT, "float64"))
    frame["order"] = frame["severity"].map(_RANK).fillna(len(_RANK))
    frame["severity"] = frame["severity"].map(severity)
    ordered = frame.sort_values(["order", "percentile", "column"], ascending=[True, False, True])
    return ordered.drop(columns="order").reset_index(drop=True)


def severity(key: str) -> str:
    """Return a severity as a mark and a word.

    >>> severity("warn"), severity("insufficient")
    ('▲ warning', '○ too little history')
    """
    return f"{_MARKS.get(key, '○')} {_SEVERITIES.get(key, key)}"


_WRITERS: dict[str, Callable[[float | None], str]] = {
    **{key: metric(key).write for key in _SLICED},
    **dict.fromkeys(("psi", "ks", "wasserstein", "js", "low", "high", "probability"), ratio),
    **dict.fromkeys(("mean_probability", "share_up"), share),
    "ks_p": lambda p: "<0.001" if p is not None and p < 0.001 else ratio(p),
    "percentile": lambda p: decimal(p, 1),
}


def written(frame: Frame) -> Styler:
    """Return ``frame`` with its numbers written as in the report; sorting still goes by the numbers."""
    writers: dict[Any, Any] = {name_: _WRITERS[name_] for name_ in frame.columns if name_ in _WRITERS}
    whole = {name_: "{:,.0f}" for name_ in frame.columns if name_ == "rows"}
    return frame.style.format({**writers, **whole}, na_rep=NA)


def titles(frame: Frame) -> dict[str, str]:
    """Return what each column is called for people."""
    return {name_: _TITLES.get(name_) or metric(name_).label.capitalize() for name_ in frame.columns}


def signals(body: Body) -> pd.DataFrame:
    """Return the signals for the next session: ``ticker, after, session, probability, direction``."""
    frame = pd.DataFrame(body["signals"], columns=["ticker", "after", "session", "probability", "direction"])
    return frame.assign(direction=frame["direction"].map({"up": "▲ up", "down": "▼ down"}))


def findings(body: Body) -> pd.DataFrame:
    """Return the findings of a ``findings`` document, severity as mark and word; values as text."""
    frame = pd.DataFrame(
        body["findings"], columns=["severity", "rule", "ticker", "date", "value", "expected", "action"]
    )
    frame["severity"] = frame["severity"].map({"error": "■ error", "warning": "▲ warning"})
    return frame.assign(rule=frame["rule"].map(spaced), value=frame["value"].map(word))


def repairs(body: Body) -> pd.DataFrame:
    """Return the repairs of a ``repairs`` document; what stood there before, and after, as text."""
    frame = pd.DataFrame(body["repairs"], columns=["rule", "ticker", "date", "column", "before", "after"])
    words = {name_: frame[name_].map(word) for name_ in ("before", "after")}
    return frame.assign(rule=frame["rule"].map(spaced), column=frame["column"].map(word), **words)


def evidence(body: Body) -> list[tuple[str, str]]:
    """Return what a signer must know at a glance, as pairs of name and value."""
    auc = body["performance"].get("auc") or {}
    data = body["data"]
    return [
        ("Verdict", str(body["verdict"])),
        ("AUC", _with_interval(auc, ratio)),
        ("Share of rises", share(body["up_rate"])),
        ("Data", f"{data['from']} to {data['to']}, {data['rows_clean']:,} rows"),
        ("Findings", found(data["findings"])),
        ("Repairs", repaired(data["repairs"])),
        ("Drift", drift_words(body)),
        ("Model", f"{name(body['model']['model_kind'] or 'none')}, {word(body['model']['model_id'])}"),
    ]


def found(findings: list[Body]) -> str:
    """Return how many findings there were of each severity, in words.

    >>> found([{"rule": "large_move", "severity": "warning", "count": 4}])
    '4 warnings'
    >>> found([])
    'none'
    """
    totals: dict[str, int] = {}
    for finding in findings:
        totals[finding["severity"]] = totals.get(finding["severity"], 0) + finding["count"]
    return ", ".join(f"{n:,} {s}{'' if n == 1 else 's'}" for s, n in totals.items()) or "none"


def repaired(repairs: list[Body]) -> str:
    """Return how many repairs there were, as a number.

    >>> repaired([{"rule": "duplicate", "count": 1200}])
    '1,200'
    """
    return f"{sum(repair['count'] for repair in repairs):,}"


def drift_words(body: Body) -> str:
    """Return how many columns drifted, in words."""
    severities = [held["severity"] for held in body["drift"].values()]
    told = [(severities.count(key), _SEVERITIES[key]) for key in ("alarm", "warn") if key in severities]
    return ", ".join(f"{n} {word_}" for n, word_ in told) or "nothing unusual"


def drift_of(body: Body, column: str) -> str:
    """Return what the evaluation says about the drift of one column; nothing if it did not watch it.

    >>> drift_of({"drift": {"return": {"severity": "ok", "reason": "PSI 0.1 is usual"}}}, "return")
    'Drift ok: PSI 0.1 is usual.'
    >>> drift_of({}, "ma5")
    'The evaluation does not watch this column for drift.'
    """
    held = (body.get("drift") or {}).get(column)
    if held is None:
        return "The evaluation does not watch this column for drift."
    return f"Drift {_SEVERITIES[held['severity']]}: {held['reason']}."
