"""The runs that a page can be about, and what runs, models and reports are called there."""

from __future__ import annotations

import re

from core.journal import Run
from core.registry.origins import finished_runs, profile_of_run, runs_of
from core.request.settings import Settings

_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]+")


def run_name(run_id: str) -> str:
    """Return what a run is called on every page: when it was asked for (UTC); an id of another form as it is.

    >>> run_name("20130301T210500Z-abcdef"), run_name("nightly")
    ('2013-03-01 21:05:00', 'nightly')
    """
    match = _ID.fullmatch(run_id)
    return "{}-{}-{} {}:{}:{}".format(*match.groups()) if match else run_id


def run_mark(run_id: str) -> str:
    """Return the digits that tell runs apart which were asked for alike: the end of the id; another form as it is.

    >>> run_mark("20130301T210500Z-abcdef"), run_mark("nightly")
    ('abcdef', 'nightly')
    """
    return run_id.rpartition("-")[2] if _ID.fullmatch(run_id) else run_id


ID_DIGITS = 6
"""Of an id that a person compares; what is recorded or copied has all."""

_LONG_ID = re.compile(
    rf"(?<![\w./])(?=[0-9]*[a-f])(?=[a-f]*[0-9])([0-9a-f]{{{ID_DIGITS}}})[0-9a-f]{{6,58}}(?!\.?\w)"
)
"""Not a day or a figure, nor a piece of a file's name: letters and digits, and no name goes on around it."""


def short_ids(text: str) -> str:
    """Return text with the ids and digests in it cut to their first :data:`ID_DIGITS`; a run's id is not one of them.

    >>> short_ids("6f0d2bc3727d"), short_ids("2013-03-01-6f0d2bc3727d"), short_ids("20130301T210500Z-abcdef")
    ('6f0d2b', '2013-03-01-6f0d2b', '20130301T210500Z-abcdef')
    """
    return _LONG_ID.sub(r"\1", text)


def newest_shown(settings: Settings) -> Run | None:
    """Return what is shown where no run is named: of the profile at work last, the run of its newest report."""
    last = next((run for run in runs_of(settings, "") if run.has_report), None)
    profile = profile_of_run(settings, last) if last else ""
    return next(iter(finished_runs(settings, profile)), last) if profile else last


def line_of_work(settings: Settings, run: Run) -> str:
    """Return the profile that ``run`` belongs to; of a run that nothing tells it of any more, its source."""
    return profile_of_run(settings, run) or run.request.get("source") or str(settings["source"])
