"""Which candidates were judged on the same sessions, by the journal's runs and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from core.errors import CheckpointError, DataError
from core.journal import Journal
from core.registry.origins import profile_of_run, runs_of
from core.store.artifacts import evaluation_at
from core.store.checkpoints import Store
from core.tables import Body

if TYPE_CHECKING:
    from core.journal import Run
    from core.paths import StoragePath
    from core.request.settings import Settings


MOST_RUNS = 2_000
"""Newest runs of a profile that are looked through."""


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
    run_id : str
        The run that made it.
    """

    model_id: str
    keys: Mapping[str, str]
    body: Body | None
    run_id: str = ""


def by_profile(settings: Settings, profile: str) -> list[Candidate]:
    """Return the candidates of a profile, each model once, the first one first."""
    several = _candidates(settings, _runs(settings, profile), _reader(settings.data))
    return distinct(several)


def candidates(settings: Settings, evaluation_key: str) -> list[Candidate]:
    """Return the candidates that compete with that of an evaluation, its own among them, the first one first.

    Those are of the same profile, and judged on some of the same sessions.
    """
    read = _reader(settings.data)
    own = next((run for run in _runs(settings, "") if run.keys.get("evaluate") == evaluation_key), None)
    if own is None:
        return []
    several = _candidates(settings, _runs(settings, profile_of_run(settings, own)), read)
    mine = [c for c in several if overlap(c.body, read(evaluation_key))]
    return distinct(mine, prefer=evaluation_key)


def _candidates(
    settings: Settings, runs: Sequence[Run], read: Callable[[str], Body | None]
) -> list[Candidate]:
    if not runs:
        return []
    journal = Journal(settings.data, settings.journal, read_only=True)
    several = (_candidate(read, journal, run) for run in runs)
    return [candidate for candidate in several if candidate is not None]


def _runs(settings: Settings, profile: str) -> list[Run]:
    """Return the runs of a profile (of all, where it is empty) that came to an evaluation, the oldest first."""
    newest = islice(runs_of(settings, profile), MOST_RUNS)
    return [run for run in newest if run.keys.get("evaluate") and run.keys.get("train_or_score")][::-1]


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
        return Candidate(str(model_id), run.keys, body, run.run_id) if trained and model_id else None
    for event in journal.events(run.run_id):
        parameters = event.facts.get("parameters") or {}
        if (
            event.stage == "train_or_score"
            and event.state == "succeeded"
            and parameters.get("mode") == "train"
        ):
            model_id = event.facts.get("model_id")
            return Candidate(str(model_id), run.keys, None, run.run_id) if model_id else None
    return None


def _reader(root: StoragePath) -> Callable[[str], Body | None]:
    """Return what reads an evaluation by its key, each once; None for one that is gone or damaged."""
    store = Store(root)

    @cache
    def read(key: str) -> Body | None:
        try:
            return evaluation_at(store, key)
        except (CheckpointError, DataError):
            return None

    return read


def overlap(other: Body | None, own: Body | None) -> bool:
    """Return whether both were judged on some session; what is not known any more counts as a try."""
    if other is None or own is None:
        return True
    if other["from"] is None or own["from"] is None:
        return False
    return bool(other["from"] <= own["to"] and own["from"] <= other["to"])
