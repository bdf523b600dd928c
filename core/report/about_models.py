"""The sections on which model should be in use: retraining advice, champion, and the live record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.label import Label
from core.report import sections, sheets
from core.report.blocks import Block, Bullets, Command, Facts, Grid, Paragraph, Section
from core.report.formatting import (
    NA,
    beside_zero,
    count,
    counted,
    decimal,
    loss,
    metric,
    name,
    period,
    span,
)
from core.report.readings import confidence, trained_here
from core.tables import Body

_OWN_REASONS = (
    "The advice knows prices and predictions only. A person may have reasons of their own, such as a business "
    "cycle or an event; they are put on record with the decision:"
)
_NOT_ADVISED = "This evaluation was made before advice was given; there is none."
_SAYS = {"nothing": "neither"}


def advice(body: Body) -> Section:
    """Return whether to retrain, with the table of reasons, and room for a person's own."""
    advised = body.get("advice")
    if advised is None:
        return Section(sections.ADVICE, (Paragraph(_NOT_ADVISED),))
    opening = Paragraph(f"Advice: {advised['decision']}. {advised['sentence']}", "verdict")
    blocks: list[Block] = [opening, reasons_grid(advised["reasons"])]
    if not trained_here(body) or body.get("champion"):
        blocks += [Paragraph(_OWN_REASONS), Command('afterclose models decide keep --why "..."')]
    return Section(sections.ADVICE, tuple(blocks))


def reasons_grid(reasons: Sequence[Body]) -> Grid:
    """Return the reasons of the advice: name, value, threshold, trend, what each speaks for, note."""
    head = ("Reason", "Value", "Threshold", "Trend", "Speaks for", "Note")
    return Grid("What the advice rests on", head, tuple(map(_reason, reasons)), frozenset({0, 3, 4, 5}))


def _reason(r: Body) -> tuple[str, ...]:
    says = _SAYS.get(r["says"], str(r["says"]))
    return (r["name"], _value(r["value"]), _value(r["threshold"]), str(r["trend"] or "-"), says, r["text"])


def _value(value: float | str | None) -> str:
    if value is None:
        return NA
    if isinstance(value, str):
        return value
    return count(value) if isinstance(value, int) else decimal(value, 4).rstrip("0").rstrip(".")


def champion(body: Body) -> Section:
    """Return candidate and champion on the same later rows, or why there is nothing to compare."""
    contest = body.get("champion")
    if contest is None:
        return Section(sections.CHAMPION, (Paragraph(_without_champion(body)),))
    pairs = (
        ("Champion", contest["model_id"]),
        ("Kind", "not known" if contest["model_kind"] is None else name(contest["model_kind"])),
        ("Trained to", contest["trained_to"] or "not known"),
        ("Result", contest["judgement"]),
    )
    if not contest["compared"]:
        why = Paragraph(
            f"Candidate and champion were not compared: {contest['reason'].rstrip('.')}.", "alarm"
        )
        return Section(sections.CHAMPION, (why, Facts(pairs)))
    text = (
        f"Both are judged on {counted(contest['rows'], 'row')} of {counted(contest['sessions'], 'session')}, "
        f"{period(contest['from'], contest['to'])}: sessions after the champion's training, each predicted for the "
        "candidate by a model trained before it. Rows up to the champion's training end never count."
    )
    return Section(sections.CHAMPION, (Paragraph(text), Facts(pairs), contest_grid(body, contest)))


def _without_champion(body: Body) -> str:
    if trained_here(body):
        return "There is no champion yet to compare this candidate with."
    return "The model judged in this run is the one in use: there is nothing beside it."


def contest_grid(
    body: Body,
    contest: Body,
    sides: tuple[str, str, str] = ("Candidate", "Champion", "Candidate less champion"),
) -> Grid:
    """Return the grid of both models' measures with intervals, and of their paired differences."""
    rows = tuple(
        (
            metric(p["metric"]).label,
            _estimate(contest["challenger"], p["metric"]),
            _estimate(contest["performance"], p["metric"]),
            f"{beside_zero(p['difference'], loss)} {span(p, partial(beside_zero, write=loss))}",
        )
        for p in contest["paired"]
    )
    head = ("Measure", *sides)
    note = f"Brackets hold {confidence(body)} intervals; of Brier score and log loss less is better."
    return Grid("Same rows, same resamples", head, rows, notes=(note,))


def _estimate(measures: Body, key: str) -> str:
    estimate, write = measures.get(key) or {}, metric(key).write
    return f"{write(estimate.get('value'))} {span(estimate, write)}"


def feature_changes(body: Body) -> tuple[Block, ...]:
    """Return what is different between the champion's features and those of this run."""
    contest = body.get("champion")
    changed = contest and contest.get("feature_changes")
    if not changed:
        return ()
    if changed["same"]:
        return (Paragraph(f"The features are those of the champion (set {changed['to']})."),)
    only_added = changed["from"] == changed["to"] and not changed["removed"] and not changed["redefined"]
    sets = f"it has set {changed['from']}, this run set {changed['to']}"
    opening = Paragraph(
        f"The features are not those of the champion: {sets}{' and more' if only_added else ''}. "
        f"The champion {'does not see those added' if only_added else 'cannot score with them'}. "
        "To promote a model of them is to change what the champion sees: a person says why, and that is recorded with "
        "the difference of the source.",
        "alarm",
    )
    items = [f"Added: {feature}" for feature in changed["added"]]
    items += [f"Removed: {feature}" for feature in changed["removed"]]
    items += [f"Redefined: {c['name']}, was: {c['before']}; is: {c['after']}" for c in changed["redefined"]]
    if not changed["texts_known"]:
        items.append("The champion's definitions are not known to this program; names were compared.")
    return (opening, Bullets(tuple(items))) if items else (opening,)


def live(body: Body) -> Section:
    """Return what became of the signals of the model in use, by quarter."""
    entries: Sequence[Body] | None = body.get("scorecard")
    if not entries:
        text = (
            "No model was in use in this run: its figures come from walking forward through the past."
            if entries is None
            else "No session after the model's training has a known outcome yet."
        )
        return Section(sections.LIVE, (Paragraph(text),))
    meaning = Label.of(body).meaning
    intro = Paragraph(
        "Every session after the model's training, set against what happened: the honest figure of a model in "
        "use. afterclose scorecard adds which signals were written down before their session."
        f"{' ' * bool(meaning)}{meaning}"
    )
    sheet = sheets.scorecard(entries, f"{confidence(body)} interval").select(*_LIVE)
    return Section(sections.LIVE, (intro, sheet.grid("the first and the last", _few(entries))))


_LIVE = ("model_id", "period", "rows", "up_rate", "share", "interval", "auc", "auc_interval", "brier")


def _few(entries: Sequence[Body]) -> tuple[str, ...]:
    few = [f"{e['period']}: {e['auc']['reason']}" for e in entries if e["auc"].get("reason")]
    return (f"{NA} ({'; '.join(few[:3])}{'; and others' if len(few) > 3 else ''}).",) if few else ()
