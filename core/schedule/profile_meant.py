"""What a profile without a section stood for when a schedule or a range was set: signed with it, and asked again.

``<data>/profiles/`` is under no signature, and anybody's run may teach it another way to read the file. What starts by
itself, in its maker's name, reads what they meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import ParameterError, SignOffError
from core.request.known_profiles import READING, KnownProfiles, is_derived
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.review.makers import MEANING


def meant_by(settings: Settings, request: Mapping[str, str]) -> dict[str, str]:
    """Return what the profile of a request stands for, as text by parameter; nothing of one that ``luigi.cfg`` has.

    Neither what the request names itself, which counts, nor what is so without being named.
    """
    name = request.get(PROFILE, "").strip()
    if not is_derived(name) or name in {*settings.profiles, *settings.profile_faults}:
        return {}
    entry = next((each for each in KnownProfiles(settings.data).entries() if each.name == name), None)
    texts = entry.texts() if entry else {}
    usual = {key: str(value).lower() for key, value in settings.defaults.items() if key in READING}
    return {
        key: text
        for key, text in texts.items()
        if text and not request.get(key, "").strip() and text.lower() != usual.get(key)
    }


def meaning_part(settings: Settings, request: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what a new definition keeps of it: nothing where there is nothing to keep."""
    meaning = meant_by(settings, request)
    return {MEANING: meaning} if meaning else {}


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
    if not body.get(MEANING):
        return
    differing = changed_meaning(body[MEANING], meant_by(settings, body["request"]))
    if differing:
        words = "; ".join(differing)
        raise SignOffError(
            f"profile {body['request'][PROFILE]} stands for something else than when {what} was set: {words}",
            expected="what its maker put on record",
            remedy="Set it again, if that is meant (a schedule: afterclose schedules change NAME); or name source, "
            "path and how it is read in the place of the profile.",
        )


def judge_unchanged(schedule: str, meaning: list[str]) -> None:
    """Refuse what changed of a profile's meaning beside another change: nobody signs it by the way.

    Raises
    ------
    ParameterError
        If there is anything.
    """
    if meaning:
        raise ParameterError(
            f"the profile of schedule {schedule} stands for something else by now: {'; '.join(meaning)}",
            expected="what it stood for when the schedule was set",
            remedy=f"If that is meant, set it again first, by itself: afterclose schedules change {schedule}",
        )


def changed_meaning(before: Mapping[str, str] | None, now: Mapping[str, str] | None) -> list[str]:
    """Return what differs between two meanings of a profile, in words.

    >>> changed_meaning({"source": "files", "path": "a.csv"}, {"source": "files", "path": "b.csv"})
    ["the profile's path: a.csv -> b.csv"]
    """
    old, new = before or {}, now or {}
    return [
        f"the profile's {name}: {old.get(name) or '(none)'} -> {new.get(name) or '(none)'}"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
