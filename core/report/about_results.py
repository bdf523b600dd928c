"""The sections on how well the model did: verdict, measures, comparisons and economics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from core.label import Label
from core.report import charts, sections, trading_sheets
from core.report.blocks import Block, Facts, Grid, Paragraph, Picture, Section
from core.report.formatting import (
    HOLD,
    HOLDINGS,
    NA,
    apart,
    beside_zero,
    count,
    loss,
    metric,
    name,
    period,
    ratio,
    share,
    sharpe,
    short_number,
    span,
)
from core.report.readings import confidence, has_verdict, trained_here
from core.report.sheets import BASELINE, BESIDE, MODEL, compared, estimated, measured, predictors
from core.tables import Body

_CERTAIN = (
    "Rules that say only yes or no count as certain, so their Brier score and log loss are large by nature.",
)
_COMPARED = ("auc", "precision", "recall", "hit_rate", "brier", "log_loss")


def headline(body: Body, *, of: str = "") -> tuple[tuple[str, str], ...]:
    """Return the figures that stand above everything else, as pairs of name and text; ``of`` ends the interval's."""
    auc = body["performance"]["auc"]
    return (
        ("AUC", ratio(auc["value"])),
        (f"{confidence(body)} interval{of}", span(auc, ratio)),
        ("Rows judged", count(body["rows"])),
        ("Sessions", count(body["sessions"])),
        ("Period judged", period(body["from"], body["to"])),
    )


def performance(body: Body) -> Section:
    """Return the measures with intervals, the models beside and the baselines."""
    beside = [p for p in predictors(body) if p.group == BESIDE]
    figures = (("Verdict", body["verdict"]), *headline(body, of=" of the AUC"))
    blocks: list[Block] = [Facts(figures), Paragraph(basis(body))]
    blocks.append(measured(body, body["performance"], "This run", MODEL, beside))
    blocks.extend(at_training(body))
    blocks.extend(_evidence(body))
    drawing = charts.comparison(body)
    if drawing:
        blocks.append(Picture(drawing, "AUC with its interval; the line marks a coin toss."))
    blocks.append(_comparison(body))
    blocks.extend(_paired(body))
    blocks.extend(_sorting(body))
    return Section(sections.PERFORMANCE, tuple(blocks))


def at_training(body: Body) -> tuple[Grid, ...]:
    """Return the model's walk-forward measures at training, nothing where the run has none of its own."""
    measures = body.get("training_performance")
    if not measures:
        return ()
    return (measured(body, measures, "At training, walked forward through time", "Then"),)


def basis(body: Body) -> str:
    """Return in words which rows were judged and what the intervals hold."""
    if not has_verdict(body):
        return "There is too little data for a judgement, so the measures are left open rather than guessed."
    rows = "Each row is one ticker on one session."
    how = (
        "It was judged by a model trained on earlier sessions only"
        if trained_here(body)
        else "Only sessions after the model's training count"
    )
    settings, label = body["settings"], Label.of(body)
    return (
        f"{rows} {how}. Intervals are to hold the true figure in {confidence(body)} of cases: they are percentiles of "
        f"{count(settings.get('bootstrap_samples'))} resamples of whole blocks of {_blocks(body)}, so that days that "
        f"move together stay together, widened for how few blocks there are.{label.overlap}{_looks(body)}"
    )


def _blocks(body: Body) -> str:
    """Return how long the blocks are that are resampled, as :func:`core.measures.bootstrap.block_length` has it."""
    block, horizon = body["settings"].get("block_sessions"), Label.of(body).horizon_sessions
    if not block:
        return f"{short_number(block)} sessions"
    if horizon == 1:  # a period is cut into five blocks at least
        return f"{short_number(block)} sessions (fewer in a period under {5 * block})"
    length = max(block, 2 * horizon)
    return f"{short_number(length)} sessions (half of a period under {2 * length}, {horizon} at least)"


def _looks(body: Body) -> str:
    if not body.get("sequential"):
        return ""
    return " They are valid for one look; the verdict rests on the evidence after every session, below."


def _comparison(body: Body) -> Grid:
    rows = tuple(
        (p.name, *(metric(k).write(p.value(k)) for k in _COMPARED)) for p in compared(body, _COMPARED[0])
    )
    head = ("Predictor", *(metric(k).label for k in _COMPARED))
    return Grid("Beside simple rules, on the same rows", head, rows, notes=_CERTAIN)


def _paired(body: Body) -> tuple[Block, ...]:
    rows = tuple(
        (
            name(p["against"]),
            metric(p["metric"]).label,
            beside_zero(p["difference"], _write_of(p)),
            span(p, partial(beside_zero, write=_write_of(p))),
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
    ours, hold = body["performance"], body["baselines"].get(HOLD) or {}
    cost, label = short_number(body["settings"].get("cost_bps")), Label.of(body)
    intro = Paragraph(
        f"Long/flat holds a ticker for {label.over} when its probability of {label.event} is at least one half "
        "and nothing otherwise, every ticker with the same weight, net of "
        f"{cost} basis points per change of position.{label.portfolio} A call is made after a close and earns from "
        "that very close. Taxes, spreads beyond that cost, slippage and interest on cash are left out."
    )
    blocks = (intro, _earnings(body), *_against_holding(ours, hold), *_best(body, hold), *_trading(body))
    return Section(sections.ECONOMICS, blocks)


def _evidence(body: Body) -> tuple[Block, ...]:
    """Return how the evidence for a model in use grew; nothing of a candidate, which is judged once."""
    if not body.get("sequential"):
        return ()
    sheet, drawing = trading_sheets.evidence(body), charts.evidence(body)
    pictures = (
        (Picture(drawing, "E-value after each session; the line marks what is enough."),) if drawing else ()
    )
    blocks: tuple[Block, ...] = (Paragraph(trading_sheets.evidence_basis(body)), *pictures)
    return (*blocks, sheet.grid()) if sheet.rows else blocks


def _trading(body: Body) -> tuple[Block, ...]:
    """Return risk and costs; nothing of an evaluation from before it had them."""
    if not body.get("risk"):
        return ()
    reason = body["risk"]["reason"]
    open_figures = (f"{NA}: {reason}.",) if reason else ()
    risk, costs = trading_sheets.risk(body), trading_sheets.costs(body)
    grids = (risk.grid(notes=open_figures), costs.grid(notes=(trading_sheets.break_even(body),)))
    fills = f"{trading_sheets.FILL_WORDS} The desk's page Model sets fills at the next open beside it."
    return (*grids, Paragraph(fills), *_over_time(body))


def _over_time(body: Body) -> tuple[Block, ...]:
    """Return returns by year and month; nothing of an evaluation without months."""
    sheets = (trading_sheets.years(body), trading_sheets.months(body))
    return tuple(sheet.grid("the first and the last years") for sheet in sheets if sheet.rows)


def _sorting(body: Body) -> tuple[Block, ...]:
    """Return how probabilities sort the tickers of a session; nothing of an evaluation from before it had that."""
    basis_of_ic = trading_sheets.sorting_basis(body)
    if not basis_of_ic:
        return ()
    tables = (trading_sheets.information(body), trading_sheets.quantiles(body))
    has_ic = body["ic"]["mean"] is not None
    steady = trading_sheets.steadiness(body)
    last = (Paragraph(steady),) if steady else ()
    return (Paragraph(basis_of_ic), *(sheet.grid() for sheet in tables if has_ic and sheet.rows), *last)


_EARNINGS = ("long_flat_return", "long_flat_sharpe")
_HOLDING = (
    (
        "Buy and hold: each ticker has an equal share of the money, is bought once at the close of its first "
        "judged session (cash until then), pays the cost once and is kept. Equal weights: all tickers alike, "
        "restored every session, at the cost of what changes. The model is compared with buy and hold, because "
        "that is what the same money does without any decision."
    ),
)


def _earnings(body: Body) -> Grid:
    interval = f"{confidence(body)} interval"
    rows = tuple(
        (
            p.name if p.group == BASELINE else f"{p.name}, long/flat",
            *(text for key in _EARNINGS for text in estimated(p, key)),
        )
        for p in predictors(body)
        if p.group != BASELINE or any(p.value(key) is not None for key in _EARNINGS)
    )
    head = ("Following", "Return a year", interval, "Sharpe ratio", interval)
    return Grid("Yearly figures", head, rows, notes=_HOLDING)


def _best(body: Body, hold: Body) -> tuple[Block, ...]:
    """Return whether any calls beat holding; always saying up is holding under another name."""
    ratios = {
        "this model" if p.group == MODEL else p.name: ratio_
        for p in predictors(body)
        if p.key not in (*HOLDINGS, "always_up") and (ratio_ := p.value("long_flat_sharpe")) is not None
    }
    theirs = hold.get("sharpe")
    if not ratios or theirs is None:
        return ()
    best = max(ratios, key=lambda who: ratios[who])
    beats = ratios[best] > theirs
    ours, holding = apart(ratios[best], theirs, sharpe)
    figures = (
        f"the {'best' if beats else 'nearest'} is {best} with a Sharpe ratio of {ours} against {holding}"
    )
    if not beats:
        return (
            Paragraph(
                f"None of the calls in this report beats buying and holding; {figures}.{_surely(body)}"
            ),
        )
    return (Paragraph(f"Not all calls fell short of holding; {figures}.{_surely(body)}"),)


def _surely(body: Body) -> str:
    pair = next((p for p in body["paired"] if p["against"] == HOLD and p["low"] is not None), None)
    if pair is None:
        return ""
    difference = f"{beside_zero(pair['difference'], sharpe)} {span(pair, partial(beside_zero, write=sharpe))}"
    return f" Between this model and holding the difference is {difference}."


def _against_holding(measures: Body, hold: Body) -> tuple[Block, ...]:
    ours, theirs = (measures.get("long_flat_sharpe") or {}).get("value"), hold.get("sharpe")
    if ours is None or theirs is None:
        return (Paragraph("A comparison with buying and holding is not possible here."),)
    verdict = "more return for its risk than" if ours > theirs else "no more return for its risk than"
    own, holding = apart(ours, theirs, sharpe)
    text = (
        f"Following the model earned {share(measures['long_flat_return']['value'])} a year with a Sharpe ratio "
        f"of {own}; buying and holding earned {share(hold.get('annual_return'))} with "
        f"{holding}. The model gave {verdict} holding."
    )
    return (Paragraph(text),)
