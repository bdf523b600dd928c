"""Which candidates were judged on the same sessions, by the journal's runs and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError, DataError
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Document
from core.tables.codec import decode

if TYPE_CHECKING:
    from core.journal import Journal, Run
    from core.paths import StoragePath

Body = Mapping[str, Any]

DEFAULT_SOURCE = "sample"
"""Where prices come from in a run that does not say it."""

MOST_RUNS = 2_000
"""Newest runs that are looked through."""


@dataclass(frozen=True)
class Candidate:
    """A model that was trained and judged.

    Parameters
    ----------
    model_id : str
    keys : mapping of str to str
        Checkpoint keys of the run that made it.
    body : mapping or None
        Its evaluation; None where the checkpoint is gone.
    """

    model_id: str
    keys: Mapping[str, str]
    body: Body | None


def line_of(run: Run) -> tuple[str, ...]:
    """Return what competing candidates share: the profile; of a run of before, source, name of the file and tickers."""
    if run.profile:
        return (run.profile,)
    tickers = sorted({name.strip().upper() for name in run.request.get("tickers", "").split(",")} - {""})
    return (run.request.get("source") or DEFAULT_SOURCE, PurePath(run.request.get("path", "")).name, *tickers)


def by_profile(root: StoragePath, journal: Journal, profile: str) -> list[list[Candidate]]:
    """Return the candidates of a profile, each model once, the first one first; those of before profiles apart."""
    lines: dict[tuple[str, ...], list[Candidate]] = {}
    read = _reader(root)
    for run in _runs(journal):
        if run.profile in ("", profile) and (candidate := _candidate(read, journal, run)) is not None:
            lines.setdefault(line_of(run), []).append(candidate)
    return [distinct(several) for several in lines.values()]


def candidates(root: StoragePath, journal: Journal, evaluation_key: str) -> list[Candidate]:
    """Return the candidates that compete with that of an evaluation, its own among them, the first one first."""
    read, runs = _reader(root), list(_runs(journal))
    own = next((run for run in runs if run.keys.get("evaluate") == evaluation_key), None)
    if own is None:
        return []
    line = line_of(own)
    several = [_candidate(read, journal, run) for run in runs if line_of(run) == line]
    body = next((c.body for c in several if c and c.keys.get("evaluate") == evaluation_key), None)
    mine = [c for c in several if c is not None and overlap(c.body, body)]
    return distinct(mine, prefer=evaluation_key)


def _runs(journal: Journal) -> Iterator[Run]:
    """Yield the runs that came to an evaluation, the oldest first."""
    for run in reversed(journal.runs(limit=MOST_RUNS)):
        if run.keys.get("evaluate") and run.keys.get("train_or_score"):
            yield run


def distinct(several: Sequence[Candidate], *, prefer: str = "") -> list[Candidate]:
    """Return each model once, where it first came: a run that is made again tries nothing new."""
    by_model: dict[str, Candidate] = {}
    for candidate in several:
        present = by_model.get(candidate.model_id)
        if present is None or (
            candidate.body and (present.body is None or candidate.keys["evaluate"] == prefer)
        ):
            by_model[candidate.model_id] = candidate
    return list(by_model.values())


def _candidate(read: Callable[[str], Body | None], journal: Journal, run: Run) -> Candidate | None:
    """Return the candidate that a run trained; None where it trained none, or failed to."""
    body = read(run.keys["evaluate"])
    if body is not None:
        model_id = (body.get("model") or {}).get("model_id")
        trained = body.get("mode") == "train" and not body["model"].get("retained")
        return Candidate(str(model_id), run.keys, body) if trained and model_id else None
    for event in journal.events(run.run_id):
        parameters = event.facts.get("parameters") or {}
        if (
            event.stage == "train_or_score"
            and event.state == "succeeded"
            and parameters.get("mode") == "train"
        ):
            model_id = event.facts.get("model_id")
            return Candidate(str(model_id), run.keys, None) if model_id else None
    return None


def _reader(root: StoragePath) -> Callable[[str], Body | None]:
    """Return what reads an evaluation by its key, each once; None for one that is gone or damaged."""
    store = Store(root)

    @cache
    def read(key: str) -> Body | None:
        try:
            artifact = decode(store.read(Slot("evaluate", key), "evaluation.json"), "evaluation.json")
        except (CheckpointError, DataError):
            return None
        return artifact.body if isinstance(artifact, Document) else None

    return read


def overlap(other: Body | None, own: Body | None) -> bool:
    """Return whether both were judged on some session; what is not known any more counts as a try."""
    if other is None or own is None:
        return True
    if other["from"] is None or own["from"] is None:
        return False
    return bool(other["from"] <= own["to"] and own["from"] <= other["to"])
