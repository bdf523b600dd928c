"""How runs went over time: a row per report, oldest first, signed ones marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from core.errors import AftercloseError
from core.journal import Journal, Run
from core.label import NEXT_SESSION, Label
from core.queries.runs.facts import facts
from core.queries.runs.run_labels import line_of_work
from core.request.settings import Settings
from core.review.standing import standing
from core.store.checkpoints import Slot, Store

if TYPE_CHECKING:
    import pandas as pd

MOST = 200
"""Runs that are looked at: the newest."""

COLUMNS = {
    "auc": "AUC", "brier": "Brier score", "drift_percentile": "Largest drift", "rows": "Rows of prices",
    "findings": "Findings", "seconds": "Duration in seconds",
}  # fmt: skip
"""The figures of a report, and how each is called."""

ROWS_ADDED = "rows_added"
"""How many more rows of prices a report has than the one before it (:func:`with_rows_added`)."""

_ABOUT = ("run", "at", "to", "mode", "profile", "standing")

LEAST_FOR_USUAL = 5
"""Reports of a profile below which nothing is called usual."""

LEVEL_PART = 50
"""A Brier score that moves by less than this part of itself is level: a fair coin's is 0.25."""

USUAL = (0.1, 0.9)
"""Quantiles between which a figure is usual: 8 of 10 earlier reports lay there."""


@dataclass(frozen=True)
class Figures:
    """What one report says, small enough to be kept: it never changes for a report and its digest.

    ``drift`` is the percentile of each watched column, None where there is too little history to rank it; ``label``
    names what was predicted.
    """

    to: str
    mode: str
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    brier: float | None
    drift_percentile: float | None
    rows: int
    findings: int
    drift: Mapping[str, float | None]
    label: str = NEXT_SESSION.name


@dataclass(frozen=True)
class ReportDigest:
    """A run and the digest of its report, which tells whether its figures were read before."""

    run: Run
    sha256: str


ReadFigures = Callable[[Store, Journal, ReportDigest], Figures]
"""Reads the figures of a run's report."""


def figures(store: Store, journal: Journal, report: ReportDigest) -> Figures:
    """Return what a run's report says; every artifact is verified as it is read.

    Raises
    ------
    AftercloseError
        If the run has no whole report.
    """
    each = facts(store, journal, report.run)
    data, auc = each.evaluation["data"], each.evaluation["performance"]["auc"]
    return Figures(
        data["to"], each.evaluation["mode"], auc.get("value"), auc.get("low"), auc.get("high"),
        each.metric("brier"), each.worst_drift, data["rows_clean"], sum(each.findings.values()),
        {column: drift["percentile"] for column, drift in each.evaluation["drift"].items()},
        Label.of(each.evaluation).name,
    )  # fmt: skip


def trends(
    settings: Settings, journal: Journal, *, most: int = MOST, read: ReadFigures = figures
) -> pd.DataFrame:
    """Return a row for each of the newest runs that made a report, oldest first.

    Parameters
    ----------
    read : callable
        Gives the figures of a report; a desk keeps them by its digest.

    Returns
    -------
    DataFrame
        ``run``, ``at`` (UTC), ``to`` (last session), ``mode``, ``profile`` (reports of another label than its newest
        stand apart, with the label behind its name), ``standing``, ``signed`` (bool), the
        columns of :data:`COLUMNS`, ``auc_low``, ``auc_high`` and ``drift``; NaN where a figure is undefined. Runs
        whose checkpoints are gone or damaged are left out.
    """
    import pandas as pd

    store = Store(settings.data)
    runs = [run for run in journal.runs(limit=most) if run.has_report]
    reports = [
        (run, each) for run in reversed(runs) if (each := _figures(store, journal, run, read)) is not None
    ]
    rows = [
        {
            "run": run.run_id, "at": run.created_at, "profile": line_of_work(settings, run), **asdict(each),
            "seconds": run.took_s(), "standing": standing(store, journal, run.keys["report"]).state,
        }
        for run, each in reports
    ]  # fmt: skip
    frame = pd.DataFrame(_by_label(rows), columns=[*_ABOUT, *COLUMNS, "auc_low", "auc_high", "drift"])
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame["signed"] = frame["standing"] == "signed"
    return frame


def _by_label(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows, oldest first, with the label in the name of a profile where it is not that of its newest report.

    >>> rows = [{"profile": "a", "label": "direction over the next 5 sessions"}, {"profile": "a", "label": "excess"}]
    >>> [row["profile"] for row in _by_label(rows)]
    ['a, direction over the next 5 sessions', 'a']
    """
    newest = {row["profile"]: row["label"] for row in rows}
    return [
        row
        if row["label"] == newest[row["profile"]]
        else row | {"profile": f"{row['profile']}, {row['label']}"}
        for row in rows
    ]


def newest_by_session(frame: pd.DataFrame, column: str = "run") -> pd.DataFrame:
    """Return of each profile and session the newest report, in the order of sessions.

    Parameters
    ----------
    column : str
        A report that has a value of it comes before a newer one that has none: a run that scored has no AUC.
    """
    by_value = frame.loc[frame[column].notna().sort_values(kind="stable").index]
    newest = by_value.drop_duplicates(["profile", "to"], keep="last")
    return newest.sort_values(["to", "at"], kind="stable", ignore_index=True)


def with_earlier(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return all reports with ``earlier``: whether their session has a newer one, by :func:`newest_by_session`."""
    newest = newest_by_session(frame, column)["run"]
    return frame.assign(earlier=~frame["run"].isin(newest))


def with_rows_added(frame: pd.DataFrame) -> pd.DataFrame:
    """Return reports with how many rows of prices each has more than the one before it of the same profile.

    Parameters
    ----------
    frame : DataFrame
        As :func:`trends` or :func:`newest_by_session` gives it.

    Returns
    -------
    DataFrame
        The same rows with :data:`ROWS_ADDED`; NaN for the first of a profile.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"profile": ["a", "b", "a"], "rows": [100, 7, 125]})
    >>> with_rows_added(frame)["rows_added"].tolist()
    [nan, nan, 25.0]
    """
    return frame.assign(**{ROWS_ADDED: frame.groupby("profile", sort=False)["rows"].diff()})


def usual(values: pd.Series[float]) -> tuple[float, float] | None:
    """Return the range in which 8 of 10 of a profile's figures lie, None for fewer than :data:`LEAST_FOR_USUAL`.

    Examples
    --------
    >>> import pandas as pd
    >>> usual(pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, None]))
    (1.4, 4.6)
    >>> usual(pd.Series([1.0, 2.0])) is None
    True
    """
    there = values.astype("float64").dropna()
    if len(there) < LEAST_FOR_USUAL:
        return None
    low, high = there.quantile(list(USUAL))
    return float(low), float(high)


@dataclass(frozen=True)
class LevelFigure:
    """A figure of a profile that stayed where it was: no line over time says more than its value."""

    profile: str
    low: float
    high: float
    reports: int


def level(values: pd.Series[float], column: str) -> tuple[float, float] | None:
    """Return the lowest and the highest of a figure that did not move, None of one that did or has no value.

    A count that stays is the same each time; a Brier score stays within a fiftieth of itself
    (:data:`LEVEL_PART`): its millionths are no news.

    Examples
    --------
    >>> import pandas as pd
    >>> level(pd.Series([4.0, 4.0, None]), "findings"), level(pd.Series([4.0, 5.0]), "findings")
    ((4.0, 4.0), None)
    >>> level(pd.Series([0.2504, 0.2506]), "brier"), level(pd.Series([0.25, 0.2]), "brier")
    ((0.2504, 0.2506), None)
    """
    there = values.astype("float64").dropna()
    if there.empty:
        return None
    low, high = float(there.min()), float(there.max())
    stays = low == high or (column == "brier" and high - low < abs(high) / LEVEL_PART)
    return (low, high) if stays else None


def level_figures(frame: pd.DataFrame, column: str) -> list[LevelFigure]:
    """Return what a figure stayed at in each profile that has a value of it; nothing where it moved in any.

    Parameters
    ----------
    frame : DataFrame
        As :func:`trends` gives it.
    """
    several = []
    for profile, values in frame.dropna(subset=[column]).groupby("profile", sort=False)[column]:
        bounds = level(values, column)
        if bounds is None:
            return []
        several.append(LevelFigure(str(profile), *bounds, len(values)))
    return several


def drift_by_session(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how unusual each watched column was in each report of one profile: columns by session, percentiles.

    Parameters
    ----------
    frame : DataFrame
        As :func:`newest_by_session` gives it, of one profile.

    Returns
    -------
    DataFrame
        Index the watched columns, the one with the highest percentile first; columns the sessions. NaN where a
        report did not rank the column.
    """
    import pandas as pd

    by_session = dict(zip(frame["to"], frame["drift"], strict=True))
    table = pd.DataFrame(by_session, dtype="float64")
    return table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable", na_position="last").index]


def _figures(store: Store, journal: Journal, run: Run, read: ReadFigures) -> Figures | None:
    """Return a report's figures, None where it or what it was made from is gone or damaged."""
    try:
        slot = Slot("report", run.keys["report"])
        meta = store.meta(slot)
        if meta is None or any(store.damage(s) for s in (slot, *(Slot(i.stage, i.key) for i in meta.inputs))):
            return None
        return read(store, journal, ReportDigest(run, meta.digests["report.txt"]))
    except (AftercloseError, KeyError):
        return None
