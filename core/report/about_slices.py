"""The sections that look closer: calibration, test periods, tickers, drift and signals."""

from __future__ import annotations

from core.errors import listed
from core.label import Label
from core.report import charts, sections, sheets
from core.report.blocks import Paragraph, Picture, Section, Tone
from core.report.formatting import (
    ROWS_SHOWN,
    apart,
    count,
    counted,
    period,
    ratio,
)
from core.report.sheets import Sheet
from core.tables import Body

_OF_FOLDS = ("auc", "auc_interval", "precision", "hit_rate", "brier")

FIRST_AND_LAST = "the first and the last"

_OTHER_INTERVALS = (
    "Of parts of the rows, the interval shown is that of the AUC. Those of the other measures are on the desk (page "
    "Model) and in evaluation.json."
)


def calibration(body: Body) -> Section:
    """Return how often prices rose beside how often the model expected them to."""
    if not body["calibration"]:
        return Section(sections.CALIBRATION, (Paragraph("There are no judged rows to compare with."),))
    agree = "Where probabilities can be taken at their word, the last two columns agree."
    intro = Paragraph(f"{agree}{calibration_words(body)}")
    drawing = charts.calibration(body)
    label = Label.of(body)
    caption = f"{label.share} by predicted probability; the diagonal is perfect."
    pictures = (Picture(drawing, caption),) if drawing else ()
    return Section(
        sections.CALIBRATION, (intro, *pictures, sheets.calibration(body["calibration"], label).grid())
    )


def calibration_words(body: Body) -> str:
    """Return the expected calibration error and what chance explains of it; nothing of an evaluation without it."""
    error = body.get("calibration_error")
    if not error:
        return ""
    verdict = (
        "no more than chance explains"
        if error["value"] <= error["by_chance_high"]
        else "more than chance explains"
    )
    value, high = apart(error["value"], error["by_chance_high"])
    return (
        f" The expected calibration error, their mean difference by rows, is {value} over "
        f"{counted(error['bins'], 'bin')} of {error['binning']}: {verdict}, for probabilities that are true would show "
        f"{ratio(error['by_chance'])} on these rows, and more than {high} in "
        f"{_one_in(body)}."
    )


def _one_in(body: Body) -> str:
    return f"{round(100 * (1 - body['settings']['confidence']), 1):g} of 100 cases"


def by_fold(body: Body) -> Section:
    """Return the measures of each test period, which should not rest on one lucky year."""
    if not body["by_fold"]:
        return Section(sections.BY_FOLD, (Paragraph("There is no test period."),))
    drawing = charts.folds(body)
    pictures = (Picture(drawing, "AUC of each test period; the line marks a coin toss."),) if drawing else ()
    # recall is left out: with the dates the table would be wider than a page
    sheet = sheets.by_fold(body).select("fold", "dates", "rows", *_OF_FOLDS)
    return Section(sections.BY_FOLD, (Paragraph(_OTHER_INTERVALS), *pictures, sheet.grid(FIRST_AND_LAST)))


def _for_text(sheet: Sheet) -> Sheet:
    """Return a table of parts with the AUC's interval alone: with all of them it is wider than a page."""
    return sheet.select(*(c.key for c in sheet.columns if c.kind != "interval" or c.key == "auc_interval"))


def by_period(body: Body) -> Section:
    """Return the measures of each calendar year: nothing should rest on one lucky year."""
    if not body.get("by_period"):
        return Section(sections.BY_PERIOD, (Paragraph("There are no judged rows."),))
    return Section(sections.BY_PERIOD, (_for_text(sheets.by_period(body)).grid(FIRST_AND_LAST),))


def by_ticker(body: Body) -> Section:
    """Return the measures of each ticker."""
    if not body["by_ticker"]:
        return Section(sections.BY_TICKER, (Paragraph("There are no judged rows."),))
    sheet = sheets.by_ticker(body)
    if len(sheet.rows) > ROWS_SHOWN:
        sheet = sheet.sort(lambda row: (_or_half(row["auc"]), row["ticker"]))
    return Section(sections.BY_TICKER, (_for_text(sheet).grid("those with the lowest and the highest AUC"),))


def by_state(body: Body) -> Section:
    """Return the measures by volatility and direction of the market, both known when the calls were made."""
    sheet = sheets.by_state(body)
    reason = (body.get("slices") or {}).get("reason")
    if not sheet.rows:
        words = f"They cannot be told apart: {reason}." if reason else "They were not told apart."
        return Section(sections.BY_STATE, (Paragraph(words),))
    return Section(sections.BY_STATE, (Paragraph(state_words(body)), _for_text(sheet).grid()))


def state_words(body: Body) -> str:
    """Return in words what the states are, and which of them is not known."""
    reason = (body.get("slices") or {}).get("reason")
    missing = f" Not told apart: {reason}." if reason else ""
    return (
        "Thirds of the rows by the ticker's volatility over its last 20 sessions, and sessions in which the judged "
        "tickers together had risen, or had not, over the 20 judged sessions up to the call. Both were known when the "
        f"call was made.{missing}"
    )


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
    """Return what the model expects of each ticker over the label's horizon."""
    label = Label.of(body)
    title = sections.SIGNALS if label.is_default else sections.SIGNALS_AHEAD
    if not body["signals"]:
        return Section(title, (Paragraph("There are no signals: no model could give any."),))
    tone: Tone = "note" if body["verdict"] == "better than chance" else "alarm"
    sheet = sheets.signals(body["signals"], label)
    if len(sheet.rows) > ROWS_SHOWN:
        sheet = sheet.sort(lambda s: (_or_half(s["probability"]), s["ticker"]), reverse=True)
    else:
        sheet = sheet.sort(lambda s: (s["ticker"], s["after"], s["session"]))
    table = sheet.grid("the highest and the lowest probabilities")
    words = (Paragraph(label.meaning),) if label.meaning else ()
    sentence = trust(body) or "Probabilities, not promises: most of them are close to one half."
    return Section(title, (Paragraph(sentence, tone), *words, table))


def trust(body: Body) -> str:
    """Return in a sentence that signals are not to be acted on; empty where the model is better than chance.

    >>> trust({"verdict": "no better than chance"})
    'The verdict on this model is "no better than chance": do not act on these signals.'
    """
    if body["verdict"] == "better than chance":
        return ""
    return f'The verdict on this model is "{body["verdict"]}": do not act on these signals.'
