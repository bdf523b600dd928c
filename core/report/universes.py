"""What a report says of a universe that changes: whose days count, who was renamed, and who has no price."""

from __future__ import annotations

from core.errors import listed
from core.report.formatting import count, counted
from core.tables import Body


def universe_facts(prices: Body) -> tuple[tuple[str, str], ...]:
    """Return how the universe changes and which tickers were renamed, where files say it."""
    pairs, source = [], prices.get("source") or {}
    if "membership" in prices:
        of = prices["membership"]
        text = (
            f"tickers of the day by a file ({of['sha256'][:12]}): {counted(of['tickers'], 'ticker')}, "
            f"{count(of['went_out'])} went out again; survivorship is dealt with as far as the file goes"
        )
        pairs.append(("Universe", text))
    for change in source.get("symbols") or ():
        text = (
            f"{change['old']} is {change['new']} from {change['date']} on ({counted(change['rows'], 'row')})"
        )
        pairs.append(("Renamed", text))
    return tuple(pairs)


def without_prices(membership: Body) -> list[str]:
    """Return that the universe has tickers without a price: those that vanished are most often among them."""
    absent = membership["without_prices"]
    if not absent:
        return []
    sentence = (
        f"{count(len(absent))} of {counted(membership['tickers'], 'ticker')} of the universe have no price: "
        f"{listed(absent)}. What is learnt, judged and held is flattered as far as these vanished (survivorship)."
    )
    return [sentence]
