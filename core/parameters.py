"""One parameter: its name, type, default, where it is set, and how its text becomes a value.

Luigi parameters, command-line options, the fields of forms and keys are made from these; ``luigi.cfg`` and
``docs/configuration.md`` are written by hand and compared with them by tests.
A value travels between processes as text; :meth:`Parameter.parse` and :meth:`Parameter.text` are
exact inverses for every valid value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, time
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from core.errors import ParameterError, nearest

Value = str | int | float | bool | None
Kind = Literal[
    "text", "choice", "date", "integer", "number", "flag", "tickers", "names", "json", "time", "zone"
]

Settings = TypeVar("Settings")

NOTHING = "nothing"
"""In a list of names: none, where an empty text would mean the default."""

AUTO = "auto"
"""In place of a number: the stage takes the one that fits the data, by a rule that its docstring states."""

_MOST_SHOWN = 200
"""Characters of a value that is quoted in a message."""

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


def _is_text(text: str) -> bool:
    """Return whether it is text: no half of a pair, and no bytes of a file's name that are none.

    No artifact can hold either, nor a page of the desk.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Parameter:
    """A setting of a stage.

    Parameters
    ----------
    name : str
        Python name; the option is ``--name`` with dashes.
    kind : str
        How the text is read: ``text``, ``choice``, ``date`` (ISO), ``integer``, ``number``, ``flag``,
        ``tickers`` (a comma list, a JSON list or ``@file``), ``names`` (a comma list), ``time`` (of a day), ``zone``
        (of time) or ``json`` (an object; its canonical text is the value, so that spellings of one object give one
        key).
    default : str
        The default as text; empty means "what the source has" or "none".
    section : str
        The section of ``luigi.cfg`` that may replace the default.
    help : str
        One sentence for a person.
    choices : tuple of str
        The allowed values of a ``choice`` or of each of ``names``.
    low, high : float
        Inclusive bounds of numbers.
    keyed : bool
        False for a value that tells where to read and not what: it is in no key.
    resolved : bool
        True for a value that only the plan fills; it is neither an option nor a setting.
    auto : bool
        True for a number that may be the word :data:`AUTO`, which stands in the key as such.
    open : bool
        True for a choice beside whose values any dotted name may stand.
    own : bool
        True for a choice beside whose values the name of what a module declares may stand; the plan judges it.
    quiet : bool
        True for a parameter that came later: at its default it is in no key, so that older keys stay.
    key : str
        What it is called in its section, where that is not its name.
    """

    name: str
    kind: Kind
    default: str
    section: str
    help: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    keyed: bool = True
    resolved: bool = False
    auto: bool = False
    open: bool = False
    own: bool = False
    quiet: bool = False
    key: str = ""

    @property
    def option(self) -> str:
        """The command-line option."""
        return "--" + self.name.replace("_", "-")

    @property
    def label(self) -> str:
        """The name as a form writes it."""
        return self.name.replace("_", " ").capitalize()

    def in_key(self, value: Value) -> bool:
        """Return whether ``value`` stands in the key of its stage."""
        return self.keyed and not (self.quiet and value == self.parse(self.default))

    def parse(self, text: str) -> Value:
        """Return the typed value of ``text``; an empty text is None.

        Raises
        ------
        ParameterError
            Naming the option, what came and what was expected.
        """
        text = text.strip()
        if not text:
            return None
        if "\0" in text:
            raise ParameterError(
                f"{self.option} holds a character of value 0", expected="text", parameter=self.name
            )
        if not _is_text(text):
            raise ParameterError(
                f"{self.option} holds what is no character", expected="text (UTF-8)", parameter=self.name
            )
        match self.kind:
            case "names":
                return ",".join(self._choice(name.strip()) for name in text.split(",") if name.strip())
            case "integer" | "number":
                return AUTO if self.auto and text == AUTO else self._number(text)
            case "text" | "tickers":
                return text
            case _:
                read: Callable[[str], Value] = getattr(self, f"_{self.kind}")
                return read(text)

    def parse_setting(self, text: str) -> Value:
        """Return the typed value of a key in a file, where a choice is made or left out.

        Raises
        ------
        ParameterError
            As :meth:`parse`, and for a choice that is empty.
        """
        if self.kind == "choice" and self.default and not text.strip():
            raise self._wrong("", f"one of {', '.join(self.choices)}, or no such line")
        return self.parse(text)

    def text(self, value: Value) -> str:
        """Return the canonical text of ``value``: ``parse(text(v)) == v``."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return repr(value) if isinstance(value, float) else str(value)

    def _wrong(self, text: str, expected: str, hint: str = "") -> ParameterError:
        words = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
        return ParameterError(
            f"{self.option} is {words!r}",
            expected=expected,
            remedy=f"{self.help}{hint}",
            parameter=self.name,
        )

    def _choice(self, text: str) -> str:
        other = (self.open and "." in text) or (self.own and text.isidentifier())
        if text not in self.choices and not other:
            expected = f"one of {', '.join(self.choices)}"
            expected += ", or a dotted name" if self.open else ""
            expected += ", or the name of a function in a module" if self.own else ""
            raise self._wrong(text, expected, nearest(text, self.choices))
        return text

    def _time(self, text: str) -> str:
        try:
            zone = time.fromisoformat(text).tzinfo
        except ValueError:
            zone = UTC
        if zone is not None:
            raise self._wrong(text, "a time of day such as 18:00, without a zone, or nothing")
        return text

    def _zone(self, text: str) -> str:
        from zoneinfo import available_timezones

        zones = available_timezones()
        if text not in zones:
            raise self._wrong(text, "a name such as Europe/Berlin, or nothing", nearest(text, zones))
        return text

    def _date(self, text: str) -> str:
        wrong = self._wrong(text, "a calendar date written YYYY-MM-DD")
        if not _ISO_DATE.fullmatch(text):
            raise wrong
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise wrong from None

    def _number(self, text: str) -> int | float:
        bounds = f" from {_bound_text(self.low)}" if self.low is not None else ""
        bounds += f" to {_bound_text(self.high)}" if self.high is not None else ""
        expected = ("a whole number" if self.kind == "integer" else "a number") + bounds
        expected += f", or {AUTO}" if self.auto else ""
        try:
            value = int(text) if self.kind == "integer" else float(text)
        except ValueError:
            raise self._wrong(text, expected) from None
        too_low = self.low is not None and not value >= self.low
        too_high = self.high is not None and not value <= self.high
        if value != value or value in (float("inf"), float("-inf")) or too_low or too_high:
            raise self._wrong(text, expected)
        return value

    def _json(self, text: str) -> str | None:
        try:
            value = json.loads(text, parse_constant=lambda name: self._refuse_constant(text, name))
        except (ValueError, RecursionError) as error:
            raise self._wrong(text, f"a JSON object ({str(error)[:80]})") from None
        if not isinstance(value, dict):
            raise self._wrong(text, "a JSON object, in braces")
        try:
            return (
                json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False) if value else None
            )
        except ValueError:
            raise self._wrong(text, "finite numbers") from None

    def _refuse_constant(self, text: str, name: str) -> float:
        raise self._wrong(text, f"finite numbers, not {name}")

    def _flag(self, text: str) -> bool:
        if text.lower() not in _TRUE | _FALSE:
            raise self._wrong(text, "true or false")
        return text.lower() in _TRUE


def natural(text: str, most: int) -> int | None:
    """Return the whole number that plain digits stand for; None for any other text, and for more than ``most``.

    Python refuses to read one of more than 4,300 digits, which a request, a header or an address may hold.

    >>> [natural(text, 1_000) for text in ("20", "1001", "-1", "\u00b2", "9" * 5_000)]
    [20, None, None, None, None]
    """
    if not text.isdecimal() or len(text.lstrip("0")) > len(str(most)):
        return None
    number = int(text.lstrip("0") or "0")
    return number if number <= most else None


def _bound_text(bound: float) -> str:
    """Return a bound as a person writes it: ``2,147,483,647``, ``0.5``, ``1e-09``."""
    return f"{bound:,.0f}" if bound == int(bound) else f"{bound:g}"


def settings_from(cls: type[Settings], values: Mapping[str, Value]) -> Settings:
    """Return a stage's settings: a frozen dataclass, each field filled from the value of its name.

    This is the one place where values of the stage table become typed arguments of a stage.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are ``str``, ``int``, ``float``, ``bool``, ``tuple[str, ...]`` or
        ``frozenset[str]`` (comma lists; the word ``nothing`` stands for an empty one), or one of these ``| None``;
        a number that may be None is None for the word ``auto``. A field that is such a class itself is filled from
        the same values; where it may be None, it is if one of those that it needs has no value.
    values : mapping of str to Value
        Resolved values by parameter name; further names are ignored. No value fills a text or a list that
        may not be None with an empty one; a field with a default keeps it.

    Raises
    ------
    ParameterError
        If a field without a default has no value.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Example:
    ...     seed: int
    ...     beside: tuple[str, ...]
    ...     cost_bps: float = 5.0
    >>> settings_from(Example, {"seed": 7, "beside": "a,b"})
    Example(seed=7, beside=('a', 'b'), cost_bps=5.0)
    """
    hints = get_type_hints(cls)
    filled: dict[str, Any] = {}
    for field in fields(cls):  # type: ignore[arg-type] # a dataclass, which a TypeVar cannot say
        if any(map(is_dataclass, (hints[field.name], *get_args(hints[field.name])))):
            filled[field.name] = _nested(hints[field.name], values)
            continue
        optional = field.default is not MISSING or field.default_factory is not MISSING
        if field.name in values and not (optional and values[field.name] is None):
            filled[field.name] = _typed(field.name, hints[field.name], values[field.name])
        elif not optional:
            raise ParameterError(
                f"there is no value of {field.name}",
                expected="a value of every setting",
                parameter=field.name,
            )
    return cls(**filled)


def _nested(kind: Any, values: Mapping[str, Value]) -> Any:
    """Return settings within settings; None where they may be None and something that they need has no value."""
    members = [
        member for member in (kind, *get_args(kind)) if isinstance(member, type) and is_dataclass(member)
    ]
    try:
        return settings_from(members[0], values)
    except ParameterError:
        if NoneType not in get_args(kind):
            raise
        return None


def _typed(name: str, kind: Any, value: Value) -> Any:
    """Return ``value`` as ``kind`` asks for it."""
    members = get_args(kind)
    if NoneType in members:
        (kind,) = (member for member in members if member is not NoneType)
        if value is None or (value == AUTO and kind in (int, float)):
            return None
    origin = get_origin(kind) or kind
    if origin in (tuple, frozenset):
        return origin(item for item in str(value or "").split(",") if item not in ("", NOTHING))
    if value is None and kind is not str:
        raise ParameterError(
            f"{name} has no value", expected=f"a value of type {kind.__name__}", parameter=name
        )
    return "" if value is None else kind(value)
