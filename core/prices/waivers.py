"""Findings that a person accepts: read from a reviewed file, matched, and listed with who and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from core.errors import SettingsError, nearest
from core.platform.toml_text import NotToml, in_short, toml_of
from core.prices.catalogue import RULES
from core.prices.findings import MOST_PER_RULE, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TEXTS = ("rule", "ticker", "who", "why")
_DAYS = ("first", "last", "until")
_KEYS = (*_TEXTS, *_DAYS)
_NEEDED = ("rule", "who", "why", "until")


@dataclass(frozen=True)
class Waiver:
    """One finding, or several of one rule, that a person accepts.

    Parameters
    ----------
    rule : str
        A waivable rule.
    who, why : str
        The person and the reason; never empty.
    until : str
        Last session (ISO) that data may reach for the waiver to hold. It is held against the data's end
        and never against today, so that the same data and the same file always give the same bytes.
    ticker : str
        The ticker it is for; empty for a finding of no ticker (a session missing everywhere).
    first, last : str or None
        Days of the findings (ISO, inclusive). None: a finding without a day, or of any day.
    number : int
        Its place in the file, from 1.
    """

    rule: str
    who: str
    why: str
    until: str
    ticker: str = ""
    first: str | None = None
    last: str | None = None
    number: int = 0

    def covers(self, finding: Finding) -> bool:
        """Return whether the finding is what the waiver is about, its date aside."""
        if finding.rule != self.rule or (finding.ticker or "") != self.ticker:
            return False
        if self.first is None and self.last is None:
            return True
        day = finding.date
        return day is not None and (self.first or day) <= day <= (self.last or day)

    def holds(self, end: str) -> bool:
        """Return whether data that end on day ``end`` are within the time the waiver was given for."""
        return end <= self.until


@dataclass(frozen=True)
class WaivedFindings:
    """Findings after waivers were applied.

    Parameters
    ----------
    standing : list of Finding
        Those that nobody accepted.
    waived : list of (Finding, Waiver)
        Those accepted, with the first waiver that covers each.
    expired : list of Waiver
        Waivers that would cover a finding, were they not past their time.
    unused : list of Waiver
        Waivers that cover nothing here.
    """

    standing: list[Finding]
    waived: list[tuple[Finding, Waiver]]
    expired: list[Waiver]
    unused: list[Waiver]


def apply_waivers(findings: Iterable[Finding], waivers: Sequence[Waiver], end: str) -> WaivedFindings:
    """Return which findings stand and which a waiver covers, when data end on day ``end`` (ISO)."""
    standing: list[Finding] = []
    waived: list[tuple[Finding, Waiver]] = []
    used: set[int] = set()
    expired: dict[int, Waiver] = {}
    for finding in findings:
        covering = [waiver for waiver in waivers if waiver.covers(finding)]
        used |= {waiver.number for waiver in covering}
        valid = next((waiver for waiver in covering if waiver.holds(end)), None)
        if valid is None:
            standing.append(finding)
            expired |= {waiver.number: waiver for waiver in covering}
        else:
            waived.append((finding, valid))
    unused = [waiver for waiver in waivers if waiver.number not in used]
    return WaivedFindings(standing, waived, list(expired.values()), unused)


def waived_records(waived: Iterable[tuple[Finding, Waiver]]) -> list[dict[str, Any]]:
    """Return accepted findings as they stand under ``source.waivers``: what, and by whom, why, until when."""
    ordered = sorted(waived, key=lambda p: (p[0].rule, p[0].ticker or "", p[0].date or "", p[1].number))
    entries = [_record(finding, waiver) for finding, waiver in ordered[:MOST_PER_RULE]]
    beyond = len(ordered) - MOST_PER_RULE
    return entries if beyond <= 0 else [*entries, {"rule": "beyond", "value": beyond}]


def _record(finding: Finding, waiver: Waiver) -> dict[str, Any]:
    facts = {key: value for key, value in finding.record().items() if key not in ("expected", "action")}
    return {**facts, "who": waiver.who, "why": waiver.why, "until": waiver.until}


def parse(data: bytes, name: str) -> tuple[Waiver, ...]:
    r"""Return the waivers of a file.

    Raises
    ------
    SettingsError
        Naming the file, the waiver and the key: not TOML, an unknown key or rule, a rule that cannot be
        waived, a missing who, why, until or rule, or a day that is none.

    Examples
    --------
    >>> text = b'[[waiver]]\nrule = "zero_volume"\nticker = "FB"\nwho = "A"\nwhy = "halt"\nuntil = 2013-06-30'
    >>> parse(text, "waivers.toml")[0].until
    '2013-06-30'
    """
    try:
        body = toml_of(data.decode("utf-8"))
    except (UnicodeDecodeError, NotToml) as error:
        raise SettingsError(
            f"{name} is not readable TOML ({' '.join(str(error).split())})",
            expected="[[waiver]] blocks with rule, ticker, who, why and until",
        ) from error
    entries = body.get("waiver", [])
    other = sorted(key for key in body if key != "waiver")
    if other or not isinstance(entries, list):
        raise SettingsError(
            f"{name} holds {', '.join(other) or 'waiver'!r}", expected="[[waiver]] blocks only"
        )
    return tuple(_waiver(entry, number, name) for number, entry in enumerate(entries, start=1))


def _waiver(entry: Any, number: int, name: str) -> Waiver:
    where = f"{name}, waiver {number}"
    if not isinstance(entry, dict):
        raise SettingsError(f"{where} is {in_short(entry)}", expected="a [[waiver]] block")
    for key in entry:
        if key not in _KEYS:
            raise SettingsError(
                f"{where} has an unknown key {in_short(key)}",
                expected=f"any of {', '.join(_KEYS)}",
                remedy=nearest(key, _KEYS).strip(),
            )
    texts = {key: _text(entry, key, where) for key in _TEXTS if key in entry}
    days = {key: _day(entry[key], key, where) for key in _DAYS if key in entry}
    missing = [key for key in _NEEDED if not {**texts, **days}.get(key)]
    if missing:
        raise SettingsError(f"{where} says no {' and no '.join(missing)}", expected=f"{', '.join(_NEEDED)}")
    _judge_rule(texts["rule"], where)
    days_first, days_last = days.get("first"), days.get("last")
    if days_first and days_last and days_first > days_last:
        raise SettingsError(
            f"{where} goes from {days_first} to {days_last}", expected="first on or before last"
        )
    waiver = Waiver(texts["rule"], texts["who"], texts["why"], days["until"], texts.get("ticker", ""))
    return replace(waiver, first=days_first, last=days_last, number=number)


def _judge_rule(rule: str, where: str) -> None:
    waivable = [name for name, definition in RULES.items() if definition.waivable]
    if rule not in RULES:
        raise SettingsError(
            f"{where} is for the rule {rule!r}",
            expected=f"one of {', '.join(waivable)}",
            remedy=nearest(rule, waivable).strip(),
        )
    if not RULES[rule].waivable:
        raise SettingsError(
            f"{where} is for {rule}, which nobody can accept: the table would be unreadable",
            expected=f"one of {', '.join(waivable)}",
            remedy="Correct the data at the source.",
        )


def _text(entry: dict[str, Any], key: str, where: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or len(value) > 500:
        raise SettingsError(
            f"{where}: {key} is {in_short(value)}", expected="a text of at most 500 characters"
        )
    return value.strip()


def _day(value: Any, key: str, where: str) -> str:
    wrong = SettingsError(f"{where}: {key} is {in_short(value)}", expected="a day written YYYY-MM-DD")
    if type(value) is date:
        return value.isoformat()
    if not isinstance(value, str) or len(value) != 10:
        raise wrong
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise wrong from None
