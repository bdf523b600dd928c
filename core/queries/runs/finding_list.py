"""The findings that stopped a run as a work list: which are open, which a person accepted, what accepting would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.prices.catalogue import RULES
from core.prices.findings import Finding
from core.prices.waivers import Waiver
from core.report.formatting import counted, spaced
from core.request.profiles import PROFILE
from core.review.waive import file_for, may_be_accepted
from core.store.waivers import read

if TYPE_CHECKING:
    from core.request.settings import Settings

OPEN, ACCEPTED, TO_CORRECT = "open", "accepted", "to correct"


@dataclass(frozen=True)
class Item:
    """An error of the gate, and how it stands.

    Parameters
    ----------
    finding : mapping
        As ``findings.json`` has it.
    state : {'open', 'accepted', 'to correct'}
        The last one: nobody can accept it, for the reason that :func:`why_not_accepted` gives.
    waiver : Waiver or None
        Who accepted it, why and until when.
    """

    finding: Mapping[str, Any]
    state: str
    waiver: Waiver | None = None

    def words(self) -> str:
        """Return what it is about in one line.

        >>> Item({"rule": "large_move", "ticker": "IBM", "date": "2012-01-03"}, OPEN).words()
        'large move, IBM, 2012-01-03'
        """
        parts = (spaced(str(self.finding["rule"])), self.finding.get("ticker"), self.finding.get("date"))
        return ", ".join(str(part) for part in parts if part)


def work_list(
    settings: Settings, request: Mapping[str, str], findings: Iterable[Mapping[str, Any]], last_session: str
) -> list[Item]:
    """Return the errors among ``findings`` with how each stands by the file of waivers that Retry works with.

    Parameters
    ----------
    last_session : str
        Last session (ISO) of the prices: a waiver that ended before it counts for nothing.

    Raises
    ------
    SettingsError
        If the file of waivers is malformed.
    """
    path = file_for(settings, request)
    waivers = read(path)[1] if path.is_file() else ()
    return [_item(each, waivers, last_session) for each in findings if each["severity"] == "error"]


def _item(finding: Mapping[str, Any], waivers: Sequence[Waiver], last_session: str) -> Item:
    rule = str(finding["rule"])
    if not may_be_accepted(rule):
        return Item(finding, TO_CORRECT)
    about = Finding(rule, finding.get("ticker"), finding.get("date"))
    waiver = next((w for w in waivers if w.covers(about) and w.holds(last_session)), None)
    return Item(finding, ACCEPTED if waiver else OPEN, waiver)


def why_not_accepted(items: Sequence[Item]) -> str:
    """Return why errors that can only be corrected cannot be accepted, in sentences; empty without any.

    >>> why_not_accepted([Item({"rule": "wrong_type"}, TO_CORRECT), Item({"rule": "wide_range"}, TO_CORRECT)])
    'The table would be unreadable (wrong type). Waivers are for built-in rules alone (wide range).'
    """
    rules = {str(item.finding["rule"]): None for item in items if item.state == TO_CORRECT}
    reasons = {
        "The table would be unreadable": [spaced(rule) for rule in rules if rule in RULES],
        "Waivers are for built-in rules alone": [spaced(rule) for rule in rules if rule not in RULES],
    }
    return " ".join(f"{reason} ({', '.join(names)})." for reason, names in reasons.items() if names)


def tally(items: Sequence[Item]) -> str:
    """Return how the errors stand, in words.

    >>> tally([Item({}, OPEN), Item({}, ACCEPTED), Item({}, TO_CORRECT)])
    '3 errors: 1 open, 1 accepted, 1 that can only be corrected.'
    """
    numbers = {state: sum(item.state == state for item in items) for state in (OPEN, ACCEPTED, TO_CORRECT)}
    rest = f", {numbers[TO_CORRECT]:,} that can only be corrected" if numbers[TO_CORRECT] else ""
    return f"{counted(len(items), 'error')}: {numbers[OPEN]:,} open, {numbers[ACCEPTED]:,} accepted{rest}."


def outlook(items: Sequence[Item]) -> str:
    """Return what Retry would do as the errors stand."""
    open_ = sum(item.state != ACCEPTED for item in items)
    if not open_:
        return "All are accepted: Retry goes on."
    return f"Retry would stop again at {'this one' if open_ == 1 else f'these {open_:,}'}: correct or accept first."


def consequence(settings: Settings, request: Mapping[str, str], finding: Mapping[str, Any]) -> str:
    """Return what becomes of the rows of a finding once it is accepted, in a sentence."""
    rule = RULES[str(finding["rule"])]
    rows, plural = _rows(finding)
    text = request.get("drop_row") or str(settings.under(request.get(PROFILE, ""))["drop_row"] or "")
    if rule.clean == "must drop" or rule.name in text.split(","):
        return f"{rows} {'are' if plural else 'is'} left out; nothing takes {'their' if plural else 'its'} place."
    if rule.clean:
        stay = "stay as they are and count" if plural else "stays as it is and counts"
        doubt = " On the ticker's last session its signal is withheld." if rule.withholds else ""
        return f"{rows} {stay}.{doubt}"
    return "Nothing is left out or changed."


def in_words(finding: Mapping[str, Any], row: Mapping[str, Any] | None = None) -> str:
    """Return what a finding says, plainly: what came, and what should be there.

    Parameters
    ----------
    row : mapping, optional
        Open, high, low and close of the day that it is about, where they are known.

    >>> ohlc = {"rule": "inconsistent_ohlc", "value": 9.0, "expected": "high at or above open, low and close"}
    >>> in_words(ohlc, {"open": 10, "high": 9.0, "low": 9.0, "close": 10})
    'high (9) is below open and close (10)'
    >>> in_words({"rule": "non_positive_price", "value": -1.5, "expected": "close above 0"})
    'non positive price, -1.5; expected close above 0'
    """
    value, expected = finding.get("value"), str(finding.get("expected") or "")
    side = expected.partition(" ")[0]
    if row and finding["rule"] == "inconsistent_ohlc" and isinstance(value, int | float) and side in _AGAINST:
        others = {name: float(row[name]) for name in _AGAINST[side]}
        wrong = {
            n: price for n, price in others.items() if (price > value if side == "high" else price < value)
        }
        if wrong:
            relation = "below" if side == "high" else "above"
            return f"{side} ({value:.6g}) is {relation} {_by_value(wrong)}"
    text = f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)
    if finding["rule"] == "conflicting_duplicate" and text:
        text += " rows"
    summary = ", ".join(filter(None, (spaced(str(finding["rule"])), text)))
    return f"{summary}; expected {expected}" if expected else summary


_AGAINST = {"high": ("open", "low", "close"), "low": ("open", "close")}
"""Price -> those that it must not be below, or not above."""


def _by_value(prices: Mapping[str, float]) -> str:
    """Return prices in words, those that are equal together.

    >>> _by_value({"open": 10.0, "close": 10.0}), _by_value({"open": 10.0, "close": 11.0})
    ('open and close (10)', 'open (10) and close (11)')
    """
    names: dict[float, list[str]] = {}
    for name, value in prices.items():
        names.setdefault(value, []).append(name)
    return " and ".join(f"{' and '.join(several)} ({value:.6g})" for value, several in names.items())


def _rows(finding: Mapping[str, Any]) -> tuple[str, bool]:
    """Return which rows a finding speaks of, and whether they are several."""
    number, sessions = finding.get("value"), int(finding.get("count") or 1)
    ticker, day = finding.get("ticker"), finding.get("date")
    of = f" of {ticker}" if ticker else ""
    if finding["rule"] == "conflicting_duplicate":
        which = "Both rows" if number == 2 else f"All {number} rows"
        return f"{which}{of} on {day}", True
    if sessions > 1:
        return f"The rows{of} in {sessions:,} sessions from {day} on", True
    return f"The row{of}{f' on {day}' if day else ''}", False
