"""The model's AUC beside other models and the best simple rule: a line each, its interval as a bar, its figures.

Drawn in HTML: it is as wide as there is room, on a phone as well, and its words keep their size.
"""

from __future__ import annotations

import re
from html import escape
from math import ceil, floor
from typing import TYPE_CHECKING

import streamlit as st

from core.queries.reports import tables
from core.report.about_results import headline
from core.report.formatting import counted, ratio
from core.report.page_one import AUC_WORDS
from core.tables import Body
from dashboard import compact

if TYPE_CHECKING:
    import pandas as pd


COIN_TOSS = 0.5
_KINDS = {"This model": "this", "Model beside": "beside", "Baseline": "rule"}
_MARGIN = 0.08
"""Part of the span that stays free at either end."""


def draw(body: Body) -> None:
    """Draw the estimates with their intervals, and on what they rest; nothing where nothing was judged."""
    rows = of_interest(tables.estimates(body, "auc"))
    with st.container(key="at-a-glance"):
        if not rows.empty:
            st.html(markup(rows))
        facts = dict(headline(body))
        period = facts.get("Period judged", "")
        if body["rows"] and rows.empty:
            compact.draw(
                compact.quiet(
                    f"{counted(body['rows'], 'row')} judged in {counted(body['sessions'], 'session')}, {period}."
                )
            )
        elif body["rows"]:
            interval = next(name for name in facts if "interval" in name)
            extent = f"{counted(body['rows'], 'prediction')} in {counted(body['sessions'], 'session')}"
            compact.draw(compact.quiet(f"{AUC_WORDS} Bars: {interval}. Judged {period}: {extent}."))


def sentence(body: Body) -> str:
    """Return what the verdict in words adds to its badge and the AUC below; with what holds for one look, the whole.

    >>> whole = "The model did worse than a coin toss: AUC 0.470 (95% interval 0.450 to 0.490, all below 0.500) over 9 "
    >>> sentence({"verdict_sentence": whole + "predictions in 3 sessions. It called 48.1% of directions rightly."})
    'The model called 48.1% of directions rightly.'
    """
    words = str(body["verdict_sentence"])
    more = "" if body.get("sequential") else _OPENING.sub("", words, count=1)
    return re.sub(r"\AIt\b", "The model", more) or words


_OPENING = re.compile(r"\A[^:.]*: AUC [^(]*\([^)]*\) over [^.]*\.\s*")
"""What the verdict says of the AUC: how it stands to a coin toss, value, interval, and over how much."""


def of_interest(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return this model, those beside it, and of the rules the one with the highest value."""
    valued = estimates.dropna(subset=["value"])
    if not (valued["group"] == "This model").any():
        return valued.iloc[:0]
    rules = valued[valued["group"] == "Baseline"]
    best = rules[rules.index == rules["value"].idxmax()] if len(rules) else rules
    return valued[(valued["group"] != "Baseline") | valued.index.isin(best.index)]


def markup(rows: pd.DataFrame) -> str:
    """Return the lines as HTML: name, bar and dot on one scale, value and interval."""
    bounds = [value for value in rows[["value", "low", "high"]].to_numpy().ravel() if value == value]
    low, high = min(*bounds, COIN_TOSS), max(*bounds, COIN_TOSS)
    room = (high - low) * _MARGIN or 0.01
    low, high = low - room, high + room

    def at(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    lines = []
    columns = rows["who"], rows["group"], *(rows[name].astype("float64") for name in ("value", "low", "high"))
    for who, group, value, least, most in zip(*map(list, columns), strict=True):
        bar, span = "", ""
        if least == least:
            bar = f'<b style="left:{at(least)};width:{100 * (most - least) / (high - low):.2f}%"></b>'
            span = f" [{ratio(least)}, {ratio(most)}]"
        name = f"Best rule: {who}" if group == "Baseline" else str(who)
        lines.append(
            f'<li class="{_KINDS[str(group)]}"><span>{escape(name)}</span>'
            f'<i aria-hidden="true"><s style="left:{at(COIN_TOSS)}"></s>{bar}<em style="left:{at(value)}"></em></i>'
            f"<span><strong>{ratio(value)}</strong>{span}</span></li>"
        )
    marks = "".join(f'<u style="left:{at(value)}">{ratio(value)}</u>' for value in ticks(low, high))
    axis = f'<li class="axis" aria-hidden="true"><span></span><i>{marks}</i><span></span></li>'
    return f'<ul class="glance">{"".join(lines)}{axis}</ul>'


def ticks(low: float, high: float) -> list[float]:
    """Return the round values between two ends that stand below the lines, five at most.

    >>> ticks(0.4812, 0.5193), ticks(0.31, 0.74)
    ([0.49, 0.5, 0.51], [0.4, 0.5, 0.6, 0.7])
    """
    steps = [100, 50, 20, 10, 5]  # of 1: 0.01 to 0.2
    values = [[n / step for n in range(ceil(low * step), floor(high * step) + 1)] for step in steps]
    return next((several for several in values if len(several) <= _MOST_TICKS), values[-1])


_MOST_TICKS = 5
