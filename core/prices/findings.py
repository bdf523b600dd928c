"""What the gate can say: the closed list of rules, and how hits become the ``findings`` document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_PER_RULE = 1_000
"""Findings kept of one rule; one more says how many there were beyond."""

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Rule:
    """One check: its severity, what would be right, and what happens or is to be done."""

    name: str
    severity: str
    expected: str
    action: str


_AT_SOURCE = "Correct it at the source and run again."

_RULES = (
    Rule("empty_table", ERROR, "at least one row", "Check source, tickers and dates."),
    Rule("missing_column", ERROR, "date, ticker, open, high, low, close and volume", _AT_SOURCE),
    Rule("wrong_type", ERROR, "a finite number or nothing", "Write numbers as numbers and run again."),
    Rule("malformed_date", ERROR, "a calendar date written YYYY-MM-DD", _AT_SOURCE),
    Rule("malformed_ticker", ERROR, "1 to 20 visible characters that cannot act as a path", _AT_SOURCE),
    Rule(
        "conflicting_duplicate", ERROR,
        "one row per ticker and date",
        "Decide which row is right; keep one.",
    ),
    Rule("non_positive_price", ERROR, "prices above 0", _AT_SOURCE),
    Rule("inconsistent_ohlc", ERROR, "low <= open, close <= high", _AT_SOURCE),
    Rule("negative_volume", ERROR, "a volume of 0 or more", _AT_SOURCE),
    Rule(
        "too_many_missing", ERROR,
        "hardly any row without a price",
        "Get the rows again, or leave the ticker out.",
    ),
    Rule("future_row", ERROR, "no date after today", "Correct the date at the source."),
    Rule(
        "missing_session_everywhere", ERROR,
        "a row of some ticker on every session",
        "Get the session's rows, or choose another calendar.",
    ),
    Rule(
        "too_many_missing_sessions", ERROR,
        "a row on nearly every session",
        "Get the rows again, or leave the ticker out.",
    ),
    Rule(
        "no_adjusted_close", WARNING,
        "an adjusted close from the source",
        "The close stands in for it; splits and dividends show as returns.",
    ),
    Rule("missing_price", WARNING, "every price and the volume", "clean removes the row, on record."),
    Rule("exact_duplicate", WARNING, "one row per ticker and date", "clean keeps one, on record."),
    Rule("outlier_spike", WARNING, "a price near both neighbours", "clean removes the row, on record."),
    Rule(
        "missing_sessions", WARNING,
        "a row on every session",
        "Nothing is filled in; returns span the gap.",
    ),
    Rule(
        "non_session_row", WARNING,
        "rows on sessions of the calendar",
        "Kept; check the calendar (24/7 for assets that never close).",
    ),
    Rule("time_of_day", WARNING, "a date without a time", "Kept under its date."),
    Rule("large_move", WARNING, "a close near the row before", ""),
    Rule(
        "falling_factor", WARNING,
        "an adjustment factor that never falls",
        "Check the adjusted close at the source.",
    ),
    Rule("zero_volume", WARNING, "a volume above 0", "Kept; probably no trade that day."),
    Rule("volume_outlier", WARNING, "a volume near its 21-row median", "Kept; compare with the source."),
    Rule("stale_price", WARNING, "a close that moves", "Kept; check for a halt or a frozen feed."),
    Rule("flat_bar", WARNING, "a range between low and high", "Kept; probably one trade or a fixed price."),
    Rule("wide_bar", WARNING, "a high of at most twice the low", "Kept; compare with the source."),
    Rule(
        "repeated_row", WARNING,
        "values other than the row before",
        "Kept; probably a copy of the day before.",
    ),
    Rule("type_maximum", WARNING, "a real volume", "Kept; the number is the limit of a data type."),
    Rule("few_rows", WARNING, "more history", "Kept; too short to learn from."),
)  # fmt: skip

RULES: Mapping[str, Rule] = {rule.name: rule for rule in _RULES}


@dataclass(frozen=True)
class Finding:
    """One thing to say about a table.

    Parameters
    ----------
    rule : str
        A name in :data:`RULES`.
    ticker, date : str or None
        None where they do not apply (the date is ISO).
    value : object
        What came, as a JSON value.
    expected, action : str
        Empty: the rule's own words.
    """

    rule: str
    ticker: str | None = None
    date: str | None = None
    value: Any = None
    expected: str = ""
    action: str = ""

    @property
    def severity(self) -> str:
        """The severity of the rule: ``error`` or ``warning``."""
        return RULES[self.rule].severity

    def record(self) -> dict[str, Any]:
        """Return the finding as it stands in ``findings.json``."""
        rule = RULES[self.rule]
        return {
            "rule": self.rule,
            "severity": self.severity,
            "ticker": self.ticker,
            "date": self.date,
            "value": self.value,
            "expected": self.expected or rule.expected,
            "action": self.action or rule.action,
        }


def records(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as records: errors first, then by rule, ticker and date, capped per rule.

    Of each rule the first 1,000 are kept and one more, without ticker and date, says how many there
    were beyond.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    rules = sorted(by_rule, key=lambda name: (RULES[name].severity != ERROR, name))
    return [finding.record() for rule in rules for finding in _capped(sorted(by_rule[rule], key=_place))]


def _place(finding: Finding) -> tuple[bool, str, bool, str, str]:
    # What has no ticker or date stands first; equal places are settled by the value.
    value = json.dumps(finding.value, sort_keys=True)
    ticker, day = finding.ticker, finding.date
    return (ticker is not None, ticker or "", day is not None, day or "", value)


def _capped(found: list[Finding]) -> list[Finding]:
    beyond = len(found) - MOST_PER_RULE
    if beyond <= 0:
        return found
    last = Finding(found[0].rule, value=beyond, action=f"{beyond} more of this rule are not listed.")
    return [*found[:MOST_PER_RULE], last]
