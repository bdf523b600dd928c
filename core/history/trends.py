"""How runs went over time: a row per report, oldest first, signed ones marked. EDGE (of its room)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.history.facts import Facts, readable
from core.journal import Journal
from core.store.checkpoints import Store

if TYPE_CHECKING:
    import pandas as pd

MOST = 200
"""Runs that are looked at: the newest."""

COLUMNS = {
    "auc": "AUC", "brier": "Brier score", "drift_percentile": "Largest drift percentile", "rows": "Rows",
    "findings": "Findings", "seconds": "Seconds",
}  # fmt: skip
"""What is drawn, and how it is called."""


def trends(store: Store, journal: Journal, *, most: int = MOST) -> pd.DataFrame:
    """Return a row for each of the newest runs that made a report, oldest first.

    Returns
    -------
    DataFrame
        ``run``, ``at`` (UTC), ``to`` (last session), ``mode``, ``standing``, ``signed`` (bool) and the
        columns of :data:`COLUMNS`; NaN where a figure is undefined. Runs whose checkpoints are gone or
        damaged are left out.
    """
    import pandas as pd

    runs = [run for run in journal.runs(limit=most) if run.target == "report" and run.state == "succeeded"]
    found = [each for run in reversed(runs) if (each := readable(store, journal, run)) is not None]
    frame = pd.DataFrame(
        [_row(each) for each in found], columns=["run", "at", "to", "mode", "standing", *COLUMNS]
    )
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame["signed"] = frame["standing"] == "signed"
    return frame


def _row(each: Facts) -> tuple[object, ...]:
    data = each.evaluation["data"]
    return (
        each.run.run_id, each.run.created_at, data["to"], each.evaluation["mode"], each.standing,
        each.metric("auc"), each.metric("brier"), each.worst_drift, data["rows_clean"],
        sum(each.findings.values()), each.seconds,
    )  # fmt: skip
