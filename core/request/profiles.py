"""Named sets of parameters: ``[profile:NAME]`` in ``luigi.cfg`` instead of a long command line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import ParameterError, listed, nearest
from core.parameters import Parameter, Value
from core.request.known_profiles import is_derived
from core.request.stages import STAGES, parameters_of

PROFILE = "profile"
"""In a request beside the parameters: the profile whose values stand in place of the defaults."""

PREFIX = "profile:"
"""Beginning of a section's name in ``luigi.cfg``."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
NAME_IN_WORDS = "small letters, digits, - and _, beginning with a letter or digit"
"""What a profile or a schedule may be called: it is typed on a command line."""

_MOST_SHOWN = 80
"""Characters of a name that is quoted."""

Profiles = Mapping[str, Mapping[str, Value]]
"""Name of the profile -> parameter -> value."""


@dataclass(frozen=True)
class ChangedSetting:
    """A parameter that a profile sets apart from the default, both as text."""

    name: str
    default: str
    value: str


POLICIES: tuple[Parameter, ...] = (
    Parameter(
        "review_signatures",
        "integer",
        "1",
        "review",
        "Different people who must approve a report before it may be published.",
        low=1,
        high=20,
    ),
    Parameter(
        "review_signers",
        "text",
        "",
        "review",
        "Who may approve: ids of logins, or names of local users, separated by commas; empty: whoever has the role.",
    ),
    Parameter(
        "review_sign_by",
        "time",
        "",
        "review",
        "Time of day by which a report that was made is signed, on a session day; empty: no hour.",
    ),
    Parameter(
        "notices_deputy_urls",
        "text",
        "",
        "notices",
        "Receivers of escalations, as urls: who signs where nobody did in time; empty: nobody.",
    ),
)
"""Settings of what is done with reports, not of runs: in their sections for all, in a profile for its own."""


SECRET = frozenset({"notices_urls", "notices_deputy_urls", "observe_openlineage_url", "proof_timestamp_url"})
"""Settings whose values may hold a password."""

HIDDEN = "(set, not shown)"
"""In place of such a value."""


def public_text(parameter: Parameter, value: Value) -> str:
    """Return a value as people see it."""
    return HIDDEN if parameter.name in SECRET and value else parameter.text(value)


def settable() -> dict[str, Parameter]:
    """Return what a profile may set of a run: every parameter, by name."""
    return {name: p for name, p in parameters_of(STAGES).items() if not p.resolved}


def of_section() -> dict[str, Parameter]:
    """Return what a profile's section may set: of a run, and of what is done with its reports."""
    return settable() | {policy.name: policy for policy in POLICIES}


def sections_of(names: Iterable[str]) -> dict[str, dict[str, Parameter]]:
    """Return the sections among ``names`` that are profiles, each with the keys it may have.

    Raises
    ------
    ParameterError
        If a profile's name could not be typed safely on a command line, or is that of runs without a profile.
    """
    sections = {}
    for section in names:
        if section.startswith(PREFIX):
            name = section.removeprefix(PREFIX)
            if not NAME.fullmatch(name):
                short = name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}..."
                raise ParameterError(f"[{PREFIX}{short}] names the profile {short!r}", expected=NAME_IN_WORDS)
            if is_derived(name):
                raise ParameterError(
                    f"[{section}] has the name of runs of the embedded sample without a profile",
                    expected="another name",
                )
            sections[section] = of_section()
    return sections


def defaults_under(profiles: Profiles, name: str, defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Return the defaults with the values of profile ``name`` in place; an empty name changes nothing.

    Raises
    ------
    ParameterError
        If there is no such profile (any more), with the nearest name.
    """
    if not name:
        return dict(defaults)
    if name not in profiles:
        names = listed(sorted(profiles), most=16) or "none: luigi.cfg has no [profile:...] section"
        add = (
            f"Add a section [{PREFIX}{name}] to luigi.cfg."
            if NAME.fullmatch(name)
            else "See: afterclose reports"
        )
        raise ParameterError(
            f"there is no profile {name!r}",
            expected=f"one of {names}",
            remedy=nearest(name, profiles).strip() or add,
        )
    return {**defaults, **profiles[name]}


def changed_settings(profile: Mapping[str, Value], defaults: Mapping[str, Value]) -> list[ChangedSetting]:
    """Return what a profile sets apart from the defaults, in the order of the stages."""
    return [
        ChangedSetting(name, public_text(parameter, defaults[name]), public_text(parameter, profile[name]))
        for name, parameter in of_section().items()
        if name in profile and profile[name] != defaults[name]
    ]
