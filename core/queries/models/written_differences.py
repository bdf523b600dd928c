"""Two values of a measure and their difference as a page writes them: the three add up, digit for digit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from core.report.about_models import contest_grid
from core.report.blocks import Grid
from core.report.formatting import NA, decimal, metric, share, span
from core.tables import Body

_MOST_DECIMALS = 9
POINTS = " points"
"""Of a share less a share, which is no percentage of anything."""


def decimals(key: str, first: float | None, second: float | None) -> int:
    """Return with how many decimals both values of a measure, and the second less the first, are written.

    At least as many as the measure has everywhere; more where the three would not add up, or a difference read as 0
    that is none.

    >>> decimals("auc", 0.4984, 0.5117), decimals("auc", 0.4984, 0.5123), decimals("auc", 0.49841, 0.49843)
    (4, 3, 5)
    """
    write = metric(key).write
    least = len(write(0.0).removesuffix("%").partition(".")[2])
    if first is None or second is None:
        return least
    scale = 100 if write is share else 1
    values = scale * first, scale * second, scale * (second - first)
    return next((places for places in range(least, _MOST_DECIMALS) if _adds_up(*values, places)), least)


def _adds_up(first: float, second: float, apart: float, places: int) -> bool:
    units = [round(float(decimal(value, places)) * 10**places) for value in (first, second, apart)]
    return units[1] - units[0] == units[2] and bool(units[2]) == bool(apart)


def value_text(value: float | None, key: str, places: int) -> str:
    """Return a value of a measure with so many decimals.

    >>> value_text(0.51349, "hit_rate", 2), value_text(0.4984, "auc", 4), value_text(None, "auc", 3)
    ('51.35%', '0.4984', 'n/a')
    """
    if value is None:
        return NA
    return f"{decimal(100 * value, places)}%" if metric(key).write is share else decimal(value, places)


def difference_text(estimate: Mapping[str, Any], key: str, places: int) -> str:
    """Return a difference ``{value, low, high}`` of a measure with so many decimals, signed, and its interval.

    >>> difference_text({"value": 0.0133, "low": -0.002, "high": 0.0286}, "auc", 3)
    '+0.013 [-0.002, +0.029]'
    >>> difference_text({"value": 0.0133, "low": None, "high": None}, "hit_rate", 1)
    '+1.3 points'
    """
    sign = partial(_signed, key=key, places=places)
    interval = span(estimate, sign)
    unit = POINTS if metric(key).write is share else ""
    return f"{sign(estimate.get('value'))}{f' {interval}' if interval != NA else ''}{unit}"


def _signed(value: float | None, *, key: str, places: int) -> str:
    text = value_text(value, key, places).removesuffix("%")
    return f"+{text}" if value is not None and float(text) > 0 else text


def contest(
    body: Body,
    entry: Body,
    sides: tuple[str, str, str] = ("Candidate", "Champion", "Candidate less champion"),
) -> Grid:
    """Return the report's grid of two models (:func:`core.report.about_models.contest_grid`), its figures adding up."""
    grid = contest_grid(body, entry, sides)
    return replace(grid, rows=tuple(_row(entry, pair) for pair in entry["paired"]))


def _row(entry: Body, pair: Body) -> tuple[str, str, str, str]:
    key = pair["metric"]
    ours, theirs = (entry[side].get(key) or {} for side in ("challenger", "performance"))
    places = decimals(key, theirs.get("value"), ours.get("value"))
    write = partial(value_text, key=key, places=places)
    figures = (f"{write(each.get('value'))} {span(each, write)}" for each in (ours, theirs))
    difference = difference_text({**pair, "value": pair["difference"]}, key, places)
    return metric(key).label, *figures, difference  # type: ignore[return-value]  # two sides are two texts
