"""What the gate has to say: findings, and how they become the ``findings`` document."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.prices.catalogue import ERROR, RULES, WARNING, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ERROR", "MOST_PER_RULE", "RULES", "WARNING", "Finding", "Rule", "capped", "records"]

MOST_PER_RULE = 1_000
"""Findings kept of one rule; one more says how many there were beyond."""


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
        What came, as a JSON value.
    expected, action : str
        Empty: the rule's own words.
    rows : sequence of int
        The rows it is about, as numbers in the panel; they are flagged, and not written.
    """

    rule: str
    ticker: str | None = None
    date: str | None = None
    value: Any = None
    expected: str = ""
    action: str = ""
    rows: Sequence[int] = field(default=(), compare=False)

    def record(self, stopping: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Return the finding as it stands in ``findings.json``; a rule in ``stopping`` is an error."""
        rule = RULES[self.rule]
        return {
            "rule": self.rule,
            "severity": ERROR if self.rule in stopping else rule.severity,
            "ticker": self.ticker,
            "date": self.date,
            "value": self.value,
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
    errors = {name for name, rule in RULES.items() if rule.severity == ERROR} | stopping
    rules = sorted(by_rule, key=lambda name: (name not in errors, name))
    return [finding.record(stopping) for rule in rules for finding in capped(by_rule[rule])]


def capped(found: Iterable[Finding]) -> list[Finding]:
    """Return the findings of one rule by ticker and date, at most 1,000 and one that counts the rest."""
    ordered = sorted(found, key=_place)
    beyond = len(ordered) - MOST_PER_RULE
    if beyond <= 0:
        return ordered
    last = Finding(ordered[0].rule, value=beyond, action=f"{beyond} more of this rule are not listed.")
    return [*ordered[:MOST_PER_RULE], last]


def _place(finding: Finding) -> tuple[bool, str, bool, str, str]:
    # What has no ticker or date stands first; equal places are settled by the value.
    value = json.dumps(finding.value, sort_keys=True)
    ticker, day = finding.ticker, finding.date
    return (ticker is not None, ticker or "", day is not None, day or "", value)
