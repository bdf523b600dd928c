"""What the journal and the checkpoints tell, as rows of the tables that a question in SQL may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from core.journal import Journal
from core.journal.schedules import Schedules
from core.registry.origins import profile_of_run, runs_of, session_of_run
from core.request.settings import Settings
from core.store.checkpoints import Store
from core.store.lineage import slots


def _runs(settings: Settings) -> Iterator[dict[str, Any]]:
    for run in runs_of(settings, ""):
        row = asdict(run) | {
            "profile": profile_of_run(settings, run),
            "session": session_of_run(settings, run),
        }
        yield {name: row[name] for name in COLUMNS["runs"]}


def _run_keys(settings: Settings) -> Iterator[dict[str, Any]]:
    for run in runs_of(settings, ""):
        yield from ({"run_id": run.run_id, "stage": stage, "key": key} for stage, key in run.keys.items())


def _events(settings: Settings) -> Iterator[dict[str, Any]]:
    journal = Journal.find(settings.data, settings.journal)
    for run in runs_of(settings, "") if journal else ():
        for event in journal.events(run.run_id) if journal else ():
            row = asdict(event)
            yield {"run_id": run.run_id} | {name: row[name] for name in ("at", "stage", "state", "facts")}


def _records(settings: Settings) -> Iterator[dict[str, Any]]:
    journal = Journal.find(settings.data, settings.journal)
    for record in journal.records() if journal else ():
        row = asdict(record)
        words = {name: row["content"].get(name) for name in ("at_utc", "user", "role", "meaning", "comment")}
        yield {
            "seq": row["seq"],
            "kind": row["kind"],
            "subject": row["subject"],
            **words,
            "content": row["content"],
        }


def _schedules(settings: Settings) -> Iterator[dict[str, Any]]:
    journal = Schedules.find(settings.data, settings.journal)
    stored = journal.schedules() if journal else []
    yield from ({name: asdict(each)[name] for name in COLUMNS["schedules"]} for each in stored)


def _checkpoints(settings: Settings) -> Iterator[dict[str, Any]]:
    store = Store(settings.data)
    for slot in slots(settings.data):
        meta = store.readable_meta(slot)
        for name, artifact in (meta.artifacts if meta else {}).items():
            facts = {fact: artifact.get(fact) for fact in ("rows", "bytes", "sha256")}
            yield {
                "stage": slot.stage,
                "key": slot.key,
                "file": name,
                **facts,
                "path": str(store.folder(slot) / name),
            }


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "runs": (
        "run_id", "profile", "session", "state", "target", "who", "how", "created_at", "started_at", "ended_at",
        "seconds", "exit_code", "error",
    ),
    "run_keys": ("run_id", "stage", "key"),
    "events": ("run_id", "at", "stage", "state", "facts"),
    "records": ("seq", "kind", "subject", "at_utc", "user", "role", "meaning", "comment", "content"),
    "schedules": ("name", "state", "body", "since", "created_at", "who"),
    "checkpoints": ("stage", "key", "file", "rows", "bytes", "sha256", "path"),
}  # fmt: skip
"""Columns of each table, in order."""

JOURNAL: Mapping[str, tuple[str, Callable[[Settings], Iterator[dict[str, Any]]]]] = {
    "runs": ("a run, however it was started", _runs),
    "run_keys": ("the checkpoint of a stage of a run", _run_keys),
    "events": ("a change of a stage's state", _events),
    "records": ("a decision, signature or other act on record", _records),
    "schedules": ("a schedule", _schedules),
    "checkpoints": ("a file of a checkpoint", _checkpoints),
}
"""Name of a table -> what a row is, and its rows."""
