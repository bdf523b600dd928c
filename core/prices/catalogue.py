"""Every check of the gate in one table: severity, the setting that is its threshold, what clean does.

The table defines each rule once: settings offer its names, findings take severity and words from it, and a test
compares ``docs/data-quality.md`` with it. The code that checks, repairs or leaves out refers to a rule by its name
(:mod:`core.prices.rules`, :mod:`core.prices.volumes`, :mod:`core.prices.cleaning`, ...).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.parameters import NOTHING

ERROR = "error"
WARNING = "warning"

Cleaning = Literal["", "must drop", "drop", "keep"]


@dataclass(frozen=True)
class Rule:
    """One check.

    Parameters
    ----------
    name : str
        As it stands in findings, repairs, settings and waivers.
    severity : {'error', 'warning'}
        An error stops the run.
    threshold : str
        The parameter that decides when it fires; empty where nothing is to be decided.
    clean : {'', 'must drop', 'drop', 'keep'}
        What clean does with the rows: they cannot be kept; they are dropped unless a setting says
        otherwise; they are kept and flagged unless a setting says otherwise; it concerns no rows.
    expected, action : str
        What would be right, and what happens or is to be done.
    waivable : bool
        Whether a person may accept it. What makes a table unreadable cannot be accepted.
    withholds : bool
        Whether the ticker's signal is withheld where this is said of its last row, also if a person accepts
        it: the features of that row rest on a price that may be wrong.
    """

    name: str
    severity: str
    threshold: str
    clean: Cleaning
    expected: str
    action: str
    waivable: bool = True
    withholds: bool = False


_AT_SOURCE = "Correct it at the source and run again."
_GET_AGAIN = "Get the rows again, leave the ticker out, or have a person waive it."
_SHARE = "max_missing_share"

_ERRORS = (
    Rule("empty_table", ERROR, "", "", "at least one row", "Check source, tickers and dates.", waivable=False),
    Rule("missing_column", ERROR, "", "", "date, ticker, open, high, low, close and volume", _AT_SOURCE, waivable=False),
    Rule("wrong_type", ERROR, "", "", "a finite number or nothing", "Write numbers as numbers and run again.", waivable=False),
    Rule("malformed_date", ERROR, "", "", "a calendar date written YYYY-MM-DD", _AT_SOURCE, waivable=False),
    Rule("malformed_ticker", ERROR, "", "", "1 to 20 characters: letters, digits, . - = ^ & + * / : and single blanks", _AT_SOURCE, waivable=False),
    Rule("future_row", ERROR, "", "", "no date after today", "Correct the date at the source.", waivable=False),
    Rule("conflicting_duplicate", ERROR, "", "must drop", "one row per ticker and date", "Decide which row is right; keep one."),
    Rule("non_positive_price", ERROR, "", "must drop", "prices above 0", _AT_SOURCE),
    Rule("inconsistent_ohlc", ERROR, "price_tolerance", "keep", "low <= open, close <= high", _AT_SOURCE, withholds=True),
    Rule("unit_mixup", ERROR, "volume_sessions", "keep", "prices in the unit of the rows before", _AT_SOURCE, withholds=True),
    Rule("negative_volume", ERROR, "", "keep", "a volume of 0 or more", _AT_SOURCE),
    Rule("not_daily", ERROR, "calendar", "", "one row on each session", "", waivable=False),
    Rule("too_many_missing", ERROR, _SHARE, "must drop", "hardly any row without a price", _GET_AGAIN),
    Rule("missing_session_everywhere", ERROR, "calendar", "", "a row of some ticker on every session", "Get the session's rows, or choose another calendar."),
    Rule("too_many_missing_sessions", ERROR, _SHARE, "keep", "a row on nearly every session", _GET_AGAIN),
)  # fmt: skip

_REPAIRABLE = (
    Rule("missing_price", WARNING, _SHARE, "must drop", "every price and the volume", "clean removes the row, on record."),
    Rule("exact_duplicate", WARNING, "", "must drop", "one row per ticker and date", "clean keeps one, on record."),
    Rule("live_row", WARNING, "", "must drop", "one row per ticker and date", "The last day stands twice, once while it was still traded; clean keeps the row with the larger volume, on record."),
    Rule("outlier_spike", WARNING, "spike_ratio", "drop", "a price near both neighbours", "clean removes the row, on record."),
)  # fmt: skip

_WARNINGS = (
    Rule("no_adjusted_close", WARNING, "", "", "an adjusted close from the source", "The close stands in for it; splits and dividends show as returns."),
    Rule("ticker_from_file_name", WARNING, "", "", "a column that names the ticker", "The file's name stands for the ticker; if it is another, say so: --tickers NAME, or --columns ticker=COLUMN."),
    Rule("skipped_file", WARNING, "", "", "price files in the folder, and nothing else", "Not read; name it by itself if it holds prices."),
    Rule("missing_sessions", WARNING, _SHARE, "keep", "a row on every session", "Nothing is filled in; returns span the gap."),
    Rule("non_session_row", WARNING, "calendar", "keep", "rows on sessions of the calendar", "Kept; check the calendar (24/7 for assets that never close)."),
    Rule("time_of_day", WARNING, "", "keep", "a date without a time", "Kept under its date."),
    Rule("split", WARNING, "jump_ratio", "keep", "a close near the row before", ""),
    Rule("unadjusted_split", WARNING, "split_tolerance", "keep", "an adjusted close that takes splits out", "", withholds=True),
    Rule("reused_ticker", WARNING, "gap_days", "keep", "one company under one ticker", "", withholds=True),
    Rule("renamed_ticker", WARNING, "split_tolerance", "keep", "one ticker for one company", "Probably the same company under a new name; join both at the source if so."),
    Rule("large_move", WARNING, "jump_ratio", "keep", "a close near the row before", "", withholds=True),
    Rule("falling_factor", WARNING, "", "keep", "an adjustment factor that never falls", "Check the adjusted close at the source.", withholds=True),
    Rule("zero_volume", WARNING, "", "keep", "a volume above 0", "Kept; probably no trade that day."),
    Rule("volume_outlier", WARNING, "volume_ratio", "keep", "a volume near its usual median", "Kept; compare with the source."),
    Rule("type_maximum", WARNING, "", "keep", "a real volume", "Kept; the number is the limit of a data type."),
    Rule("stale_price", WARNING, "stale_sessions", "keep", "a close that moves", "Kept; check for a halt or a frozen feed.", withholds=True),
    Rule("repeated_row", WARNING, "", "keep", "values other than the row before", "Kept; probably a copy of the day before.", withholds=True),
    Rule("flat_bar", WARNING, "", "keep", "a range between low and high", "Kept; probably one trade or a fixed price."),
    Rule("wide_bar", WARNING, "bar_ratio", "keep", "a high of at most twice the low", "Kept; compare with the source."),
    Rule("few_rows", WARNING, "min_rows", "keep", "more history", "Kept; too short to learn from."),
)  # fmt: skip

RULES: Mapping[str, Rule] = {rule.name: rule for rule in (*_ERRORS, *_REPAIRABLE, *_WARNINGS)}

WITHHOLDING = frozenset(name for name, rule in RULES.items() if rule.withholds)
"""Rules that withhold the signal of a ticker whose last row they name."""

_OWN: dict[str, Rule] = {}
"""User-defined rules that this process has met."""


def learn(rules: Iterable[Rule]) -> None:
    """Take user-defined rules into the catalogue of this process; the built-in ones stay as they are."""
    _OWN.update({rule.name: rule for rule in rules})


def rule_of(name: str) -> Rule:
    """Return the rule called ``name``, built in or user-defined."""
    return RULES[name] if name in RULES else _OWN[name]


CAN_STOP = (NOTHING, *(name for name, rule in RULES.items() if rule.severity == WARNING))
"""Warnings that a setting may make errors. No setting makes an error a warning."""

CAN_DROP_ROW = (NOTHING, *(name for name, rule in RULES.items() if rule.clean in ("drop", "keep")))
"""Rules whose rows clean may drop or keep. Rows that cannot be kept are dropped whatever is set."""

CAN_DROP_TICKER = (NOTHING, *(name for name, rule in RULES.items() if rule.clean))
"""Rules for which clean may drop the whole ticker."""

DROPPED_BY_DEFAULT = ",".join(name for name, rule in RULES.items() if rule.clean == "drop")
