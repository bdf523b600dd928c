"""What people decided about models: every decision in order, and what each model is in its profile. Read-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.errors import AftercloseError
from core.journal import Journal, Record
from core.registry.champions import PROMOTION, ROLLBACK, Champion, Champions
from core.registry.origins import Origins
from core.registry.registry import Registry
from core.request.settings import Settings

RETRAINING = "retraining"
"""Kind of the record of a decision that moves no pointer: to keep the champion, to retrain, to reject a model."""

MODEL_SHA256 = "model_sha256"
"""In the record of a decision: the SHA-256 of the model's file, of which the id is 12 digits."""

REJECT = "reject"

FEATURES = "features"
"""In the record of a promotion or rollback: what the champion sees otherwise from then on."""

CHOICES = ("keep", "retrain")
STATES = ("champion", "candidate", "rejected", "retired")


@dataclass(frozen=True)
class Decision:
    """One decision about a model.

    Parameters
    ----------
    action : str
        ``promotion``, ``rollback``, ``keep``, ``retrain`` or ``reject``.
    model_id : str
        The champion after it; of a rejection the model that was rejected.
    at_utc, who, why : str
    before : str or None
        The champion before it; of a rejection the one that stayed.
    record : int or None
        Its number in the journal's chain; None when only the pointer remembers it.
    completed : bool
        False when the process ended between the record and the move of the pointer.
    advice : mapping or None
        What was advised then.
    profile : str
        The profile whose champion it is about; empty where nothing tells (a model that came from elsewhere).
    features : mapping or None
        What the champion sees otherwise from then on (:func:`core.features.feature_diff.feature_change`).
    """

    action: str
    model_id: str
    at_utc: str
    who: str
    why: str
    before: str | None
    record: int | None
    completed: bool
    advice: Mapping[str, Any] | None
    profile: str = ""
    features: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DecisionHistory:
    """All decisions in order, and why some may be missing (the journal is gone or damaged)."""

    decisions: tuple[Decision, ...]
    trouble: str


def champion_of(settings: Settings, profile: str) -> Champion | None:
    """Return a profile's champion, None without one or where its pointer is damaged."""
    try:
        return Champions(settings).of(profile)
    except AftercloseError:
        return None  # a damaged pointer is mended by pointing anew


def history(settings: Settings, profile: str = "") -> DecisionHistory:
    """Return every decision about models, or a profile's, oldest first. Read-only; works without a journal.

    What the journal has lost stands in the champion pointers as far as that goes. A record older than profiles is
    about the profiles in which its model was trained.
    """
    records, trouble = _records(settings)
    champions = {name: champion_of(settings, name) for name in Champions(settings).profiles()}
    profile_of_move = {
        move: name for name, pointer in champions.items() if pointer for move in pointer.changes
    }
    moves = tuple(profile_of_move)
    recorded = {(r.seq, r.kind, r.subject, *_time_and_reason(r)) for r in records}
    done = {move: (move.record, move.action, move.model_id, move.at_utc, move.why) for move in moves}
    lost = [move for move, marks in done.items() if marks not in recorded]
    oldest = min((move.record for move in moves if move.record is not None), default=0)
    remembered = [
        Decision(
            m.action, m.model_id, m.at_utc, m.who, m.why, None, None, completed=True, advice=None,
            profile=profile_of_move[m],
        )
        for m in lost
    ]  # fmt: skip
    marked = set(done.values())
    decisions = [
        _decision(r, completed=r.seq < oldest or (r.seq, r.kind, r.subject, *_time_and_reason(r)) in marked)
        for r in records
    ]
    every = _with_profiles(settings, [*remembered, *decisions])
    return DecisionHistory(tuple(d for d in every if not profile or d.profile == profile), trouble)


def _with_profiles(settings: Settings, decisions: list[Decision]) -> Iterator[Decision]:
    """Yield decisions with their profile; one older than profiles once for each that its model was trained in."""
    origins = Origins(settings)
    for decision in decisions:
        names = [decision.profile] if decision.profile else sorted(origins.homes(decision.model_id)) or [""]
        yield from (replace(decision, profile=name) for name in names)


def _time_and_reason(record: Record) -> tuple[str, str]:
    return str(record.content.get("at_utc", "")), str(record.content["why"])


def _decision(record: Record, *, completed: bool) -> Decision:
    content = record.content
    moved = record.kind in (PROMOTION, ROLLBACK)
    return Decision(
        action=record.kind if moved else str(content["decision"]),
        model_id=record.subject,
        at_utc=str(content.get("at_utc", "")),
        who=str(content["user"]),
        why=str(content["why"]),
        before=content.get("before"),
        record=record.seq,
        completed=completed or not moved,
        advice=content.get("advice"),
        profile=str(content.get("profile") or ""),
        features=content.get(FEATURES),
    )


def _records(settings: Settings) -> tuple[list[Record], str]:
    try:
        journal = Journal.find(settings.data, settings.journal)
        records = journal.records() if journal else []
    except AftercloseError as error:
        return [], f"{error.problem}; what the champion pointer remembers is shown"
    trouble = "" if journal else "there is no journal; what the champion pointer remembers is shown"
    return [r for r in records if r.kind in (PROMOTION, ROLLBACK, RETRAINING)], trouble


def states(settings: Settings, profile: str) -> dict[str, str]:
    """Return the state of every model in a profile: champion, candidate, rejected, or retired (champion once).

    Those are the models trained in it or nowhere here, and those that somebody decided about there.
    """
    origins, champion = Origins(settings), champion_of(settings, profile)
    decisions = history(settings, profile).decisions
    once = {d.model_id for d in decisions if d.completed and d.action in (PROMOTION, ROLLBACK)}
    once |= {d.before for d in decisions if d.completed and d.before}
    last = {d.model_id: d.action for d in decisions if d.completed and d.action not in CHOICES}
    about = {d.model_id for d in decisions} | {d.before for d in decisions if d.before}
    own = [
        i
        for i in Registry(settings.data).ids()
        if i in about or profile in (origins.of_model(i) or {profile})
    ]
    by_model = {identity: "retired" if identity in once else "candidate" for identity in own}
    by_model |= {identity: "rejected" for identity in by_model if last.get(identity) == REJECT}
    return by_model | ({champion.model_id: "champion"} if champion else {})
