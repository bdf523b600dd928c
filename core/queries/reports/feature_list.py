"""All inputs of a model side by side: whether each drifted, and what it is worth. Read-only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import listed
from core.queries.reports.tables import DRIFT_WORDS
from core.report.formatting import count, decimal


@dataclass(frozen=True)
class FeatureRow:
    """One input of a model.

    Parameters
    ----------
    name : str
    drift, reason : str
        How the latest window stands to those before, in a word and in a sentence; empty where it was not watched.
    worth : float or None
        AUC that the model loses when it is shuffled among the judged rows; None where that is not known.
    worth_words, helped : str
        The same, and in how many folds it helped, for a person.
    """

    name: str
    drift: str = ""
    reason: str = ""
    worth: float | None = None
    worth_words: str = ""
    helped: str = ""

    @property
    def further_off(self) -> str:
        """How many of its own past windows had drifted less than the latest one; empty where they are too few.

        >>> FeatureRow("lag1", reason="PSI 0.065 is larger than in 8 of 50 past windows").further_off
        '8 of 50'
        """
        match = _PLACE.match(self.reason)
        return match[1] if match else ""


_PLACE = re.compile(r"PSI [\d.]+ is larger than in (\d+ of \d+) past windows")


def other_reasons(rows: Sequence[FeatureRow]) -> list[str]:
    """Return what stands beside a drift besides its place among past windows, each once, with those it is about.

    >>> few = "only 3 past windows, 19 are needed"
    >>> other_reasons([FeatureRow("lag1", reason=few), FeatureRow("lag2", reason=few)])
    ['only 3 past windows, 19 are needed']
    >>> other_reasons([FeatureRow("lag1", reason=few), FeatureRow("lag2")])
    ['only 3 past windows, 19 are needed (lag1)']
    """
    names: dict[str, list[str]] = {}
    for row in rows:
        if words := _PLACE.sub("", row.reason).strip("; "):
            names.setdefault(words, []).append(row.name)
    return [
        words if len(about) == len(rows) else f"{words} ({', '.join(about)})"
        for words, about in names.items()
    ]


def in_short(rows: Sequence[FeatureRow]) -> str:
    """Return which inputs help the model and which moved, in a sentence each; nothing of what is not known.

    >>> in_short([FeatureRow("return", "usual", "", 0.0056, "0.0056"), FeatureRow("lag1", "drifted", "", -0.001, "")])
    '1 of the 2 inputs helps the model: return (0.0056 of AUC). 1 of the 2 has moved: lag1.'
    """
    valued = [row for row in rows if row.worth is not None]
    helping = [f"{row.name} ({row.worth_words} of AUC)" for row in valued if (row.worth or 0) > 0]
    with_drift = [row for row in rows if row.drift and row.drift != DRIFT_WORDS["insufficient"]]
    moved = [row.name for row in with_drift if row.drift != USUAL]
    worth = _of(helping, len(valued), "inputs", ("helps", "help"), "the model")
    return " ".join(filter(None, (worth, _of(moved, len(with_drift), "", ("has", "have"), "moved"))))


def _of(names: Sequence[str], total: int, what: str, verb: tuple[str, str], end: str) -> str:
    if not total:
        return ""
    several = f" of the {total} {what}".rstrip()
    if not names:
        return f"None{several} {verb[0]} {end}."
    some = names if len(names) <= _MOST_NAMED else [*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED} more"]
    return f"{len(names)}{several} {verb[len(names) > 1]} {end}: {listed(some)}."


USUAL = DRIFT_WORDS["ok"]
_MOST_NAMED = 4


def plain_words(definition: str) -> str:
    """Return a definition as a sentence without a full stop; a formula in words.

    >>> plain_words("the return 5 sessions earlier")
    'The return 5 sessions earlier'
    >>> plain_words("standard deviation (ddof 1) of the last 20 returns")
    'Standard deviation of the last 20 returns'
    >>> plain_words("adj_close / ma20 - 1")
    'How far the adjusted close is above its mean of 20 sessions, as a share'
    """
    mean = _ABOVE_MEAN.fullmatch(definition)
    if mean:
        return f"How far the adjusted close is above its mean of {mean[1]} sessions, as a share"
    return (definition[:1].upper() + definition[1:].rstrip(".")).replace(" (ddof 1)", "")


_ABOVE_MEAN = re.compile(r"adj_close / ma(\d+) - 1")


def feature_list(evaluation: Mapping[str, Any], columns: Collection[str]) -> list[FeatureRow]:
    """Return what the evaluation says of each input, the most worth first; those without a figure come last.

    Parameters
    ----------
    evaluation : mapping
        ``evaluation.json``; empty where the run has none.
    columns : collection of str
        Those of the table of features.

    >>> body = {"drift": {"lag1": {"severity": "ok", "reason": "PSI 0.1 is usual"}},
    ...         "importance": {"folds": 11, "inputs": {"lag1": {"loss": 0.0056, "helped": 7}}}}
    >>> row = feature_list(body, ["lag1"])[0]
    >>> row.name, row.drift, row.worth_words, row.helped
    ('lag1', 'usual', '0.0056', '7 of 11')
    """
    worth, drift = evaluation.get("importance") or {}, evaluation.get("drift") or {}
    inputs = worth.get("inputs") or {}
    names = [name for name in dict.fromkeys([*inputs, *drift]) if name in columns]
    rows = [_row(name, drift.get(name), inputs.get(name), worth.get("folds")) for name in names]
    return sorted(rows, key=lambda row: (row.worth is None, -(row.worth or 0.0)))


def _row(
    name: str,
    drift: Mapping[str, Any] | None,
    entry: Mapping[str, Any] | None,
    folds: Any,
) -> FeatureRow:
    return FeatureRow(
        name,
        DRIFT_WORDS.get(str(drift["severity"]), str(drift["severity"])) if drift else "",
        str(drift["reason"]) if drift else "",
        entry["loss"] if entry else None,
        decimal(entry["loss"], 4) if entry and entry["loss"] is not None else "",
        f"{count(entry['helped'])} of {count(folds)}" if entry else "",
    )
