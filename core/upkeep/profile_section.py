"""A profile's section of ``luigi.cfg``, changed from the desk: parameters of runs alone; every other line stays.

Which code runs, which findings are accepted, who must sign and who is told is for whoever opens the file itself; in a
team, so is the whole of it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ParameterError, SettingsError, SignOffError, listed, nearest
from core.fingerprint import sha256
from core.parameters import Parameter
from core.paths import SMALL_BYTES, bytes_of, real_path
from core.platform.files import sync_folder, write_temporary
from core.request.config_file import ConfigContent, content_of
from core.request.config_lines import Entry, entries_of
from core.request.profiles import PREFIX, sections_of, settable
from core.request.roots import is_team
from core.request.settings import CONFIG_NAME, Settings, sections
from core.review.people import Person, require

_ELSEWHERE = ("plugins", "waivers")
"""Parameters of runs that only who opens the file sets: code, and findings that count as accepted."""


@dataclass(frozen=True)
class SectionDraft:
    """A section as a form begins with it: its texts by parameter, and the file that they were read from."""

    profile: str
    texts: Mapping[str, str]
    file_sha256: str


def editable() -> dict[str, Parameter]:
    """Return what the desk may set in a profile, by name."""
    return {name: parameter for name, parameter in settable().items() if name not in _ELSEWHERE}


def draft_of(settings: Settings, profile: str, *, like: str = "") -> SectionDraft:
    """Return what a form for a profile begins with; a new one with what ``like``, another profile, stands for.

    Raises
    ------
    ParameterError
        If either section is at fault.
    SettingsError
        If there is no file.
    """
    values = settings.under(profile).profiles.get(profile, {}) if profile in settings.profiles else {}
    if like:
        under = settings.where_known(like).defaults
        values = {name: under[name] for name in editable() if under[name] != settings.defaults[name]}
    texts = {name: _one_line(p.text(values[name])) for name, p in editable().items() if name in values}
    return SectionDraft(profile, texts, sha256(_bytes(settings)))


def why_not(settings: Settings, environ: Mapping[str, str] | None = None) -> str:
    """Return why the desk changes no profile here, in a sentence; empty where it may."""
    if is_team(settings, os.environ if environ is None else environ):
        return f"People log in here: whoever keeps {CONFIG_NAME} changes it."
    if settings.file is None:
        return f"There is no {CONFIG_NAME}: afterclose init makes one."
    return "" if os.access(settings.file, os.W_OK) else f"{CONFIG_NAME} cannot be written."


def section_lines(profile: str, texts: Mapping[str, str]) -> str:
    """Return a section as the file has it.

    >>> print(section_lines("mine", {"source": "files", "path": "p.csv"}))
    [profile:mine]
    source = files
    path = p.csv
    """
    return "\n".join([f"[{PREFIX}{profile}]", *(f"{name} = {text}" for name, text in texts.items())])


def write_section(
    settings: Settings, draft: SectionDraft, texts: Mapping[str, str], *, person: Person
) -> None:
    """Let the section of a profile set ``texts``, and nothing else that the desk may set.

    Parameters
    ----------
    draft : SectionDraft
        What the form began with: a file that was changed since is not written.
    texts : mapping of str to str
        Parameter -> value as text.

    Raises
    ------
    SignOffError
        If the person's role may not, or the file is not the desk's to change.
    ParameterError
        Naming the parameter that cannot be so.
    SettingsError
        If the file was changed since, or would say something else than what was asked.
    """
    require(person, "schedule")
    sections_of([f"{PREFIX}{draft.profile}"])
    if reason := why_not(settings):
        raise SignOffError(reason, expected="a desk of one person, and a file that can be written")
    file = real_path(Path(settings.file or CONFIG_NAME))
    before = _bytes(settings)
    if sha256(before) != draft.file_sha256:
        raise SettingsError(
            f"{CONFIG_NAME} was changed since this was opened",
            expected="the file as it was",
            remedy="Open it anew.",
        )
    text, new_texts = before.decode(), _checked(texts)
    after = with_section(text, draft.profile, new_texts)
    said_before, says = (content_of(CONFIG_NAME, each, sections()) for each in (text, after))
    _judge_rest(said_before, says, draft.profile, new_texts)
    # with its mode from the first byte on: there may be passwords of receivers in it
    temporary = write_temporary(file.parent, after.encode(), stat.S_IMODE(file.stat().st_mode))
    try:
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(file.parent)


def with_section(text: str, profile: str, texts: Mapping[str, str]) -> str:
    r"""Return the text of a file in which a profile sets ``texts``; a comment and what is not the desk's stay.

    >>> before = "[ingest]\nsource = sample\n\n[profile:mine]\n# mine\nsource = files\nwaivers = w.toml\nseed = 3\n"
    >>> print(with_section(before, "mine", {"source": "yahoo", "tickers": "A"}).partition("sample\n\n")[2])
    [profile:mine]
    # mine
    source = yahoo
    waivers = w.toml
    tickers = A
    <BLANKLINE>
    """
    lines = text.split("\n")
    entries = [entry for entry in entries_of(text) if entry.section == f"{PREFIX}{profile}"]
    if not entries:
        return f"{text.rstrip()}\n\n{section_lines(profile, texts)}\n".lstrip("\n")
    own = {entry.key: entry for entry in entries if entry.key in editable()}
    new = [f"{name} = {value}" for name, value in texts.items() if name not in own]
    at = max(_last(entry) for entry in entries)
    others = [entry for name, entry in own.items() if _one_line(entry.value) != texts.get(str(name))]
    changed = {entry.line: _line(entry, texts) for entry in others}
    dropped = {number for entry in others for number in range(entry.line + 1, _last(entry) + 1)}
    result: list[str] = []
    for number, line in enumerate(lines, start=1):
        if number in changed:
            result += changed[number]
        elif number not in dropped:
            result.append(line)
        if number == at:
            result += new
    return "\n".join(result)


def _one_line(text: str) -> str:
    """Return a list that may go on in lines of its own in one, as a form has it."""
    return ", ".join(filter(None, (line.strip(" ,") for line in text.split("\n")))) if "\n" in text else text


def _line(entry: Entry, texts: Mapping[str, str]) -> list[str]:
    """Return the line of a key, none where it is not set any more."""
    text = texts.get(str(entry.key))
    return [] if text is None else [f"{entry.key} = {text}"]


def _last(entry: Entry) -> int:
    """Return the number of an entry's last line that is not empty."""
    return max([entry.line, *(number for number, words in entry.texts if words)])


def _checked(texts: Mapping[str, str]) -> dict[str, str]:
    parameters = editable()
    for name, text in texts.items():
        if name not in parameters:
            raise ParameterError(
                f"{name} cannot be set here",
                expected=f"a parameter of a run, not {listed(_ELSEWHERE)}",
                remedy=nearest(name, parameters).strip(),
            )
        if len(text.strip().splitlines()) > 1:
            raise ParameterError(f"{name} has several lines", expected="one", parameter=name)
        if text.strip():
            parameters[name].parse(text.strip())
    return {name: text.strip() for name, text in texts.items() if text.strip()}


def _judge_rest(before: ConfigContent, after: ConfigContent, profile: str, texts: Mapping[str, str]) -> None:
    """Raise unless one profile says what was asked for, and a file the same as before of everything else."""
    if profile in after.profile_faults:
        raise after.profile_faults[profile]
    others = [
        (
            content.values,
            {name: each for name, each in content.profiles.items() if name != profile},
            content.profile_faults.keys() - {profile},
            {
                name: value
                for name, value in content.profiles.get(profile, {}).items()
                if name not in editable()
            },
        )
        for content in (before, after)
    ]
    sets = after.profiles[profile].keys() & editable().keys()
    if others[0] != others[1] or sets != texts.keys():
        raise SettingsError(
            f"{CONFIG_NAME} would not say what was asked for", expected=f"a change of profile {profile} alone"
        )


def _bytes(settings: Settings) -> bytes:
    if settings.file is None:
        raise SettingsError(
            f"there is no {CONFIG_NAME}", expected="a file", remedy="afterclose init makes one."
        )
    return bytes_of(settings.file, SMALL_BYTES)
