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


def drift_finding(frame: pd.DataFrame, drawn: pd.DataFrame | None = None) -> str:
    """Return whether drift reached a warning or an alarm in any report; empty where none ranked it.

    Parameters
    ----------
    frame : DataFrame
        As for :func:`auc_finding`: all reports, also several of one session.
    drawn : DataFrame, optional
        Those that the reader sees: without a warning, the highest of them is named; one in another report is said to be
        of an earlier one.

    Examples
    --------
    >>> import pandas as pd
    >>> drift_finding(pd.DataFrame({"drift_percentile": [43.0, 53.4]}))
    'Drift never reached a warning (95 of 100): at most 53.'
    >>> drift_finding(pd.DataFrame({"drift_percentile": [43.0, 97.0, 99.5]}))
    'Drift reached a warning (95 of 100) in 1 report and an alarm (99) in 1 report, of 3.'
    >>> both = pd.DataFrame({"drift_percentile": [68.3, 53.4]})
    >>> drift_finding(both, both[1:])
    'Drift never reached a warning (95 of 100): at most 53.'
    """
    ranks = frame["drift_percentile"].dropna()
    if ranks.empty:
        return ""
    alarms, warnings = int((ranks >= ALARM).sum()), int(((ranks >= WARN) & (ranks < ALARM)).sum())
    if not alarms + warnings:
        visible = ranks if drawn is None else drawn["drift_percentile"]
        return (
            f"Drift never reached a warning ({WARN:.0f} of 100): at most {percentile(float(visible.max()))}."
        )
    reached = [
        f"{name} in {counted(several, 'report')}"
        for name, several in (
            (f"a warning ({WARN:.0f} of 100)", warnings),
            (f"an alarm ({ALARM:.0f})", alarms),
        )
        if several
    ]
    return f"Drift reached {' and '.join(reached)}, of {len(ranks)}{_unseen(ranks, drawn)}."


def left_out_words(number: int, frame: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """Return how many earlier reports are not drawn, and their drift where it is larger than any drawn; empty for none.

    Parameters
    ----------
    number : int
        Reports that are left out as their session has a newer one.
    frame, drawn : DataFrame
        As for :func:`drift_finding`.

    Examples
    --------
    >>> import pandas as pd
    >>> both = pd.DataFrame({"drift_percentile": [68.3, 53.4]})
    >>> left_out_words(1, both, both[1:])
    '1 earlier report of the same sessions left out, with a drift of 68.'
    >>> left_out_words(2, both, both), left_out_words(0, both, both)
    ('2 earlier reports of the same sessions left out.', '')
    >>> left_out_words(1, both * float("nan"), both * float("nan"))
    '1 earlier report of the same sessions left out.'
    """
    if not number:
        return ""
    largest, drift = frame["drift_percentile"].max(), ""
    if largest > drawn["drift_percentile"].max():  # not where none is ranked
        drift = f", with a drift of {'up to ' if number > 1 else ''}{percentile(largest)}"
    return f"{counted(number, 'earlier report')} of the same sessions left out{drift}."


def _unseen(ranks: pd.Series[float], drawn: pd.DataFrame | None) -> str:
    """Return that the largest rank is of a report that is not drawn, empty where it is."""
    largest = None if drawn is None else drawn["drift_percentile"].max()
    return ", in an earlier report of a session" if largest is not None and not largest >= ranks.max() else ""
