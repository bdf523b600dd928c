"""Afterclose from Python: start a run, read what was made, ask SQL, decide.

Each function does what the command of its name does, on the data root of the working folder unless ``data`` names
another, and raises :class:`core.errors.AftercloseError` where the command would exit with a code.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from core.journal import Record, Run
    from core.queries.reports.listing import ReportEntry
    from core.registry.champions import Champion
    from core.request.settings import Settings
    from core.review.drafts import SignableText
    from core.review.people import Person

from core.queries.notebook import load, settings_at

__all__ = ["load", "promote", "query", "reports", "run", "sign", "text"]

_POLL_S = 0.2


def run(
    *, profile: str = "", target: str = "report", data: str | Path | None = None, **parameters: object
) -> Run:
    """Run the pipeline under a supervisor and return the run once it is over, whatever came of it.

    Parameters
    ----------
    profile : str
        A named set of parameters; empty: what ``parameters`` ask for.
    target : str
        The last stage wanted.
    data : str or Path, optional
        The data root.
    parameters : object
        As ``afterclose run --help`` lists them, with underscores: ``source="files", path="prices.csv"``.

    Returns
    -------
    Run
        Its ``state``, ``exit_code``, ``error`` and the ``keys`` of its checkpoints.

    Raises
    ------
    AftercloseError
        For every mistake that can be judged before a stage runs.
    """
    from core.journal import Journal
    from core.runs.launcher import launch

    settings = settings_at(data)
    request = {name: str(value) for name, value in parameters.items()} | (
        {"profile": profile} if profile else {}
    )
    started = launch(
        settings, request, person=_person(settings), how="python", folder=Path.cwd(), target=target
    )
    journal = Journal(settings.data, settings.journal, read_only=True)
    while True:
        state = journal.run(started.run_id)
        if state is not None and not state.active:
            return state
        time.sleep(_POLL_S)


def reports(profile: str = "", *, limit: int = 20, data: str | Path | None = None) -> list[ReportEntry]:
    """Return the reports of a profile, or of each: the newest session first, with state and verdict."""
    from core.queries.reports.listing import reports as listed

    return listed(settings_at(data), datetime.now(UTC), profile, limit=limit)


def query(sql: str, *, data: str | Path | None = None) -> pd.DataFrame:
    """Return the rows of one SQL statement over every artifact and the journal; see ``docs/query.md``."""
    from core.queries.sql import query as ask

    with ask(settings_at(data), sql) as result:
        return result.df()


def text(report: str, *, data: str | Path | None = None) -> SignableText:
    """Return the text that would be signed, a draft if there is one: its ``text`` and its ``sha256``."""
    from core.journal import Journal
    from core.review.drafts import signable
    from core.store.checkpoints import Store

    settings = settings_at(data)
    journal = Journal(settings.data, settings.journal, read_only=True)
    return signable(Store(settings.data), journal, report)


def promote(model: str, why: str, *, profile: str = "", data: str | Path | None = None) -> Champion:
    """Make a model the champion of its profile, or of the one named, and return it; the decision is on record."""
    from core.review.decisions import promote as decide

    settings = settings_at(data)
    champion, _ = decide(settings, model, why, person=_person(settings), profile=profile)
    return champion


def sign(
    report: str,
    digest: str,
    *,
    meaning: str = "approved",
    comment: str = "",
    data: str | Path | None = None,
) -> Record:
    """Sign a report and return the record.

    Parameters
    ----------
    report : str
        Its key.
    digest : str
        SHA-256 of the text that was read (:func:`text`): what stands there now must be that.
    meaning : {'approved', 'reviewed'}
    comment : str
        Needed while a section is unwritten.
    """
    from core.journal import Journal
    from core.review import signoff

    settings = settings_at(data)
    journal = Journal(settings.data, settings.journal)
    return signoff.sign(
        settings,
        journal,
        report,
        text_sha256=digest,
        person=_person(settings),
        meaning=meaning,
        comment=comment,
    )


def _person(settings: Settings) -> Person:
    from core.review.people import local_person

    return local_person(settings)
