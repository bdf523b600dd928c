"""The three pictures of the first page: money over time, the interval beside the baselines, the state of the data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import ceil, floor, log2
from typing import Any

from core.report.charts import COIN_TOSS
from core.report.drawing import WIDTH, Axis, axis, curve, dot, line, svg, text
from core.report.formatting import count, ratio
from core.report.sheets import BASELINE, MODEL, Predictor
from core.tables import Body

HALF = 352
"""Width of a drawing of which two stand side by side."""

_ROW, _BOTTOM = 22, 18
_NAMES = 136
"""Left margin of both small drawings, for names."""

MOST_TICKERS = 8
"""More bars than this cannot be told apart beside another picture: then their number is drawn."""

_LEAST_WEALTH = 2.0**-6
"""Less than this is drawn as this: nothing is begin_x, and a logarithm has no end."""

EQUITY = "What one unit of money became"
"""What the drawing of money is called for who cannot see it."""

_CURVES = (("model", "model", "model"), ("buy_and_hold", "holding", "rule"))


def equity(body: Body, width: int = WIDTH) -> str:
    """Return what one unit of money became by following the model and by holding, each doubling as high as the next.

    Parameters
    ----------
    width : int
        Of the drawing; its words keep their size. :data:`HALF` is that of a phone's screen.
    """
    points: Sequence[Body] = body.get("equity") or ()
    if len(points) < 2:
        return ""
    height, begin_x, end_x = 128, 44, width - 84
    wealth = {key: [log2(max(p[key], _LEAST_WEALTH)) for p in points] for key, *_ in _CURVES}
    heights = [value for values in wealth.values() for value in values]
    bottom, top = floor(min(heights)), ceil(max(heights))
    up = Axis(bottom, max(top, bottom + 1), height, 12, 1.0)
    days = [date.fromisoformat(p["date"]).toordinal() for p in points]
    across = Axis(days[0], days[-1], begin_x, end_x, 1.0)
    marks = []
    for tick in up.ticks():
        marks.append(line(begin_x, up.at(tick), end_x, up.at(tick), "half" if tick == 0 else "grid"))
        marks.append(text(begin_x - 8, up.at(tick) + 4, f"{2**tick:g}", "end tick"))
    for key, _, kind in _CURVES:
        marks.append(curve([(across.at(d), up.at(v)) for d, v in zip(days, wealth[key], strict=True)], kind))
    labels = sorted((up.at(wealth[key][-1]), name, kind) for key, name, kind in _CURVES)
    for place, (y, name, kind) in enumerate(labels):
        apart = max(y, labels[0][0] + 16) if place else y
        marks.append(text(end_x + 8, apart + 4, name, f"figure {kind}"))
    marks += _ends(points[0]["date"], points[-1]["date"], begin_x, end_x, height)
    return svg(EQUITY, height + _BOTTOM + 6, marks, width)


def _ends(first: str, last: str, begin_x: float, end_x: float, height: float) -> list[str]:
    return [text(begin_x, height + _BOTTOM, first, "tick"), text(end_x, height + _BOTTOM, last, "end tick")]


def interval(predictors: Sequence[Predictor]) -> str:
    """Return the AUC of some predictors, intervals as bars, and the line of a coin toss."""
    drawn = [p for p in predictors if p.value("auc") is not None]
    if not drawn or drawn[0].group != MODEL:
        return ""
    bounds = [
        v for p in drawn for k in ("value", "low", "high") if (v := p.estimate("auc").get(k)) is not None
    ]
    scale = axis([*bounds, COIN_TOSS], _NAMES, HALF - 16, most_ticks=6)
    bottom = _ROW * len(drawn) + 8
    marks = []
    for tick in scale.ticks():
        marks.append(line(scale.at(tick), 4, scale.at(tick), bottom, "grid"))
        marks.append(text(scale.at(tick), bottom + 15, ratio(tick), "middle tick"))
    marks.append(line(scale.at(COIN_TOSS), 4, scale.at(COIN_TOSS), bottom, "half"))
    for place, predictor in enumerate(drawn):
        y, estimate = _ROW * (place + 0.5) + 4, predictor.estimate("auc")
        kind = "rule" if predictor.group == BASELINE else "model" if predictor.group == MODEL else "beside"
        marks.append(
            text(
                _NAMES - 10,
                y + 4,
                "Best rule" if predictor.group == BASELINE else _short(predictor.name),
                "end",
            )
        )
        if estimate.get("low") is not None and estimate.get("high") is not None:
            marks.append(line(scale.at(estimate["low"]), y, scale.at(estimate["high"]), y, f"bar {kind}"))
        marks.append(dot(scale.at(estimate["value"]), y, 4.5, kind))
    return svg("AUC with its interval beside baselines", bottom + 22, marks, HALF)


def _short(name: str, most: int = 18) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def coverage(body: Body) -> str:
    """Return from when to when each ticker has prices, those with trouble marked; of many tickers their number."""
    tickers = body["data"]["tickers"]
    spans = {t: (c.get("first"), c.get("last"), c.get("outcome", "ok")) for t, c in sorted(tickers.items())}
    days = {t: _days(begin, end) for t, (begin, end, _) in spans.items()}
    dated = [span for span in days.values() if span]
    if not dated or min(begin for begin, _ in dated) == max(end for _, end in dated):
        return ""
    across = Axis(min(begin for begin, _ in dated), max(end for _, end in dated), _NAMES, HALF - 16, 1.0)
    first, last = (date.fromordinal(int(day)).isoformat() for day in (across.low, across.high))
    if len(spans) > MOST_TICKERS:
        return _numbers(dated, across, first, last)
    height = _ROW * len(spans) + 6
    marks = []
    for place, (ticker, (_, _, outcome)) in enumerate(spans.items()):
        y, span = _ROW * (place + 0.5) + 2, days[ticker]
        fine = outcome in ("ok", "not recorded")
        marks.append(text(_NAMES - 10, y + 4, _short(ticker), "end"))
        if span:
            kind = "bar model" if fine else "bar bad"
            marks.append(line(across.at(span[0]), y, across.at(span[1]), y, kind))
        elif not fine:
            marks.append(text(_NAMES, y + 4, _short(str(outcome), 28), "tick"))
    marks += _ends(first, last, _NAMES, HALF - 16, height)
    return svg("Sessions with prices by ticker", height + _BOTTOM + 6, marks, HALF)


def _days(first: Any, last: Any) -> tuple[int, int] | None:
    """Return both days as numbers, None where a source of others has no dates there."""
    try:
        return date.fromisoformat(str(first)).toordinal(), date.fromisoformat(str(last)).toordinal()
    except ValueError:
        return None


def _numbers(spans: Sequence[tuple[int, int]], across: Axis, begin: str, end: str) -> str:
    """Return how many tickers have prices at a time."""
    height, steps = 96, 100
    up = Axis(0, len(spans), height, 12, 1.0)
    places = [across.low + step * (across.high - across.low) / steps for step in range(steps + 1)]
    present = [sum(first <= day <= last for first, last in spans) for day in places]
    marks = [line(_NAMES, up.at(level), HALF - 16, up.at(level), "grid") for level in (0, len(spans))]
    marks += [
        text(_NAMES - 8, up.at(level) + 4, f"{count(level)} tickers", "end tick") for level in (0, len(spans))
    ]
    marks.append(curve([(across.at(d), up.at(n)) for d, n in zip(places, present, strict=True)], "model"))
    marks += _ends(begin, end, _NAMES, HALF - 16, height)
    return svg("Tickers with prices over time", height + _BOTTOM + 6, marks, HALF)
