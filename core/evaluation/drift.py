"""Drift: how unusual the latest sessions are, ranked among past windows of the same length.

The usual fixed thresholds (KS p below .05, PSI above .25) fire constantly on prices when nothing but
time passes. So each column's current window is compared with all sessions before it, each past
window with all sessions before the current one but its own, and the severity is the current
window's rank among them.

The rank is that of PSI, one statistic chosen beforehand, because the largest of four percentiles
would raise the share of false warnings; the ranks of the others stand beside it in ``percentiles``.
The percentile is ``100 * (past windows with a smaller PSI) / (past windows + 1)``: under no change a
column reaches 95 in at most 5 % of cases, whatever the number of windows. With K past windows it
cannot pass ``100 * K / (K + 1)``: a warning needs 19 of them and an alarm 99 (25 years of quarters).
Several columns are watched, so a single warning among ten is common when nothing has changed; and columns
that are one series (a return and its lags, the distances from moving averages) drift together. Where columns
are counted, each family counts once, by the median percentile of its columns.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from statistics import median_low
from typing import TYPE_CHECKING, Any

import numpy as np

from core import columns as col
from core.measures.drift_statistics import EPSILON, PSI_BINS, Distances, SortedColumn
from core.measures.judged_rows import numbers
from core.measures.p_values import holm, ks_p

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Dates = NDArray[np.datetime64]

WARN, ALARM = 95.0, 99.0
MIN_ROWS = 60
"""Rows a window must have for its statistics to be ranked; fewer are mostly noise."""

MIN_WINDOWS = 19
"""Fewer past windows can never give a percentile of 95: 100 * 19 / 20."""

LEVELS = frozenset({*col.PRICES, "ma5", "ma10", "ma20", *col.ENRICHMENT})
"""Columns that drift by nature (price levels and their averages): never watched."""

_FAMILIES = (
    (re.compile(rf"{col.RETURN}|lag\d+"), col.RETURN),
    (re.compile(r"ma\d+_ratio"), "moving averages"),
)
"""Columns that are one series seen at other times or through other windows."""

_LAG = re.compile(r"lag(\d+)")

_STATISTICS = ("ks", "psi", "wasserstein", "js")
_RANKED = "psi"
_ALSO = ("percentiles", "previous_percentile")


@dataclass(frozen=True, eq=False)
class Windows:
    """The sessions cut from the end into windows of one length.

    Parameters
    ----------
    sessions : ndarray of datetime64, shape (sessions,)
        All sessions, rising.
    length : int
        Sessions in a window.
    """

    sessions: Dates
    length: int

    @property
    def past(self) -> int:
        """Number of whole windows before the current one."""
        return max(0, len(self.sessions) // self.length - 1)

    def of(self, dates: Dates) -> NDArray[np.integer]:
        """Return each date's window: 0 is the current one, 1 the one before; -1 an incomplete one."""
        # one more: a date after the last session is in no window
        back = len(self.sessions) - 1 - np.arange(len(self.sessions) + 1)
        window = np.where(back // self.length <= self.past, back // self.length, -1)
        place = np.searchsorted(self.sessions, dates)
        if self.past > np.iinfo(np.int16).max:
            return window.astype(np.int32)[place]
        return window.astype(np.int16)[place]


def windows(features: col.Columns, drift_sessions: int) -> Windows:
    """Return the windows over the dates of ``features``."""
    return Windows(np.unique(features[col.DATE].to_numpy("datetime64[s]")), drift_sessions)


def watched(model_features: Sequence[str]) -> tuple[str, ...]:
    """Return the columns to watch: what the model sees but no levels, the label and the prediction.

    >>> watched(("return", "ma5"))
    ('return', 'up_next', 'probability')
    """
    return (*(name for name in model_features if name not in LEVELS), col.UP_NEXT, col.PROBABILITY)


def family_of(column: str) -> str:
    """Return the family that a column counts in: its own name where it stands alone.

    >>> family_of("lag3"), family_of("ma5_ratio"), family_of("volatility20")
    ('return', 'moving averages', 'volatility20')
    """
    return next((family for pattern, family in _FAMILIES if pattern.fullmatch(column)), column)


@dataclass(frozen=True)
class Family:
    """Columns that count once: their median percentile now and in the window before, and their names."""

    percentile: float
    previous: float
    columns: tuple[str, ...]


def families(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Family]:
    """Return the families of the columns that are ranked, in the order of the columns."""
    members: dict[str, list[str]] = {}
    for name, entry in entries.items():
        if entry["percentile"] is not None:
            members.setdefault(family_of(name), []).append(name)
    return {
        family: Family(
            median_low(entries[name]["percentile"] for name in names),
            median_low(entries[name]["previous_percentile"] for name in names),
            tuple(names),
        )
        for family, names in members.items()
    }


def drift(
    features: col.Columns,
    predictions: col.Columns,
    model_features: Sequence[str],
    cut: Windows,
) -> dict[str, dict[str, Any]]:
    """Return drift by column: the four statistics, Holm-adjusted ``ks_p``, percentile and severity.

    Parameters
    ----------
    features : Table or pandas.DataFrame
        ``date``, the model's features and ``up_next``. Nulls are left out column by column.
    predictions : Table or pandas.DataFrame
        ``date`` and ``probability``, out of sample.
    model_features : sequence of str
        What the model sees; price levels among them are passed over.
    cut : Windows
        The windows.

    Returns
    -------
    dict
        Severity is ``ok``, ``warn`` (percentile from 95), ``alarm`` (from 99) or ``insufficient``
        (under 60 rows now, or under 19 past windows of 60 rows), always with ``reason``; ``family`` is what
        the column is counted in.
    """
    entries, names = {}, watched(model_features)
    for table, own in ((features, names[:-1]), (predictions, names[-1:])):
        window = cut.of(table[col.DATE].to_numpy("datetime64[s]"))
        of_return = None
        for name in own:
            if name in table:
                values = numbers(table, name)
                order = _order(name, values, of_return)
                of_return = order if name == col.RETURN else of_return
                values = values[order]  # as it came it is not in memory beside what follows
                entry = _column(values, window[order], cut.past)
            else:
                entry = _without(f"there is no column {name}")
            entries[name] = {**entry, "family": family_of(name)}
    tested = [name for name, entry in entries.items() if entry["ks_p"] is not None]
    for name, adjusted in zip(tested, holm([entries[n]["ks_p"] for n in tested]), strict=True):
        entries[name]["ks_p"] = adjusted
    return entries


def _column(values: NDArray[np.float64], window: NDArray[np.integer], past_windows: int) -> dict[str, Any]:
    """Return the entry of a column whose values rise, each with its window."""
    current = window == 0
    now = int(current.sum())
    before = len(values) - now
    if not now or not before:
        return _without(f"no value in the {'current' if not now else 'earlier'} sessions")
    distances = SortedColumn.of(values).distances([np.flatnonzero(current)])[0]
    entry = {**_json_numbers(distances), "ks_p": ks_p(distances.ks, before, now)}
    few = f"only {now} rows in the current window, at least {MIN_ROWS} are needed" if now < MIN_ROWS else ""
    values, window = values[~current], window[~current]
    past = [] if few else _past(values, window, past_windows, distances.wasserstein)
    return _ordered(entry | _judgement(distances, past, few))


def _order(
    name: str, values: NDArray[np.float64], of_return: NDArray[np.uint32] | None
) -> NDArray[np.uint32]:
    """Return where the values that are known stand, by value; in which order equal ones do changes no statistic.

    A lag is the return some rows earlier: where rows stand by ticker, the order of the returns gives its own without
    another sort. It is looked through, and only taken if it is one.
    """
    has_value = ~np.isnan(values)
    count = int(has_value.sum())
    lag = _LAG.fullmatch(name)
    if lag and of_return is not None:
        order: NDArray[np.uint32] = of_return[of_return < len(values) - int(lag[1])] + np.uint32(lag[1])
        order = order[has_value[order]]
        rising = values[order]
        if len(order) == count and (rising[1:] >= rising[:-1]).all():
            return order
    rows = np.flatnonzero(has_value).astype(np.uint32)
    sorted_rows: NDArray[np.uint32] = rows[np.argsort(values[rows])]
    return sorted_rows


def _past(
    values: NDArray[np.float64], window: NDArray[np.integer], count: int, wasserstein: float
) -> list[Distances]:
    """Return the statistics of each past window of enough rows against the rest of the past, beside the current."""
    rows = np.bincount(window[window >= 0], minlength=count + 1)
    enough = [k for k in range(1, count + 1) if rows[k] >= MIN_ROWS and rows[k] < len(window)]
    # whole numbers of 16 bits are counted, not compared: one sort gives the rows of every window, in their order
    order = np.argsort(window, kind="stable").astype(np.uint32)
    ends = np.cumsum(rows) + (len(window) - int(rows.sum()))
    places = [order[ends[k] - rows[k] : ends[k]] for k in enough]
    return SortedColumn.of(values).beside(places, wasserstein)


def _judgement(current: Distances, past: Sequence[Distances], few: str) -> dict[str, Any]:
    if not few and len(past) < MIN_WINDOWS:
        few = f"only {len(past)} past windows with at least {MIN_ROWS} rows, {MIN_WINDOWS} are needed"
    if few:
        return {"percentile": None, "severity": "insufficient", "reason": few} | dict.fromkeys(_ALSO)
    defined = [name for name in _STATISTICS if not np.isnan(getattr(current, name))]
    ranks = dict.fromkeys(_STATISTICS) | {name: _percentile(name, current, past) for name in defined}
    percentile = _percentile(_RANKED, current, past)
    severity = "alarm" if percentile >= ALARM else "warn" if percentile >= WARN else "ok"
    return {
        "percentile": percentile,
        "severity": severity,
        "reason": _reason(severity, current, past),
        "percentiles": ranks,
        # the window before, ranked among those before it: tells whether a drift grows or fades
        "previous_percentile": _percentile(_RANKED, past[0], past[1:]),
    }


def _percentile(name: str, current: Distances, past: Sequence[Distances]) -> float:
    value = getattr(current, name)
    smaller = sum(bool(getattr(window, name) < value) for window in past)
    return 100.0 * smaller / (len(past) + 1)


def _reason(severity: str, current: Distances, past: Sequence[Distances]) -> str:
    smaller = sum(window.psi < current.psi for window in past)
    text = f"PSI {current.psi:.3f} is larger than in {smaller} of {len(past)} past windows"
    needed = round(ALARM / (100 - ALARM))
    return (
        f"{text}; an alarm needs {needed} past windows" if severity == "warn" and len(past) < needed else text
    )


def _json_numbers(distances: Distances) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else float(value) for name, value in asdict(distances).items()}


def _without(reason: str) -> dict[str, Any]:
    empty = dict.fromkeys((*_STATISTICS, "ks_p", "percentile", *_ALSO))
    return _ordered({**empty, "severity": "insufficient", "reason": reason})


def _ordered(entry: dict[str, Any]) -> dict[str, Any]:
    keys = ("ks", "ks_p", "psi", "wasserstein", "js", "percentile", "severity", "reason", *_ALSO)
    if entry["wasserstein"] is None and entry["ks"] is not None:
        entry["reason"] += "; no Wasserstein distance: the reference does not vary"
    return {key: entry[key] for key in keys}


def window_description(features: col.Columns, cut: Windows) -> dict[str, Any]:
    """Return the windows' dates and rows and the conventions, for ``drift_window``."""
    window = cut.of(features[col.DATE].to_numpy("datetime64[s]"))
    current, reference = cut.sessions[-cut.length :], cut.sessions[: -cut.length]
    return {
        **_span("current", current), "current_sessions": len(current), **_span("reference", reference),
        "psi_bins": PSI_BINS, "js_bins": PSI_BINS, "binning": "deciles of the reference", "epsilon": EPSILON,
        "rows_current": int((window == 0).sum()), "rows_reference": int((window != 0).sum()),
        "past_windows": cut.past, "percentile_of": _RANKED,
    }  # fmt: skip


def _span(name: str, sessions: Dates) -> dict[str, str | None]:
    days = np.datetime_as_string(sessions.astype("datetime64[D]"))
    ends = (str(days[0]), str(days[-1])) if len(days) else (None, None)
    return {f"{name}_from": ends[0], f"{name}_to": ends[1]}
