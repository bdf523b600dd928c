"""The section on features: what they are, where own ones come from, and how all were audited for look-ahead."""

from __future__ import annotations

from collections.abc import Sequence

from core.report import sections
from core.report.about_models import feature_changes
from core.report.blocks import Block, Grid, Paragraph, Section
from core.report.formatting import count, counted, word
from core.tables import Body


def features(body: Body) -> Section:
    """Return what the features are, their version, and how many rows are warm-up."""
    summary = body["features"]
    warm_up = summary["rows"] - summary["complete_rows"]
    number = "not recorded" if summary["feature_set"] is None else word(summary["feature_set"])
    intro = (
        f"Feature set: {number}. {counted(summary['complete_rows'], 'row')} of "
        f"{count(summary['rows'])} have every feature; {count(warm_up)} "
        f"{'lacks' if warm_up == 1 else 'lack'} at least one, as the first sessions of each ticker do "
        "until its longest window is full (warm-up). Each feature uses data up to its own session only."
    )
    label = Paragraph(f"What is predicted: {summary['label'].rstrip('.')}.")
    return Section(
        sections.FEATURES,
        (
            Paragraph(intro),
            *feature_changes(body),
            _definitions(summary["definitions"]),
            *_own(summary.get("own") or ()),
            label,
            *([Paragraph(words)] if (words := audit_words(summary.get("audit"))) else ()),
        ),
    )


def _own(own: Sequence[Body]) -> tuple[Block, ...]:
    """Return where user-defined features come from; nothing without any."""
    rows = tuple(
        (
            f["name"],
            f"{f['module']}, line {f['line']}",
            f["sha256"][:12],
            count(f["warm_up"]),
            word(f["across"]),
        )
        for f in own
    )
    head = ("Feature", "Defined in", "SHA-256", "Warm-up", "Across tickers")
    return (Grid("Features of somebody's own", head, rows, frozenset({0, 1, 2, 4})),) if rows else ()


def origin_words(own: Body) -> str:
    """Return where a user-defined feature comes from, in a sentence."""
    whose = "its ticker and the others of the session" if own["across"] else "its ticker alone"
    return (
        f"Your own: {own['module']}, line {own['line']}, SHA-256 {own['sha256'][:12]}; it looks at {whose}, and its "
        f"first {counted(own['warm_up'], 'row')} of each ticker have no value."
    )


def audit_words(audit: Body | None) -> str:
    """Return what the leak audit did; empty where there was none."""
    if not audit:
        return ""
    label = f" and the label {audit['label']}" if "label" in audit else ""
    audited = (
        f"Leak audit: {counted(audit['features'], 'feature')}{label} over {counted(audit['rows'], 'row')}, and "
        f"no value moved by more than {audit['tolerance']:g} of itself."
    )
    changed = (
        "with everything, one column or one ticker after a session changed, on single tickers, and with adjusted "
        "closes rescaled as a later split does (price levels are exempt, and no model sees them)"
    )
    if audit["every_session"]:
        return (
            f"{audited} In a process without memory of the first computation they were computed again on data cut "
            f"after every session of every ticker, {changed}."
        )
    return (
        f"{audited} Computed again were rows from the warm-up before them alone (each ticker's first 30, those where a "
        "feature changes most, and some drawn by the data's digest; of a feature across tickers whole sessions: those "
        "of the first 30, as far as a bound on the rows allows, and some drawn); and, in a process without memory of "
        f"the first computation, whole tables: cut after sessions within the same bound, {changed}. Where a table has "
        "several parts, user-defined features are computed again on each as a whole, those of this program on the "
        "first."
    )


def _definitions(definitions: Sequence[Body]) -> Block:
    if not definitions:
        return Paragraph("The features were made by others; what they mean is not recorded.")
    rows = tuple((d["name"], d["text"]) for d in definitions)
    return Grid("Definitions", ("Feature", "Meaning"), rows, frozenset({0, 1}))
