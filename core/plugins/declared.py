"""What a module declares: features, labels, rules of the gate, sections of the report and price sources.

Outside a run, as in a module's own tests, the decorators return the function unchanged and remember nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core import columns as col
from core.label import LABELS

Function = TypeVar("Function", bound=Callable[..., Any])

SEVERITIES = ("error", "warning")
PRICE_BASES = ("raw", "split_adjusted", "unknown")

MOST_WARM_UP = 10_000
"""Rows of a warm-up at most: forty years of sessions."""

MOST_TEXT = 200
"""Characters of a definition at most: it stands in a table of the report."""

RESERVED = frozenset({*col.FEATURES, *col.PRICES, *col.PREDICTIONS, col.MEMBER})
"""Names of columns that stand in the artifacts already."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Misdeclared(ValueError):
    """A declaration that cannot be used; the message says which and what was expected."""


@dataclass(frozen=True)
class Declared:
    """What a decorator declares.

    Parameters
    ----------
    name : str
        The function's name: that of the column, or what ``--label`` asks for.
    function : callable
        As the decorator of its kind says.
    file, line : str, int
        Where it is defined.
    """

    name: str
    function: Callable[..., Any]
    file: str
    line: int


@dataclass(frozen=True)
class DeclaredFeature(Declared):
    """A user-defined column: its definition with unit, its warm-up, and whether it looks at the session's others."""

    text: str
    warm_up: int
    across: bool


@dataclass(frozen=True)
class DeclaredLabel(Declared):
    """A user-defined label: as a feature, with what a probability is one of (the head of a column)."""

    text: str
    event: str
    warm_up: int
    across: bool


@dataclass(frozen=True)
class DeclaredRule(Declared):
    """A rule of the gate."""

    severity: str
    expected: str


@dataclass(frozen=True)
class DeclaredSection(Declared):
    """A section of the report."""

    title: str


@dataclass(frozen=True)
class DeclaredSource(Declared):
    """A price source."""

    text: str
    price_basis: str


@dataclass
class Declarations:
    """Everything that one module declared, in its order."""

    features: list[DeclaredFeature] = field(default_factory=list)
    labels: list[DeclaredLabel] = field(default_factory=list)
    rules: list[DeclaredRule] = field(default_factory=list)
    sections: list[DeclaredSection] = field(default_factory=list)
    sources: list[DeclaredSource] = field(default_factory=list)


_collecting: list[Declarations] = []
"""The module that is being loaded now, if one is."""


@contextmanager
def collecting() -> Iterator[Declarations]:
    """Collect what is declared within the block."""
    _collecting.append(declarations := Declarations())
    try:
        yield declarations
    finally:
        _collecting.pop()


def feature(*, warm_up: int, text: str, across: bool = False) -> Callable[[Function], Function]:
    """Declare a function from a panel to a column as a feature; the function's name is the column.

    Parameters
    ----------
    warm_up : int
        Rows at the start of each ticker that have no value: 19 for a mean of 20.
    text : str
        What it is, for a person, with its unit.
    across : bool
        Whether it looks at the other tickers of a session, by ``panel.rank``, ``panel.mean_across`` or
        ``panel.beta``.

    Examples
    --------
    >>> @feature(warm_up=19, text="mean of the last 20 bar ranges, as a share of the close")
    ... def range20(panel):
    ...     return panel.mean((panel.high - panel.low) / panel.close, 20)
    """

    def declare(function: Function) -> Function:
        name, *_ = at = _place(function, "feature")
        if name in RESERVED or name.startswith(col.PROBABILITY):
            raise Misdeclared(f"feature {name} has the name of a column that is there already")
        _check_warm_up(f"feature {name}", warm_up)
        _check_text(f"feature {name}", "text", text)
        _add("features", DeclaredFeature(*at, text, warm_up, bool(across)))
        return function

    return declare


def label(*, text: str, event: str, warm_up: int = 0, across: bool = False) -> Callable[[Function], Function]:
    """Declare a function from a panel to 1, 0 and NaN as a label; ``--label`` asks for it by the function's name.

    ``panel.later(values, sessions)`` looks ahead, at most as far as ``panel.horizon_sessions``, which
    ``--horizon-sessions`` sets. A ticker's last rows, as many, have no label whatever the function gives there.

    Parameters
    ----------
    text : str
        What is so where it is 1, as a clause to which "over the next 5 sessions" is added.
    event : str
        What a probability is one of, as the head of a column: "better than its sector".
    warm_up : int
        Rows before its own that a row's label rests on: 20 where it divides by the volatility of 20 returns.
    across : bool
        Whether it looks at the other tickers of a session.

    Examples
    --------
    >>> @label(text="the ticker's return is above 2 %", event="rise above 2 %")
    ... def clear_rise(panel):
    ...     return panel.later(panel.adj_close, panel.horizon_sessions) / panel.adj_close > 1.02
    """

    def declare(function: Function) -> Function:
        name, *_ = at = _place(function, "label")
        if name in LABELS or name in RESERVED:
            raise Misdeclared(f"label {name} has a name that is there already")
        _check_warm_up(f"label {name}", warm_up)
        _check_text(f"label {name}", "text", text)
        _check_text(f"label {name}", "event", event)
        _add("labels", DeclaredLabel(*at, text, event, warm_up, bool(across)))
        return function

    return declare


def rule(*, severity: str, expected: str) -> Callable[[Function], Function]:
    """Declare a function from a panel to a boolean array, True for rows in question, as a rule of the gate.

    Parameters
    ----------
    severity : {'error', 'warning'}
        An error stops the run.
    expected : str
        What would have been right, as the finding says it.
    """

    def declare(function: Function) -> Function:
        name, *_ = at = _place(function, "rule")
        if severity not in SEVERITIES:
            raise Misdeclared(f"rule {name} has severity {severity!r}; expected {' or '.join(SEVERITIES)}")
        _check_text(f"rule {name}", "expected", expected)
        _add("rules", DeclaredRule(*at, severity, expected))
        return function

    return declare


def section(title: str) -> Callable[[Function], Function]:
    """Declare a function from the evaluation to sentences as a section of the report, under ``title``."""

    def declare(function: Function) -> Function:
        name, *_ = at = _place(function, "section")
        _check_text(f"section {name}", "title", title)
        _add("sections", DeclaredSection(*at, title))
        return function

    return declare


def source(*, text: str, price_basis: str = "unknown") -> Callable[[Function], Function]:
    """Declare a function from (tickers, start, end) to rows of prices as a source.

    Parameters
    ----------
    text : str
        Where the prices come from, for a person.
    price_basis : {'raw', 'split_adjusted', 'unknown'}
        What open, high, low and close are.
    """

    def declare(function: Function) -> Function:
        name, *_ = at = _place(function, "source")
        if price_basis not in PRICE_BASES:
            raise Misdeclared(
                f"source {name} has price_basis {price_basis!r}; expected {' or '.join(PRICE_BASES)}"
            )
        _check_text(f"source {name}", "text", text)
        _add("sources", DeclaredSource(*at, text, price_basis))
        return function

    return declare


def _place(function: Function, what: str) -> tuple[str, Function, str, int]:
    name = getattr(function, "__name__", "")
    code = getattr(function, "__code__", None)
    if code is None or not _NAME.fullmatch(name):
        raise Misdeclared(
            f"the {what} is called {name or repr(function)!r}; expected a function whose name is small letters, "
            "digits and _, beginning with a letter, at most 63 of them"
        )
    return name, function, code.co_filename, code.co_firstlineno


def _check_warm_up(owner: str, warm_up: object) -> None:
    if not isinstance(warm_up, int) or isinstance(warm_up, bool) or not 0 <= warm_up <= MOST_WARM_UP:
        raise Misdeclared(f"{owner} has warm_up {warm_up!r}; expected 0 to {MOST_WARM_UP:,} rows")


def _check_text(owner: str, name: str, text: object) -> None:
    if not isinstance(text, str) or not text.strip() or len(text) > MOST_TEXT or not text.isprintable():
        raise Misdeclared(f"{owner} has {name} {text!r}; expected one line of 1 to {MOST_TEXT} characters")


def _add(kind: str, declared: Declared) -> None:
    if not _collecting:
        return
    entries = getattr(_collecting[-1], kind)
    if any(entry.name == declared.name for entry in entries):
        raise Misdeclared(f"{kind[:-1]} {declared.name} comes twice")
    entries.append(declared)
