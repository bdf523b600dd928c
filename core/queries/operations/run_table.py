"""Runs as rows of a table: what each was for, what came of it stage by stage, and which attempts belong together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import AftercloseError
from core.journal import Journal, Run
from core.journal.runs_and_drafts import REACHED
from core.queries.reports.listing import ReportStanding, RunReports
from core.queries.runs.progress import StageView, stage_views
from core.queries.runs.run_labels import line_of_work
from core.queries.runs.search import RunFilter, find_runs
from core.registry.origins import session_of_run
from core.request.settings import Settings
from core.review.annotations import Annotation, annotations_of
from core.review.aside import runs_put_aside

MOST_TIED = 500
"""Newest runs among which attempts are looked for, and reports by their state."""

_NO_MATTER = ("waivers", "force")
"""Options in which another attempt may differ: a finding was accepted, or a stage made anew."""


@dataclass(frozen=True)
class Attempt:
    """Which attempt a run was at what its request asks for: ``number`` of ``of``; the runs of all, oldest first."""

    number: int
    of: int
    runs: tuple[str, ...]


@dataclass(frozen=True)
class RunRow:
    """One run in the table.

    Parameters
    ----------
    run : Run
    profile : str
    session : str
        Last session (ISO) in its report; empty without one.
    report : ReportStanding
        How its report stands (``published`` where it is), and the verdict; both empty without one.
    stages : tuple of StageView
    took_s : float or None
        Seconds, up to now while it goes.
    annotation : Annotation
    attempt : Attempt or None
        None for a run that was alone.
    aside : bool
        Whether it is put aside.
    """

    run: Run
    profile: str
    session: str
    report: ReportStanding
    stages: tuple[StageView, ...]
    took_s: float | None
    annotation: Annotation
    attempt: Attempt | None
    aside: bool


@dataclass(frozen=True)
class TableFilter:
    """Which runs are asked for, beyond what the journal itself can tell.

    Parameters
    ----------
    base : RunFilter
    report : str
        State of the report; empty for any. Of the newest :data:`MOST_TIED` runs.
    tag : str
        Empty for any.
    aside : bool
        Also those that are put aside.
    sort : str
        One of :data:`core.queries.runs.search.SORTS`.
    """

    base: RunFilter
    report: str = ""
    tag: str = ""
    aside: bool = False
    sort: str = "started"
    ascending: bool = False


@dataclass(frozen=True)
class RowPage:
    """A page of rows, how many runs match, which page it is (from 1), and how many are left out as put aside."""

    rows: list[RunRow]
    count: int
    page: int
    put_aside: int


def table(
    settings: Settings, journal: Journal, criteria: TableFilter, now: datetime, *, page: int, size: int
) -> RowPage:
    """Return a page of the runs that match. Read-only."""
    written, aside = annotations_of(journal), frozenset(runs_put_aside(journal))
    within: frozenset[str] | None = None
    if criteria.tag:
        within = frozenset(run_id for run_id, each in written.items() if criteria.tag in each.tags)
    if criteria.report:
        in_state = _with_report(settings, journal, criteria.report)
        within = in_state if within is None else within & in_state
    left_out = frozenset() if criteria.aside else aside
    narrowed = replace(criteria.base, within=within, without=left_out)
    matches = find_runs(
        journal, narrowed, page=page, size=size, sort=criteria.sort, ascending=criteria.ascending
    )
    several = rows(settings, journal, matches.runs, now)
    return RowPage(several, matches.count, matches.page, len(left_out))


def rows(settings: Settings, journal: Journal, runs: Sequence[Run], now: datetime) -> list[RunRow]:
    """Return runs as rows, in the same order."""
    events, reports = journal.events_of([run.run_id for run in runs]), RunReports(settings)
    written, aside = annotations_of(journal), runs_put_aside(journal)
    tied = attempts(journal.runs(limit=MOST_TIED)) if runs else {}
    return [
        RunRow(
            run,
            line_of_work(settings, run),
            session_of_run(settings, run) or "",
            reports.with_publication(run),
            tuple(stage_views(run, events[run.run_id], now)),
            run.took_s(now),
            written.get(run.run_id, Annotation()),
            tied.get(run.run_id),
            run.run_id in aside,
        )
        for run in runs
    ]


def _with_report(settings: Settings, journal: Journal, state: str) -> frozenset[str]:
    reports, ids = RunReports(settings), set[str]()
    for run in journal.runs(limit=MOST_TIED):
        try:
            report = reports.with_publication(run)
        except AftercloseError:
            continue
        if report.report_state == state:
            ids.add(run.run_id)
    return frozenset(ids)


def attempts(runs: Iterable[Run]) -> dict[str, Attempt]:
    """Return which runs are attempts at one thing: the same request, asked again until one of them came to an end.

    Parameters
    ----------
    runs : iterable of Run
        Newest first.

    Returns
    -------
    dict
        By run id; a run that was alone is not in it.
    """
    chains: list[list[Run]] = []
    going: dict[str, list[Run]] = {}
    for run in reversed(list(runs)):
        request = {name: text for name, text in run.request.items() if name not in _NO_MATTER}
        subject = json.dumps([run.profile, run.target, request], sort_keys=True)
        chain = going.get(subject)
        if chain is None or chain[-1].state in REACHED:
            chain = going[subject] = []
            chains.append(chain)
        chain.append(run)
    return {
        run.run_id: Attempt(number, len(chain), tuple(each.run_id for each in chain))
        for chain in chains
        if len(chain) > 1
        for number, run in enumerate(chain, 1)
    }
