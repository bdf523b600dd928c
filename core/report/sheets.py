"""The tables of an evaluation, each made once: report, desk, workbook, CSV and the command ``scorecard`` draw them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.label import NEXT_SESSION, Label
from core.report.blocks import Grid
from core.report.formatting import (
    HOLDINGS,
    METRICS,
    NA,
    chance,
    count,
    ends,
    left_out,
    metric,
    name,
    percentile,
    period,
    ratio,
    share,
    span,
    word,
)
from core.report.readings import confidence
from core.tables import Body

SLICED = ("auc", "precision", "recall", "hit_rate", "brier")
"""Measures of each part of the judged rows: a fold, a year, a ticker."""

MODEL, BESIDE, BASELINE = "This model", "Model beside", "Baseline"
"""The groups of predictors."""


@dataclass(frozen=True)
class Column:
    """A column's key in the rows, its title, how a value is written, and what its values are.

    Texts are set flush left; an interval is a text that is set as numbers are; ``number`` is the key of the number
    that a text was written from, where there is one.
    """

    key: str
    title: str
    write: Callable[[Any], str] = str
    kind: Literal["text", "count", "number", "interval"] = "text"
    number: str = ""

    def value(self, row: Body) -> Any:
        """Return a row's cell as it was measured: where a text was written from a number, that number."""
        return row[self.number or self.key]


@dataclass(frozen=True)
class Sheet:
    """A table of values whose columns say how each is called and written.

    Parameters
    ----------
    caption : str
    columns : tuple of Column
    rows : tuple of mapping
        By key of a column; a row may hold more than the columns show.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Body, ...]

    def select(self, *keys: str) -> Sheet:
        """Return the sheet with these columns, in this order."""
        by_key = {column.key: column for column in self.columns}
        return replace(self, columns=tuple(by_key[key] for key in keys))

    def sort(self, key: Callable[[Body], Any], *, reverse: bool = False) -> Sheet:
        """Return the sheet with its rows in the order of ``key``."""
        return replace(self, rows=tuple(sorted(self.rows, key=key, reverse=reverse)))

    def written(self) -> list[tuple[str, ...]]:
        """Return every cell as text."""
        return [tuple(column.write(row[column.key]) for column in self.columns) for row in self.rows]

    def grid(self, which: str = "", notes: tuple[str, ...] = ()) -> Grid:
        """Return the table as text; with ``which``, a long one is shortened and says so in those words."""
        rows, omitted = self.written(), left_out(len(self.rows), which) if which else ()
        return Grid(
            self.caption,
            tuple(column.title for column in self.columns),
            ends(rows) if which else tuple(rows),
            frozenset(place for place, column in enumerate(self.columns) if column.kind == "text"),
            (*omitted, *notes),
        )


def _measures(keys: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(key, metric(key).label, metric(key).write, "number") for key in keys)


_ROWS = Column("rows", "Rows", count, "count")
_UNMEASURED = dict.fromkeys(SLICED)


def _parts(body: Body) -> tuple[Column, ...]:
    """Return the columns of the measures of parts, behind each its interval."""
    interval = f"{confidence(body)} interval"
    return tuple(
        column
        for measure in _measures(SLICED)
        for column in (measure, Column(f"{measure.key}_interval", interval, str, "interval"))
    )


def _part(entry: Body, **more: Any) -> Body:
    """Return the row of a part; older evaluations have no intervals, or the AUC's alone."""
    intervals = {
        f"{key}_interval": span(
            {end: entry.get(f"{key}_{end}") for end in ("low", "high")}, metric(key).write
        )
        for key in SLICED
    }
    return {**_UNMEASURED, **entry, **intervals, **more}


def by_fold(body: Body) -> Sheet:
    """Return the test periods in time order."""
    columns = (Column("fold", "Fold", word), Column("dates", "Period"), _ROWS)
    rows = tuple(_part(f, dates=period(f["from"], f["to"])) for f in body["by_fold"])
    return Sheet("Test periods, in time order", (*columns, *_parts(body)), rows)


def by_period(body: Body) -> Sheet:
    """Return the calendar years in order."""
    columns = (Column("period", "Year"), _ROWS, Column("sessions", "Sessions", count, "count"))
    rows = tuple(_part(part, period=year) for year, part in (body.get("by_period") or {}).items())
    return Sheet("Calendar years", (*columns, *_parts(body)), rows)


def by_ticker(body: Body) -> Sheet:
    """Return the tickers in the order of their names."""
    rows = tuple(_part(part, ticker=t) for t, part in sorted(body["by_ticker"].items()))
    return Sheet("Tickers", (Column("ticker", "Ticker"), _ROWS, *_parts(body)), rows)


def by_state(body: Body) -> Sheet:
    """Return the states of the market that the calls were made in; empty for an evaluation without them."""
    slices = body.get("slices") or {}
    rows = [_part(entry) for state in ("volatility", "market") for entry in slices.get(state) or ()]
    columns = (Column("slice", "State at the call"), _ROWS, Column("sessions", "Sessions", count, "count"))
    return Sheet("States of the market", (*columns, *_parts(body)), tuple(rows))


def calibration(bins: Iterable[Body], label: Label = NEXT_SESSION) -> Sheet:
    """Return the bins in order of probability: what was expected beside what came."""
    columns = (
        Column("bounds", "Probability"),
        _ROWS,
        Column("mean_probability", label.expected, share, "number"),
        Column("share_up", label.realised, share, "number"),
    )
    rows = tuple({**b, "bounds": f"{ratio(b['low'])} to {ratio(b['high'])}"} for b in bins)
    return Sheet("Rows by predicted probability", columns, rows)


def drift(columns: Body) -> Sheet:
    """Return one row for each watched column, in the order of the evaluation."""
    heads = (
        Column("column", "Column"), Column("ks", "KS", ratio, "number"), Column("ks_p", "KS p", _chance, "number"),
        Column("psi", "PSI", ratio, "number"), Column("wasserstein", "Wasserstein", ratio, "number"),
        Column("js", "JS", ratio, "number"),
        Column("percentile", "Percentile", lambda value: percentile(value, 1), "number"),
        Column("severity", "Severity", word), Column("reason", "Reason", word),
    )  # fmt: skip
    return Sheet("Drift by column", heads, tuple({"column": key, **row} for key, row in columns.items()))


def _chance(p: float | None) -> str:
    return "<0.001" if p is not None and p < 0.001 else ratio(p)


def signals(entries: Iterable[Body], label: Label = NEXT_SESSION) -> Sheet:
    """Return the signals over the label's horizon in the given order."""
    until = "For session" if label.horizon_sessions == 1 else "Up to session"
    columns = (
        Column("ticker", "Ticker"), Column("after", "After session"),
        Column("session", until), Column("probability", label.chance, chance, "number"),
        Column("direction", "Direction"), Column("reason", "Reason"),
    )  # fmt: skip
    # predictions know of no doubt, older evaluations have none
    rows = tuple(
        {**s, "direction": s["direction"] or "withheld", "reason": s.get("reason") or ""} for s in entries
    )
    rows = tuple({**row, "probability": None} if row["reason"] else row for row in rows)
    any_reason = any(row["reason"] for row in rows)
    return Sheet("Signals", columns if any_reason else columns[:-1], rows)


PREDICTED = "predicted"
"""Field of a scorecard's entry: the label in a few words."""


def with_predicted(entries: Iterable[Body], *columns: str) -> tuple[str, ...]:
    """Return the columns of a scorecard, and what was predicted where that is not the default for all."""
    labels = {entry.get(PREDICTED) or NEXT_SESSION.name for entry in entries}
    return columns if labels <= {NEXT_SESSION.name} else (columns[0], PREDICTED, *columns[1:])


def scorecard(entries: Iterable[Body], interval: str = "Interval") -> Sheet:
    """Return what became of signals, a row for each model and quarter (or whole time).

    Parameters
    ----------
    entries : iterable of mapping
        As :func:`core.evaluation.scorecard.scorecard` gives them.
    interval : str
        Title of both columns of intervals.
    """
    columns = (
        Column("model_id", "Model"), Column(PREDICTED, "Predicted"), Column("period", "Period"), _ROWS,
        Column("right", "Came true", count, "count"), Column("up_rate", "Rose", share, "number"),
        Column("share", "Hit rate", share, "number"), Column("interval", interval, str, "interval"),
        Column("low", "Interval from", share, "number"), Column("high", "to", share, "number"),
        Column("auc", "AUC", ratio, "number"), Column("auc_interval", interval, str, "interval"),
        *_measures(("brier",)), Column("reason", "Note"),
    )  # fmt: skip
    return Sheet("Signals and outcomes", columns, tuple(map(_scored, entries)))


def _scored(entry: Body) -> Body:
    hit, auc = entry["hit_rate"], entry["auc"]
    return {
        **{key: entry[key] for key in ("model_id", "period", "rows", "right", "up_rate")},
        PREDICTED: entry.get(PREDICTED, ""),
        "share": entry["right"] / entry["rows"], "interval": span(hit, share), "low": hit["low"], "high": hit["high"],
        "auc": auc["value"], "auc_interval": span(auc, ratio), "brier": entry["brier"]["value"],
        "reason": auc.get("reason") or "",
    }  # fmt: skip


@dataclass(frozen=True)
class Predictor:
    """The judged model, one beside it, or a rule: its key, name, group and measures with their intervals."""

    key: str
    name: str
    group: str
    measures: Mapping[str, Any]

    def estimate(self, measure: str) -> Body:
        """Return ``{value, low, high}`` of a measure, empty without one."""
        return self.measures.get(measure) or {}

    def value(self, measure: str) -> float | None:
        """Return a measure's value."""
        return self.estimate(measure).get("value")


_FOLLOWING = {"annual_return": "long_flat_return", "sharpe": "long_flat_sharpe"}
"""A rule's return is that of following it, so it stands beside the model's long/flat return."""


def predictors(body: Body) -> list[Predictor]:
    """Return this model, the models beside it and the baselines, which have no intervals."""
    models = [Predictor("", MODEL, MODEL, body["performance"])]
    models += [Predictor(kind, name(kind), BESIDE, measures) for kind, measures in body["beside"].items()]
    return models + [
        Predictor(rule, name(rule), BASELINE, {_FOLLOWING.get(k, k): {"value": v} for k, v in values.items()})
        for rule, values in body["baselines"].items()
    ]


def compared(body: Body, measure: str) -> list[Predictor]:
    """Return the predictors that say something of their own in a measure.

    Holding makes no calls: it has returns only.
    """
    returns = measure in _FOLLOWING.values()
    return [p for p in predictors(body) if returns or p.key not in HOLDINGS]


def measured(body: Body, measures: Body, caption: str, title: str, beside: Sequence[Predictor] = ()) -> Grid:
    """Return the measures with their intervals, those of other models beside; a reason for each left open."""
    interval = f"{confidence(body)} interval"
    head = ["Measure", title, interval]
    for predictor in beside:
        head += [predictor.name, interval]
    columns = (Predictor("", title, MODEL, measures), *beside)
    rows = tuple(
        (metric(key).label, *(text for p in columns for text in estimated(p, key)))
        for key in ordered(measures)
    )
    return Grid(caption, tuple(head), rows, notes=unmeasured(measures))


def estimated(predictor: Predictor, key: str) -> tuple[str, str]:
    """Return a measure's value and its interval as text."""
    estimate, write = predictor.estimate(key), metric(key).write
    return write(estimate.get("value")), span(estimate, write)


_ORDER = {key: place for place, key in enumerate(METRICS)}


def ordered(measures: Body) -> list[str]:
    """Return the measures in the order of :data:`core.report.formatting.METRICS`, unlisted ones last."""
    return sorted(measures, key=lambda key: _ORDER.get(key, len(_ORDER)))


def unmeasured(measures: Body) -> tuple[str, ...]:
    """Return one sentence for each reason, naming every measure that it leaves open."""
    by_reason: dict[str, list[str]] = {}
    for key in ordered(measures):
        if measures[key].get("value") is None:
            by_reason.setdefault(measures[key].get("reason") or "no reason recorded", []).append(
                metric(key).label
            )
    return tuple(f"{NA} ({', '.join(labels)}): {reason.rstrip('.')}." for reason, labels in by_reason.items())
