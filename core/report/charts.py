"""Small drawings for the page: evaluation body in, SVG markup out, empty when there is nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any

from core.label import Label
from core.report.drawing import WIDTH, Axis, axis, dot, line, svg, text
from core.report.formatting import count, ratio, share, with_interval
from core.report.sheets import BASELINE, BESIDE, MODEL, Predictor, compared
from core.tables import Body

COIN_TOSS = 0.5
ROW = 28
LABELS = 210
"""Left margin of the comparison, for names."""
FIGURES = 170
"""Right margin of the comparison, for figures."""
MOST_FOLDS = 60
"""More test periods than this cannot be told apart at this width."""


def comparison(body: Body) -> str:
    """Return the AUC of the model, the models beside and the baselines, intervals as bars."""
    drawn = [p for p in compared(body, "auc") if p.value("auc") is not None]
    if not drawn or drawn[0].group != MODEL:
        return ""
    bounds = [
        e[k] for p in drawn for k in ("value", "low", "high") if (e := p.estimate("auc")).get(k) is not None
    ]
    scale = axis([*bounds, COIN_TOSS], LABELS, WIDTH - FIGURES)
    bottom = ROW * len(drawn) + 8
    marks = [_upright(scale, tick, bottom) for tick in scale.ticks()]
    marks.append(line(scale.at(COIN_TOSS), 4, scale.at(COIN_TOSS), bottom, "half"))
    marks += [_compared(scale, ROW * (i + 0.5) + 4, row) for i, row in enumerate(drawn)]
    return svg("AUC of the model beside models and simple rules", bottom + 24, marks)


_GROUPS = {MODEL: "model", BESIDE: "beside", BASELINE: "rule"}
"""Of each group of predictors its class in the page's style sheet."""


def _compared(scale: Axis, y: float, predictor: Predictor) -> str:
    estimate, group = predictor.estimate("auc"), _GROUPS[predictor.group]
    parts = [text(LABELS - 14, y + 4, predictor.name, "end" + (" strong" if group == "model" else ""))]
    low, high = estimate.get("low"), estimate.get("high")
    if low is not None and high is not None:
        parts.append(line(scale.at(low), y, scale.at(high), y, f"bar {group}"))
    parts.append(dot(scale.at(estimate["value"]), y, 4.5, group))
    parts.append(text(WIDTH - FIGURES + 16, y + 4, with_interval(estimate, ratio), "figure"))
    return "".join(parts)


def folds(body: Body) -> str:
    """Return the AUC of each test period in time order, joined to the line of a coin toss."""
    periods = [f for f in body["by_fold"] if f.get("auc") is not None]
    if not 2 <= len(periods) <= MOST_FOLDS:
        return ""
    height, margin = 200, 56
    scale = axis([*(f["auc"] for f in periods), COIN_TOSS], height, 14)
    slot = (WIDTH - margin - 16) / len(periods)
    marks = [_level(scale, tick, margin) for tick in scale.ticks()]
    marks.append(line(margin, scale.at(COIN_TOSS), WIDTH - 16, scale.at(COIN_TOSS), "half"))
    every = ceil(len(periods) / 12)
    for i, fold in enumerate(periods):
        x = margin + slot * (i + 0.5)
        marks.append(line(x, scale.at(COIN_TOSS), x, scale.at(fold["auc"]), "stem"))
        marks.append(dot(x, scale.at(fold["auc"]), 4.5, "model", f"{_dates(fold)}: {ratio(fold['auc'])}"))
        if i % every == 0:
            marks.append(text(x, height + 20, str(fold["from"])[:7], "middle tick"))
    return svg("AUC of each test period", height + 30, marks)


def _dates(fold: Mapping[str, Any]) -> str:
    return f"{fold['from']} to {fold['to']}"


_LEAST_DECADE, _MOST_DECADE = -2, 4
"""Powers of ten between which evidence is drawn; beyond them it is as clear as at them."""


def evidence(body: Body) -> str:
    """Return how the evidence for a model in use grew, by powers of ten, with the line that is enough."""
    days: Sequence[Body] = (body.get("sequential") or {}).get("line") or ()
    if len(days) < 2:
        return ""
    height, margin = 200, 72
    enough = log10(body["sequential"]["threshold"])
    tens = [min(max(log10(max(day["e_value"], 1e-300)), _LEAST_DECADE), _MOST_DECADE) for day in days]
    up = Axis(floor(min(tens)), ceil(max([*tens, enough])), height, 14, 1.0)
    slot = (WIDTH - margin - 16) / (len(days) - 1)
    marks = [_level(up, tick, margin, write=lambda power: f"{10**power:g}") for tick in up.ticks()]
    marks.append(line(margin, up.at(enough), WIDTH - 16, up.at(enough), "half"))
    marks += [
        line(margin + slot * i, up.at(power), margin + slot * (i + 1), up.at(following), "stem")
        for i, (power, following) in enumerate(pairwise(tens))
    ]
    marks.append(text(margin, height + 20, str(days[0]["date"]), "tick"))
    marks.append(text(WIDTH - 16, height + 20, str(days[-1]["date"]), "end tick"))
    return svg("Evidence after each session", height + 30, marks)


def calibration(body: Body) -> str:
    """Return the share that rose over the predicted probability, by bin; the diagonal is perfect."""
    bins = [b for b in body["calibration"] if b["share_up"] is not None and b["mean_probability"] is not None]
    if not bins:
        return ""
    height, margin, right = 320, 72, 500
    values, label = [b[k] for b in bins for k in ("mean_probability", "share_up")], Label.of(body)
    across, up = axis(values, margin, right), axis(values, height, 32)
    marks = [_level(up, tick, margin, right, share) for tick in up.ticks()]
    marks += [text(across.at(t), height + 18, share(t), "middle tick") for t in across.ticks()]
    marks.append(line(across.start, up.start, across.end, up.end, "half"))
    most = max(b["rows"] for b in bins)
    marks += [_bin(b, across, up, most) for b in bins]
    marks.append(text((margin + right) / 2, height + 40, label.expected.lower(), "middle tick"))
    marks.append(text(margin - 46, 14, label.share.lower(), "tick"))
    return svg(f"{label.share} by predicted probability", height + 50, marks)


def _bin(b: Mapping[str, Any], across: Axis, up: Axis, most: int) -> str:
    # The area of a dot follows its rows, so that a thin bin does not look like a full one.
    radius = 2 + 4 * (b["rows"] / most) ** 0.5
    label = f"expected {share(b['mean_probability'])}, rose {share(b['share_up'])}, {count(b['rows'])} rows"
    return dot(across.at(b["mean_probability"]), up.at(b["share_up"]), radius, "model", label)


def _upright(scale: Axis, tick: float, bottom: float) -> str:
    x = scale.at(tick)
    return line(x, 4, x, bottom, "grid") + text(x, bottom + 17, ratio(tick), "middle tick")


def _level(scale: Axis, tick: float, start: float, right: float = WIDTH - 16, write: Any = ratio) -> str:
    y = scale.at(tick)
    return line(start, y, right, y, "grid") + text(start - 10, y + 4, write(tick), "end tick")
