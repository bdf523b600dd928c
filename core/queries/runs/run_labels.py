"""The runs that a page can be about, and what each is called there."""

from __future__ import annotations

from core.journal import Journal, Run
from core.request.profiles import PROFILE
from core.request.settings import Settings

MOST = 50
"""Newest finished runs to choose from; older ones are reached from the list of runs."""


def runs_to_show(journal: Journal, shown: Run, *, most: int = MOST) -> list[Run]:
    """Return the newest finished runs with a report, newest first; ``shown`` is always among them."""
    found = [run for run in journal.successes(most) if run.target == "report"]
    if all(run.run_id != shown.run_id for run in found):
        found = sorted([*found, shown], key=lambda run: run.seq, reverse=True)
    return found


def line_of_work(settings: Settings, run: Run) -> str:
    """Return what ``run`` is one of: its profile, else its source, with the path where that is what was read.

    Two files are two lines of work: that one went well says nothing about the other.
    """
    source = run.request.get("source") or str(settings["source"])
    path = run.request.get("path", "") if source == "files" else ""
    return run.request.get(PROFILE) or f"{source} {path}".strip()


def last_session(run: Run) -> str:
    """Return the label of a run's data, empty before it is planned.

    That is the last session asked for, else the name of the file; what the data hold is in the evaluation.
    """
    return run.keys.get("ingest", "").rpartition("-")[0]


def called(settings: Settings, run: Run) -> str:
    """Return a run in one line of a list: session, line of work and id; its state unless it succeeded."""
    state = "" if run.state == "succeeded" else run.state
    under = run.request.get(PROFILE) or run.request.get("source") or str(settings["source"])
    parts = (last_session(run), under, state, run.run_id)
    return " · ".join(part for part in parts if part)


def described(settings: Settings, run: Run, data_to: str | None = None) -> str:
    """Return what a page about ``run`` says of it: data, profile, source and state.

    Parameters
    ----------
    settings : Settings
    run : Run
    data_to : str or None
        Last session in its data, where an evaluation says it.
    """
    profile = run.request.get(PROFILE)
    session = f"data to {data_to}" if data_to else f"data {last_session(run) or 'not planned yet'}"
    under = f"profile {profile}" if profile else f"no profile, {line_of_work(settings, run)}"
    return f"{session}, {under}, {run.state}"
