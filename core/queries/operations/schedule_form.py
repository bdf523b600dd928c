"""A schedule as a form asks for it: choices in, rule and request out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.schedule.definition import Schedule
from core.schedule.timing import ARRIVAL, DAYS, Timing

AFTER_CLOSE, WEEKLY, CRON, NEW_DATA = "After the close", "Weekly", "Cron line", "When data arrives"
KINDS = (AFTER_CLOSE, WEEKLY, CRON, NEW_DATA)
WEEKDAYS = dict(
    zip(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), DAYS, strict=True)
)


def rule(kind: str, *, minutes: int = 45, day: str = "Friday", at: str = "18:00", line: str = "") -> str:
    """Return the text of a rule.

    >>> rule(WEEKLY, day="Monday", at="07:30")
    'weekly mon 07:30'
    >>> rule(AFTER_CLOSE, minutes=45)
    'close+45m'
    """
    return {
        AFTER_CLOSE: f"close+{minutes}m",
        WEEKLY: f"weekly {WEEKDAYS[day]} {at}",
        CRON: f"cron {' '.join(line.split())}",
        NEW_DATA: ARRIVAL,
    }[kind]


@dataclass(frozen=True)
class Choices:
    """What the form of a rule holds: the kind of rule, and the fields of each kind."""

    kind: str = AFTER_CLOSE
    minutes: int = 45
    day: str = "Friday"
    at: str = "18:00"
    line: str = "30 18 * * mon-fri"


def choices_of(text: str) -> Choices:
    """Return the form of a rule's text; the inverse of :func:`rule`.

    >>> choices_of("close+1h30m").minutes, choices_of("close").minutes
    (90, 0)
    >>> choices_of("weekly mon 7:30")
    Choices(kind='Weekly', minutes=45, day='Monday', at='07:30', line='30 18 * * mon-fri')
    >>> choices_of("cron 0 9 * * *").line, choices_of("arrival").kind
    ('0 9 * * *', 'When data arrives')
    """
    word, _, rest = text.partition(" ")
    if text == ARRIVAL:
        return Choices(NEW_DATA)
    if word == "cron":
        return Choices(CRON, line=" ".join(rest.split()))
    if word == "weekly":
        day, at = rest.split()
        names = {short: name for name, short in WEEKDAYS.items()}
        return Choices(WEEKLY, day=names[day], at=at.zfill(5))
    hours, minutes = (re.search(rf"(\d+){unit}", text) for unit in "hm")
    return Choices(minutes=60 * int(hours[1] if hours else 0) + int(minutes[1] if minutes else 0))


def rule_words(text: str) -> str:
    """Return a rule as a person would say it; nothing stays nothing, and a cron line as it is.

    >>> rule_words("close+45m"), rule_words("close+1h30m"), rule_words("close")
    ('45 min after the close', '1 h 30 min after the close', 'at the close')
    >>> rule_words("weekly fri 19:00"), rule_words("arrival"), rule_words("cron 0 9 * * *"), rule_words("")
    ('Fridays at 19:00', 'when data arrives', 'cron 0 9 * * *', '')
    """
    if not text:
        return ""
    choices = choices_of(text)
    hours, minutes = divmod(choices.minutes, 60)
    after = " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes else [])])
    return {
        AFTER_CLOSE: f"{after} after the close" if after else "at the close",
        WEEKLY: f"{choices.day}s at {choices.at}",
        CRON: text,
        NEW_DATA: "when data arrives",
    }[choices.kind]


def schedule(
    settings: Settings,
    name: str,
    text: str,
    answers: Mapping[str, str],
    *,
    sessions_only: bool,
    before: Schedule | None = None,
) -> Schedule:
    """Return the schedule that a form asks for; its calendar is the profile's, and what is empty is left out.

    Parameters
    ----------
    before : Schedule or None
        The one that is changed: what the form does not ask for (further parameters, its zone) stays as it is.
    """
    filled_in = {key: value.strip() for key, value in answers.items()}
    others = dict(before.request) if before else {}
    request = {key: value for key, value in {**others, **filled_in}.items() if value}
    calendar = request.get("calendar") or str(settings.under(request.get(PROFILE, ""))["calendar"])
    zone = before.timing.zone if before else ""
    return Schedule(name.strip(), Timing(text, calendar, zone, sessions_only=sessions_only), request)
