"""The parts of the page Compare: what the runs are, curves over each other, and what else differs."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.label import Label
from core.parameters import natural
from core.queries.models import model_tables
from core.queries.models.signal_changes import probabilities
from core.queries.models.track_record import resampling_of
from core.queries.reports.tables import DRIFT_WORDS
from core.queries.runs.comparison import ABSENT, Row, RunComparison
from core.queries.runs.facts import RunFacts
from core.report.formatting import NA, chance, counted, decimal, period, ratio, share, spaced, with_interval
from core.report.trading_sheets import RISK
from core.request.form_words import plain_name
from core.store.checkpoints import Store
from dashboard import compact, data, folding, model_evidence, monospaced, wrapped
from dashboard.charts import roc_figure, wealth_figure
from dashboard.charts.look import CONFIG
from dashboard.measure_differences import Names
from dashboard.run_table import ID_ENDING
from dashboard.words import literal

BLOCKS = {
    "Request, data and features": ("run", "parameters", "vintage", "data", "findings", "features"),
    "Trading": ("trading",),
    "Drift": ("drift",),
}
"""Head of a table -> the parts in it; the measures stand above as differences already."""


def head(several: Sequence[RunFacts], names: Names) -> None:
    """Draw what each run is: its data, verdict, model and how its report stands."""
    bodies = [each.evaluation for each in several]
    columns: dict[str, list[Any]] = {
        "Report of": [names[each.run.run_id] for each in several],
        "Verdict": [wrapped.Drawn(compact.badge(body["verdict"])) for body in bodies],
        "AUC": [with_interval(body["performance"]["auc"], ratio) for body in bodies],
        "Judged": [counted(body["rows"], "row") for body in bodies],
        "Data": [period(body["data"]["from"], body["data"]["to"]) for body in bodies],
        "Model": [
            str((body.get("model") or {}).get("model_id") or NA)[:12] + f" ({body['mode']})"
            for body in bodies
        ],
        "Report": [wrapped.Drawn(compact.badge(each.standing.replace("_", " "))) for each in several],
        "Run": [wrapped.Drawn(_run_link(each.run.run_id)) for each in several],
    }
    wrapped.table(columns, "compare-head")


def _run_link(run_id: str) -> str:
    """Return a run as the end of its id, the whole on hover."""
    return f'<span class="unbroken" title="{run_id}">{compact.link(f"Run {run_id[-ID_ENDING:]}", "run", run_id)}</span>'


# ---- curves


def curves(store: Store, several: Sequence[RunFacts], names: Names) -> None:
    """Draw the runs' ROC curves over each other, and what one unit of money became in each."""
    lines = {}
    for each in several:
        predictions = data.artifacts_of(store, each.run, ("predictions",)).get("predictions")
        if predictions is not None:
            how = resampling_of(each.evaluation["settings"])
            lines[names[each.run.run_id]] = model_evidence.curves(store, predictions, how)
    wealth = {names[each.run.run_id]: pd.DataFrame(each.evaluation.get("equity") or []) for each in several}
    with st.grid(2, min_column_width=320):
        with st.container():
            st.markdown("**ROC**")
            figure = roc_figure(model_tables.curve(lines, "roc"), height=_CURVES_PX)
            st.plotly_chart(figure, key="compare-roc", config=CONFIG, alt="ROC curves of the runs")
            st.caption("Each over its own judged rows; further up and left is better.")
        with st.container():
            st.markdown("**Equity**")
            st.plotly_chart(
                wealth_figure(wealth, height=_CURVES_PX),
                key="compare-wealth",
                config=CONFIG,
                alt="Value of 1 invested by each run",
            )
            st.caption("Value of 1 invested by each run's calls, after costs, on a logarithmic scale.")


_CURVES_PX = 420


# ---- everything else


def differences(several: Sequence[RunFacts], comparison: RunComparison, names: Names) -> None:
    """Draw what differs besides the measures, a table for each part of it, the signals first.

    Small changes and what the runs agree on are left out unless they are asked for.
    """
    everything = st.toggle("Also small changes, and what they agree on", key="compare-all")
    differing = comparison.differing()
    rows = comparison.rows if everything else [row for row in differing if not small(row)]
    if not everything and len(rows) < len(differing):
        st.caption(
            f"Left out: {counted(len(differing) - len(rows), 'small change')} (figures of trading that moved by less "
            "than 2%, drift that stayed in its class)."
        )
    blocks = {head: [row for row in rows if row.part in parts] for head, parts in BLOCKS.items()}
    with st.grid(2 if len(several) == _BESIDE else 1, min_column_width=420):
        _signals(several, names, everything=everything)
        for number, (head, block) in enumerate(blocks.items()):
            if block:
                with st.container(), folding.on_phone(f"compare-{number}", head):
                    _block(head, block, [names[run] for run in comparison.runs], number)
    if not any(blocks.values()):
        st.success("Nothing else differs.", icon=":material/check_circle:")


_BESIDE = 2
"""Runs whose tables have room beside each other."""


def small(row: Row) -> bool:
    """Return whether a change says little: a figure of trading moved by less than 2 in 100, drift within its word.

    >>> small(Row("trading", "turnover", ("71.1", "71.05"))), small(Row("trading", "turnover", ("71.1", "69.0")))
    (True, False)
    >>> small(Row("drift", "lag1", ("ok (percentile 18)", "ok (percentile 22)")))
    True
    >>> small(Row("drift", "lag1", ("ok (percentile 18)", "warn (percentile 96)")))
    False
    """
    if row.part == "drift":
        return len({text.partition(" ")[0] for text in row.texts}) == 1
    if row.part != "trading" or ABSENT in row.texts:
        return False
    values = [float(text) for text in row.texts]
    return max(values) - min(values) < _SMALL * max(map(abs, values))


_SMALL = 0.02


def _merged(rows: Sequence[Row]) -> dict[str, Row]:
    """Return rows by name; those that moved from the same values to the same values are one, with all their names."""
    names: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        key = row.texts if row.differs else (row.part, row.name)
        names.setdefault(key, []).append(_name(row))
    merged = {}
    for row in rows:
        first, *others = names.pop(row.texts if row.differs else (row.part, row.name), [""])
        if first:
            merged[", ".join([first, *(name[:1].lower() + name[1:] for name in others)])] = row
    return merged


def _block(head: str, several: Sequence[Row], runs: Sequence[str], number: int) -> None:
    merged = _merged(several)
    rows = list(merged.values())
    there = [at for at in range(len(runs)) if any(row.texts[at] != ABSENT for row in rows)]
    only = f" (of {', '.join(runs[at] for at in there)} only)" if len(there) < len(runs) else ""
    columns: dict[str, list[Any]] = {f"{head}{only}": list(merged)}
    columns |= {runs[at]: [_value(row, at) for row in rows] for at in there}
    if any(changes := [_change(row) for row in rows]):
        columns["Change"] = changes
    wrapped.table(columns, f"beside-part-{number}", numbers=list(columns)[1:])


def _signals(several: Sequence[RunFacts], names: Names, *, everything: bool) -> None:
    """Draw the probabilities of the next session by ticker in each run, those that changed most first."""
    by_run = {names[each.run.run_id]: probabilities(each.evaluation.get("signals") or ()) for each in several}
    tickers = list(dict.fromkeys(ticker for signals in by_run.values() for ticker in signals))
    first, *others = by_run.values()
    if not tickers or (not everything and all(signals == first for signals in others)):
        return
    labels = [Label.of(each.evaluation) for each in several]
    last = others[-1]
    apart = {t: abs((last.get(t) or 0) - (first.get(t) or 0)) for t in tickers if t in first and t in last}
    order = sorted(tickers, key=lambda ticker: (-apart.get(ticker, 2.0), ticker))
    columns: dict[str, list[str]] = {labels[0].chance if len(set(labels)) == 1 else "Probability": order}
    columns |= {name: [chance(signals.get(ticker)) for ticker in order] for name, signals in by_run.items()}
    if labels[0] == labels[-1]:  # else they are about different outcomes
        columns["Change in points"] = [
            f"{100 * ((last.get(t) or 0) - (first.get(t) or 0)):+.1f}" if t in apart else NA for t in order
        ]
    wrapped.table(columns, "beside-signals", most_px=360, numbers=list(columns)[1:])


_RISK = {key: (title, write) for key, title, write in RISK}
_NAMES = {
    ("run", "state"): "State of the report", ("run", "seconds"): "Duration", ("data", "rows_in"): "Rows read",
    ("data", "rows_clean"): "Rows after cleaning", ("data", "from"): "First session", ("data", "to"): "Last session",
    ("features", "rows"): "Rows of features", ("features", "complete_rows"): "Rows with every feature",
    ("features", "feature_set"): "Set of features", ("features", "definition_digest"): "Digest of the definitions",
    ("trading", "break_even_bps"): "Break-even cost in basis points",
    ("trading", "IC mean"): "Rank correlation (IC), mean", ("trading", "IC t"): "Rank correlation (IC), t value",
}  # fmt: skip
"""What a row is called in plain words; any other by its own name."""


def _name(row: Row) -> str:
    if row.part == "trading" and row.name in _RISK:
        return _RISK[row.name][0]
    if row.part == "parameters":
        return plain_name(row.name)
    name = spaced(row.name)
    return _NAMES.get((row.part, row.name), name if row.part == "drift" else name[:1].upper() + name[1:])


def _value(row: Row, at: int) -> str:
    text = row.texts[at]
    if row.part == "trading" and row.name in _RISK and text != ABSENT:
        return _RISK[row.name][1](float(text))
    if row.name == "seconds" and text != ABSENT:
        return f"{float(text):.1f} s"
    if row.part == "run" or (row.part == "parameters" and text.isidentifier()):
        return spaced(text)
    if drift := _DRIFT.fullmatch(text):
        word = DRIFT_WORDS.get(drift[1], drift[1])
        return f"{word}, {drift[2]} of 100" if drift[2] else word
    if row.part in _COUNTED and (number := natural(text, sys.maxsize)) is not None:
        return f"{number:,}"
    return decimal(float(text), _places(row)) if _FRACTION.fullmatch(text) else text


_COUNTED = ("data", "findings", "features", "trading", "drift")
"""Parts whose whole numbers are counts; a parameter's may be a seed."""

_DRIFT = re.compile(r"(\w+) \((?:percentile (\d+)|unranked)\)")
"""How drift is written: a severity, and how many of 100 past windows were less far off, where there are so many."""

_FRACTION = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def _places(row: Row) -> int:
    """Return the decimals in which all values of a row are written, and their change: the same for each."""
    largest = max((abs(float(text)) for text in row.texts if _FRACTION.fullmatch(text)), default=0.0)
    return next((places for bound, places in _DECIMALS if largest >= bound), 4)


_DECIMALS = ((100.0, 1), (10.0, 2), (1.0, 3))


def _change(row: Row) -> str:
    """Return the last value less the first where both are numbers."""
    ends = [
        drift[2] or "" if (drift := _DRIFT.fullmatch(text)) else text
        for text in (row.texts[0], row.texts[-1])
    ]
    try:
        first, last = map(float, ends)
    except ValueError:
        return ""
    if last == first:
        return ""
    if row.name == "seconds":
        return f"{last - first:+,.1f} s"
    if row.part == "trading" and row.name in _RISK and _RISK[row.name][1] is share:
        return f"{100 * (last - first):+.2f} points"
    if first.is_integer() and last.is_integer():
        return f"{last - first:+,.0f}"
    text = f"{last - first:+,.{_places(row)}f}"
    return text if float(text.replace(",", "")) else f"less than {10.0 ** -_places(row):.{_places(row)}f}"


def texts(comparison: RunComparison, names: Names) -> None:
    """Draw how each report's text differs from the first one's, folded: it is long."""
    for other, diff in zip(comparison.runs[1:], comparison.report_diffs, strict=True):
        added = sum(line.startswith("+") and not line.startswith("+++") for line in diff.splitlines())
        removed = sum(line.startswith("-") and not line.startswith("---") for line in diff.splitlines())
        label = (
            f"Text of the reports: {literal(names[other])} ({added:,} lines added, {removed:,} taken away)"
        )
        with st.expander(label, key=f"compare-text-{other}"):
            if diff:
                label = f"Text of {names[other]} against {names[comparison.runs[0]]}"
                monospaced.scroller(diff, label=label, height_px=480, diff=True)
            else:
                st.write("The reports are the same.")
