"""What the figures of a profile's reports come to over time, in a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.evaluation.drift import ALARM, WARN
from core.evaluation.verdict import CHANCE
from core.report.formatting import apart, counted, percentile, ratio

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
    'Better than a coin toss in 1 of 2 reports. The newest AUC is 0.498; its interval, 0.484 to 0.512, holds 0.5.'
    >>> auc_finding(frame[1:])[0]
    'No better than a coin toss in the one report'
    >>> auc_finding(pd.concat([frame, frame * float("nan")], ignore_index=True))[0]
    'Better than a coin toss in 1 of 2 reports with enough new outcomes'
    """
    valued = frame.dropna(subset=["auc"])
    if valued.empty:
        return "", ""
    above, below = int((valued["auc_low"] > CHANCE).sum()), int((valued["auc_high"] < CHANCE).sum())
    total, last = len(valued), valued.iloc[-1]
    kind = "" if total == len(frame) else " with enough new outcomes"
    apart = [
        f"{word} a coin toss {_where(several, total)}{kind}"
        for word, several in (("better than", above), ("worse than", below))
        if several
    ]
    words = " and ".join(apart) or f"no better than a coin toss {_where(0, total)}{kind}"
    return words[0].upper() + words[1:], f". The newest AUC is {ratio(last['auc'])}{_interval(last)}."


def _interval(row: pd.Series[float]) -> str:
    """Return the interval of an AUC beside that of a coin toss, as the end of a sentence; empty where it has none."""
    low, high = row["auc_low"], row["auc_high"]
    if low != low:  # NaN differs from itself
        return ""
    where = "lies above" if low > CHANCE else "lies below" if high < CHANCE else "holds"
    bounds = (apart(bound, CHANCE)[0] for bound in (low, high))
    return f"; its interval, {' to '.join(bounds)}, {where} {CHANCE}"


def _where(several: int, total: int) -> str:
    if total == 1:
        return "in the one report"
    number = f"{several} of" if 0 < several < total else "each of" if several else "any of"
    return f"in {number} {total} reports"


def drift_finding(frame: pd.DataFrame) -> str:
    """Return whether drift reached a warning or an alarm in any report; empty where none ranked it.

    Parameters
    ----------
    frame : DataFrame
        As for :func:`auc_finding`: all reports, also several of one session.

    Examples
    --------
    >>> import pandas as pd
    >>> drift_finding(pd.DataFrame({"drift_percentile": [43.0, 53.4]}))
    'Drift never reached a warning (95 of 100): at most 53.'
    >>> drift_finding(pd.DataFrame({"drift_percentile": [43.0, 97.0, 99.5]}))
    'Drift reached a warning (95 of 100) in 1 report and an alarm (99) in 1 report, of 3.'
    """
    ranks = frame["drift_percentile"].dropna()
    if ranks.empty:
        return ""
    alarms, warnings = int((ranks >= ALARM).sum()), int(((ranks >= WARN) & (ranks < ALARM)).sum())
    if not alarms + warnings:
        return f"Drift never reached a warning ({WARN:.0f} of 100): at most {percentile(float(ranks.max()))}."
    reached = [
        f"{name} in {counted(several, 'report')}"
        for name, several in (
            (f"a warning ({WARN:.0f} of 100)", warnings),
            (f"an alarm ({ALARM:.0f})", alarms),
        )
        if several
    ]
    return f"Drift reached {' and '.join(reached)}, of {len(ranks)}."
