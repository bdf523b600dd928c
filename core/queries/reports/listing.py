"""Reports by profile, the newest session first, and the one that is meant where none is named."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice

from core.errors import AftercloseError, ParameterError, listed
from core.journal import Journal, Run
from core.queries.runs.naming import LATEST
from core.registry.choosing import known_profile, profiles_here, several
from core.registry.origins import Origins, finished_runs, session_of_run
from core.request.settings import Settings
from core.review.publication import published
from core.review.standing import standing
from core.schedule.freshness import freshness_of
from core.store.artifacts import evaluation_at
from core.store.checkpoints import META, Slot, Store

UNSIGNED = ("draft", "in_review", "changes_requested", "rejected", "stale")
"""States of a report that waits for a person."""

MISSING = "missing"
"""State of a report that the journal names and whose files are not here: after a restore, or removed."""

DAMAGED = "damaged"
"""State of a report whose files, or those of its evaluation, are not what was committed."""


@dataclass(frozen=True)
class ReportEntry:
    """One report of a profile.

    Parameters
    ----------
    profile, report : str
        The profile and the report's key.
    session : str or None
        Last session (ISO) that it holds.
    state : str
        As :data:`core.review.standing.STATES` has it, :data:`DAMAGED`, or :data:`MISSING`.
    verdict : str
        On its predictions; empty where the evaluation cannot be read.
    published : bool
        Whether the document of the signature that stands is published, and whole.
    freshness : str or None
        Of the newest report of a profile: whether it holds the session that it should, as
        :data:`core.schedule.freshness.STATES` has it.
    run_id, created_at : str
        The newest run that made or found it.
    """

    profile: str
    report: str
    session: str | None
    state: str
    verdict: str
    published: bool
    run_id: str
    created_at: str
    freshness: str | None = None


def reports(settings: Settings, now: datetime, profile: str = "", *, limit: int = 20) -> list[ReportEntry]:
    """Return the reports of a profile, or of each, at most ``limit`` of each: the newest session first."""
    names = [known_profile(settings, profile)] if profile else profiles_here(settings)
    entries = []
    for name in names:
        own = list(islice(_of_profile(settings, name), limit))
        state = freshness_of(settings, now, name).state
        entries += [replace(entry, freshness=state if entry is own[0] else None) for entry in own]
    return sorted(entries, key=lambda entry: (entry.session or "", entry.created_at), reverse=True)


def newest_report(settings: Settings, profile: str) -> ReportEntry | None:
    """Return the newest report of a profile whose files are here, None where there is none."""
    return next(_there(settings, profile), None)


def newest_reports(settings: Settings) -> list[ReportEntry]:
    """Return the newest report of each profile whose files are here, by profile."""
    newest = (newest_report(settings, name) for name in profiles_here(settings, strict=True))
    return [entry for entry in newest if entry is not None]


def find_report(settings: Settings, text: str, profile: str, waiting: Collection[str] = UNSIGNED) -> str:
    """Return the key of the report that a command is about.

    Parameters
    ----------
    text : str
        A key or its beginning; empty or :data:`LATEST`: the newest report of the profile, of the only profile, or
        of the only one whose newest report is in one of the states ``waiting``.
    profile : str
        Its name, or empty.

    Raises
    ------
    ParameterError
        If there is none, more than one, or it is of another profile than the one named.
    """
    if text and text != LATEST:
        key = _matching(settings, text)
        origins = Origins(settings)
        if profile:
            origins.judge_read()
        owners = origins.of_key("report", key)
        if profile and owners and known_profile(settings, profile) not in owners:
            raise ParameterError(
                f"report {key} is of profile {listed(sorted(owners))}",
                expected=f"a report of profile {profile}",
                remedy=f"See: afterclose reports --profile {profile}",
                parameter="profile",
            )
        return key
    if profile:
        entry = next(_there(settings, known_profile(settings, profile)), None)
        if entry is None:
            raise _none_yet(f" of profile {profile}")
        return entry.report
    newest = newest_reports(settings)
    waiting_entries = [entry for entry in newest if entry.state in waiting]
    if not newest:
        raise _none_yet("")
    if len(newest) == 1 or len(waiting_entries) == 1:
        return (newest if len(newest) == 1 else waiting_entries)[0].report
    raise several([entry.profile for entry in newest])


def profile_of_report(settings: Settings, key: str, preferred: str = "") -> str:
    """Return the profile that a report belongs to: of several that share it the one ``preferred``, else the first."""
    return preferred or next(iter(sorted(Origins(settings).of_key("report", key))), "")


def _matching(settings: Settings, text: str) -> str:
    folder = settings.data / "checkpoints" / "report"
    names = sorted(meta.parent.name for meta in folder.glob(f"*/{META}"))
    matches = [name for name in names if name == text] or [name for name in names if name.startswith(text)]
    if len(matches) != 1:
        message = (
            f"{len(matches)} reports begin with {text!r}: {listed(matches)}"
            if matches
            else f"there is no report {text!r}"
        )
        raise ParameterError(
            message,
            expected=f"{LATEST}, or the key of a finished report or its beginning",
            remedy="See: afterclose reports",
        )
    return matches[0]


def _none_yet(whose: str) -> ParameterError:
    return ParameterError(
        f"there is no report{whose} yet", expected="a finished run", remedy="Run: afterclose run"
    )


def _there(settings: Settings, profile: str) -> Iterator[ReportEntry]:
    return (entry for entry in _of_profile(settings, profile) if entry.state != MISSING)


def _of_profile(settings: Settings, profile: str) -> Iterator[ReportEntry]:
    """Yield the reports of a profile, the newest session first, each once."""
    listed = set[str]()
    for run in finished_runs(settings, profile):
        key = run.keys.get("report", "")
        if key and key not in listed:
            listed.add(key)
            yield _entry(settings, profile, key, run)


@dataclass(frozen=True)
class ReportStanding:
    """Where the report of a run stands: its state as in :class:`ReportEntry`, and the verdict.

    Both are empty for a run that made no report.
    """

    report_state: str = ""
    verdict: str = ""


class RunReports:
    """The reports of runs; one that several runs share is looked at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._reports = settings, dict[str, ReportStanding]()

    @cached_property
    def _journal(self) -> Journal:
        return Journal(self._settings.data, self._settings.journal, read_only=True)

    def of_run(self, run: Run) -> ReportStanding:
        """Return where the report stands that a run made or confirmed."""
        key = run.keys.get("report", "")
        if not key or not run.has_report:
            return ReportStanding()
        if key not in self._reports:
            self._reports[key] = _run_report(self._settings, self._journal, key, run)
        return self._reports[key]

    def with_publication(self, run: Run) -> ReportStanding:
        """Return the same with ``published`` as the state of a signed report whose document is out."""
        report = self.of_run(run)
        out = report.report_state == "signed" and _is_out(self._settings, self._journal, run.keys["report"])
        return replace(report, report_state="published") if out else report


def _is_out(settings: Settings, journal: Journal, key: str) -> bool:
    return published(settings.data, journal, key) is not None


def _run_report(settings: Settings, journal: Journal, key: str, run: Run) -> ReportStanding:
    store = Store(settings.data)
    if not store.meta_path(Slot("report", key)).exists():
        return ReportStanding(MISSING)
    try:
        state = standing(store, journal, key).state
        body = evaluation_at(store, run.keys["evaluate"])
        return ReportStanding(state, str(body["verdict"]))
    except (AftercloseError, KeyError, ValueError):
        return ReportStanding(DAMAGED)


def _entry(settings: Settings, profile: str, key: str, run: Run) -> ReportEntry:
    journal = Journal(settings.data, settings.journal, read_only=True)
    report, session = _run_report(settings, journal, key, run), session_of_run(settings, run)
    out = report.report_state == "signed" and _is_out(settings, journal, key)
    return ReportEntry(
        profile, key, session, report.report_state, report.verdict, out, run.run_id, run.created_at
    )
