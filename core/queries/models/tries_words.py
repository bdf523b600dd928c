"""How a table says which of how many candidates a model is; without pandas, for the terminal as well."""

from __future__ import annotations

from core.report.formatting import NA, ratio
from core.tables import Body


def tries_words(tries: Body | None) -> str:
    """Return which of how many candidates a model is, and what the best of them reaches by chance.

    >>> tries_words({"number": 3, "count": 7, "best_by_chance_high": 0.5134}), tries_words(None)
    ('3 of 7; by chance up to 0.513', 'n/a')
    """
    if not tries:
        return NA
    place, best = f"{tries['number']} of {tries['count']}", tries["best_by_chance_high"]
    return place if best is None else f"{place}; by chance up to {ratio(best)}"
