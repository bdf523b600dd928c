"""Which profile a command is about: the one named, else the only one there is."""

from __future__ import annotations

from core.errors import ParameterError, listed, nearest
from core.registry.champions import Champions
from core.registry.origins import Origins
from core.request.known_profiles import KnownProfiles, question_of
from core.request.plugin_digests import own_source
from core.request.profiles import settable
from core.request.settings import Settings

_OF_A_QUESTION = ("source", "path", "tickers", "plugins", "plugins_timeout_s")
"""Parameters that say which profile a run belongs to."""


def profiles_here(settings: Settings, *, strict: bool = False) -> list[str]:
    """Return the profiles that ran here or have a champion, sorted.

    Raises
    ------
    JournalError
        If ``strict`` and the journal cannot be read: otherwise what it holds is taken for nothing.
    """
    origins = Origins(settings)
    if strict:
        origins.judge_read()
    return sorted({*origins.profiles, *Champions(settings).profiles()})


def default_profile(settings: Settings) -> str:
    """Return the profile of a run that names nothing."""
    texts = {
        name: parameter.text(settings[name])
        for name, parameter in settable().items()
        if name in _OF_A_QUESTION
    }
    question = question_of(texts["source"], texts["path"], texts["tickers"], own_source(texts, settings))
    return KnownProfiles(settings.data).name_of(question)


def chosen_profile(settings: Settings, name: str) -> str:
    """Return the profile that is meant: ``name``, else the only one that ran here, else that of a run by default.

    Raises
    ------
    ParameterError
        If the name is not known, or there are several and none was named.
    """
    if name:
        return known_profile(settings, name)
    names = profiles_here(settings, strict=True)
    if len(names) > 1:
        raise several(names)
    return names[0] if names else default_profile(settings)


def several(names: list[str]) -> ParameterError:
    """Return the error of a command that does not say which of several profiles it is about."""
    return ParameterError(
        f"there are {len(names):,} profiles here: {listed(names, most=50)}",
        expected="one of them",
        remedy=f"Say which, for instance: --profile {names[0]}",
        parameter="profile",
    )


def known_profile(settings: Settings, name: str) -> str:
    """Return ``name`` if it is a profile of ``luigi.cfg``, or one that ran here.

    Raises
    ------
    ParameterError
        With the nearest name, or what is wrong with the section of that name.
    JournalError
        If it is none of those that are known, and the journal cannot be read.
    """
    origins = Origins(settings)
    names = sorted({*settings.profiles, *origins.profiles, *Champions(settings).profiles(), "sample"})
    if name in names:
        return name
    if name in settings.profile_faults:
        raise settings.profile_faults[name]
    origins.judge_read()
    raise ParameterError(
        f"there is no profile {name!r}",
        expected=f"one of {listed(names)}",
        remedy=nearest(name, names).strip() or "See: afterclose reports",
        parameter="profile",
    )
