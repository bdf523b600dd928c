"""Signals and the scorecard as facts and tables for the desk: what was written in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.evaluation.scorecard import WHOLE
from core.report import sheets
from core.report.formatting import counted, name

if TYPE_CHECKING:
    import pandas as pd


def model_facts(header: Mapping[str, Any], evaluation: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return which model gave the predictions and how old it is, as pairs of name and value.

    Parameters
    ----------
    header : mapping
        The header of ``predictions``.
    evaluation : mapping
        The evaluation of the same run; empty while there is none: its facts are left out.
    """
    facts = [("Model", str(header["model_id"] or "none"))]
    if header["model_kind"]:
        facts.append(("Kind", name(header["model_kind"])))
    model = evaluation.get("model") or {}
    if model.get("training"):
        facts.append(("Trained to", str(model["training"]["to"])))
    age = header.get("age_sessions", model.get("age_sessions"))
    if age is not None:
        facts.append(("Age", counted(age, "session")))
    return facts


def past_words(past: Mapping[str, Any]) -> str:
    """Return how many past signals there are, of how many what came is known, and which were forecasts.

    Parameters
    ----------
    past : mapping
        As :func:`core.queries.models.past_signals.past_signals` gives it.

    >>> past_words({"signals": 5, "score_runs": 1, "known": 0, "written_ahead": 0})
    '5 signals of 1 score run. No outcome is known yet. Each was written after its session had ended: no forecasts.'
    >>> past_words({"signals": 5, "score_runs": 2, "known": 5, "written_ahead": 3})
    '5 signals of 2 score runs. Every outcome is known. Forecasts, written before their session had ended: 3.'
    """
    signals, scored, ahead = past["signals"], past["known"], past["written_ahead"]
    outcomes = {signals: "Every outcome is known", 0: "No outcome is known yet"}
    forecasts = {
        signals: "Each was written before its session had ended: forecasts",
        0: "Each was written after its session had ended: no forecasts",
    }
    sentences = (
        f"{counted(signals, 'signal')} of {counted(past['score_runs'], 'score run')}",
        outcomes.get(scored, f"Outcomes known so far: {scored:,}"),
        forecasts.get(ahead, f"Forecasts, written before their session had ended: {ahead:,}"),
        *([f"{counted(past['withheld'], 'more signal')} withheld"] if past.get("withheld") else []),
    )
    return " ".join(f"{sentence}." for sentence in sentences)


def scorecard(entries: Iterable[Mapping[str, Any]]) -> sheets.Sheet:
    """Return one row for each model and quarter (or whole time): how many signals came true, with intervals.

    Parameters
    ----------
    entries : iterable of mapping
        As :func:`core.evaluation.scorecard.scorecard` gives them; under 60 signals there is no interval.
    """
    columns = ("model_id", "period", "rows", "right", "share", "low", "high", "auc", "brier", "reason")
    rows = list(entries)
    return sheets.scorecard(rows).select(*sheets.with_predicted(rows, *columns))


def quarters(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a scorecard that are about one quarter."""
    return table[table["period"] != WHOLE]
