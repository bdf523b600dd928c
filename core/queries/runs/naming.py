"""Which run is meant: ``latest``, an id, or the beginning of one. One rule for terminal and HTTP."""

from __future__ import annotations

from core.errors import ParameterError, listed, nearest
from core.journal import Journal, Run
from core.registry.choosing import known_profile, profiles_here, several
from core.registry.origins import runs_of
from core.request.settings import Settings

LATEST = "latest"
"""In place of the id of a run, or of the key of a report: the newest."""


def find_run(configured: Settings, journal: Journal, run_id: str, *, profile: str = "") -> Run:
    """Return the run with this id, or with an id that begins so.

    ``latest`` is the newest of the profile, or of the only one, whatever came of it.

    Raises
    ------
    ParameterError
        If no run or more than one answers to it, or there are several profiles and none was named.
    """
    if run_id == LATEST:
        profile = known_profile(configured, profile) if profile else ""
        names = [] if profile else profiles_here(configured)
        if len(names) > 1:
            raise several(names)
        newest = next(runs_of(configured, profile), None)
        if newest is None:
            raise ParameterError(
                f"there is no run{f' of profile {profile}' if profile else ''} yet",
                expected="a run",
                remedy="Run: afterclose run",
            )
        return newest
    exact = journal.run(run_id)
    if exact is not None:
        return exact
    recent = [run.run_id for run in journal.runs(limit=1000)]
    matches = [name for name in recent if name.startswith(run_id)]
    if len(matches) != 1:
        raise ParameterError(
            f"{'more than one' if matches else 'no'} run is called {run_id!r}"
            f"{f': {listed(matches)}' if matches else ''}",
            expected="latest, or the id of a run or its beginning, as in: afterclose runs",
            remedy="" if matches else nearest(run_id, recent).strip(),
        )
    match = journal.run(matches[0])
    assert match is not None, "it was listed just now"
    return match
