"""How runs went over time: a row per report, oldest first, signed ones marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from core.errors import AftercloseError
from core.journal import Journal, Run
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
    "auc": "AUC", "brier": "Brier score", "drift_percentile": "Largest drift percentile", "rows": "Rows",
    "findings": "Findings", "seconds": "Seconds",
}  # fmt: skip
"""What is drawn, and how it is called."""


@dataclass(frozen=True)
class Figures:
    """What one report says, small enough to be kept: it never changes for a report and its digest."""

    to: str
    mode: str
    auc: float | None
    brier: float | None
    drift_percentile: float | None
    rows: int
    findings: int


@dataclass(frozen=True)
class RunReport:
    """A run and the digest of its report, which tells whether its figures were read before."""

    run: Run
    sha256: str


ReadFigures = Callable[[Store, Journal, RunReport], Figures]
"""Reads the figures of a run's report."""


def figures(store: Store, journal: Journal, report: RunReport) -> Figures:
    """Return what a run's report says; every artifact is verified as it is read.

    Raises
    ------
    AftercloseError
        If the run has no whole report.
    """
    each = facts(store, journal, report.run)
    data = each.evaluation["data"]
    return Figures(
        data["to"], each.evaluation["mode"], each.metric("auc"), each.metric("brier"), each.worst_drift,
        data["rows_clean"], sum(each.findings.values()),
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
        ``run``, ``at`` (UTC), ``to`` (last session), ``mode``, ``profile``, ``standing``, ``signed`` (bool) and
        the columns of :data:`COLUMNS`; NaN where a figure is undefined. Runs whose checkpoints are gone or
        damaged are left out.
    """
    import pandas as pd

    store = Store(settings.data)
    runs = [run for run in journal.runs(limit=most) if run.target == "report" and run.state == "succeeded"]
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
    frame = pd.DataFrame(rows, columns=["run", "at", "to", "mode", "profile", "standing", *COLUMNS])
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame["signed"] = frame["standing"] == "signed"
    return frame


def _figures(store: Store, journal: Journal, run: Run, read: ReadFigures) -> Figures | None:
    """Return a report's figures, None where it or what it was made from is gone or damaged."""
    try:
        slot = Slot("report", run.keys["report"])
        meta = store.meta(slot)
        if meta is None or any(store.damage(s) for s in (slot, *(Slot(i.stage, i.key) for i in meta.inputs))):
            return None
        return read(store, journal, RunReport(run, meta.digests["report.txt"]))
    except (AftercloseError, KeyError):
        return None
