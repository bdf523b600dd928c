"""Numbers in what a person wrote that the evaluation does not have.

A statement is a measure's name with a number beside it ("an AUC of 0.62", "hit rate 55%", "9,000 rows").
It contradicts when no value of that measure anywhere in the evaluation (model, interval, baseline,
champion, ticker, period) is that number at the precision in which it was written. Thresholds are not
statements: a number after words such as "above" or "at least" is left alone. It is a hint for the writer
and stops nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.report.formatting import metric
from core.report.narrative import sections_of
from core.tables import Body

_NAMES = {
    "auc": r"AUC",
    "precision": r"precision",
    "recall": r"recall",
    "hit_rate": r"hit rate|accuracy",
    "brier_skill": r"Brier skill",
    "brier": r"Brier(?: score)?",
    "log_loss": r"log[ -]loss",
    "long_flat_sharpe": r"Sharpe(?: ratio)?",
}
_SAME = {"long_flat_sharpe": ("long_flat_sharpe", "sharpe")}

_NUMBER = r"(?P<number>[-+]?\d[\d,]*(?:\.\d+)?)(?P<percent>\s?%)?"
_COMPARED = re.compile(
    r"\b(above|below|over|under|least|most|than|exceed\w*|threshold|target|limit|beyond|from|between|if)\b",
    re.IGNORECASE,
)
_MEASURE = {
    key: re.compile(rf"\b(?:{names})\b(?P<gap>[^.;\n\d]{{0,40}}?)(?<![\w.]){_NUMBER}(?![\w.]*\d)", re.IGNORECASE)
    for key, names in _NAMES.items()
}  # fmt: skip
_COUNT = re.compile(r"(?<![\w.,])(?P<number>\d[\d,]*)\s+(?P<what>rows|sessions|tickers)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Contradiction:
    """One statement that the evaluation does not bear out.

    Parameters
    ----------
    section : str
        Where it stands.
    words : str
        The statement as it was written.
    evaluation : str
        What the evaluation has, in words.
    """

    section: str
    words: str
    evaluation: str


def contradictions(text: str, body: Body) -> list[Contradiction]:
    """Return the statements in the analyst's sections of ``text`` that ``body`` contradicts, in reading order.

    Parameters
    ----------
    text : str
        The report as it is now.
    body : mapping
        The evaluation.
    """
    return [
        Contradiction(section, words, expected)
        for section, written in sections_of(text).items()
        for words, expected in (*_measures(written, body), *_counts(written, body))
    ]


def _measures(written: str, body: Body) -> Iterator[tuple[str, str]]:
    for key, pattern in _MEASURE.items():
        for match in pattern.finditer(written):
            if _COMPARED.search(match["gap"]) or (key == "brier" and "skill" in match["gap"].lower()):
                continue
            values = [v for name in _SAME.get(key, (key,)) for v in _values(body, name)]
            if not any(_is(match, value) for value in values):
                yield " ".join(match[0].split()), _has(key, body)


def _is(match: re.Match[str], value: float) -> bool:
    """Return whether a number is ``value`` at the precision in which it was written."""
    number = match["number"].replace(",", "")
    decimals = len(number.partition(".")[2])
    scale = 100.0 if match["percent"] else 1.0
    # a hair more than half a unit: 0.5125 may be written 0.512 or 0.513
    unit = float(f"1e-{decimals}")
    return abs(float(number) - scale * value) <= 0.5 * unit * (1 + 1e-9)


def _values(part: Any, key: str) -> Iterator[float]:
    """Yield every number that stands under ``key`` anywhere, intervals included."""
    if isinstance(part, Mapping):
        if part.get("metric") == key:
            yield from _numbers({k: part.get(k) for k in ("difference", "low", "high")})
        for name, below in part.items():
            yield from _numbers(below) if name == key else _values(below, key)
    elif isinstance(part, list):
        for below in part:
            yield from _values(below, key)


def _numbers(part: Any) -> Iterator[float]:
    if isinstance(part, Mapping):
        for below in part.values():
            yield from _numbers(below)
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield float(part)


def _has(key: str, body: Body) -> str:
    estimate, write = body["performance"].get(key) or {}, metric(key).write
    if estimate.get("value") is None:
        return f"the evaluation has no {metric(key).label} for this model"
    interval = (
        ""
        if estimate.get("low") is None
        else f", interval {write(estimate['low'])} to {write(estimate['high'])}"
    )
    return f"the evaluation has {metric(key).label} {write(estimate['value'])}{interval}"


def _counts(written: str, body: Body) -> Iterator[tuple[str, str]]:
    for match in _COUNT.finditer(written):
        what, number = match["what"].lower(), int(match["number"].replace(",", ""))
        counts = (
            {len(body["data"]["tickers"]), len(body["by_ticker"])}
            if what == "tickers"
            else _whole(body, what)
        )
        if number not in counts:
            own = len(body["data"]["tickers"]) if what == "tickers" else body[what]
            yield match[0], f"the evaluation has {own:,} {what}"


def _whole(part: Any, what: str) -> set[int]:
    """Return every whole number under a key that names ``what``, such as ``rows_in``."""
    if isinstance(part, Mapping):
        own = {v for k, v in part.items() if what in k and isinstance(v, int) and not isinstance(v, bool)}
        return own.union(*(_whole(below, what) for below in part.values())) if part else own
    return set[int]().union(*(_whole(below, what) for below in part)) if isinstance(part, list) else set()
