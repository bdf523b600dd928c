"""What a configuration file says: our own sections, Luigi's, and each profile by itself.

A mistake in a section of our own or of Luigi's is one of the file; in a profile it is one of that profile.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.errors import ParameterError, SettingsError, listed, nearest
from core.parameters import Parameter, Value
from core.request import luigi_options, profiles

Sections = Mapping[str, Mapping[str, Parameter]]
"""Section -> key -> what it sets."""

MOST_CHARACTERS = 1 << 20
"""Of a file: thousands of profiles have as many."""

_MOST_OF_A_NAME = 80
"""Characters of a name that is quoted."""

_MOST_OF_A_MESSAGE = 400
"""Characters of what the parser says, which quotes whole lines."""

MOST_NAMES = 16
"""So many known names stand in a message; a profile may set three times as many keys."""

_SECTION_LINE = re.compile(r"\s*\[([^\]]+)\]")
_ADDRESS = re.compile(r"(\w://)\S+")
"""What follows the scheme of an address, which may be a password: never quoted."""

_KEY_LINE = re.compile(r"\s*([^#;=:\[\s][^=:]*?)\s*[=:]")


@dataclass(frozen=True)
class ConfigContent:
    """What a configuration file says: values of our own sections, those of each profile, profiles at fault."""

    values: Mapping[str, Value]
    profiles: profiles.Profiles
    profile_faults: Mapping[str, SettingsError]


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
    lines = text.splitlines()
    numbers = _by_profile(lines)
    values = _values(name, _alone(lines, numbers.pop("", [])), own)
    by_profile: dict[str, Mapping[str, Value]] = {}
    faults: dict[str, SettingsError] = {}
    for profile, own_lines in numbers.items():
        try:
            by_profile[profile] = _values(name, "\n".join(lines[number] for number in own_lines), own)
        except SettingsError:
            try:
                by_profile[profile] = _values(name, _alone(lines, own_lines), own)
            except SettingsError as error:  # the same, with the line that it is in the file
                faults[profile] = error
    return ConfigContent(values, by_profile, faults)


def _by_profile(lines: Sequence[str]) -> dict[str, list[int]]:
    """Return which lines are of each profile's sections, and under the empty name the others; counted from 0."""
    owner, numbers = "", dict[str, list[int]]()
    for number, line in enumerate(lines):
        heading = _SECTION_LINE.match(line)
        owner = _profile(heading.group(1)) if heading else owner
        numbers.setdefault(owner, []).append(number)
    return numbers


def _alone(lines: Sequence[str], numbers: Sequence[int]) -> str:
    """Return lines as a text in which each keeps its number, up to the last of them."""
    text = [""] * (max(numbers, default=-1) + 1)
    for number in numbers:
        text[number] = lines[number]
    return "\n".join(text)


def _values(name: str, text: str, own: Sections) -> dict[str, Value]:
    """Return the values of the sections in a part of the file.

    Raises
    ------
    SettingsError
        Naming the line, what came and the nearest known name.
    """
    parser = configparser.ConfigParser(interpolation=None, default_section="\0none")
    try:
        parser.read_string(text, source=name)
    except configparser.Error as error:
        raise _unreadable(name, error) from error
    by_section = dict(own)
    values: dict[str, Value] = {}
    for section, key, line in entries_of(text):
        place = f"{name}, line {line}"
        try:
            by_section |= profiles.sections_of([section])
            parameter = _parameter_of(by_section, section, key, place)
            if parameter is not None and key is not None:
                values[parameter.name] = parameter.parse_setting(parser.get(section, key))
        except SettingsError:
            raise
        except ParameterError as error:
            option = _option_of(by_section, section, key)
            problem = error.problem.replace(option, f"[{section}] {key}", 1) if option else error.problem
            raise SettingsError(
                f"{place}: {problem}", expected=error.expected, remedy=error.remedy
            ) from error
    return values


def _option_of(by_section: Mapping[str, Mapping[str, Parameter]], section: str, key: str | None) -> str:
    """Return how a command line calls what a key sets, empty for a heading."""
    return by_section[section][key].option if key is not None else ""


def _unreadable(name: str, error: configparser.Error) -> SettingsError:
    """Return the error of a file that is not sections of keys, with the line where that is known."""
    expected = "sections of key = value"
    if isinstance(error, configparser.DuplicateSectionError):
        return SettingsError(
            f"{name}, line {error.lineno}: [{_short(error.section)}] already exists",
            expected="each section once",
        )
    if isinstance(error, configparser.DuplicateOptionError):
        return SettingsError(
            f"{name}, line {error.lineno}: key {_short(error.option)!r} in [{_short(error.section)}] already exists",
            expected="each key once",
        )
    problem = _ADDRESS.sub(r"\1...", " ".join(str(error)[:_MOST_OF_A_MESSAGE].split()))
    return SettingsError(f"{name} cannot be read: {problem}", expected=expected)


def _profile(section: str) -> str:
    return section.removeprefix(profiles.PREFIX) if section.startswith(profiles.PREFIX) else ""


def entries_of(text: str) -> Iterator[tuple[str, str | None, int]]:
    """Yield (section, key or None for the heading itself, line number), as the parser sees them."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _SECTION_LINE.match(line):
            section = heading.group(1)
            yield section, None, number
        elif line[:1].strip() and (entry := _KEY_LINE.match(line)):
            yield section, entry.group(1).strip().lower(), number


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
