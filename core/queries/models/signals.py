"""Signals and the scorecard as facts and tables for the desk: what was written in, frames out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from core.evaluation.scorecard import MODEL_ID, WHOLE
from core.models.splits import MIN_TEST_SESSIONS
from core.report.figures import counted, name

_COLUMNS = (MODEL_ID, "period", "rows", "right", "share", "low", "high", "auc", "brier", "reason")


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


def by_period(entries: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one row for each model and quarter (or whole time): how many signals came true, with intervals.

    Parameters
    ----------
    entries : iterable of mapping
        As :func:`core.evaluation.scorecard.scorecard` gives them.

    Returns
    -------
    pandas.DataFrame
        ``model_id``, ``period``, ``rows``, ``right``, ``share`` (right of rows), ``low`` and ``high`` (of the
        hit rate; NaN under 60 signals), ``auc``, ``brier`` and ``reason`` (why figures are missing).
    """
    held = [
        (
            entry[MODEL_ID], entry["period"], entry["rows"], entry["right"], entry["right"] / entry["rows"],
            entry["hit_rate"]["low"], entry["hit_rate"]["high"], entry["auc"]["value"],
            entry["brier"]["value"], entry["auc"].get("reason") or "",
        )
        for entry in entries
    ]  # fmt: skip
    frame = pd.DataFrame(held, columns=list(_COLUMNS))
    return frame.astype(dict.fromkeys(("share", "low", "high", "auc", "brier"), "float64"))


def quarters(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`by_period` that are about one quarter."""
    return table[table["period"] != WHOLE]
