"""A person's decisions about models: promote, roll back, keep or retrain; recorded before they take effect. EDGE.

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
from core.journal import Journal, Record
from core.registry.evidence import advice_about
from core.registry.registry import PROMOTION, ROLLBACK, Champion, Change, Registry, reason_of
from core.settings import Settings
from core.store import locks

RETRAINING = "retraining"
"""Kind of the record of a decision to keep the champion or to retrain."""

CHOICES = ("keep", "retrain")
MAY_DECIDE = ("approver", "admin", "operator")
"""Roles that may change which model is in use."""

STATES = ("champion", "candidate", "retired")


@dataclass(frozen=True)
class Decision:
    """One decision as it is told.

    Parameters
    ----------
    action : str
        ``promotion``, ``rollback``, ``keep`` or ``retrain``.
    model_id : str
        The champion after it.
    at_utc, who, why : str
    before : str or None
        The champion before it.
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


def promote(settings: Settings, text: str, why: str) -> tuple[Champion, Champion | None]:
    """Make a model the champion; return the new and the former one.

    Raises
    ------
    ParameterError, ModelError
        If the model is not known, cannot score here, or no reason was given.
    SignOffError
        If the role of the person at this desk may not decide.
    JournalError
        If the decision cannot be recorded: then nothing changes.
    """
    reason, registry = reason_of(why), Registry(settings.data)
    return _move(settings, PROMOTION, lambda _: registry.usable(text), reason)


def rollback(settings: Settings, why: str) -> tuple[Champion, Champion | None]:
    """Bring back the champion before the present one; return the new and the former one.

    Raises
    ------
    ParameterError
        If there is no earlier champion, or no reason was given.
    ModelError
        If the earlier champion's file is damaged or cannot score with the present features.
    """
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

    return _move(settings, ROLLBACK, earlier, reason_of(why))


def _move(settings: Settings, action: str, chosen: Any, why: str) -> tuple[Champion, Champion | None]:
    _judge_role(settings)
    registry = Registry(settings.data)
    with locks.held(settings.data, "champion", action, journal=settings.journal, waiting=lambda _: None):
        former = _former(registry)
        identity = chosen(former)
        about = {
            "before": former.model_id if former else None,
            "advice": advice_about(settings.data, identity),
        }
        record = _record(settings, action, identity, why, about)
        change = Change(action, identity, why, *_signature(record), record.seq)
        return registry.point(change), former


def _former(registry: Registry) -> Champion | None:
    try:
        return registry.champion()
    except AftercloseError:
        return None  # a damaged pointer is mended by pointing anew


def decide(settings: Settings, choice: str, why: str) -> Record:
    """Record that a person keeps the champion or will retrain, and why; return the record.

    Nothing else happens: retraining is started by running the pipeline with ``--mode train``.

    Raises
    ------
    ParameterError
        If the choice is unknown, no reason was given, or there is no champion.
    """
    if choice not in CHOICES:
        raise ParameterError(f"the decision is {choice!r}", expected=f"one of {', '.join(CHOICES)}")
    _judge_role(settings)
    champion = Registry(settings.data).require_champion()
    about = {"decision": choice, "advice": advice_about(settings.data, champion.model_id)}
    return _record(settings, RETRAINING, champion.model_id, reason_of(why), about)


def _judge_role(settings: Settings) -> None:
    role = settings["user_role"]
    if role not in MAY_DECIDE:
        raise SignOffError(
            f"{settings['user_name']} has the role {role!r}",
            expected=f"one of {', '.join(MAY_DECIDE)} to decide about models",
        )


def _record(settings: Settings, kind: str, identity: str, why: str, about: Mapping[str, Any]) -> Record:
    content = {
        "at_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": str(settings["user_name"]),
        "role": str(settings["user_role"]),
        "account": getpass.getuser(),
        "why": why,
        **about,
    }
    return Journal(settings.data, settings.journal).append(kind, identity, content)


def _signature(record: Record) -> tuple[str, str]:
    return str(record.content["user"]), str(record.content["at_utc"])


def history(settings: Settings) -> History:
    """Return every decision about models, oldest first. Read-only; works without a journal.

    What the journal has lost stands in the champion pointer as far as that goes.
    """
    records, trouble = _records(settings)
    champion = _former(Registry(settings.data))
    moves = champion.changes if champion else ()
    told = {(r.seq, r.kind, r.subject, *_told(r)) for r in records}
    done = {move: (move.record, move.action, move.model_id, move.at_utc, move.why) for move in moves}
    lost = [move for move, marks in done.items() if marks not in told]
    oldest = min((move.record for move in moves if move.record is not None), default=0)
    remembered = [
        Decision(m.action, m.model_id, m.at_utc, m.who, m.why, None, None, completed=True, advice=None)
        for m in lost
    ]
    marked = set(done.values())
    known = [
        _decision(r, completed=r.seq < oldest or (r.seq, r.kind, r.subject, *_told(r)) in marked)
        for r in records
    ]
    return History((*remembered, *known), trouble)


def _told(record: Record) -> tuple[str, str]:
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
        return [], f"{error.came}; what the champion pointer remembers is shown"
    return [r for r in records if r.kind in (PROMOTION, ROLLBACK, RETRAINING)], ""


def states(settings: Settings) -> dict[str, str]:
    """Return the state of every model in the registry: champion, candidate, or retired (champion once)."""
    registry = Registry(settings.data)
    champion = _former(registry)
    decisions = history(settings).decisions
    once = {d.model_id for d in decisions if d.completed and d.action in (PROMOTION, ROLLBACK)}
    once |= {d.before for d in decisions if d.completed and d.before}
    found = {identity: "retired" if identity in once else "candidate" for identity in registry.ids()}
    return found | ({champion.model_id: "champion"} if champion else {})
