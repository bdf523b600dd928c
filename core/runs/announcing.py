"""Notices at the end of a run: it failed, its report waits for them, prices have drifted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import AftercloseError, CheckpointError
from core.journal import Journal, Run
from core.journal.faults import JournalError
from core.journal.runs_and_drafts import REACHED
from core.notices.outgoing import Notice, notify
from core.registry.origins import profile_of_run
from core.request.settings import Settings
from core.review.standing import standing
from core.runs.log import RunLog
from core.seals.judged_journal import EditedMeanwhileError, judged_journal
from core.store.artifacts import evaluation_at
from core.store.checkpoints import Store


def announce(settings: Settings, run_id: str, state: str) -> str | None:
    """Send the notices that the end of a run gives cause for, and return what was not sent. Never raises.

    A run that was cancelled, interrupted or busy gives none; nor does one that found everything there.

    Parameters
    ----------
    state : str
        How the run ended; believed when the journal cannot be read.
    """
    if not settings["notices_urls"]:
        return None
    log = RunLog(settings.data, run_id)
    troubles = []
    for notice in _notices(settings, run_id, state):
        trouble = notify(settings, notice)
        if trouble:
            troubles.append(trouble)
            log.write("notice_not_sent", level="warning", reason=trouble)
        else:
            log.write("notice_sent", notice=notice.event)
    return "; ".join(troubles) or None


def _notices(settings: Settings, run_id: str, state: str) -> list[Notice]:
    try:
        journal = Journal(settings.data, settings.journal, read_only=True)
        run = journal.run(run_id)
        fresh = {event.stage for event in journal.events(run_id) if event.state == "started"}
        return list(_causes(settings, journal, run, fresh)) if run else _blindly(run_id, state)
    except (AftercloseError, OSError):
        return _blindly(run_id, state)


def _blindly(run_id: str, state: str) -> list[Notice]:
    """Return the notices for a run that is in no journal."""
    if state != "failed":
        return []
    text = f"Run {run_id} failed. It is not in the journal."
    return [Notice("failed", "Afterclose: a run failed", text)]


def _causes(settings: Settings, journal: Journal, run: Run, fresh: set[str]) -> Iterator[Notice]:
    profile, about = profile_of_run(settings, run) or "", {"run": run.run_id}
    whose = f" of profile {profile}" if profile else ""
    if run.state == "failed":
        reason = run.error or f"exit code {run.exit_code}"
        text = f"Run {run.run_id}{whose} failed: {reason}"
        yield Notice("failed", "Afterclose: a run failed", text, "run", about, profile=profile)
    if run.state not in REACHED or "report" not in run.keys:
        return
    store, key = Store(settings.data), run.keys["report"]
    evaluation = _evaluation(store, run)
    if "evaluate" in fresh:
        alarms = sorted(
            name for name, statistics in _drift(evaluation).items() if statistics.get("severity") == "alarm"
        )
        if alarms:
            text = f"Run {run.run_id}{whose}: drift alarm for {', '.join(alarms)}."
            yield Notice("drift", "Afterclose: drift alarm", text, "model", about, profile=profile)
    if (fresh or run.state == "waiting") and _is_unsigned(store, journal, key):
        verdict = f" Its verdict: {evaluation['verdict']}." if "verdict" in evaluation else ""
        text = f"Report {key} of run {run.run_id}{whose} waits for a person to read and sign it.{verdict}"
        yield Notice(
            "waiting", "Afterclose: a report waits for your signature", text, "report", about, profile=profile
        )


def _is_unsigned(store: Store, journal: Journal, report_key: str) -> bool:
    """Return whether no signature that counts stands under a report; where nobody can say it, a person looks."""
    try:
        return standing(store, judged_journal(journal), report_key).state != "signed"
    except (JournalError, CheckpointError, EditedMeanwhileError):
        return True


def _drift(evaluation: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    drift = evaluation.get("drift") or {}
    return {name: statistics for name, statistics in drift.items() if isinstance(statistics, dict)}


def _evaluation(store: Store, run: Run) -> Mapping[str, Any]:
    """Return the run's evaluation; empty when it names none (a publication)."""
    if "evaluate" not in run.keys:
        return {}
    return evaluation_at(store, run.keys["evaluate"])
