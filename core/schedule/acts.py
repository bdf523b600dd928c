"""What people do to schedules, on record: who set, changed, paused, resumed or removed one, when, and to what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from core.errors import ParameterError
from core.journal import Journal
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review import ledger
from core.review.logins import role_of_label
from core.review.makers import SCHEDULE
from core.review.people import Person, act_fields, may


def put_on_record(
    settings: Settings,
    journal: Journal,
    act: str,
    name: str,
    body: Mapping[str, Any],
    *,
    person: Person,
    why: str = "",
    also: Callable[[], object] = lambda: None,
) -> None:
    """Add a record of an act to the ledger.

    Parameters
    ----------
    act : str
        One of those in :mod:`core.review.makers`.
    name : str
        The schedule's.
    body : mapping
        Its definition after the act, as the journal keeps it.
    why : str
        What it is, or what changed, in words.
    also : callable
        Changes the rows of the journal that the act is about: there is no record without that, and no change without
        a record of whose it is.

    Raises
    ------
    AftercloseError
        If the ledger cannot be added to.
    """
    ledger.append(
        settings,
        journal,
        SCHEDULE,
        name,
        {
            **act_fields(person, account=True),
            "decision": act,
            "comment": why,
            "profile": body["request"].get(PROFILE, ""),
            **body,
        },
        also=also,
    )


def judge_person(settings: Settings, person: Person) -> None:
    """Refuse a schedule whose runs would be refused: they are judged without a login, by its maker's id alone."""
    now = replace(person, role=role_of_label(settings, person.label))
    if person.logged_in and not may(now, "launch"):
        raise ParameterError(
            f"the file of roles does not name {person.id!r} as somebody who may start runs",
            expected="the maker of a schedule by id: an address is only known while its owner is logged in",
            remedy=f'Add a line to [ids] there: "{person.id}" = "operator"',
        )
