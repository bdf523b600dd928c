"""Numbers as a page shows them, to be compared; what is stored keeps every digit."""

from __future__ import annotations

import re

from core.report.formatting import NA, count, decimal

_COUNT = re.compile(r"(?<![\w.,/-])\d{5,}(?= (?:rows|findings|sessions|predictions)\b)")
"""A whole number of something: any other may be a ticker, a date or a part of a digest."""


def plain_number(value: float | str | None) -> str:
    """Return a number with as many digits as anybody compares; a word as it is.

    >>> [plain_number(value) for value in (68.2927, 0.5032, -0.0118, 0.0002, 99.0, 12154, "same", 0.6, None)]
    ['68.3', '0.503', '-0.0118', '0.0002', '99', '12,154', 'same', '0.6', 'n/a']
    """
    if value is None:
        return NA
    if isinstance(value, str):
        return value
    if isinstance(value, int) or float(value).is_integer():
        return count(int(value))
    places = 1 if abs(value) >= 10 else 3 if abs(value) >= 0.1 else 4
    return decimal(value, places).rstrip("0").rstrip(".")


def three_digits(text: str) -> str:
    """Return a text whose numbers of four decimals have three digits, as every other measure has.

    >>> three_digits("0.2504 [0.2498, 0.2511]"), three_digits("18.3128"), three_digits("1.07"), three_digits("58.6%")
    ('0.250 [0.250, 0.251]', '18.3', '1.07', '58.6%')
    """
    return _FOUR_DECIMALS.sub(lambda match: decimal(float(match[0]), 3 - len(match[1].lstrip("0"))), text)


_FOUR_DECIMALS = re.compile(r"-?\b(\d{1,3})\.\d{4}\b")


def plain_counts(text: str) -> str:
    """Return a text whose counts have their thousands apart.

    >>> plain_counts("4 findings in 12154 rows of 600519 and 72030, 20130301")
    '4 findings in 12,154 rows of 600519 and 72030, 20130301'
    """
    return _COUNT.sub(lambda match: f"{int(match[0]):,}", text)
