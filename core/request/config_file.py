"""What a configuration file says: our own sections, Luigi's, and each profile by itself.

A mistake in a section of our own or of Luigi's is one of the file; in a profile it is one of that profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import ParameterError, SettingsError, listed, nearest
from core.parameters import Parameter, Value
from core.request import luigi_options, profiles
from core.request.config_lines import TWICE, Entry, entries_of, named_heading

Sections = Mapping[str, Mapping[str, Parameter]]
"""Section -> key -> what it sets."""

MOST_CHARACTERS = 1 << 20
"""Of a file: thousands of profiles have as many."""

_MOST_OF_A_NAME = 80
"""Characters of a name that is quoted."""

MOST_NAMES = 16
"""So many known names stand in a message; a profile may set three times as many keys."""

SEVERAL_LINES = frozenset(
    {"addresses", "columns", "notices_deputy_urls", "notices_urls", "plugins", "review_signers", "roots"}
)
"""Texts that are lists, which may go on in lines of their own; any other text has one."""

_ADDRESS = re.compile(r"(\w://)\S+")
"""What follows the scheme of an address, which may be a password: never quoted."""


@dataclass(frozen=True)
class ConfigContent:
    """What a file says: values of our own sections and of each profile, profiles at fault, the line of each key."""

    values: Mapping[str, Value] = field(default_factory=dict)
    profiles: profiles.Profiles = field(default_factory=dict)
    profile_faults: Mapping[str, SettingsError] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)


def content_of(name: str, text: str, own: Sections) -> ConfigContent:
    """Return what a configuration file says, each profile judged by itself.

    Parameters
    ----------
    name, text : str
        Of the file.
    own : mapping
        Our sections with their keys; profiles and Luigi's are known here.

    Raises
    ------
    SettingsError
        If it cannot be read, or a section that is no profile is at fault: naming line, what came and the nearest name.
    """
    if len(text) > MOST_CHARACTERS:
        raise SettingsError(
            f"{name} has more than {MOST_CHARACTERS:,} characters",
            expected="at most so many",
            remedy="Is it another file?",
        )
    values: dict[str, Value] = {}
    by_profile: dict[str, dict[str, Value]] = {}
    faults: dict[str, SettingsError] = {}
    entries = entries_of(text)
    for entry in entries:
        profile = _profile(entry.section)
        own_values = by_profile.setdefault(profile, {}) if profile else values
        try:
            own_values |= _values(name, entry, own)
        except SettingsError as error:
            if not profile:
                raise
            faults.setdefault(profile, error)
    sound = {profile: by_profile[profile] for profile in by_profile if profile not in faults}
    lines = {(entry.section, entry.key): entry.line for entry in entries if entry.key is not None}
    return ConfigContent(values, sound, faults, lines)


def _values(name: str, entry: Entry, own: Sections) -> dict[str, Value]:
    """Return what one entry sets of our own.

    Raises
    ------
    SettingsError
        Naming the line, what came and the nearest known name.
    """
    if entry.fault:
        raise _unreadable(name, entry)
    place = f"{name}, line {entry.line}"
    by_section = own
    try:
        by_section = {**own, **profiles.sections_of([entry.section])}
        parameter = _parameter_of(by_section, entry.section, entry.key, place)
        _judge_further_lines(name, entry, parameter, by_section)
        return {parameter.name: parameter.parse_setting(entry.value)} if parameter is not None else {}
    except SettingsError:
        raise
    except ParameterError as error:
        problem, set_here = error.problem, by_section.get(entry.section, {}).get(entry.key or "")
        if set_here is not None:
            problem = problem.replace(set_here.option, f"[{entry.section}] {entry.key}", 1)
        raise SettingsError(f"{place}: {problem}", expected=error.expected, remedy=error.remedy) from error


def _judge_further_lines(name: str, entry: Entry, parameter: Parameter | None, by_section: Sections) -> None:
    """Raise where a line that goes on with a value was meant to be a key or a heading, or the value has one line.

    Raises
    ------
    SettingsError
        Naming that line.
    """
    keys = by_section.get(entry.section, luigi_options.SECTIONS.get(entry.section.replace("-", "_"), ()))
    has_words = bool(entry.texts and entry.texts[0][1])
    for number, text in entry.further:
        place = f"{name}, line {number}"
        heading, key = named_heading(text), re.split("[=:]", text, maxsplit=1)[0].strip().lower()
        is_ours = heading.startswith(profiles.PREFIX) or heading in {*by_section, *luigi_options.SECTIONS}
        if is_ours or (key != text and key in keys):
            raise SettingsError(
                f"{place}: {f'[{heading}]' if heading else key!r} is indented deeper than {entry.key!r} above it, "
                "so it is one more line of that value",
                expected="headings and keys in one column",
                remedy="Take the blanks in front of it away.",
            )
        one_line = parameter is not None and parameter.kind == "text" and parameter.name not in SEVERAL_LINES
        if one_line and has_words:
            raise SettingsError(
                f"{place}: a second line of [{_short(entry.section)}] {entry.key}, as it is indented deeper",
                expected="one line",
                remedy="Take the blanks in front of it away, or the line.",
            )
        has_words = True


def _unreadable(name: str, entry: Entry) -> SettingsError:
    """Return the error of a line that is neither heading nor key, or one of both that is there twice."""
    place = f"{name}, line {entry.line}"
    section, key = _short(entry.section), _short(_ADDRESS.sub(r"\1...", entry.key or ""))
    if entry.fault == TWICE and entry.key is None:
        return SettingsError(f"{place}: [{section}] {TWICE}", expected="each section once")
    if entry.fault == TWICE:
        return SettingsError(f"{place}: key {key!r} in [{section}] {TWICE}", expected="each key once")
    return SettingsError(
        f"{name} cannot be read: line {entry.line} {entry.fault}: {key!r}", expected="sections of key = value"
    )


def _profile(section: str) -> str:
    return section.removeprefix(profiles.PREFIX) if section.startswith(profiles.PREFIX) else ""


def _parameter_of(
    by_section: Mapping[str, Mapping[str, Parameter]], section: str, key: str | None, where: str
) -> Parameter | None:
    """Return our parameter, or None for Luigi's own; raise for what nobody knows."""
    if section in by_section:
        if key is None:
            return None
        if key in by_section[section]:
            return by_section[section][key]
        raise _unknown(f"key {_short(key)!r} in [{section}]", key, by_section[section], where)
    section_name = section.replace("-", "_")
    if section_name in luigi_options.FREE_SECTIONS:
        return None
    if section_name not in luigi_options.SECTIONS:
        raise _unknown(f"section [{_short(section)}]", section, [*by_section, *luigi_options.SECTIONS], where)
    if key is not None and key.replace("-", "_") not in luigi_options.SECTIONS[section_name]:
        raise _unknown(
            f"key {_short(key)!r} in Luigi's [{section}]", key, luigi_options.SECTIONS[section_name], where
        )
    return None


def _unknown(what: str, name: str, expected: Iterable[str], where: str) -> SettingsError:
    names = sorted(expected)
    return SettingsError(
        f"{where}: unknown {what}",
        expected=f"one of {listed(names, MOST_NAMES)}",
        remedy=nearest(_short(name), names).strip(),
    )


def _short(name: str) -> str:
    return name if len(name) <= _MOST_OF_A_NAME else f"{name[:_MOST_OF_A_NAME]}..."
