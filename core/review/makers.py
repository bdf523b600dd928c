"""Who made what starts runs by itself, as the ledger has it: schedules and ranges are rows under no signature.

Each run of theirs is signed as asked for by their maker, and the rule of two people rests on that. So the row is
compared with the signed record of the act that made it: whoever can write the database must not have the desk sign in
somebody else's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import SignOffError
from core.journal import Journal, Record, Run
from core.journal.records import REQUEST, SEAL, made_by
from core.request.settings import Settings
from core.review.people import LOCAL, Person, identity_of
from core.seals.head import ledger_and_head
from core.seals.trust import counting

SCHEDULE = "schedule"
"""Kind of the records of what people do to schedules and ranges."""

MEANING = "profile_meant"
"""In a definition: what its profile without a section stood for when it was set; not there where it names none, or an
earlier version set it."""

PLUGINS = "plugins"
"""In a request: modules that are run with all that this account may do."""

SET, CHANGED, REMOVED, RANGE = (
    "set a schedule",
    "changed a schedule",
    "removed a schedule",
    "asked for a range",
)


def maker_fault(
    settings: Settings, journal: Journal, name: str, who: str, body: Mapping[str, Any]
) -> str | None:
    """Return why a schedule or a range is not as it was made, None if it is.

    One of a local user that has no record is of an earlier version: that name nobody checked anyway.

    Parameters
    ----------
    name : str
        Of the schedule, or the id of the range.
    who : str
        Its maker's label, as the row has it.
    body : mapping
        Its definition, as the row has it.

    Raises
    ------
    CheckpointError, JournalError
        If the ledger, or its head, cannot be read.
    """
    records = _signed_records(settings, journal)
    return _fault_by(records, name, who, body) if records is not None else None


def judge_maker(
    settings: Settings, journal: Journal, name: str, who: str, body: Mapping[str, Any]
) -> datetime | None:
    """Raise unless a schedule or a range is as it was made: nothing is started in the name that it has.

    Returns
    -------
    datetime or None
        When it was set, as its record says; None without one.

    Raises
    ------
    SignOffError
        Naming what its record says.
    CheckpointError, JournalError
        As :func:`maker_fault`.
    """
    records = _signed_records(settings, journal)
    if records is None:
        return None
    fault = _fault_by(records, name, who, body) or _unrecorded_code(records, name, body)
    if fault:
        raise SignOffError(
            fault,
            expected="what its maker put on record",
            remedy=f"Find out who changed it; then set it again: afterclose schedules remove {name}, and add.",
        )
    own = [r for r in records if r.subject == name and r.content.get("decision") in (SET, RANGE)]
    return datetime.fromisoformat(own[-1].content["at_utc"]) if own else None


def request_on_record(settings: Settings, journal: Journal, run: Run) -> dict[str, str]:
    """Return what a run was asked for, as it is on record where it is: its row may name other files by now, or code.

    Raises
    ------
    CheckpointError, JournalError
        If the ledger, or its head, cannot be read.
    """
    records = _signed_records(settings, journal, (REQUEST,))
    recorded = [record for record in records or () if record.subject == run.run_id]
    if recorded:
        return dict(recorded[0].content["request"])
    # code that nobody is on record for is run by nobody: a run can be without a record
    return {name: text for name, text in run.request.items() if records is None or name != PLUGINS}


def _signed_records(
    settings: Settings, journal: Journal, kinds: Sequence[str] = (SCHEDULE, SEAL)
) -> list[Record] | None:
    """Return the records of some kinds that count; None where nothing is signed yet.

    Then nothing is known of a schedule, and the first record seals it. Rows may be changed for the moment in which they
    are asked: what no key that counts signed makes nobody a maker, and where one is gone nothing tells what it said.

    Raises
    ------
    JournalError
        If the chain is broken, or cut.
    """
    records, head = ledger_and_head(settings.data, journal)
    if head is None or (not head.seq and not any(record.signature for record in records)):
        return None
    return counting(records, head, kinds)


def _fault_by(records: Sequence[Record], name: str, who: str, body: Mapping[str, Any]) -> str | None:
    acts = [record for record in records if record.kind == SCHEDULE and record.subject == name]
    return _fault(acts, name, who, body, _sealed(record for record in records if record.kind == SEAL))


def _unrecorded_code(records: Sequence[Record], name: str, body: Mapping[str, Any]) -> str | None:
    """Return that what nobody is on record for names code: of a local user it would count without a record."""
    if not (body.get("request") or {}).get(PLUGINS):
        return None
    if name in _sealed(record for record in records if record.kind == SEAL):
        return None
    if any(record.kind == SCHEDULE and record.subject == name for record in records):
        return None
    return f"{name} names plug-in modules, and no record says who set it"


def maker_faults(
    records: Sequence[Record], rows: Iterable[tuple[str, str, Mapping[str, Any]]]
) -> Iterator[str]:
    """Yield in one sentence each which of many (name, maker, definition) are not as they were made."""
    by_name: dict[str, list[Record]] = {}
    if not any(record.signature for record in records):
        return
    sealed = _sealed(record for record in records if record.kind == SEAL)
    for record in records:
        if record.kind == SCHEDULE:
            by_name.setdefault(record.subject, []).append(record)
    for name, who, body in rows:
        fault = _fault(by_name.get(name, []), name, who, body, sealed)
        if fault:
            yield fault


def _sealed(seals: Iterable[Record]) -> dict[str, str]:
    """Return what stood unsigned when the ledger was sealed: the digest of each maker and definition, by name.

    The first seal that names one counts: what was put in its place afterwards is none the truer for a later one.
    """
    sealed: dict[str, str] = {}
    for seal in seals:
        for name, digest in (seal.content.get("makers") or {}).items():
            sealed.setdefault(name, str(digest))
    return sealed


def _fault(
    records: list[Record], name: str, who: str, body: Mapping[str, Any], sealed: Mapping[str, str]
) -> str | None:
    acts = [record for record in records if record.content["decision"] in (SET, CHANGED, REMOVED, RANGE)]
    if not acts and name in sealed:
        return (
            None if sealed[name] == made_by(who, body) else f"{name} was changed after the ledger was sealed"
        )
    if not acts:
        return f"{name} has no record of {who}, who is to have made it" if identity_of(who) else None
    content = acts[-1].content
    if content["decision"] == REMOVED:
        return f"{name} was removed by {content['user']} and put back without a record"
    recorded = label_of(content)
    if who != recorded:
        return f"{name} was changed: its record says that {recorded} made it"
    parts = ("timing", "request", "first", "last", MEANING)
    if any(content.get(part) != body.get(part) for part in parts if part in body or part in content):
        return f"{name} was changed: it asks for something else than its record says"
    return None


def label_of(content: Mapping[str, Any]) -> str:
    """Return the label of whoever did what a record says."""
    authentication = str(content.get("authentication") or LOCAL)
    return Person(str(content.get("user_id") or ""), content["user"], "", authentication).label
