"""The evaluation for the desk: its sheets as frames, and the sentences and marks beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import takewhile
from math import log
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.label import Label
from core.report import importance_sheets, sheets, trading_sheets
from core.report.about_data import accepted
from core.report.blocks import Grid
from core.report.formatting import NA, counted, metric, name, ratio, share, spaced, with_interval, word
from core.report.sheets import BASELINE, Column, Sheet, compared, ordered, predictors
from core.tables import Body

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


MEASURES = (
    "auc", "precision", "recall", "hit_rate", "brier", "brier_skill", "log_loss",
    "long_flat_return", "long_flat_sharpe",
)  # fmt: skip
"""In the order in which they are shown."""

_CHANCE = {"auc": 0.5, "brier": 0.25, "brier_skill": 0.0, "log_loss": log(2)}

_SEVERITIES = {"ok": "ok", "warn": "warning", "alarm": "alarm", "insufficient": "too little history"}
DRIFT_WORDS = {"ok": "usual", "warn": "unusual", "alarm": "drifted", "insufficient": "too little history"}
"""How the latest window of a column stands to those before, by severity."""

_MARKS = {"ok": "●", "warn": "▲", "alarm": "■"}
"""A shape beside the word, so that a column can be scanned without colours."""


def label(key: str) -> str:
    """Return a measure's name for people."""
    return metric(key).label


def chance(body: Body, key: str) -> float | None:
    """Return what knowing nothing scores in a measure, None where there is no such number.

    Of precision and hit rate it is the share of rises: what always saying up scores. Calls without skill share in what
    the market does, so there is no such number of a return.
    """
    if key in ("precision", "hit_rate"):
        return body["up_rate"] if body["up_rate"] is None else float(body["up_rate"])
    return _CHANCE.get(key)


CHANCE_WORDS = {
    "auc": "Coin toss", "precision": "Always up", "hit_rate": "Always up", "brier": "Always 50%",
    "brier_skill": "Always the up-rate", "log_loss": "Always 50%",
}  # fmt: skip
"""Measure -> what the line of :func:`chance` stands for."""


def estimates(body: Body, key: str) -> pd.DataFrame:
    """Return one row for each predictor: ``who, group, value, low, high``; NaN where the body has null.

    Baselines have no interval.
    """
    rows = [
        (p.name, p.group, *(p.estimate(key).get(part) for part in ("value", "low", "high")))
        for p in compared(body, key)
        if p.group != BASELINE or key in p.measures
    ]
    frame = pd.DataFrame(rows, columns=["who", "group", "value", "low", "high"])
    return frame.astype({"value": "float64", "low": "float64", "high": "float64"})


def comparison(body: Body) -> pd.DataFrame:
    """Return every measure as text: this model and those beside it with intervals, then the baselines."""
    rows = []
    for key in ordered(body["performance"]):
        write = metric(key).write
        row = {"Measure": label(key)}
        for p in predictors(body):
            if p.group == BASELINE:
                row[p.name] = write(p.value(key))
            else:
                row[p.name] = with_interval(p.estimate(key), write)
        rows.append(row)
    return pd.DataFrame(rows)


def comparisons(body: Body) -> dict[str, pd.DataFrame]:
    """Return :func:`comparison` in parts by title: calls, and what following them earns; no column without a value."""
    whole = comparison(body)
    earned = whole["Measure"].str.startswith("Long/flat")
    parts = {"How well it calls": whole[~earned], "What following it earns": whole[earned]}
    return {title: part.loc[:, ~(part == NA).all()] for title, part in parts.items() if len(part)}


def signals_basis(body: Body) -> str:
    """Return in words what a signal is; the verdict on the model stands beside them as a badge."""
    return f"A signal is the model's probability that {Label.of(body).outcome}: evidence, not advice."


def fold_intervals(body: Body) -> pd.DataFrame:
    """Return the test periods with the ends of their AUC's interval, NaN where an evaluation has none."""
    values = frame(sheets.by_fold(body), "from", "to")
    for key in ("auc_low", "auc_high"):
        values[key] = pd.Series([fold.get(key) for fold in body["by_fold"]], dtype="float64")
    return values


def figures(body: Body) -> pd.DataFrame:
    """Return every figure of an evaluation's tables, one a row: ``table``, ``row``, ``figure`` and ``value``.

    Numbers are not rounded as the tables are; an interval of a part is a text beside its figure.
    """
    measures = [
        (_MEASURES, p.name, label(key) + end, p.estimate(key)[part])
        for p in predictors(body)
        for key in ordered(p.measures)
        for part, end in (("value", ""), ("low", ", interval from"), ("high", ", interval to"))
        if part in p.estimate(key)
    ]
    rows = [cell for sheet in every_sheet(body) for cell in _cells(sheet)]
    return pd.DataFrame([*measures, *rows], columns=["table", "row", "figure", "value"], dtype=object)


_MEASURES = "Measures"


def _cells(sheet: Sheet) -> list[tuple[str, str, str, Any]]:
    words = [c.key for c in takewhile(lambda c: c.kind == "text", sheet.columns)] or [sheet.columns[0].key]
    names = {}
    for before, column in zip((None, *sheet.columns), sheet.columns, strict=False):
        # two columns of intervals are called alike: each belongs to the figure before it
        owner = (
            f"{before.title}, " if before and column.kind == "interval" and before.kind == "number" else ""
        )
        names[column.key] = owner + column.title
    return [
        (sheet.caption, ", ".join(str(entry[key]) for key in words), names[column.key], column.value(entry))
        for entry in sheet.rows
        for column in sheet.columns
        if column.key not in words
    ]


def every_sheet(body: Body) -> tuple[Sheet, ...]:
    """Return every table of an evaluation but that of measures."""
    label = Label.of(body)
    return (
        sheets.by_fold(body), sheets.by_period(body), sheets.by_ticker(body), sheets.by_state(body),
        sheets.calibration(body["calibration"], label), sheets.drift(body["drift"]),
        sheets.signals(body["signals"], label),
        trading_sheets.risk(body), trading_sheets.costs(body), trading_sheets.years(body),
        trading_sheets.months(body), trading_sheets.information(body), trading_sheets.quantiles(body),
        trading_sheets.evidence(body), importance_sheets.importance(body), importance_sheets.by_fold(body),
    )  # fmt: skip


def months(body: Body) -> pd.DataFrame:
    """Return one row for each month: ``month`` (its first day), ``return``, ``buy_and_hold`` and ``sharpe``."""
    frame = pd.DataFrame(body.get("months") or (), columns=["month", "return", "buy_and_hold", "sharpe"])
    return frame.assign(month=pd.to_datetime(frame["month"])).astype({"sharpe": "float64"})


_RANK = {"alarm": 0, "warn": 1, "ok": 2}


def calibration(bins: Iterable[Body], label: Label) -> Sheet:
    """Return the bins of probabilities with their bounds as the desk writes every probability: as a share."""
    entries = list(bins)
    sheet = sheets.calibration(entries, label)
    bounds = [f"{share(each['low'])} to {share(each['high'])}" for each in entries]
    return replace(sheet, rows=tuple({**row, "bounds": b} for row, b in zip(sheet.rows, bounds, strict=True)))


def drift(body: Body) -> Sheet:
    """Return one row for each column, the most unusual first: severity in words, statistics, the reason."""
    sheet = sheets.drift(body["drift"]).sort(_unusual)
    rows = tuple({**row, "severity": severity(row["severity"])} for row in sheet.rows)
    columns = ("column", "severity", "psi", "ks", "ks_p", "wasserstein", "js", "percentile", "reason")
    return replace(sheet, rows=rows).select(*columns)


def _unusual(row: Body) -> tuple[int, float, str]:
    percentile = row["percentile"]
    return _RANK.get(row["severity"], len(_RANK)), 0.0 if percentile is None else -percentile, row["column"]


def severity(key: str) -> str:
    """Return a severity as a mark and a word.

    >>> severity("warn"), severity("insufficient")
    ('▲ warning', '○ too little history')
    """
    return f"{_MARKS.get(key, '○')} {_SEVERITIES.get(key, key)}"


DIRECTIONS = {"up": "▲ up", "down": "▼ down", None: "○ withheld"}
"""Direction of a signal -> its mark and word."""


def signals(body: Body) -> Sheet:
    """Return the signals over the label's horizon, direction as mark and word."""
    return sheets.signals(
        ({**s, "direction": DIRECTIONS.get(s["direction"], s["direction"])} for s in body["signals"]),
        Label.of(body),
    )


def findings(body: Body) -> Sheet:
    """Return the findings of a ``findings`` document, severity as mark and word; values as text."""
    marks = {"error": "■ error", "warning": "▲ warning"}
    rows = (
        {
            **f,
            "severity": marks.get(f["severity"], f["severity"]),
            "rule": spaced(f["rule"]),
            "value": word(f["value"]),
            "count": f.get("count"),
            "dates": ", ".join(f.get("dates") or ()),
        }
        for f in body["findings"]
    )
    keys = ("severity", "rule", "ticker", "date", "count", "dates", "value", "expected")
    return Sheet("Findings", (*map(_text, keys), Column("action", "What to do")), tuple(rows))


def repairs(body: Body) -> Sheet:
    """Return the repairs of a ``repairs`` document; the values before and after as text."""
    rows = (
        {**r, "rule": spaced(r["rule"])} | {key: word(r[key]) for key in ("column", "before", "after")}
        for r in body["repairs"]
    )
    keys = ("rule", "ticker", "date", "column", "before", "after")
    return Sheet("Repairs", tuple(map(_text, keys)), tuple(rows))


def _text(key: str) -> Column:
    return Column(key, key.capitalize())


def frame(sheet: Sheet, *more: str) -> pd.DataFrame:
    """Return the values of a sheet by key of its columns; ``more`` of its rows' keys; NaN for a missing number."""
    values = pd.DataFrame(list(sheet.rows), columns=[*(column.key for column in sheet.columns), *more])
    numbers = [column.key for column in sheet.columns if column.kind == "number"]
    return values.astype(dict.fromkeys(numbers, "float64"))


def text_frame(grid: Grid) -> pd.DataFrame:
    """Return a grid of texts by title of its columns."""
    return pd.DataFrame(list(grid.rows), columns=list(grid.head))


def styled(sheet: Sheet) -> Styler:
    """Return a sheet with its numbers written as in the report; sorting still goes by the numbers."""
    writers: dict[Any, Any] = {c.key: c.write for c in sheet.columns if c.kind in ("count", "number")}
    return frame(sheet).style.format(writers, na_rep=NA)


def titles(sheet: Sheet) -> dict[str, str]:
    """Return each column's title by its key."""
    return {column.key: column.title for column in sheet.columns}


def evidence(body: Body) -> list[tuple[str, str]]:
    """Return what a signer must know at a glance, as pairs of name and value."""
    auc = body["performance"].get("auc") or {}
    data = body["data"]
    return [
        ("Verdict", str(body["verdict"])),
        ("AUC", with_interval(auc, ratio)),
        (f"Share of {Label.of(body).ones}", share(body["up_rate"])),
        ("Data", f"{data['from']} to {data['to']}, {data['rows_clean']:,} rows"),
        ("Findings", severity_counts(data["findings"], accepted(data.get("waivers")))),
        ("Repairs", repair_count(data["repairs"])),
        ("Drift", drift_words(body)),
        ("Model", f"{name(body['model']['model_kind'] or 'none')}, {word(body['model']['model_id'])}"),
    ]


def severity_counts(findings: list[Body], waived: int = 0) -> str:
    """Return how many findings there were of each severity, and how many a person accepted, in words.

    >>> severity_counts([{"rule": "large_move", "severity": "warning", "count": 4}])
    '4 warnings'
    >>> severity_counts([]), severity_counts([], 2)
    ('none', '0 open, 2 accepted')
    """
    totals: dict[str, int] = {}
    for finding in findings:
        totals[finding["severity"]] = totals.get(finding["severity"], 0) + finding["count"]
    counts = ", ".join(counted(n, severity) for severity, n in totals.items())
    if not waived:
        return counts or "none"
    return f"{counts or '0 open'}, {waived:,} accepted"


def waived(findings: Body) -> dict[str, list[str]]:
    """Return the findings that a person accepted, by column: what, by whom, why and until when; empty for none."""
    entries = (findings.get("source") or {}).get("waivers") or ()
    rows = [each for each in entries if isinstance(each, Mapping) and each.get("rule") != "beyond"]
    keys = {
        "Rule": "rule",
        "Ticker": "ticker",
        "Date": "date",
        "Accepted by": "who",
        "Because": "why",
        "Until": "until",
    }
    if not rows:
        return {}
    return {
        title: [spaced(str(row.get(key) or "")) if key == "rule" else str(row.get(key) or "") for row in rows]
        for title, key in keys.items()
    }


def repair_count(repairs: list[Body]) -> str:
    """Return how many repairs there were, as a number.

    >>> repair_count([{"rule": "duplicate", "count": 1200}])
    '1,200'
    """
    return f"{sum(repair['count'] for repair in repairs):,}"


def drift_words(body: Body) -> str:
    """Return how many columns drifted, in words."""
    severities = [row["severity"] for row in body["drift"].values()]
    counts = [(severities.count(key), _SEVERITIES[key]) for key in ("alarm", "warn") if key in severities]
    return ", ".join(f"{n} {word_}" for n, word_ in counts) or "nothing unusual"


def drift_of(body: Body, column: str) -> str:
    """Return what the evaluation says about the drift of one column; nothing if it did not watch it.

    >>> drift_of({"drift": {"return": {"severity": "ok", "reason": "PSI 0.1 is usual"}}}, "return")
    'Usual: PSI 0.1 is usual.'
    >>> drift_of({}, "ma5")
    'The evaluation does not watch this column for drift.'
    """
    row = (body.get("drift") or {}).get(column)
    if row is None:
        return "The evaluation does not watch this column for drift."
    return f"{DRIFT_WORDS[row['severity']].capitalize()}: {row['reason']}."
