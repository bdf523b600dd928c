"""A new folder to run in: ``luigi.cfg`` with a first profile, and units for systemd and cron."""

from __future__ import annotations

import re
import shlex
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import MissingFileError, ParameterError
from core.paths import typed_path
from core.platform.files import link_new
from core.request.config_file import content_of
from core.request.profiles import PREFIX
from core.request.settings import CONFIG_NAME, sections
from core.sources.closing import zone_of

UNITS = "units"
"""Folder with what systemd and cron need."""

SAMPLE_NAME, ALWAYS_OPEN = "demo", "24/7"
DEFAULT_CALENDAR = "XNYS"


@dataclass(frozen=True)
class FirstProfile:
    """What the first profile asks for, as text; empty: a name after its source, the sample, the default calendar."""

    profile: str = ""
    path: str = ""
    tickers: str = ""
    calendar: str = ""


@dataclass(frozen=True)
class NewFolder:
    """What ``afterclose init`` wrote: the profile's name, the files in the folder, and the folder of units."""

    profile: str
    files: tuple[str, ...]
    units: str = UNITS


def begin(folder: Path, first: FirstProfile) -> NewFolder:
    """Write the files of a new folder; what is there stays as it is.

    Raises
    ------
    ParameterError
        If there is a ``luigi.cfg`` already, or a value cannot be understood.
    MissingFileError
        If the price file is not there.
    """
    folder = folder.absolute()
    if (folder / CONFIG_NAME).exists():
        raise ParameterError(
            f"{folder} has a {CONFIG_NAME} already",
            expected="a folder without one",
            remedy="Add a section [profile:NAME] to it instead; afterclose config shows what is in force.",
        )
    name = first.profile or _name(first)
    text = _configuration(name, first)
    content = content_of(CONFIG_NAME, text, sections())
    for fault in content.profile_faults.values():
        raise ParameterError(fault.problem, expected=fault.expected, remedy=fault.remedy)
    calendar = str(content.values.get("calendar") or DEFAULT_CALENDAR)
    files = {CONFIG_NAME: text, **_units(folder, calendar)}
    (folder / UNITS).mkdir(parents=True, exist_ok=True)
    files_made = tuple(
        name for name, content_text in files.items() if link_new(folder / name, content_text.encode())
    )
    return NewFolder(name, files_made)


def _name(first: FirstProfile) -> str:
    """Return a profile's name after its source, such as ``prices`` or ``msft-aapl``."""
    words = Path(first.path).stem if first.path else first.tickers or SAMPLE_NAME
    ascii_only = unicodedata.normalize("NFKD", words.lower()).encode("ascii", "ignore").decode()  # März: marz
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:40] or SAMPLE_NAME


def _configuration(name: str, first: FirstProfile) -> str:
    lines = [
        "# Settings of this folder. Every key and what it means: docs/configuration.md;",
        "# what is in force, and where it was set: afterclose config",
    ]
    if first.calendar:
        lines += ["", "[market]", f"calendar = {first.calendar}"]
    lines += ["", f"[{PREFIX}{name}]", f"source = {_source(first)}"]
    if first.path:
        path = typed_path(first.path).absolute()
        if not path.exists():
            raise MissingFileError.of(path, "price file")
        lines += [f"path = {path}"]
    if first.tickers:
        lines += [f"tickers = {first.tickers}"]
    return "\n".join([*lines, ""])


def _source(first: FirstProfile) -> str:
    return "files" if first.path else "yahoo" if first.tickers else "sample"


def _units(folder: Path, calendar: str) -> Mapping[str, str]:
    """Return the units by their names in the folder: a run each evening, the alarm an hour later, the desk."""
    zone = str(zone_of(calendar))
    days = "*-*-*" if calendar == ALWAYS_OPEN else "Mon..Fri"
    program = str(Path(sys.executable).parent / "afterclose")
    evening, alarm = ("17:00", "18:10")
    by_name = {
        "afterclose-run.service": _service(folder, "the day's run", f'"{program}" run --due'),
        "afterclose-run.timer": _timer("the day's run", f"{days} {evening} {zone}"),
        "afterclose-deadman.service": _service(
            folder, "the alarm for a missing report", f'"{program}" deadman'
        ),
        "afterclose-deadman.timer": _timer("the alarm for a missing report", f"{days} {alarm} {zone}"),
        "afterclose-dashboard.service": _service(
            folder, "the desk", f'"{program}" dashboard', kind="exec", more="Restart=on-failure\n"
        ),
        "crontab": _crontab(folder, program, calendar, zone),
    }
    return {f"{UNITS}/{name}": text for name, text in by_name.items()}


def _service(folder: Path, what: str, command: str, *, kind: str = "oneshot", more: str = "") -> str:
    return (
        f"[Unit]\nDescription=Afterclose: {what}\nAfter=network-online.target\n\n[Service]\nType={kind}\n"
        + f"WorkingDirectory={folder}\nExecStart={command}\n{more}".replace("%", "%%")
        + ("" if kind == "oneshot" else "\n[Install]\nWantedBy=default.target\n")
    )


def _timer(what: str, when: str) -> str:
    return (
        f"[Unit]\nDescription=Afterclose: {what}\n\n[Timer]\nOnCalendar={when}\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _crontab(folder: Path, program: str, calendar: str, zone: str) -> str:
    days = "*" if calendar == ALWAYS_OPEN else "1-5"
    here, command = shlex.quote(str(folder)), shlex.quote(program)
    return (
        f"# Add these lines with crontab -e. Times are those of {zone} where your cron reads CRON_TZ (cronie does;\n"
        f"# Debian's does not: there they are the machine's own).\nCRON_TZ={zone}\n"
        f"0 17 * * {days}  cd {here} && {command} run --due\n"
        f"10 18 * * {days}  cd {here} && {command} deadman\n"
    ).replace("%", r"\%")
