"""Numbers in texts of an evaluation or a report as a page shows them; what is stored keeps every digit."""

from __future__ import annotations

import re

_LONG = re.compile(r"(-?)(\d+)(\.\d{3,})?")
_COUNT = re.compile(r"(?<![\w.,/-])\d{5,}(?= (?:rows|findings|sessions|predictions)\b)")
"""A whole number of something: any other may be a ticker, a date or a part of a digest."""


def plain_number(text: str) -> str:
    """Return a number with as many digits as anybody compares; every other text as it is.

    >>> [plain_number(text) for text in ("68.2927", "0.5032", "-0.0118", "0.0002", "99", "12154", "same", "0.6")]
    ['68.3', '0.503', '-0.0118', '0.0002', '99', '12,154', 'same', '0.6']
    """
    match = _LONG.fullmatch(text)
    if match is None:
        return text
    if match[3] is None:
        return f"{int(text):,}"
    value = float(text)
    places = 1 if abs(value) >= 10 else 3 if abs(value) >= 0.1 else 4
    return f"{value:.{places}f}"


def plain_counts(text: str) -> str:
    """Return a text whose counts have their thousands apart.

    >>> plain_counts("4 findings in 12154 rows of 600519 and 72030, 20130301")
    '4 findings in 12,154 rows of 600519 and 72030, 20130301'
    """
    return _COUNT.sub(lambda match: f"{int(match[0]):,}", text)
