"""The sections on how well the model did: verdict, measures, comparisons and economics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core.report import charts, sections
from core.report.blocks import Block, Facts, Grid, Paragraph, Picture, Section
from core.report.figures import (
    HOLD,
    METRICS,
    NA,
    count,
    decimal,
    loss,
    metric,
    name,
    period,
    plain,
    ratio,
    share,
    span,
    word,
)
from core.report.readings import confidence, judged, trained_here, without_model

Body = Mapping[str, Any]

_CERTAIN = (
    "Rules that say only yes or no count as certain, so their Brier score and log loss are large by nature.",
)
_COMPARED = ("auc", "precision", "recall", "hit_rate", "brier", "log_loss")


def decision(body: Body) -> Section:
    """Return the verdict first, then what must be known before acting on it."""
    blocks: list[Block] = [Paragraph(body["verdict_sentence"], "verdict")]
    if body["leak_alarm"]["raised"]:
        blocks.append(Paragraph(f"Leak alarm: {body['leak_alarm']['reason']}", "alarm"))
    if body["model"].get("retained"):
        text = f"Training failed; the previous model was kept: {word(body['model']['retained'])}"
        blocks.append(Paragraph(text, "alarm"))
    auc = body["performance"]["auc"]
    pairs = (
        ("Verdict", body["verdict"]),
        ("AUC", ratio(auc["value"])),
        (f"{confidence(body)} interval of the AUC", span(auc, ratio)),
        ("Rows judged", count(body["rows"])),
        ("Sessions", count(body["sessions"])),
        ("Period judged", period(body["from"], body["to"])),
    )
    return Section(sections.DECISION, (*blocks, Facts(pairs, prominent=True), Paragraph(_for_whom(body))))


def _for_whom(body: Body) -> str:
    if trained_here(body) and not without_model(body):
        return (
            "For a person to decide: whether this candidate is good enough to be used. The figures below "
            "are evidence; the program decides nothing."
        )
    if without_model(body):
        return "For a person to decide: whether to bring more history. No model came out of this run."
    return (
        "For a person to decide: whether this model may stay in use. The figures below are "
        "evidence; the program decides nothing."
    )


def performance(body: Body) -> Section:
    """Return the measures with intervals, the models beside and the baselines."""
    held, earlier = body["performance"], body.get("training_performance")
    blocks: list[Block] = [Paragraph(_basis(body)), _measures("This run", held, body)]
    if earlier:
        blocks.append(_measures("At training, walked forward through time", earlier, body))
    drawing = charts.comparison(body)
    if drawing:
        blocks.append(Picture(drawing, "AUC with its interval; the line marks a coin toss."))
    blocks.append(_comparison(body))
    blocks.extend(_paired(body))
    return Section(sections.PERFORMANCE, tuple(blocks))


def _basis(body: Body) -> str:
    if not judged(body):
        return "There is too little data for a judgement, so the measures are left open rather than guessed."
    rows = "Each row is one ticker on one session."
    how = (
        "It was judged by a model trained on earlier sessions only"
        if trained_here(body)
        else "Only sessions after the model's training count"
    )
    settings = body["settings"]
    return (
        f"{rows} {how}. Intervals hold {confidence(body)} of {count(settings.get('bootstrap_samples'))} "
        f"resamples of whole blocks of {plain(settings.get('block_sessions'))} sessions, so that days that "
        "move together stay together."
    )


def _measures(caption: str, held: Body, body: Body) -> Grid:
    beside = list(body["beside"].items()) if held is body["performance"] else []
    interval = f"{confidence(body)} interval"
    head = ["Measure", "This model" if held is body["performance"] else "Then", interval]
    for kind, _ in beside:
        head += [name(kind), interval]
    rows = [_measure(key, (held, *(measures for _, measures in beside))) for key in _ordered(held)]
    return Grid(caption, tuple(head), tuple(rows), notes=_reasons(held))


def _ordered(held: Body) -> list[str]:
    known = [key for key in METRICS if key in held]
    return known + [key for key in held if key not in METRICS]


def _measure(key: str, columns: Iterable[Body]) -> tuple[str, ...]:
    shown = metric(key)
    cells = [shown.label]
    for measures in columns:
        estimate = measures.get(key) or {}
        cells += [shown.write(estimate.get("value")), span(estimate, shown.write)]
    return tuple(cells)


def _reasons(held: Body) -> tuple[str, ...]:
    """Return one sentence per reason, naming every measure that it leaves open."""
    by_reason: dict[str, list[str]] = {}
    for key in _ordered(held):
        if held[key].get("value") is None:
            by_reason.setdefault(held[key].get("reason") or "no reason recorded", []).append(
                metric(key).label
            )
    return tuple(f"{NA} ({', '.join(labels)}): {reason.rstrip('.')}." for reason, labels in by_reason.items())


def _comparison(body: Body) -> Grid:
    predictors = [("This model", _values(body["performance"]))]
    predictors += [(name(kind), _values(held)) for kind, held in body["beside"].items()]
    # Holding makes the calls of "always up"; its return stands under Economics.
    predictors += [(name(key), held) for key, held in body["baselines"].items() if key != HOLD]
    rows = tuple((who, *(metric(k).write(held.get(k)) for k in _COMPARED)) for who, held in predictors)
    head = ("Predictor", *(metric(k).label for k in _COMPARED))
    return Grid("Beside simple rules, on the same rows", head, rows, notes=_CERTAIN)


def _values(held: Body) -> dict[str, float | None]:
    return {key: estimate.get("value") for key, estimate in held.items()}


def _paired(body: Body) -> tuple[Block, ...]:
    rows = tuple(
        (
            name(p["against"]),
            metric(p["metric"]).label,
            _write_of(p)(p["difference"]),
            span(p, _write_of(p)),
            _reading(p),
        )
        for p in body["paired"]
    )
    if not rows:
        return ()
    head = ("This model against", "Measure", "Difference", f"{confidence(body)} interval", "Reading")
    return (Grid("Paired differences, same rows and resamples", head, rows, frozenset({0, 1, 4})),)


def _write_of(pair: Body) -> Callable[[float | None], str]:
    # Brier scores and log losses differ in the fourth decimal
    return loss if pair["metric"] in ("brier", "log_loss") else ratio


def _reading(pair: Body) -> str:
    low, high = pair["low"], pair["high"]
    if low is None or high is None:
        return "not known"
    if low <= 0 <= high:
        return "no difference shown"
    return "higher" if low > 0 else "lower"


def economics(body: Body) -> Section:
    """Return what following the model would have earned, against simply holding."""
    held, hold = body["performance"], body["baselines"].get(HOLD) or {}
    cost = plain(body["settings"].get("cost_bps"))
    intro = Paragraph(
        "Long/flat holds a ticker for the next session when its probability of a rise is at least one half "
        "and nothing otherwise, every ticker with the same weight, net of "
        f"{cost} basis points per change of position. Taxes, spreads beyond that cost, slippage and interest "
        "on cash are left out."
    )
    blocks = (intro, _earnings(body, held), *_against_holding(held, hold), *_best(body, hold))
    return Section(sections.ECONOMICS, blocks)


def _earnings(body: Body, held: Body) -> Grid:
    interval = f"{confidence(body)} interval"
    keys = ("long_flat_return", "long_flat_sharpe")
    rows = [_earning("This model, long/flat", [held.get(k) or {} for k in keys])]
    rows += [
        _earning(f"{name(kind)}, long/flat", [m.get(k) or {} for k in keys])
        for kind, m in body["beside"].items()
    ]
    rows += [
        _earning(name(key), [{"value": b.get("annual_return")}, {"value": b.get("sharpe")}])
        for key, b in body["baselines"].items()
        if b.get("annual_return") is not None or b.get("sharpe") is not None
    ]
    return Grid(
        "Yearly figures", ("Following", "Return a year", interval, "Sharpe ratio", interval), tuple(rows)
    )


def _earning(who: str, estimates: list[Body]) -> tuple[str, ...]:
    cells = [who]
    for key, estimate in zip(("annual_return", "sharpe"), estimates, strict=True):
        cells += [metric(key).write(estimate.get("value")), span(estimate, metric(key).write)]
    return tuple(cells)


def _best(body: Body, hold: Body) -> tuple[Block, ...]:
    """Return whether anything at all beat holding; always saying up is holding under another name."""
    ratios = {"this model": body["performance"].get("long_flat_sharpe", {}).get("value")}
    ratios |= {name(kind): m.get("long_flat_sharpe", {}).get("value") for kind, m in body["beside"].items()}
    ratios |= {
        name(rule): held.get("sharpe")
        for rule, held in body["baselines"].items()
        if rule not in (HOLD, "always_up")
    }
    known = {who: value for who, value in ratios.items() if value is not None}
    theirs = hold.get("sharpe")
    if not known or theirs is None:
        return ()
    best = max(known, key=lambda who: known[who])
    figures = (
        f"the nearest is {best} with a Sharpe ratio of {decimal(known[best], 2)} against {decimal(theirs, 2)}"
    )
    if known[best] <= theirs:
        return (Paragraph(f"Nothing in this report beats buying and holding; {figures}.{_surely(body)}"),)
    return (Paragraph(f"Not everything fell short of holding; {figures}.{_surely(body)}"),)


def _surely(body: Body) -> str:
    pair = next((p for p in body["paired"] if p["against"] == HOLD and p["low"] is not None), None)
    if pair is None:
        return ""
    apart = f"{decimal(pair['difference'], 2)} {span(pair, lambda value: decimal(value, 2))}"
    return f" Between this model and holding the difference is {apart}."


def _against_holding(held: Body, hold: Body) -> tuple[Block, ...]:
    ours, theirs = (held.get("long_flat_sharpe") or {}).get("value"), hold.get("sharpe")
    if ours is None or theirs is None:
        return (Paragraph("A comparison with buying and holding is not possible here."),)
    verdict = "more return for its risk than" if ours > theirs else "no more return for its risk than"
    text = (
        f"Following the model earned {share(held['long_flat_return']['value'])} a year with a Sharpe ratio "
        f"of {decimal(ours, 2)}; buying and holding earned {share(hold.get('annual_return'))} with "
        f"{decimal(theirs, 2)}. The model gave {verdict} holding."
    )
    return (Paragraph(text),)
