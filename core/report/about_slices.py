"""The sections that look closer: calibration, test periods, tickers, drift and signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.report import charts, sections
from core.report.blocks import Grid, Paragraph, Picture, Section, Tone
from core.report.figures import count, counted, decimal, ends, left_out, metric, period, ratio, share, word

Body = Mapping[str, Any]

_SLICED = ("auc", "precision", "recall", "hit_rate", "brier")


def calibration(body: Body) -> Section:
    """Return how often prices rose beside how often the model expected them to."""
    if not body["calibration"]:
        return Section(sections.CALIBRATION, (Paragraph("There are no judged rows to compare with."),))
    intro = Paragraph("Where probabilities can be taken at their word, the last two columns agree.")
    rows = tuple(map(_bin, body["calibration"]))
    table = Grid("Rows by predicted probability", ("Probability", "Rows", "Expected to rise", "Rose"), rows)
    drawing = charts.calibration(body)
    caption = "Share that rose by predicted probability; the diagonal is perfect."
    pictures = (Picture(drawing, caption),) if drawing else ()
    return Section(sections.CALIBRATION, (intro, *pictures, table))


def _bin(b: Body) -> tuple[str, ...]:
    bounds = f"{ratio(b['low'])} to {ratio(b['high'])}"
    return (bounds, count(b["rows"]), share(b["mean_probability"]), share(b["share_up"]))


def by_fold(body: Body) -> Section:
    """Return the measures of each test period, which should not rest on one lucky year."""
    folds = body["by_fold"]
    if not folds:
        return Section(sections.BY_FOLD, (Paragraph("There is no test period."),))
    rows = [(word(f["fold"]), period(f["from"], f["to"]), *_sliced(f)) for f in folds]
    head = ("Fold", "Period", "Rows", *(metric(k).label for k in _SLICED))
    notes = left_out(len(rows), "the first and the last")
    table = Grid("Test periods, in time order", head, ends(rows), frozenset({0, 1}), notes)
    drawing = charts.folds(body)
    pictures = (Picture(drawing, "AUC of each test period; the line marks a coin toss."),) if drawing else ()
    return Section(sections.BY_FOLD, (*pictures, table))


def _sliced(part: Body) -> tuple[str, ...]:
    return (count(part["rows"]), *(metric(key).write(part.get(key)) for key in _SLICED))


def by_ticker(body: Body) -> Section:
    """Return the measures of each ticker."""
    held = body["by_ticker"]
    if not held:
        return Section(sections.BY_TICKER, (Paragraph("There are no judged rows."),))
    many = len(ends([(t,) for t in held])) < len(held)
    order = sorted(held, key=(lambda t: (_or_half(held[t].get("auc")), t)) if many else str)
    rows = [(t, *_sliced(held[t])) for t in order]
    notes = left_out(len(rows), "those with the lowest and the highest AUC")
    head = ("Ticker", "Rows", *(metric(k).label for k in _SLICED))
    return Section(sections.BY_TICKER, (Grid("Tickers", head, ends(rows), notes=notes),))


def _or_half(auc: float | None) -> float:
    return 0.5 if auc is None else auc


def drift(body: Body) -> Section:
    """Return how far the latest sessions differ from the past, with a severity per column."""
    if not body["drift"]:
        return Section(sections.DRIFT, (Paragraph("Drift was not measured."),))
    rows = tuple((column, *_drifted(d)) for column, d in body["drift"].items())
    head = ("Column", "KS", "KS p", "PSI", "Wasserstein", "JS", "Percentile", "Severity")
    table = Grid("Drift by column", head, rows, frozenset({0, 7}), _drift_notes(body["drift"]))
    return Section(sections.DRIFT, (Paragraph(_window(body["drift_window"])), table))


def _drift_notes(columns: Body) -> tuple[str, ...]:
    by_reason: dict[str, list[str]] = {}
    for column, held in columns.items():
        if held.get("reason") and held.get("severity") != "ok":
            by_reason.setdefault(held["reason"], []).append(column)
    return tuple(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())


def _drifted(d: Body) -> tuple[str, ...]:
    numbers = (ratio(d["ks"]), _chance(d["ks_p"]), ratio(d["psi"]), ratio(d["wasserstein"]), ratio(d["js"]))
    return (*numbers, decimal(d["percentile"], 1), word(d["severity"]))


def _chance(p: float | None) -> str:
    return "<0.001" if p is not None and p < 0.001 else ratio(p)


def _window(window: Body) -> str:
    current = period(window.get("current_from"), window.get("current_to"))
    reference = period(window.get("reference_from"), window.get("reference_to"))
    return (
        f"The latest {counted(window.get('current_sessions'), 'session')} ({current}, "
        f"{counted(window.get('rows_current'), 'row')}) beside those before ({reference}, "
        f"{counted(window.get('rows_reference'), 'row')}). Markets change all the time, so the statistics "
        "alone say little: the percentile ranks them among past windows of the same length, and the "
        "severity comes from it."
    )


def signals(body: Body) -> Section:
    """Return what the model expects of each ticker's next session."""
    held = body["signals"]
    if not held:
        return Section(sections.SIGNALS, (Paragraph("There are no signals: no model could give any."),))
    tone: Tone = "note" if body["verdict"] == "better than chance" else "alarm"
    order = sorted(held, key=lambda s: (_or_half(s["probability"]), s["ticker"]), reverse=True)
    rows = [(s["ticker"], s["after"], s["session"], share(s["probability"]), s["direction"]) for s in order]
    if len(ends(rows)) == len(rows):
        rows.sort()
    head = ("Ticker", "After session", "For session", "Probability of a rise", "Direction")
    notes = left_out(len(rows), "the highest and the lowest probabilities")
    table = Grid("Signals", head, ends(rows), frozenset({0, 1, 2, 4}), notes)
    return Section(sections.SIGNALS, (Paragraph(_trust(body), tone), table))


def _trust(body: Body) -> str:
    if body["verdict"] == "better than chance":
        return "Probabilities, not promises: most of them are close to one half."
    return f'The verdict on this model is "{body["verdict"]}": do not act on these signals.'
