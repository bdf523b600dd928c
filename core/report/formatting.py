"""How numbers and names are written in the report; independent of locale, rounded in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

NA = "n/a"
HOLD, EQUAL_WEIGHT = "buy_and_hold", "equal_weight_daily"
HOLDINGS = (HOLD, EQUAL_WEIGHT)
"""Baselines that make no calls: they have returns only."""

ROWS_SHOWN = 40
"""Longest table of tickers; a list of thousands is in ``evaluation.json``, not in a report."""

_NAMES = {
    "majority": "Majority class",
    "previous_day_sign": "Previous day's sign",
    "reversal": "Reversal of the previous day",
    "always_up": "Always up",
    HOLD: "Buy and hold",
    EQUAL_WEIGHT: "Equal weights, rebalanced daily",
    "logistic_regression": "Logistic regression",
    "hist_gradient_boosting": "Gradient boosting",
}


def decimal(value: float | None, places: int) -> str:
    """Return ``value`` with ``places`` decimals, ``n/a`` for None; never a negative zero.

    Examples
    --------
    >>> decimal(-0.00004, 3), decimal(0.4984, 3), decimal(None, 3)
    ('0.000', '0.498', 'n/a')
    """
    if value is None:
        return NA
    text = f"{value:.{places}f}"
    return text.lstrip("-") if float(text) == 0 else text


def ratio(value: float | None) -> str:
    """Return an AUC or another measure between 0 and 1 with three decimals."""
    return decimal(value, 3)


def loss(value: float | None) -> str:
    """Return a Brier score or log loss with four decimals: models differ in the third."""
    return decimal(value, 4)


def share(value: float | None) -> str:
    """Return a share or a return as percent with one decimal.

    Examples
    --------
    >>> share(0.51349), share(-0.0021)
    ('51.3%', '-0.2%')
    """
    return NA if value is None else decimal(100 * value, 1) + "%"


def chance(value: float | None) -> str:
    """Return a probability as percent with one decimal, with more where it would read as one half and is none.

    Examples
    --------
    >>> chance(0.51349), chance(0.5), chance(0.49996), chance(0.500004)
    ('51.3%', '50.0%', '49.996%', '50.0004%')
    """
    if value is None:
        return NA
    percent = 100 * value
    texts = (decimal(percent, places) for places in range(1, 7))
    return next((text for text in texts if percent == 50 or float(text) != 50), repr(percent)) + "%"


def apart(
    value: float | None, bound: float | None, write: Callable[[float | None], str] = ratio
) -> tuple[str, str]:
    """Return a value and what it is held against, both with more decimals where they would read alike and are not.

    Examples
    --------
    >>> apart(0.50013, 0.5), apart(0.47731, 0.5), apart(0.5, 0.5)
    (('0.5001', '0.5000'), ('0.477', '0.500'), ('0.500', '0.500'))
    >>> apart(0.51306, 0.51344, share)
    ('51.31%', '51.34%')
    """
    texts = write(value), write(bound)
    if value is None or bound is None or value == bound or texts[0] != texts[1]:
        return texts
    unit = "%" if texts[0].endswith("%") else ""
    scale, decimals = 100 if unit else 1, len(texts[0].removesuffix(unit).partition(".")[2])
    closer = (
        tuple(decimal(scale * number, places) + unit for number in (value, bound))
        for places in range(decimals + 1, _MOST_DECIMALS + 1)
    )
    return next(((first, second) for first, second in closer if first != second), texts)


_MOST_DECIMALS = 9


def beside_zero(value: float | None, write: Callable[[float | None], str] = ratio) -> str:
    """Return a difference, with more decimals where it would read as 0 and is none.

    Examples
    --------
    >>> beside_zero(-0.00004), beside_zero(0.012), beside_zero(0.0), beside_zero(None)
    ('-0.00004', '0.012', '0.000', 'n/a')
    """
    return apart(value, 0.0, write)[0]


def percentile(value: float | None, places: int = 0) -> str:
    """Return of how many of 100 past windows the latest was further off, rounded down: a bound is reached or it is not.

    Examples
    --------
    >>> percentile(100 * 36 / 38), percentile(95.0), percentile(100 * 113 / 119, 1), percentile(100 * 57 / 100, 1)
    ('94', '95', '94.9', '57.0')
    """
    if value is None:
        return NA
    # a quotient of whole numbers may come out a hair below what it is
    return decimal(floor(value * 10**places + _HAIR) / 10**places, places)


_HAIR = 1e-9


def sharpe(value: float | None) -> str:
    """Return a Sharpe ratio with two decimals."""
    return decimal(value, 2)


def count(value: int | None) -> str:
    """Return a whole number with thousands separators.

    Examples
    --------
    >>> count(16410)
    '16,410'
    """
    return NA if value is None else f"{value:,d}"


def short_number(value: float | None) -> str:
    """Return a setting's number without empty decimals.

    Examples
    --------
    >>> short_number(5.0), short_number(2.5), short_number(1000)
    ('5', '2.5', '1,000')
    """
    if value is None:
        return NA
    return count(int(value)) if value == int(value) else repr(value)


def e_value(value: float | None) -> str:
    """Return an e-value in few digits: it grows without bound.

    Examples
    --------
    >>> e_value(0.8421), e_value(123.4), e_value(2.5e7)
    ('0.84', '123', '2.5e+07')
    """
    if value is None:
        return NA
    if value >= _LARGE_E_VALUE:
        return f"{value:.1e}"
    return decimal(value, 2 if value < _TWO_DECIMALS_BELOW else 0)


_TWO_DECIMALS_BELOW, _LARGE_E_VALUE = 100, 1e6


def counted(value: int | None, noun: str) -> str:
    """Return a count with its noun in the right number.

    Examples
    --------
    >>> counted(1, "row"), counted(2517, "session")
    ('1 row', '2,517 sessions')
    """
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


def bytes_text(value: int) -> str:
    """Return a number of bytes in the largest decimal unit that it fills.

    Examples
    --------
    >>> bytes_text(734), bytes_text(45_300), bytes_text(1_260_000_000)
    ('734 B', '45.3 kB', '1.3 GB')
    """
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if value >= 10**power:
            return f"{value / 10**power:,.1f} {unit}"
    return f"{value} B"


@dataclass(frozen=True)
class Metric:
    """A measure's key in the evaluation, its name for people and how its value is written."""

    key: str
    label: str
    write: Callable[[float | None], str]


METRICS = {
    metric.key: metric
    for metric in (
        Metric("auc", "AUC", ratio),
        Metric("precision", "Precision", share),
        Metric("recall", "Recall", share),
        Metric("hit_rate", "Hit rate", share),
        Metric("brier", "Brier score", loss),
        Metric("brier_skill", "Brier skill", share),
        Metric("log_loss", "Log loss", loss),
        Metric("long_flat_return", "Long/flat return a year", share),
        Metric("long_flat_sharpe", "Long/flat Sharpe ratio", sharpe),
        Metric("annual_return", "Return a year", share),
        Metric("sharpe", "Sharpe ratio", sharpe),
    )
}


def metric(key: str) -> Metric:
    """Return how the measure ``key`` is named and written; one not listed keeps its own name."""
    return METRICS.get(key) or Metric(key, spaced(key), loss)


def name(key: str) -> str:
    """Return the name for people of a baseline or model kind."""
    return _NAMES.get(key) or spaced(key)


def spaced(key: str) -> str:
    """Return an identifier as words."""
    return key.replace("_", " ")


def span(estimate: Mapping[str, Any], write: Callable[[float | None], str]) -> str:
    """Return the interval of ``{value, low, high}`` as ``[low, high]``, ``n/a`` when it has none."""
    low, high = estimate.get("low"), estimate.get("high")
    return NA if low is None or high is None else f"[{write(low)}, {write(high)}]"


def with_interval(estimate: Mapping[str, Any] | None, write: Callable[[float | None], str]) -> str:
    """Return the value of ``{value, low, high}``, and its interval where it has one; ``n/a`` of nothing.

    Examples
    --------
    >>> with_interval({"value": 0.47, "low": 0.45, "high": 0.49}, ratio), with_interval({"value": 0.47}, ratio)
    ('0.470 [0.450, 0.490]', '0.470')
    """
    estimate = estimate or {}
    figure, interval = write(estimate.get("value")), span(estimate, write)
    return figure if interval == NA else f"{figure} {interval}"


def minute(at: str | None, absent: str = "unknown time") -> str:
    """Return a time of the journal (ISO, UTC) to the minute, with its zone.

    Examples
    --------
    >>> minute("2026-03-02T21:05:09.123+00:00"), minute(None)
    ('2026-03-02 21:05 UTC', 'unknown time')
    """
    return f"{at[:16].replace('T', ' ')} UTC" if at else absent


def period(first: str | None, last: str | None) -> str:
    """Return ``first to last``, or ``n/a`` when there is no such period."""
    return NA if first is None or last is None else f"{first} to {last}"


def word(value: object) -> str:
    """Return a value of any JSON type in one line: text as it is, lists with commas.

    Examples
    --------
    >>> word({"rule": "jump", "tickers": ["A", "B"]}), word(None), word(True)
    ('rule: jump; tickers: A, B', 'none', 'yes')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {word(inner)}" for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(word(inner) for inner in value)
    return str(value)


def ends(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return all ``rows`` if they fit, else the first and last ones that together do."""
    if len(rows) <= ROWS_SHOWN:
        return tuple(rows)
    half = ROWS_SHOWN // 2
    return (*rows[:half], *rows[-half:])


def left_out(total: int, which: str) -> tuple[str, ...]:
    """Return the sentence that says which of ``total`` rows are shown, or nothing if all are."""
    if total <= ROWS_SHOWN:
        return ()
    return (f"{count(ROWS_SHOWN)} of {count(total)} shown: {which}. All are in evaluation.json.",)
