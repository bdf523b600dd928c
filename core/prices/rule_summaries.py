"""What the gate has to say, each rule once: for whoever reads it, on the terminal and on the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RuleSummary:
    """One rule of the gate once: how many findings, the first of them, and what to do.

    Parameters
    ----------
    rule, severity : str
    count : int
        Findings of it.
    example : str
        Ticker, date and value of the first, as far as it has them.
    expected, action : str
        Of the first.
    lines : tuple of str
        File, line and text of the rows that the first speaks of; empty where the source has no lines.
    """

    rule: str
    severity: str
    count: int
    example: str
    expected: str
    action: str
    lines: tuple[str, ...] = ()

    @property
    def more(self) -> str:
        """How many further findings there are, empty for one alone."""
        return f", and {self.count - 1:,} more" if self.count > 1 else ""


def rule_summaries(findings: Iterable[Mapping[str, Any]]) -> list[RuleSummary]:
    """Return each rule once, in the order of its first finding."""
    by_rule: dict[str, list[Mapping[str, Any]]] = {}
    for finding in findings:
        by_rule.setdefault(str(finding["rule"]), []).append(finding)
    return [
        RuleSummary(
            rule,
            first["severity"],
            len(group),
            _example(first),
            str(first.get("expected", "")),
            str(first.get("action", "")),
            tuple(first.get("lines", ())),
        )
        for rule, group in by_rule.items()
        for first in [group[0]]
    ]


def _example(finding: Mapping[str, Any]) -> str:
    where = " ".join(str(finding[key]) for key in ("ticker", "date") if finding.get(key) is not None)
    number = finding.get("value")
    value = "" if number is None else f": {number:.4g}" if isinstance(number, float) else f": {number}"
    value += " rows" if value and finding.get("rule") in _COUNTS_ROWS else ""
    return f"{f'at {where}' if where else ''}{value}"


_COUNTS_ROWS = ("conflicting_duplicate",)
"""Rules whose value is no price: how many rows there are of one ticker and date."""
