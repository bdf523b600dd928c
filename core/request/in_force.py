"""What is in force, and where it was set: each setting with its value, its default and its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.request.profiles import HIDDEN, PREFIX, of_section, public_text
from core.request.settings import CONFIG_VARIABLE, DATA_VARIABLE, JOURNAL_VARIABLE, Settings, key_of, sections

DEFAULT = "default"
ENVIRONMENT = "environment"


@dataclass(frozen=True)
class InForce:
    """One setting: section (empty: of the environment), key, value and default as text, place, and what it is."""

    section: str
    key: str
    value: str
    default: str
    origin: str
    help: str


def in_force(settings: Settings, environ: Mapping[str, str]) -> list[InForce]:
    """Return every setting in the order in which ``luigi.cfg`` has them, those of profiles last.

    Parameters
    ----------
    settings : Settings
    environ : mapping
        The environment that they were read with.
    """
    return [*_of_environment(settings, environ), *_of_sections(settings), *_of_profiles(settings)]


def _of_environment(settings: Settings, environ: Mapping[str, str]) -> Iterator[InForce]:
    def row(variable: str, value: str, default: str, help_text: str) -> InForce:
        origin = f"{ENVIRONMENT}, {variable}" if environ.get(variable) else DEFAULT
        return InForce("", variable, value, default, origin, help_text)

    file = str(settings.file or "none")
    yield row(CONFIG_VARIABLE, file, "the nearest luigi.cfg, here or above", "The configuration file.")
    yield row(DATA_VARIABLE, str(settings.data), "data", "The data root.")
    journal = HIDDEN if settings.journal else "SQLite in the data root"
    yield row(JOURNAL_VARIABLE, journal, "SQLite in the data root", "The journal's database.")


def _places(settings: Settings) -> dict[tuple[str, str], str]:
    """Return file and line of each (section, key) of the configuration file."""
    if settings.file is None:
        return {}
    return {key: f"{settings.file.name}, line {line}" for key, line in settings.lines.items()}


def _of_sections(settings: Settings) -> Iterator[InForce]:
    places = _places(settings)
    for section, keys in sections().items():
        for parameter in keys.values():
            key = key_of(parameter)
            text = public_text(parameter, settings.defaults[parameter.name])
            origin = places.get((section, key), DEFAULT)
            default = parameter.text(parameter.parse(parameter.default))
            yield InForce(section, key, text, default, origin, parameter.help)


def _of_profiles(settings: Settings) -> Iterator[InForce]:
    places, parameters = _places(settings), of_section()
    for name, values in sorted(settings.profiles.items()):
        for key, value in values.items():
            parameter, section = parameters[key], PREFIX + name
            default = public_text(parameter, settings.defaults[key])
            yield InForce(
                section, key, public_text(parameter, value), default, places[section, key], parameter.help
            )
