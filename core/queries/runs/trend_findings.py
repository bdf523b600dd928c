"""What the figures of a profile's reports come to over time, in a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.evaluation.drift import ALARM, WARN
from core.evaluation.verdict import CHANCE
from core.report.formatting import counted, percentile, ratio, with_interval

if TYPE_CHECKING:
    import pandas as pd


def auc_finding(frame: pd.DataFrame) -> tuple[str, str]:
    """Return in how many reports the AUC differs from a coin toss, and its newest value; nothing without any.

    Parameters
    ----------
    frame : DataFrame
        Rows of :func:`core.queries.runs.trends.trends` of one profile, the newest last.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"auc": [0.53, 0.498], "auc_low": [0.51, 0.484], "auc_high": [0.55, 0.512]})
    >>> "".join(auc_finding(frame))
    'Better than a coin toss in 1 of 2 reports, by the interval of the AUC: newest 0.498 [0.484, 0.512].'
    >>> auc_finding(frame[1:])[0]
    'No better than a coin toss in the one report'
    """
    valued = frame.dropna(subset=["auc"])
    if valued.empty:
        return "", ""
    above, below = int((valued["auc_low"] > CHANCE).sum()), int((valued["auc_high"] < CHANCE).sum())
    total, last = len(valued), valued.iloc[-1]
    apart = [
        f"{word} a coin toss {_where(several, total)}"
        for word, several in (("better than", above), ("worse than", below))
        if several
    ]
    words = " and ".join(apart) or f"no better than a coin toss {_where(0, total)}"
    newest = with_interval({"value": last["auc"], **_bounds(last)}, ratio)
    return words[0].upper() + words[1:], f", by the interval of the AUC: newest {newest}."


def _bounds(row: pd.Series[float]) -> dict[str, float | None]:
    there = row["auc_low"] == row["auc_low"]  # NaN differs from itself
    return {part: float(row[f"auc_{part}"]) if there else None for part in ("low", "high")}


def _where(several: int, total: int) -> str:
    if total == 1:
        return "in the one report"
    number = f"{several} of" if 0 < several < total else "each of" if several else "any of"
    return f"in {number} {total} reports"


def drift_finding(frame: pd.DataFrame, drawn: pd.DataFrame | None = None) -> str:
    """Return whether drift reached a warning or an alarm in any report; empty where none ranked it.

    Parameters
    ----------
    frame : DataFrame
        As for :func:`auc_finding`: all reports, also several of one session.
    drawn : DataFrame, optional
        Those that the reader sees: a larger rank in another one is said to be of an earlier report.

    Examples
    --------
    >>> import pandas as pd
    >>> drift_finding(pd.DataFrame({"drift_percentile": [43.0, 53.4]}))
    'Drift never reached a warning (95 of 100): at most 53.'
    >>> drift_finding(pd.DataFrame({"drift_percentile": [43.0, 97.0, 99.5]}))
    'Drift reached a warning (95 of 100) in 1 report and an alarm (99) in 1 report, of 3.'
    >>> both = pd.DataFrame({"drift_percentile": [68.3, 53.4]})
    >>> drift_finding(both, both[1:])
    'Drift never reached a warning (95 of 100): at most 68, in an earlier report of a session.'
    """
    ranks = frame["drift_percentile"].dropna()
    if ranks.empty:
        return ""
    alarms, warnings = int((ranks >= ALARM).sum()), int(((ranks >= WARN) & (ranks < ALARM)).sum())
    if not alarms + warnings:
        most = f"at most {percentile(float(ranks.max()))}{_unseen(ranks, drawn)}"
        return f"Drift never reached a warning ({WARN:.0f} of 100): {most}."
    reached = [
        f"{name} in {counted(several, 'report')}"
        for name, several in (
            (f"a warning ({WARN:.0f} of 100)", warnings),
            (f"an alarm ({ALARM:.0f})", alarms),
        )
        if several
    ]
    return f"Drift reached {' and '.join(reached)}, of {len(ranks)}{_unseen(ranks, drawn)}."


def _unseen(ranks: pd.Series[float], drawn: pd.DataFrame | None) -> str:
    """Return that the largest rank is of a report that is not drawn, empty where it is."""
    largest = None if drawn is None else drawn["drift_percentile"].max()
    return ", in an earlier report of a session" if largest is not None and not largest >= ranks.max() else ""
