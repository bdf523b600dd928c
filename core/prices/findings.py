"""What the gate has to say: findings, and how they become the ``findings`` document."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from core.prices.catalogue import ERROR, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.prices.row_order import Days

MOST_PER_RULE = 1_000
"""Findings kept of one rule; one more says how many there were beyond."""

MOST_DATES = 1_000
"""Sessions listed in one finding; its count is of all."""


class Sessions(NamedTuple):
    """The sessions that a finding speaks of.

    Parameters
    ----------
    days : ndarray of datetime64[D]
        Ascending, each once, at most :data:`MOST_DATES`. Kept as numbers: texts of a large table would
        take ten times the memory.
    total : int
        How many there are in all; of what stands for more findings, how many these are.
    """

    days: Days
    total: int


@dataclass(frozen=True)
class Finding:
    """One thing to say about a table.

    Parameters
    ----------
    rule : str
        A name in :data:`core.prices.catalogue.RULES`.
    ticker, date : str or None
        None where they do not apply (the date is ISO).
    value : object
        What came, as a JSON value; a ratio of extreme prices that no float can say is on record as none.
    expected, action : str
        Empty: the rule's own words.
    rows : sequence of int
        The rows it is about, as numbers in the panel; they are flagged, and not written.
    sessions : Sessions or None
        Every session it speaks of; None: ``date`` alone, if there is one.
    """

    rule: str
    ticker: str | None = None
    date: str | None = None
    value: Any = None
    expected: str = ""
    action: str = ""
    rows: Sequence[int] = field(default=(), compare=False)
    sessions: Sessions | None = field(default=None, compare=False)

    @property
    def dates(self) -> list[str]:
        """The sessions it speaks of (ISO), at most 1,000."""
        if self.sessions is not None:
            return [str(day) for day in self.sessions.days]
        return [] if self.date is None else [self.date]

    @property
    def last(self) -> str | None:
        """The last session it speaks of (ISO), None without one."""
        if self.sessions is not None:
            return str(self.sessions.days[-1]) if len(self.sessions.days) else None
        return self.date

    def record(self, stopping: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return the finding as it stands in ``findings.json``; a rule in ``stopping`` is an error."""
        rule, dates = rule_of(self.rule), self.dates
        return {
            "rule": self.rule,
            "severity": ERROR if self.rule in stopping else rule.severity,
            "ticker": self.ticker,
            "date": self.date,
            "dates": dates,
            "count": len(dates) if self.sessions is None else self.sessions.total,
            "value": None if isinstance(self.value, float) and not math.isfinite(self.value) else self.value,
            "expected": self.expected or rule.expected,
            "action": self.action or rule.action,
        }


def records(findings: Iterable[Finding], stopping: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Return findings as records: errors first, then by rule, ticker and date, capped per rule.

    Of each rule the first 1,000 are kept and one more, without ticker and date, says how many there
    were beyond.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    errors = {name for name in by_rule if rule_of(name).severity == ERROR} | stopping
    rules = sorted(by_rule, key=lambda name: (name not in errors, name))
    return [finding.record(stopping) for rule in rules for finding in capped(by_rule[rule])]


def capped(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of one rule by ticker and date, at most 1,000 and one that counts the rest."""
    import numpy as np

    ordered = sorted(findings, key=_place)
    beyond = len(ordered) - MOST_PER_RULE
    if beyond <= 0:
        return ordered
    action, unlisted = f"{beyond} more of this rule are not listed.", np.array([], dtype="datetime64[D]")
    last = Finding(ordered[0].rule, value=beyond, action=action, sessions=Sessions(unlisted, beyond))
    return [*ordered[:MOST_PER_RULE], last]


def _place(finding: Finding) -> tuple[bool, str, bool, str, str]:
    # What has no ticker or date stands first; equal places are settled by the value.
    value = json.dumps(finding.value, sort_keys=True)
    ticker, day = finding.ticker, finding.date
    return (ticker is not None, ticker or "", day is not None, day or "", value)
