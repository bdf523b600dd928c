"""What the model's inputs were worth: over the folds, and fold by fold."""

from __future__ import annotations

from core.report.formatting import NA, count, counted, decimal, word
from core.report.sheets import Column, Sheet
from core.tables import Body

_LOG_ODDS = (
    " A coefficient is the change of the log odds by one standard deviation of the training rows, its mean over "
    "the folds."
)


def importance(body: Body) -> Sheet:
    """Return each input's mean loss of AUC and coefficient over the folds, the most useful first."""
    worth = body.get("importance") or {}
    folds = worth.get("folds")
    inputs = worth.get("inputs") or {}
    rows = [
        {
            "input": name,
            **entry,
            "helped": f"{count(entry['helped'])} of {count(folds)}",
            "positive": NA if entry["positive"] is None else f"{count(entry['positive'])} of {count(folds)}",
        }
        for name, entry in inputs.items()
    ]
    columns = (
        Column("input", "Input"), Column("loss", "AUC lost when shuffled", _four, "number"),
        Column("helped", "Folds it helped in", str, "interval"), Column("coefficient", "Coefficient", _four, "number"),
        Column("positive", "Folds it is above 0 in", str, "interval"),
    )  # fmt: skip
    ordered = sorted(rows, key=lambda row: (-row["loss"], row["input"]))
    with_coefficients = any(row["coefficient"] is not None for row in rows)
    return Sheet("What the inputs were worth", columns if with_coefficients else columns[:3], tuple(ordered))


def importance_words(body: Body) -> str:
    """Return in words what the figures are; empty where there are none."""
    worth = body.get("importance")
    if not worth:
        return ""
    has_coefficients = any(entry["coefficient"] is not None for entry in worth["inputs"].values())
    log_odds = _LOG_ODDS if has_coefficients else ""
    rows = max(fold["rows"] for fold in worth["by_fold"])
    return (
        f"In each of {counted(worth['folds'], 'fold')} every input was shuffled five times among at most "
        f"{count(rows)} of the rows that the fold is judged by: what the AUC loses then is what the input was worth "
        f"to that fold's model. Inputs that say the same share it, and at 0 or below an input helped nothing.{log_odds}"
    )


def by_fold(body: Body) -> Sheet:
    """Return one row for each input and fold, for those who want to see how steady it is."""
    folds = (body.get("importance") or {}).get("by_fold") or ()
    rows = tuple(
        {"fold": fold["fold"], "input": name, **entry}
        for fold in folds
        for name, entry in fold["inputs"].items()
    )
    columns = (
        Column("fold", "Fold", word), Column("input", "Input"),
        Column("loss", "AUC lost when shuffled", _four, "number"),
        Column("deviation", "Deviation over shuffles", _four, "number"),
        Column("coefficient", "Coefficient", _four, "number"),
    )  # fmt: skip
    return Sheet("What the inputs were worth, fold by fold", columns, rows)


def _four(value: float | None) -> str:
    return decimal(value, 4)
