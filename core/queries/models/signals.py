"""Signals and the scorecard as facts and tables for the desk: what was written in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from core.evaluation.scorecard import WHOLE
from core.models.splits import MIN_TEST_SESSIONS
from core.report import sheets
from core.report.figures import counted, name

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
    held = evaluation.get("model") or {}
    if held.get("training"):
        facts.append(("Trained to", str(held["training"]["to"])))
    age = header.get("age_sessions", held.get("age_sessions"))
    if age is not None:
        facts.append(("Age", counted(age, "session")))
    sessions = sorted({signal["session"] for signal in header["signals"]})
    return facts + ([("Signals for", sessions[-1])] if sessions else [])


def too_few_sessions(evaluation: Mapping[str, Any], sessions: int, min_train_sessions: int) -> str:
    """Return that the history is too short to judge a model, what is needed and what to do; else nothing.

    Parameters
    ----------
    evaluation : mapping
        Its body; empty while there is none.
    sessions : int
        Distinct dates of the features that have a label.
    min_train_sessions : int
        As the run was given it.

    Examples
    --------
    >>> too_few_sessions({"mode": "train", "rows": 0}, 299, 712).partition(".")[0]
    'Nothing could be judged: the data hold 299 labelled sessions, and 732 are needed'
    >>> too_few_sessions({"mode": "train", "rows": 60}, 299, 250)
    ''
    """
    needed = min_train_sessions + MIN_TEST_SESSIONS
    if evaluation.get("mode") != "train" or evaluation.get("rows") or sessions >= needed:
        return ""
    return (
        f"Nothing could be judged: the data hold {counted(sessions, 'labelled session')}, and {needed:,} are needed. "
        f"{min_train_sessions:,} are learnt from first (min_train_sessions) and {MIN_TEST_SESSIONS} at least are held "
        "back. Bring more history, or ask for fewer training sessions: on the page Runs, under More options."
    )


def scorecard(entries: Iterable[Mapping[str, Any]]) -> sheets.Sheet:
    """Return one row for each model and quarter (or whole time): how many signals came true, with intervals.

    Parameters
    ----------
    entries : iterable of mapping
        As :func:`core.evaluation.scorecard.scorecard` gives them; under 60 signals there is no interval.
    """
    shown = ("model_id", "period", "rows", "right", "share", "low", "high", "auc", "brier", "reason")
    return sheets.scorecard(entries).select(*shown)


def quarters(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a scorecard that are about one quarter."""
    return table[table["period"] != WHOLE]
