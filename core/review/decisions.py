"""A person's decisions about models: promote, roll back, keep or retrain; recorded before they take effect.

Each is a record in the journal's chain with who, when, why and the advice that was given. The record
comes first and the champion pointer moves after it, atomically: killed in between, the old champion
stays, and the history says that the decision was not completed.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.errors import AftercloseError, ParameterError, SignOffError
from core.journal import Journal, Record, locks
from core.registry.evidence import advice_about
from core.registry.registry import PROMOTION, ROLLBACK, Champion, Change, Registry, reason_of
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, involved, person_fields, require, separated
from core.store.checkpoints import Store

RETRAINING = "retraining"
"""Kind of the record of a decision that moves no pointer: to keep the champion, to retrain, to reject a model."""

REJECT = "reject"

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


@dataclass(frozen=True)
class History:
    """All decisions in order, and why some may be missing (the journal is gone or damaged)."""

    decisions: tuple[Decision, ...]
    trouble: str


def promote(settings: Settings, text: str, why: str, *, person: Person) -> tuple[Champion, Champion | None]:
    """Make a model the champion; return the new and the former one.

    Raises
    ------
    ParameterError, ModelError
        If the model is not known, cannot score here, or no reason was given.
    SignOffError
        If the person's role may not promote, or the person asked for the training of this model and the two
        must be different people.
    JournalError
        If the decision cannot be recorded: then nothing changes.
    """
    require(person, "promote")
    reason, registry = reason_of(why), Registry(settings.data)

    def chosen(_: Champion | None) -> str:
        identity = registry.usable(text)
        _judge_separation(settings, identity, person)
        return identity

    return _move(settings, PROMOTION, chosen, reason, person)


def rollback(settings: Settings, why: str, *, person: Person) -> tuple[Champion, Champion | None]:
    """Bring back the champion before the present one; return the new and the former one.

    Raises
    ------
    ParameterError
        If there is no earlier champion, or no reason was given.
    ModelError
        If the earlier champion's file is damaged or cannot score with the present features.
    """
    require(person, "rollback")
    registry = Registry(settings.data)

    def earlier(present: Champion | None) -> str:
        before = present.before if present else None
        if before is None:
            raise ParameterError(
                "there is no earlier champion",
                expected="at least two promotions so far",
                remedy='Name a model instead: afterclose promote MODEL --why "..."',
            )
        return registry.usable(before)

    return _move(settings, ROLLBACK, earlier, reason_of(why), person)


def _move(
    settings: Settings, action: str, chosen: Any, why: str, person: Person
) -> tuple[Champion, Champion | None]:
    registry = Registry(settings.data)
    with locks.hold(settings.data, "champion", action, journal=settings.journal, waiting=lambda _: None):
        former = _former(registry)
        identity = chosen(former)
        about = {
            "before": former.model_id if former else None,
            "advice": advice_about(settings.data, identity),
        }
        record = _record(settings, action, identity, about, why=why, person=person)
        change = Change(action, identity, why, *_signature(record), record.seq)
        return registry.point(change), former


def _former(registry: Registry) -> Champion | None:
    try:
        return registry.champion()
    except AftercloseError:
        return None  # a damaged pointer is mended by pointing anew


def decide(settings: Settings, choice: str, why: str, *, person: Person) -> Record:
    """Record that a person keeps the champion or will retrain, and why; return the record.

    Nothing else happens: retraining is started by running the pipeline with ``--mode train``.

    Raises
    ------
    ParameterError
        If the choice is unknown, no reason was given, or there is no champion.
    """
    require(person, "decide")
    if choice not in CHOICES:
        raise ParameterError(f"the decision is {choice!r}", expected=f"one of {', '.join(CHOICES)}")
    champion = Registry(settings.data).require_champion()
    about = {"decision": choice, "advice": advice_about(settings.data, champion.model_id)}
    return _record(settings, RETRAINING, champion.model_id, about, why=reason_of(why), person=person)


def reject(settings: Settings, text: str, why: str, *, person: Person) -> Record:
    """Record that a model that is not in use is not to be used, and why; return the record.

    It stays in the registry, and may be promoted later with a reason of its own.

    Raises
    ------
    ParameterError
        If no model answers to ``text``, it is the champion, or no reason was given.
    SignOffError
        If the person's role may not decide about models.
    """
    require(person, "decide")
    registry = Registry(settings.data)
    identity, champion = registry.find(text), _former(registry)
    if champion is not None and champion.model_id == identity:
        raise ParameterError(
            f"{identity} is the champion", expected="a model that is not in use",
            remedy="Roll back, or promote another one.",
        )  # fmt: skip
    stays = champion.model_id if champion else None
    about = {"decision": REJECT, "before": stays, "advice": advice_about(settings.data, identity)}
    return _record(settings, RETRAINING, identity, about, why=reason_of(why), person=person)


def _judge_separation(settings: Settings, identity: str, person: Person) -> None:
    """Raise if the person asked for the run that trained the model and promoter and requester must differ."""
    if not separated(settings, "separate_requester", person):
        return
    people = requesters(settings, identity)
    if involved(person, people):
        raise SignOffError(
            f"{person.name} asked for the training of {identity}",
            expected="somebody else to promote it",
            remedy="Ask another approver ([review] separate_requester in luigi.cfg).",
        )


def requesters(settings: Settings, identity: str) -> list[str]:
    """Return who asked for the runs whose training made this model, as the journal has them."""
    from core.store.lineage import slots  # verification checks what reviews made

    store = Store(settings.data)
    runs = set()
    for slot in slots(settings.data):
        if slot.stage != "train_or_score":
            continue
        try:
            meta = store.meta(slot)
        except AftercloseError:
            continue  # verify reports damage
        if meta is not None and meta.digests.get("model.json", "").startswith(identity):
            runs.add(str(meta.body["run_id"]))
    if not runs or not Journal.exists(settings.data, settings.journal):
        return []
    journal = Journal(settings.data, settings.journal, read_only=True)
    return [entry.who for run in sorted(runs) if (entry := journal.run(run)) is not None]


def _record(
    settings: Settings, kind: str, identity: str, about: Mapping[str, Any], *, why: str, person: Person
) -> Record:
    content = {
        "at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        **person_fields(person),
        "account": getpass.getuser(),
        "why": why,
        **about,
    }
    return ledger.append(settings, Journal(settings.data, settings.journal), kind, identity, content)


def _signature(record: Record) -> tuple[str, str]:
    return str(record.content["user"]), str(record.content["at_utc"])


def history(settings: Settings) -> History:
    """Return every decision about models, oldest first. Read-only; works without a journal.

    What the journal has lost stands in the champion pointer as far as that goes.
    """
    records, trouble = _records(settings)
    champion = _former(Registry(settings.data))
    moves = champion.changes if champion else ()
    recorded = {(r.seq, r.kind, r.subject, *_time_and_reason(r)) for r in records}
    done = {move: (move.record, move.action, move.model_id, move.at_utc, move.why) for move in moves}
    lost = [move for move, marks in done.items() if marks not in recorded]
    oldest = min((move.record for move in moves if move.record is not None), default=0)
    remembered = [
        Decision(m.action, m.model_id, m.at_utc, m.who, m.why, None, None, completed=True, advice=None)
        for m in lost
    ]
    marked = set(done.values())
    decisions = [
        _decision(r, completed=r.seq < oldest or (r.seq, r.kind, r.subject, *_time_and_reason(r)) in marked)
        for r in records
    ]
    return History((*remembered, *decisions), trouble)


def _time_and_reason(record: Record) -> tuple[str, str]:
    return str(record.content["at_utc"]), str(record.content["why"])


def _decision(record: Record, *, completed: bool) -> Decision:
    content = record.content
    moved = record.kind in (PROMOTION, ROLLBACK)
    return Decision(
        action=record.kind if moved else str(content["decision"]),
        model_id=record.subject,
        at_utc=str(content["at_utc"]),
        who=str(content["user"]),
        why=str(content["why"]),
        before=content.get("before"),
        record=record.seq,
        completed=completed or not moved,
        advice=content.get("advice"),
    )


def _records(settings: Settings) -> tuple[list[Record], str]:
    if not Journal.exists(settings.data, settings.journal):
        return [], "there is no journal; what the champion pointer remembers is shown"
    try:
        records = Journal(settings.data, settings.journal, read_only=True).records()
    except AftercloseError as error:
        return [], f"{error.problem}; what the champion pointer remembers is shown"
    return [r for r in records if r.kind in (PROMOTION, ROLLBACK, RETRAINING)], ""


def states(settings: Settings) -> dict[str, str]:
    """Return the state of every model: champion, candidate, rejected, or retired (champion once)."""
    registry = Registry(settings.data)
    champion = _former(registry)
    decisions = history(settings).decisions
    once = {d.model_id for d in decisions if d.completed and d.action in (PROMOTION, ROLLBACK)}
    once |= {d.before for d in decisions if d.completed and d.before}
    last = {d.model_id: d.action for d in decisions if d.completed and d.action not in CHOICES}
    by_model = {identity: "retired" if identity in once else "candidate" for identity in registry.ids()}
    by_model |= {identity: "rejected" for identity in by_model if last.get(identity) == REJECT}
    return by_model | ({champion.model_id: "champion"} if champion else {})
