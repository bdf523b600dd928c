"""What a schedule is: a name, a rule for when, and a request. Made and changed by people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from shlex import quote
from typing import Any

from core.errors import AftercloseError, CommandError, ParameterError, SignOffError, nearest
from core.journal.connection import DamagedRow
from core.journal.faults import DAMAGED, JournalError, readable
from core.journal.schedules import ACTIVE, PAUSED, Schedules, Stored
from core.request.profiles import NAME, NAME_IN_WORDS, PROFILE
from core.request.settings import Settings
from core.review import makers
from core.review.logins import role_of_label
from core.review.makers import CHANGED, MEANING, PAUSED_IT, REMOVED, RESUMED_IT, SET, judge_maker, meant_by
from core.review.people import LOCAL, Person, identity_of, require
from core.runs.resolve import resolve
from core.schedule.acts import judge_person, put_on_record
from core.schedule.timing import ARRIVAL, Timing
from core.sources import LIVE


@dataclass(frozen=True)
class Schedule:
    """Runs that come by themselves.

    Parameters
    ----------
    name : str
        Small letters, digits, ``-`` and ``_``.
    timing : Timing
        When they are due.
    request : mapping of str to str
        What is asked for, as in :func:`core.runs.launcher.launch`; ``profile`` names a profile. Each run
        ends with the session it is due for, unless ``end`` is in here. Training makes a candidate;
        nothing is ever promoted.
    state : str
        ``active`` or ``paused``.
    who : str
        Who made it, as the journal writes people.
    set_at : datetime or None
        When it was set; None of one that is not in the journal yet.
    meaning : mapping of str to str
        As :func:`core.review.makers.meant_by` has it of the moment when it was set.
    """

    name: str
    timing: Timing
    request: Mapping[str, str] = field(default_factory=dict)
    state: str = ACTIVE
    who: str = ""
    set_at: datetime | None = field(default=None, compare=False)
    meaning: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return what the journal keeps of it, beside name and state."""
        definition = {"timing": asdict(self.timing), "request": dict(self.request)}
        return definition | makers.meaning_part(self.meaning)

    def person(self, settings: Settings) -> Person:
        """Return who runs are started for: whoever made the schedule, with the role that they have now.

        Raises
        ------
        SettingsError
            If the file of roles cannot be used.
        """
        identity, role = identity_of(self.who), role_of_label(settings, self.who)
        if identity is None:
            return Person("schedule", self.who, role)
        return Person(identity, self.who.partition(" <")[0], role, identity.partition("@")[2] or LOCAL)

    def asks_for(self, session: str | None) -> dict[str, str]:
        """Return the request of the run about ``session``."""
        request = dict(self.request)
        if session is not None and self.timing.text != ARRIVAL:
            request.setdefault("end", session)
        return request


def schedule_of(stored: Stored) -> Schedule:
    """Return a schedule as the journal has it.

    Raises
    ------
    JournalError
        If its definition is not what was written.
    """
    with readable():
        timing = Timing(**stored.body["timing"])
        # ``since`` moves on with each look, and is before the other where a clock went back
        set_at = min(map(datetime.fromisoformat, (stored.since, stored.created_at)))
        request, meaning = dict(stored.body["request"]), dict(stored.body.get(MEANING) or {})
    return Schedule(stored.name, timing, request, stored.state, stored.who, set_at, meaning)


def whole_and_damaged(entries: Iterable[Stored | DamagedRow]) -> tuple[list[Schedule], list[DamagedRow]]:
    """Return schedules as the journal has them, and beside them those that are not as they were written."""
    whole, damaged = [], []
    for entry in entries:
        if isinstance(entry, DamagedRow):
            damaged.append(entry)
            continue
        try:
            whole.append(schedule_of(entry))
        except JournalError as error:
            damaged.append(DamagedRow(entry.name, error.problem.rpartition("could not be read: ")[2]))
    return whole, damaged


def damage(row: DamagedRow) -> JournalError:
    """Return the error of whoever asks for a schedule that is not as it was written."""
    return JournalError(
        f"schedule {row.name!r} in the journal is damaged: {row.why}",
        expected="what was written when it was set; the others go on",
        remedy=f"Remove it, and add it again: afterclose schedules remove {quote(row.name)}",
        cause=DAMAGED,
    )


def check_schedule(settings: Settings, schedule: Schedule, now: datetime) -> None:
    """Check a schedule before it is kept: name, rule, profile and every parameter.

    Raises
    ------
    AftercloseError
        For every mistake that can be judged before it is due.
    """
    if not NAME.fullmatch(schedule.name):
        raise ParameterError(f"the schedule's name is {schedule.name!r}", expected=NAME_IN_WORDS)
    schedule.timing.check()
    if "publish" in schedule.request or "promote" in schedule.request:
        raise CommandError("a schedule cannot publish or promote", expected="parameters of a run")
    resolve(schedule.request, settings=settings, now=now)
    under = settings.under(schedule.request.get(PROFILE, ""))
    source = schedule.request.get("source") or under["source"]
    if schedule.timing.text == ARRIVAL and source == "sample":
        raise ParameterError(
            "the schedule waits for new data from the sample, which never changes",
            expected=f"--source files (a file or folder that is watched), or a live source: {', '.join(sorted(LIVE))}",
        )


def add(settings: Settings, schedule: Schedule, *, now: datetime, person: Person) -> None:
    """Keep a new schedule; its times count from ``now`` on.

    Raises
    ------
    AftercloseError
        If it cannot be, or there is one of that name.
    """
    require(person, "schedule")
    judge_person(settings, person)
    check_schedule(settings, schedule, now)
    schedule = replace(schedule, meaning=meant_by(settings, schedule.request))
    journal = Schedules(settings.data, settings.journal)
    body, words = schedule.body(), "; ".join(in_words(schedule))

    def row() -> None:
        if not journal.add_schedule(schedule.name, body, who=person.label, since=stamp(now)):
            raise ParameterError(
                f"there is a schedule {schedule.name!r} already",
                expected="another name",
                remedy=f"Or remove it first: afterclose schedules remove {schedule.name}",
            )

    put_on_record(settings, journal, SET, schedule.name, body, person=person, why=words, also=row)


def change(settings: Settings, schedule: Schedule, *, now: datetime, person: Person) -> None:
    """Give the schedule of that name another rule or request, on record; it stays paused if it is.

    Its times count from ``now`` on if the rule changed; its runs are from then on those of whoever changed it.

    Raises
    ------
    AftercloseError
        If it cannot be so, there is none of that name, nothing would change, or it is not as its maker made it.
    """
    require(person, "schedule")
    judge_person(settings, person)
    check_schedule(settings, schedule, now)
    schedule = replace(schedule, meaning=meant_by(settings, schedule.request))
    journal = Schedules(settings.data, settings.journal)
    before = schedule_as_made(journal, schedule.name)  # who changes one field signs the others
    differences = changes(before, schedule)
    meaning = makers.changed_meaning(before.meaning, schedule.meaning)
    if differences and before.meaning and meaning:  # nobody signs it by the way
        raise ParameterError(
            f"the profile of schedule {schedule.name} stands for something else by now: {'; '.join(meaning)}",
            expected="what it stood for when the schedule was set",
            remedy=f"If that is meant, set it again first, by itself: afterclose schedules change {schedule.name}",
        )
    if not (differences := [*differences, *meaning]):
        raise ParameterError(
            f"nothing of schedule {schedule.name} would change",
            expected="another rule or request than it has",
        )
    since = stamp(now) if before.timing != schedule.timing else None
    body, words = schedule.body(), "; ".join(differences)

    def row() -> None:
        journal.change_schedule(schedule.name, body, who=person.label, since=since)

    put_on_record(settings, journal, CHANGED, schedule.name, body, person=person, why=words, also=row)


def in_words(schedule: Schedule) -> list[str]:
    """Return what a schedule is, a part each: its rule, and each parameter of its request.

    >>> in_words(Schedule("daily", Timing("close+45m"), {"profile": "us"}))
    ['when: close+45m, XNYS', 'profile: us']
    """
    return [f"{name}: {text}" for name, text in _parts(schedule).items()]


def changes(before: Schedule, after: Schedule) -> list[str]:
    """Return what differs between two definitions of a schedule, in words; nothing where they are the same.

    >>> changes(Schedule("a", Timing("close"), {"mode": "train"}), Schedule("a", Timing("close+1h"), {}))
    ['when: close, XNYS -> close+1h, XNYS', 'mode: train -> (as set)']
    """
    return makers.differences(_parts(before), _parts(after), "(as set)")


def _parts(schedule: Schedule) -> dict[str, str]:
    timing = schedule.timing
    days = [] if timing.sessions_only else ["also on days without a session"]
    return {
        "when": ", ".join(filter(None, [timing.text, timing.calendar, timing.zone, *days])),
        **schedule.request,
    }


def none_yet() -> ParameterError:
    """Return the error of whoever asks for a schedule where there is none."""
    return ParameterError(
        "there are no schedules here",
        expected="a schedule that was added",
        remedy='For example: afterclose schedules add daily --when "close+45m"',
    )


def schedule_named(journal: Schedules, name: str) -> Schedule:
    """Return the schedule called ``name``.

    Raises
    ------
    ParameterError
        If there is none, with the nearest name.
    JournalError
        If it is not as it was written.
    """
    whole, damaged = whole_and_damaged(journal.each_schedule())
    by_name = {schedule.name: schedule for schedule in whole}
    if row := next((row for row in damaged if row.name == name), None):
        raise damage(row)
    if name not in by_name:
        raise ParameterError(
            f"there is no schedule {name!r}",
            expected=f"one of {', '.join(by_name) or 'none: there are no schedules'}",
            remedy=nearest(name, by_name).strip(),
        )
    return by_name[name]


def schedule_as_made(journal: Schedules, name: str, *, going: bool = False) -> Schedule:
    """Return the schedule called ``name`` as its maker made it, and when by its record, if it has one.

    Parameters
    ----------
    going : bool
        Only where no record says that it is paused.

    Raises
    ------
    ParameterError, JournalError
        As :func:`schedule_named`.
    SignOffError, CheckpointError
        If its row is not what is on record.
    """
    for _ in range(10):
        schedule = schedule_named(journal, name)
        try:
            set_at = judge_maker(journal, name, schedule.who, schedule.body(), going=going)
        except SignOffError:
            if schedule_named(journal, name) == schedule:
                raise
            continue  # somebody has just changed it: row and record were read on both sides of that
        return replace(schedule, set_at=set_at)
    raise JournalError(f"schedule {name!r} changes faster than it can be read", remedy="Try again.")


def pause(settings: Settings, name: str, *, person: Person) -> None:
    """Let nothing become due until the schedule is resumed; a run that goes is not touched."""
    require(person, "schedule")
    journal = Schedules(settings.data, settings.journal)
    schedule = schedule_named(journal, name)
    if schedule.state != PAUSED:
        body = schedule.body()
        act = partial(put_on_record, settings, journal, PAUSED_IT, name, body, person=person)
        _stop(act, lambda: journal.set_state(name, PAUSED))


def _stop(act: Callable[..., None], row: Callable[[], object]) -> None:
    """Put on record that a schedule starts nothing more; a ledger that takes no record keeps none going."""
    try:
        act(also=row)
    except AftercloseError:
        row()
        raise


def resume(settings: Settings, name: str, *, now: datetime, person: Person) -> None:
    """Let a paused schedule go on; times that passed during the pause are not caught up."""
    require(person, "schedule")
    journal = Schedules(settings.data, settings.journal)
    schedule = schedule_named(journal, name)
    if schedule.state == PAUSED:
        put_on_record(
            settings, journal, RESUMED_IT, schedule.name, schedule.body(), person=person,
            also=lambda: journal.set_state(name, ACTIVE, since=stamp(now)),
        )  # fmt: skip


def remove(settings: Settings, name: str, *, person: Person) -> None:
    """Forget a schedule, also one that is damaged; its past stays on record."""
    require(person, "schedule")
    journal = Schedules(settings.data, settings.journal)
    _, damaged = whole_and_damaged(journal.each_schedule())
    row = next((row for row in damaged if row.name == name), None)
    body = schedule_named(journal, name).body() if row is None else {"timing": {}, "request": {}}
    why = f"it was damaged: {row.why}" if row else ""
    act = partial(put_on_record, settings, journal, REMOVED, name, body, person=person, why=why)
    _stop(act, lambda: journal.remove_schedule(name, row=row.row if row else None))


def stamp(moment: datetime) -> str:
    """Return a moment as the journal writes it: UTC, ISO with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
