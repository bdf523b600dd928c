"""Units that stand behind a column's name or below it: currencies of prices, and words for shares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core import columns as col
from core.errors import SourceError, listed

UNIT = re.compile(
    r"\s*(?:\(([^()]*)\)|\[([^\[\]]*)\]|,\s*(\w+)|\s([A-Z]{3}))\s*$",
)
PRICE_UNITS = frozenset(
    [
        "usd",
        "eur",
        "gbp",
        "gbx",
        "jpy",
        "cny",
        "rmb",
        "hkd",
        "inr",
        "chf",
        "sek",
        "nok",
        "dkk",
        "pln",
        "brl",
        "cad",
        "aud",
        "krw",
        "twd",
        "rs",
        "p",
        "pence",
        "$",
        "€",
        "£",
        "¥",
        "₹",
        "元",
        "円",
        "원",
        "港元",
        "美元",
    ]
)
VOLUME_UNITS = frozenset(["shares", "share", "units", "stk", "stück", "st", "pcs", "nos", "股", "株", "주"])


_SAME_UNIT = {
    "p": "GBX", "pence": "GBX", "£": "GBP", "€": "EUR", "₹": "INR", "rs": "INR", "rmb": "CNY", "元": "CNY", "円": "JPY",
    "원": "KRW", "港元": "HKD", "美元": "USD",
}  # fmt: skip
"""Other words for a currency; a dollar or yen sign may be that of several."""


def _price_unit(cell: str) -> str:
    """Return the currency, or its hundredth, that stands behind a column's name, empty where none that is sure does.

    >>> [_price_unit(cell) for cell in ("Close (USD)", "Close (p)", "Close ($)", "Close")]
    ['USD', 'GBX', '', '']
    """
    match = UNIT.search(cell)
    unit = next((part for part in match.groups() if part is not None), "").strip().lower() if match else ""
    return _SAME_UNIT.get(unit, unit.upper() if unit in PRICE_UNITS and unit.isalpha() else "")


def refuse_units(cells: Sequence[str], chosen: Mapping[int, str], file: str) -> None:
    """Refuse columns of prices whose names say different currencies, or pence beside pounds.

    Parameters
    ----------
    cells : sequence of str
        The header's.
    chosen : mapping of int to str
        Our name of each place that has one.
    file : str
        For the message.

    Raises
    ------
    SourceError
        Naming the columns.
    """
    units: dict[str, str] = {}
    for place, name in chosen.items():
        if name in col.PRICE_VALUES and (unit := _price_unit(cells[place])):
            units.setdefault(unit, cells[place])
    if len(units) > 1:
        raise SourceError(
            f"{file} has prices in several units: {listed(list(units.values()))}",
            expected="all prices of a row in one currency",
            remedy="Take columns of one currency (--columns close=...,adj_close=...), or convert them.",
        )
