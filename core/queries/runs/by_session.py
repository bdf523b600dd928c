"""A run by its profile and the session that its report holds: how people name it. Read-only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import AftercloseError, ParameterError, nearest
from core.registry.origins import finished_runs, session_of_run
from core.store.artifacts import evaluation_at
from core.store.checkpoints import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.journal import Run
    from core.request.settings import Settings

MOST_SESSIONS = 400
"""Newest sessions that can be chosen; older ones are reached from the list of runs."""


def sessions(settings: Settings, profile: str) -> dict[str, str]:
    """Return the sessions that reports of a profile hold, the newest first, each with its newest run's id."""
    runs: dict[str, str] = {}
    for run in finished_runs(settings, profile):
        session = session_of_run(settings, run)
        if session:
            runs.setdefault(session, run.run_id)
        if len(runs) == MOST_SESSIONS:
            break
    return runs


def run_of(settings: Settings, profile: str, session: str = "") -> Run | None:
    """Return the newest finished run of a profile for a session, of the newest session where none is named.

    Returns
    -------
    Run or None
        None where no run of the profile finished with a report.

    Raises
    ------
    ParameterError
        If the profile has reports and none of them holds the session.
    """
    several = finished_runs(settings, profile)
    if not several or not session:
        return next(iter(several), None)
    by_session = {session_of_run(settings, run) or "": run for run in reversed(several)}
    if session not in by_session:
        raise ParameterError(
            f"no report of profile {profile} holds the session {session!r}",
            expected="a session that one of its reports holds",
            remedy=nearest(session, sorted(filter(None, by_session))).strip() or "Choose one above.",
        )
    return by_session[session]


@dataclass(frozen=True)
class NamedRun:
    """A run and what it did, with when where that does not tell it from the others of its session."""

    run_id: str
    name: str

    @property
    def link(self) -> str:
        """What a link to the only run of a session is called.

        >>> NamedRun("r1", "trained").link
        'Trained run'
        """
        return f"{self.name.capitalize()} run"


def runs_of_session(settings: Settings, profile: str, session: str) -> dict[str, NamedRun]:
    """Return the runs whose reports of a profile hold a session, by report: of each its newest run, newest first."""
    by_report: dict[str, Run] = {}
    for run in finished_runs(settings, profile):
        if session_of_run(settings, run) == session:
            by_report.setdefault(run.keys.get("report", ""), run)
    kinds = {key: _kind(settings, run) for key, run in by_report.items()}
    started = {key: (run.started_at or run.created_at)[:19] for key, run in by_report.items()}
    return {
        key: NamedRun(
            run.run_id, _apart(kinds[key], started[key], [started[k] for k in kinds if kinds[k] == kind])
        )
        for (key, run), kind in zip(by_report.items(), kinds.values(), strict=True)
    }


def _apart(kind: str, at: str, of_kind: Sequence[str]) -> str:
    """Return a name that tells a run from the others of its kind by as little of its start as is needed.

    >>> _apart("trained", "2026-03-02T21:05:09", ["2026-03-02T21:05:09"])
    'trained'
    >>> _apart("trained", "2026-03-02T21:05:09", ["2026-03-02T21:05:09", "2026-03-03T21:05:09"])
    'trained 2026-03-02'
    >>> _apart("trained", "2026-03-02T21:05:09", ["2026-03-02T21:05:09", "2026-03-02T07:00:00"])
    'trained 21:05:09'
    """
    days = {each[:10] for each in of_kind}
    if len(of_kind) == 1:
        return kind
    if len(days) == len(of_kind):
        return f"{kind} {at[:10]}"
    return f"{kind} {at[11:]}" if len(days) == 1 else f"{kind} {at.replace('T', ' ')}"


def _kind(settings: Settings, run: Run) -> str:
    """Return whether a run ``trained`` or ``scored``; of one whose evaluation cannot be read that it is ``made``."""
    try:
        mode = str(evaluation_at(Store(settings.data), run.keys["evaluate"])["mode"])
    except (AftercloseError, KeyError, ValueError, TypeError):
        mode = ""
    return {"train": "trained", "score": "scored"}.get(mode, "made")
