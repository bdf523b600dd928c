"""A schedule as a form asks for it: choices in, rule and request out."""

from __future__ import annotations

from collections.abc import Mapping

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


def schedule(
    settings: Settings, name: str, text: str, answers: Mapping[str, str], *, sessions_only: bool
) -> Schedule:
    """Return the schedule that a form asks for; its calendar is the profile's, and what is empty is left out."""
    request = {key: value.strip() for key, value in answers.items() if value.strip()}
    calendar = str(settings.under(request.get(PROFILE, ""))["calendar"])
    return Schedule(name.strip(), Timing(text, calendar, sessions_only=sessions_only), request)
