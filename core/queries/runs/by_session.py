"""A run by its profile and the session that its report holds: how people name it. Read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ParameterError, nearest
from core.registry.origins import finished_runs, session_of_run

if TYPE_CHECKING:
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
