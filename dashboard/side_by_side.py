"""Runs side by side in one table: what each is, what it says of the next session, and what else differs."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from core.errors import listed
from core.label import Label
from core.parameters import natural
from core.queries.models.signal_changes import probabilities
from core.queries.reports.tables import DRIFT_WORDS
from core.queries.runs.comparison import ABSENT, Row, RunComparison
from core.queries.runs.facts import RunFacts
from core.queries.runs.run_labels import run_mark
from core.report.formatting import (
    chance,
    count,
    counted,
    decimal,
    period,
    ratio,
    spaced,
    with_interval,
)
from core.report.page_one import AUC_WORDS
from core.report.trading_sheets import RISK
from core.request.form_words import plain_name
from dashboard import compact, wrapped
from dashboard.measure_differences import Names
from dashboard.words import change

BLOCKS = {
    "Request, data and features": ("run", "parameters", "vintage", "data", "findings", "features"),
    "Trading": ("trading",),
    "Drift": ("drift",),
}
"""Heading -> the parts below it; the measures stand above as differences already."""

_ABOVE = {("run", "state"), ("data", "from"), ("data", "to")}
"""Rows that stand above the headings."""

CHANGE = "Change"


@dataclass(frozen=True)
class TableRow:
    """A line of the table: what it is about, its cell of each run, and how far the last is from the first."""

    name: str
    cells: list[Any]
    change: str = ""


def _reports(several: Sequence[RunFacts]) -> list[TableRow]:
    """Return what each run is: its verdict, data and model, and how its report stands."""
    bodies = [each.evaluation for each in several]
    more = bodies[-1]["rows"] - bodies[0]["rows"]
    return [
        TableRow("Verdict", [wrapped.Drawn(compact.badge(body["verdict"])) for body in bodies]),
        TableRow(
            "AUC", [wrapped.figure(with_interval(body["performance"]["auc"], ratio)) for body in bodies]
        ),
        TableRow("Rows judged", [count(body["rows"]) for body in bodies], f"{more:+,}" if more else ""),
        TableRow("Data", [period(body["data"]["from"], body["data"]["to"]) for body in bodies]),
        TableRow("Model", [_model(body) for body in bodies]),
        TableRow(
            "State of the report",
            [wrapped.Drawn(compact.badge(each.standing.replace("_", " "))) for each in several],
        ),
        TableRow("Run", [wrapped.Drawn(_run_link(each.run.run_id)) for each in several]),
    ]


def _within(name: str) -> str:
    """Return the name of a row within a sentence.

    >>> _within("Verdict"), _within("AUC")
    ('verdict', 'AUC')
    """
    return name if name.isupper() else name[:1].lower() + name[1:]


def _model(body: Mapping[str, Any]) -> wrapped.Drawn:
    how = "trained" if body["mode"] == "train" else "used again"
    return wrapped.Drawn(f"{compact.short_id((body.get('model') or {}).get('model_id') or '')} ({how})")


def _run_link(run_id: str) -> str:
    """Return a run as the end of its id, the whole on hover."""
    link = compact.link(f"Run {run_mark(run_id)}", "run", run_id)
    return f'<span class="unbroken" title="{escape(run_id)}">{link}</span>'


def table(several: Sequence[RunFacts], comparison: RunComparison, names: Names) -> None:
    """Draw the runs side by side: what each is, its signals, and what else differs, by heading.

    Small changes and what the runs agree on are left out unless they are asked for.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="compare-choice"):
        everything = st.toggle("Also small changes, and what they agree on", key="compare-all")
        rows, words = (list(comparison.rows), "") if everything else _worth_a_line(several, comparison)
        if words:
            st.caption(f"Left out: {words}.")
    signals = _signals(several, everything=everything)
    reports = _reports(several)
    same = [] if everything else [row for row in reports if all(cell == row.cells[0] for cell in row.cells)]
    if same:
        wrapped.figures([(f"Same {_within(row.name)}", row.cells[0]) for row in same], "compare-same")
    parts = {"": [row for row in reports if row not in same], **signals}
    for head, within in BLOCKS.items():
        block = [row for row in rows if row.part in within and (row.part, row.name) not in _ABOVE]
        parts |= {head: _block(block)} if block else {}
    _draw(parts, [names[run] for run in comparison.runs])
    st.caption(AUC_WORDS)
    if len(parts) == 1:
        st.caption("Nothing else differs.")


def _worth_a_line(several: Sequence[RunFacts], comparison: RunComparison) -> tuple[list[Row], str]:
    """Return the rows of which a difference says something, and in words what the others are."""
    differing = comparison.differing()
    one_scored = len({each.evaluation["mode"] for each in several}) > 1
    of_training = [r for r in differing if one_scored and r.part in _OF_TRAINING and ABSENT in r.texts]
    others = [row for row in differing if row not in of_training]
    rows = [row for row in others if not small(row)]
    words = []
    if few := len(others) - len(rows):
        why = "figures of trading that moved by less than 2%, drift that stayed in its class"
        words.append(f"{counted(few, 'small change')} ({why})")
    if of_training:
        words.append(f"{counted(len(of_training), 'row')} that only one of training and scoring has")
    return rows, listed(words)


_OF_TRAINING = ("parameters", "trading")


def _draw(parts: Mapping[str, Sequence[TableRow]], runs: Sequence[str]) -> None:
    rows = [row for part in parts.values() for row in part]
    columns: dict[str, list[Any]] = {"": [row.name for row in rows]}
    columns |= {run: [row.cells[at] for row in rows] for at, run in enumerate(runs)}
    two = len(runs) == _BESIDE
    if two:
        columns[CHANGE] = [row.change for row in rows]
    headings: dict[int, str] = {}
    place = 0
    for head, part in parts.items():
        headings |= {place: head} if head else {}
        place += len(part)
    wrapped.table(
        columns, f"beside-{'two' if two else 'several'}", numbers=list(columns)[1:], headings=headings
    )


_BESIDE = 2
"""Runs of which a change is one figure."""


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


def _block(several: Sequence[Row]) -> list[TableRow]:
    return [
        TableRow(name, [_value(row, at) for at in range(len(row.texts))], _change(row))
        for name, row in _merged(several).items()
    ]


def _signals(several: Sequence[RunFacts], *, everything: bool) -> dict[str, list[TableRow]]:
    """Return the probabilities of the next session by ticker, those that changed most first; nothing if none did."""
    by_run = [probabilities(each.evaluation.get("signals") or ()) for each in several]
    tickers = list(dict.fromkeys(ticker for signals in by_run for ticker in signals))
    if not tickers or (not everything and all(signals == by_run[0] for signals in by_run[1:])):
        return {}
    labels = [Label.of(each.evaluation) for each in several]
    first, last = by_run[0], by_run[-1]
    apart = {ticker: last[ticker] - first[ticker] for ticker in tickers if ticker in first and ticker in last}
    order = sorted(tickers, key=lambda ticker: (-abs(apart.get(ticker, 2.0)), ticker))
    most = MOST_SIGNALS[everything]
    head = labels[0].chance if len(set(labels)) == 1 else "Probability"
    if len(order) > most:
        head += f" ({most} of {len(order):,} tickers, those that changed most)"
    comparable = labels[0] == labels[-1]  # else they are about different outcomes
    return {
        head: [
            TableRow(
                ticker, [chance(signals.get(ticker)) for signals in by_run],
                change(*(chance(by_run[at].get(ticker)) for at in (0, -1))) if comparable and apart.get(ticker) else "",
            )
            for ticker in order[:most]
        ]
    }  # fmt: skip


MOST_SIGNALS = {False: 12, True: 100}
"""Tickers whose signals are drawn, by whether everything is asked for."""


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
    """Return how far the last value is from the first as both are written; of drift, its place among past windows."""
    if row.texts[0] == row.texts[-1]:
        return ""
    drifts = [_DRIFT.fullmatch(row.texts[at]) for at in (0, -1)]
    first, last = (
        drift[2] or "" if drift else _value(row, at) for at, drift in zip((0, -1), drifts, strict=True)
    )
    return change(first, last)
