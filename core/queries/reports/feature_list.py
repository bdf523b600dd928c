"""All inputs of a model side by side: the latest value, whether it drifted, and what it is worth. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import columns as col
from core.queries.reports.tables import DRIFT_WORDS
from core.report.formatting import count, decimal

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FeatureRow:
    """One input of a model.

    Parameters
    ----------
    name : str
    latest : str
        The newest value of the ticker that is looked at; empty without one.
    drift, reason : str
        How the latest window stands to those before, in a word and in a sentence; empty where it was not watched.
    worth : float or None
        AUC that the model loses when it is shuffled among the judged rows; None where that is not known.
    worth_words, helped : str
        The same, and in how many folds it helped, for a person.
    """

    name: str
    latest: str = ""
    drift: str = ""
    reason: str = ""
    worth: float | None = None
    worth_words: str = ""
    helped: str = ""


def feature_list(evaluation: Mapping[str, Any], rows: pd.DataFrame) -> list[FeatureRow]:
    """Return what the evaluation says of each input, the most worth first; those without a figure come last.

    Parameters
    ----------
    evaluation : mapping
        ``evaluation.json``; empty where the run has none.
    rows : pandas.DataFrame
        Features of one ticker, by date ascending.

    >>> import pandas as pd
    >>> body = {"drift": {"lag1": {"severity": "ok", "reason": "PSI 0.1 is usual"}},
    ...         "importance": {"folds": 11, "inputs": {"lag1": {"loss": 0.0056, "helped": 7}}}}
    >>> row = feature_list(body, pd.DataFrame({"lag1": [0.1, 0.25]}))[0]
    >>> row.name, row.latest, row.drift, row.worth_words, row.helped
    ('lag1', '0.2500', 'usual', '0.0056', '7 of 11 folds')
    """
    worth, drift = evaluation.get("importance") or {}, evaluation.get("drift") or {}
    inputs = worth.get("inputs") or {}
    names = [name for name in dict.fromkeys([*inputs, *drift]) if name in rows]
    listed = [_row(name, rows, drift.get(name), inputs.get(name), worth.get("folds")) for name in names]
    return sorted(listed, key=lambda row: (row.worth is None, -(row.worth or 0.0)))


def _row(
    name: str,
    rows: pd.DataFrame,
    drift: Mapping[str, Any] | None,
    entry: Mapping[str, Any] | None,
    folds: Any,
) -> FeatureRow:
    values = rows[name].dropna()
    return FeatureRow(
        name,
        decimal(float(values.iloc[-1]), 0 if name == col.UP_NEXT else 4) if len(values) else "",
        DRIFT_WORDS.get(str(drift["severity"]), str(drift["severity"])) if drift else "",
        str(drift["reason"]) if drift else "",
        entry["loss"] if entry else None,
        decimal(entry["loss"], 4) if entry and entry["loss"] is not None else "",
        f"{count(entry['helped'])} of {count(folds)} folds" if entry else "",
    )
