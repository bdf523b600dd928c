"""The sections that look closer: calibration, test periods, tickers, drift and signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import listed
from core.report import charts, sections, sheets
from core.report.blocks import Paragraph, Picture, Section, Tone
from core.report.figures import (
    ROWS_SHOWN,
    count,
    counted,
    period,
)

Body = Mapping[str, Any]

FIRST_AND_LAST = "the first and the last"


def calibration(body: Body) -> Section:
    """Return how often prices rose beside how often the model expected them to."""
    if not body["calibration"]:
        return Section(sections.CALIBRATION, (Paragraph("There are no judged rows to compare with."),))
    intro = Paragraph("Where probabilities can be taken at their word, the last two columns agree.")
    drawing = charts.calibration(body)
    caption = "Share that rose by predicted probability; the diagonal is perfect."
    pictures = (Picture(drawing, caption),) if drawing else ()
    return Section(sections.CALIBRATION, (intro, *pictures, sheets.calibration(body["calibration"]).grid()))


def by_fold(body: Body) -> Section:
    """Return the measures of each test period, which should not rest on one lucky year."""
    if not body["by_fold"]:
        return Section(sections.BY_FOLD, (Paragraph("There is no test period."),))
    drawing = charts.folds(body)
    pictures = (Picture(drawing, "AUC of each test period; the line marks a coin toss."),) if drawing else ()
    return Section(sections.BY_FOLD, (*pictures, sheets.by_fold(body).grid(FIRST_AND_LAST)))


def by_period(body: Body) -> Section:
    """Return the measures of each calendar year: nothing should rest on one lucky year."""
    if not body.get("by_period"):
        return Section(sections.BY_PERIOD, (Paragraph("There are no judged rows."),))
    return Section(sections.BY_PERIOD, (sheets.by_period(body).grid(FIRST_AND_LAST),))


def by_ticker(body: Body) -> Section:
    """Return the measures of each ticker."""
    if not body["by_ticker"]:
        return Section(sections.BY_TICKER, (Paragraph("There are no judged rows."),))
    sheet = sheets.by_ticker(body)
    if len(sheet.rows) > ROWS_SHOWN:
        sheet = sheet.sort(lambda row: (_or_half(row["auc"]), row["ticker"]))
    return Section(sections.BY_TICKER, (sheet.grid("those with the lowest and the highest AUC"),))


def _or_half(value: float | None) -> float:
    return 0.5 if value is None else value


def drift(body: Body) -> Section:
    """Return how far the latest sessions differ from the past, with a severity per column."""
    columns = body["drift"]
    if not columns:
        return Section(sections.DRIFT, (Paragraph("Drift was not measured."),))
    statistics = ("column", "ks", "ks_p", "psi", "wasserstein", "js", "percentile", "severity")
    grid = sheets.drift(columns).select(*statistics).grid(notes=_drift_notes(columns))
    return Section(sections.DRIFT, (Paragraph(drift_basis(body)), grid))


def _drift_notes(columns: Body) -> tuple[str, ...]:
    by_reason: dict[str, list[str]] = {}
    for column, row in columns.items():
        if row.get("reason") and row.get("severity") != "ok":
            by_reason.setdefault(row["reason"], []).append(column)
    return tuple(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())


def drift_basis(body: Body) -> str:
    """Return in words which sessions are compared with which."""
    window = body["drift_window"]
    current = period(window.get("current_from"), window.get("current_to"))
    reference = period(window.get("reference_from"), window.get("reference_to"))
    return (
        f"The latest {counted(window.get('current_sessions'), 'session')} ({current}, "
        f"{counted(window.get('rows_current'), 'row')}) beside those before ({reference}, "
        f"{counted(window.get('rows_reference'), 'row')}). Markets change all the time, so the statistics "
        "alone say little: the percentile ranks them among past windows of the same length, and the "
        f"severity comes from it. PSI and JS are over {count(window.get('psi_bins'))} bins, bounded by the deciles "
        f"of those before.{_families(body)}"
    )


def _families(body: Body) -> str:
    """Return which columns count as one, in a sentence; nothing of an evaluation that did not say so."""
    members: dict[str, list[str]] = {}
    for column, row in body["drift"].items():
        members.setdefault(str(row.get("family", column)), []).append(column)
    words = [f"{listed(names, 99)} ({family})" for family, names in members.items() if len(names) > 1]
    return f" Columns of one series count once in the advice: {'; '.join(words)}." if words else ""


def signals(body: Body) -> Section:
    """Return what the model expects of each ticker's next session."""
    if not body["signals"]:
        return Section(sections.SIGNALS, (Paragraph("There are no signals: no model could give any."),))
    tone: Tone = "note" if body["verdict"] == "better than chance" else "alarm"
    sheet = sheets.signals(body["signals"])
    if len(sheet.rows) > ROWS_SHOWN:
        sheet = sheet.sort(lambda s: (_or_half(s["probability"]), s["ticker"]), reverse=True)
    else:
        sheet = sheet.sort(lambda s: (s["ticker"], s["after"], s["session"]))
    table = sheet.grid("the highest and the lowest probabilities")
    return Section(sections.SIGNALS, (Paragraph(_trust(body), tone), table))


def _trust(body: Body) -> str:
    if body["verdict"] == "better than chance":
        return "Probabilities, not promises: most of them are close to one half."
    return f'The verdict on this model is "{body["verdict"]}": do not act on these signals.'
