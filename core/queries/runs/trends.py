"""How runs went over time: a row per report, oldest first, signed ones marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from core.errors import AftercloseError
from core.journal import Journal, Run
from core.journal.lengths import took_s
from core.queries.runs.facts import facts
from core.request.profiles import PROFILE
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

NAMED_TICKERS = 3
"""Tickers that the name of a line of work spells out."""


@dataclass(frozen=True)
class Figures:
    """What one report says, small enough to be kept: it never changes for a report and its digest."""

    to: str
    mode: str
    source: str
    input_name: str
    tickers: str
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
    data, values = each.evaluation["data"], each.parameters
    return Figures(
        data["to"], each.evaluation["mode"], str(values.get("source") or ""), str(values.get("input_name") or ""),
        str(values.get("tickers") or ""), each.metric("auc"), each.metric("brier"), each.worst_drift,
        data["rows_clean"], sum(each.findings.values()),
    )  # fmt: skip


def trends(store: Store, journal: Journal, *, most: int = MOST, read: ReadFigures = figures) -> pd.DataFrame:
    """Return a row for each of the newest runs that made a report, oldest first.

    Parameters
    ----------
    read : callable
        Gives the figures of a report; a desk keeps them by its digest.

    Returns
    -------
    DataFrame
        ``run``, ``at`` (UTC), ``to`` (last session), ``mode``, ``work`` (the name of its line of work: runs
        that differ in profile, source, file or tickers are not one line), ``standing``, ``signed`` (bool) and
        the columns of :data:`COLUMNS`; NaN where a figure is undefined. Runs whose checkpoints are gone or
        damaged are left out.
    """
    import pandas as pd

    runs = [run for run in journal.runs(limit=most) if run.target == "report" and run.state == "succeeded"]
    reports = [
        (run, each) for run in reversed(runs) if (each := _figures(store, journal, run, read)) is not None
    ]
    works = _works((run.request.get(PROFILE, ""), each) for run, each in reports)
    rows = [
        {
            "run": run.run_id, "at": run.created_at, "work": work, **asdict(each), "seconds": took_s(run),
            "standing": standing(store, journal, run.keys["report"]).state,
        }
        for (run, each), work in zip(reports, works, strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["run", "at", "to", "mode", "work", "standing", *COLUMNS])
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


def _works(several: Iterable[tuple[str, Figures]]) -> list[str]:
    """Return the name of each run's line of work; different ones never share a name."""
    names: dict[tuple[str, ...], str] = {}
    works = []
    for profile, each in several:
        key = (profile, each.source, each.input_name, each.tickers)
        if key not in names:
            name = _name(*key)
            same = sum(other == name or other.startswith(f"{name} (") for other in names.values())
            names[key] = f"{name} ({same + 1})" if same else name
        works.append(names[key])
    return works


def _name(profile: str, source: str, input_name: str, tickers: str) -> str:
    """Return a line of work in a few words.

    >>> _name("", "sample", "", "AAPL,AMZN,GOOG,IBM,MSFT")
    'sample, AAPL AMZN GOOG and 2 more'
    >>> _name("us-caps", "files", "prices.csv", "")
    'us-caps, prices.csv'
    """
    listed = [ticker for ticker in tickers.split(",") if ticker]
    more = f" and {len(listed) - NAMED_TICKERS} more" if len(listed) > NAMED_TICKERS else ""
    parts = (profile, input_name or source, " ".join(listed[:NAMED_TICKERS]) + more)
    return ", ".join(part for part in parts if part)
