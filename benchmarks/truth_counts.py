"""How often intervals hold their truth and events happen, with exact binomial intervals, and what is aimed at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

Line = Mapping[str, Any]


def counts(panels: Sequence[Line]) -> dict[str, Any]:
    """Return how often each interval held its truth and each event happened."""
    names = dict.fromkeys(name for line in panels for name in line["intervals"])
    events = dict.fromkeys(name for line in panels for name in line["events"])
    return {
        "panels": len(panels),
        "seeds": _ranges([line["seed"] for line in panels]),
        "intervals": {
            n: _interval([p["intervals"][n] for p in panels if n in p["intervals"]]) for n in names
        },
        "events": {n: _event([p["events"][n] for p in panels if n in p["events"]]) for n in events},
    }


def _interval(entries: Sequence[Sequence[float]]) -> dict[str, float]:
    """Return of how many panels an interval holds its truth, lies below and above it, and its median width."""
    below, above = (sum(high < truth for _, _, high, truth in entries), sum(e[1] > e[3] for e in entries))
    return {
        "panels": len(entries),
        "holds": len(entries) - below - above,
        "below": below,
        "above": above,
        "width": round(median(high - low for _, low, high, _ in entries), 5),
        "mean": round(fmean(value for value, *_ in entries), 5),
        "truth": round(fmean(truth for *_, truth in entries), 5),
    }


def _event(answers: Sequence[bool]) -> dict[str, int]:
    return {"panels": len(answers), "yes": sum(answers)}


def _ranges(seeds: Iterable[int]) -> str:
    """Return seeds as ranges.

    >>> _ranges([0, 1, 2, 5])
    '0-2, 5'
    """
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)


def exact(yes: int, panels: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Clopper and Pearson 1934).

    >>> [round(end, 3) for end in exact(0, 100)]
    [0.0, 0.036]
    """
    from scipy.stats import beta

    low = float(beta.ppf(0.025, yes, panels - yes + 1)) if yes else 0.0
    high = float(beta.ppf(0.975, yes + 1, panels - yes)) if yes < panels else 1.0
    return low, high


def share(yes: int, panels: int) -> str:
    """Return a share with its interval.

    >>> share(95, 100)
    '.950 [.887, .984]'
    """
    low, high = exact(yes, panels)
    return f"{plain(yes / panels)} [{plain(low)}, {plain(high)}]"


def plain(value: float) -> str:
    text = f"{value:.3f}"
    return text.removeprefix("0") if value < 1 else text


AIM = (0.93, 0.97)
"""Coverage that is aimed at, of intervals of 95 %."""

ONE_SIDED = 0.03
"""Share of intervals on the wrong side of the truth that is aimed at, at most, on either side."""


def misses(counted: Mapping[str, Any]) -> bool:
    """Return whether a share lies outside what is aimed at.

    >>> misses({"panels": 100, "holds": 95, "below": 5, "above": 0})
    True
    """
    n = counted["panels"]
    sides = max(counted["below"], counted["above"]) / n
    return not AIM[0] <= counted["holds"] / n <= AIM[1] or sides > ONE_SIDED


def surely_misses(counted: Mapping[str, Any]) -> bool:
    """Return whether even the binomial interval of a share lies outside what is aimed at.

    >>> [surely_misses({"panels": 100, "holds": n, "below": 100 - n, "above": 0}) for n in (95, 80)]
    [False, True]
    """
    n = counted["panels"]
    low, high = exact(counted["holds"], n)
    sides = (exact(counted[side], n)[0] for side in ("below", "above"))
    return high < AIM[0] or low > AIM[1] or max(sides) > ONE_SIDED
