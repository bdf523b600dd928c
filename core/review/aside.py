"""Put aside: a person says, with a reason, that something of the inbox asks for nothing any more; on record.

It holds for that very thing: another report, run or candidate, or another state of it, asks anew.
"""

from __future__ import annotations

from typing import Any

from core.errors import ParameterError
from core.journal import Journal, Record
from core.registry.registry import reason_of
from core.request.settings import Settings
from core.review import ledger
from core.review.people import Person, act_fields, require
from core.seals.judged_journal import judged_journal

ASIDE = "inbox"
"""Kind of these records."""

_RUN = "failed"
"""How the name of a run begins here."""

PUT_ASIDE, TAKEN_UP = "put aside", "taken up again"


def about_report(profile: str, report_key: str, state: str) -> str:
    """Return what a report in a state is called here."""
    return f"report:{profile}:{report_key}:{state}"


def about_run(profile: str, run_id: str) -> str:
    """Return what a run is called here, as something that came to nothing and asks why."""
    return f"{_RUN}:{profile}:{run_id}"


def runs_put_aside(journal: Journal) -> dict[str, Record]:
    """Return the runs that are put aside now, each with its record, by run id."""
    here = put_aside_here(journal)
    return {subject.rpartition(":")[2]: r for subject, r in here.items() if subject.startswith(f"{_RUN}:")}


def put_aside_here(journal: Journal) -> dict[str, Record]:
    """Return what is put aside now, by what it is about."""
    last = {record.subject: record for record in journal.records() if record.kind == ASIDE}
    return {subject: r for subject, r in last.items() if r.content["decision"] == PUT_ASIDE}


def put_aside(settings: Settings, journal: Journal, about: str, why: str, *, person: Person) -> Record:
    """Record that ``about`` (:class:`core.queries.operations.attention.Need`) waits for nobody; return the record.

    Raises
    ------
    SignOffError
        If the person's role does not allow it.
    ParameterError
        If no reason was given, or it is put aside already.
    """
    require(person, "decide")
    if about in put_aside_here(judged_journal(journal)):
        raise ParameterError(f"{about} is put aside already", expected="something that waits")
    return ledger.append(settings, journal, ASIDE, about, _content(PUT_ASIDE, why, person))


def take_up(settings: Settings, journal: Journal, about: str, why: str, *, person: Person) -> Record:
    """Record that ``about`` waits for somebody again; raises like :func:`put_aside`."""
    require(person, "decide")
    if about not in put_aside_here(judged_journal(journal)):
        raise ParameterError(f"{about} is not put aside", expected="something that is put aside")
    return ledger.append(settings, journal, ASIDE, about, _content(TAKEN_UP, why, person))


def _content(decision: str, why: str, person: Person) -> dict[str, Any]:
    return {
        **act_fields(person, account=True),
        "why": reason_of(why),
        "decision": decision,
    }
