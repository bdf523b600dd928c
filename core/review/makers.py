"""Who made what starts runs by itself, as the ledger has it: schedules and ranges are rows under no signature.

Each run of theirs is signed as asked for by their maker, and the rule of two people rests on that. So the row is
compared with the signed record of the act that made it: whoever can write the database must not have the desk sign in
somebody else's name. So is what its profile without a section stands for: ``<data>/profiles/`` is under no signature,
and anybody's run may teach it another way to read the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.errors import SignOffError
from core.journal import Journal, Record, Run
from core.journal.records import SEAL, made_by
from core.request.known_profiles import READING, KnownProfiles
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review.people import LOCAL, Person, identity_of
from core.seals.judged_journal import judged_journal

SCHEDULE = "schedule"
"""Kind of the records of what people do to schedules and ranges."""

_KINDS = (SCHEDULE, SEAL)

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
PAUSED_IT, RESUMED_IT = "paused a schedule", "resumed a schedule"


def maker_fault(journal: Journal, name: str, who: str, body: Mapping[str, Any]) -> str | None:
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
    ledger = judged_journal(journal)
    return _fault_by(ledger.of_kinds(_KINDS), name, who, body) if ledger.is_signed else None


def judge_maker(
    journal: Journal, name: str, who: str, body: Mapping[str, Any], *, going: bool = False
) -> datetime | None:
    """Raise unless a schedule or a range is as it was made: nothing is started in the name that it has.

    Parameters
    ----------
    name, who, body
        As for :func:`maker_fault`.
    going : bool
        Raise also where it is paused on record.

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
    ledger = judged_journal(journal)
    if not ledger.is_signed:
        return None  # nothing is known of it, and the first record seals it
    records = ledger.of_kinds(_KINDS)
    fault = _fault_by(records, name, who, body) or _unrecorded_code(records, name, body)
    if fault:
        raise SignOffError(
            fault,
            expected="what its maker put on record",
            remedy=f"Find out who changed it; then set it again: afterclose schedules remove {name}, and add.",
        )
    if going and name in _paused(records):
        raise SignOffError(
            f"schedule {name} is paused",
            expected="one that goes on",
            remedy=f"afterclose schedules resume {name}, or run it once: afterclose schedules run {name}",
        )
    own = [r for r in records if r.subject == name and r.content.get("decision") in (SET, RANGE)]
    return datetime.fromisoformat(own[-1].content["at_utc"]) if own else None


def _paused(records: Iterable[Record]) -> set[str]:
    """Return the names of the schedules whose last act that says so paused them."""
    last = {
        record.subject: record.content["decision"]
        for record in records
        if record.kind == SCHEDULE and record.content["decision"] in (SET, PAUSED_IT, RESUMED_IT)
    }
    return {name for name, decision in last.items() if decision == PAUSED_IT}


def pause_faults(records: Iterable[Record], active: Iterable[str]) -> Iterator[str]:
    """Yield in one sentence each which of the ``active`` schedules are paused on record: nobody resumed them."""
    for name in sorted(_paused(records) & set(active)):
        yield f"{name} is paused on record, and its row says that it is active (pause it again)"


def request_on_record(journal: Journal, run: Run) -> dict[str, str]:
    """Return what a run was asked for, as it is on record where it is: its row may name other files by now, or code.

    Raises
    ------
    CheckpointError, JournalError
        If the ledger, or its head, cannot be read.
    """
    ledger = judged_journal(journal)
    recorded = ledger.request_of(run.run_id) if ledger.is_signed else []
    if recorded:
        return dict(recorded[0].content["request"])
    # code that nobody is on record for is run by nobody: a run can be without a record
    return {name: text for name, text in run.request.items() if not ledger.is_signed or name != PLUGINS}


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


def meant_by(settings: Settings, request: Mapping[str, str]) -> dict[str, str]:
    """Return what the profile of a request stands for, as text by parameter; nothing of one that ``luigi.cfg`` has.

    Neither what the request names itself, which counts, nor what is so without being named.
    """
    name = request.get(PROFILE, "").strip()
    has_section = name in {*settings.profiles, *settings.profile_faults}
    entry = None if has_section else KnownProfiles(settings.data).entry(name)
    usual = {key: str(value).lower() for key, value in settings.defaults.items() if key in READING}
    return {
        key: text
        for key, text in (entry.texts() if entry else {}).items()
        if text and not request.get(key, "").strip() and text.lower() != usual.get(key)
    }


def meaning_part(meaning: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what a definition keeps of :func:`meant_by`: nothing where there is nothing to keep."""
    return {MEANING: dict(meaning)} if meaning else {}


def judge_meant(settings: Settings, what: str, body: Mapping[str, Any]) -> None:
    """Raise where the profile of a schedule or range stands for something else than when it was set.

    One of an earlier version, which does not say what that was, starts as before; ``doctor`` notes it.

    Parameters
    ----------
    what : str
        Which it is, in words.
    body : mapping
        Its definition, judged to be its maker's.

    Raises
    ------
    SignOffError
        Naming the parameter.
    """
    before = body.get(MEANING)
    if before and (differing := changed_meaning(before, meant_by(settings, body["request"]))):
        raise SignOffError(
            f"profile {body['request'][PROFILE]} stands for something else than when {what} was set: "
            f"{'; '.join(differing)}",
            expected="what its maker put on record",
            remedy="Set it again, if that is meant (a schedule: afterclose schedules change NAME); or name source, "
            "path and how it is read in the place of the profile.",
        )


def changed_meaning(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return what differs between two meanings of a profile, in words.

    >>> changed_meaning({"source": "files", "path": "a.csv"}, {"source": "files", "path": "b.csv"})
    ["the profile's path: a.csv -> b.csv"]
    """
    return [f"the profile's {words}" for words in differences(before, now, "(none)")]


def differences(old: Mapping[str, str], new: Mapping[str, str], absent: str) -> list[str]:
    """Return what differs between two sets of texts, in words; ``absent`` stands for what one of them lacks."""
    return [
        f"{name}: {old.get(name, absent)} -> {new.get(name, absent)}"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
