"""Where the configuration file is: named, here, or in a folder above. What is there and is no file is no absence.

Without the file everything is at its default, also how many people must sign and who may do what.
"""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import SettingsError
from core.paths import typed_path

_OF_OLD_LUIGI = "client.cfg"


def config_file(text: str, folder: Path, variable: str, name: str) -> Path | None:
    """Return the configuration file, None where there is none.

    Parameters
    ----------
    text : str
        What the environment's ``variable`` says; empty: look in ``folder`` and those above it for ``name``.

    Raises
    ------
    SettingsError
        If there is something by that name which is no file: a folder, a pipe, or a link that leads nowhere.
    """
    if text:
        path = folder / text
        if not path.is_file():
            raise SettingsError(
                f"{variable} names {text}, which is not a file", expected="a configuration file"
            )
        return path
    folder = folder.absolute()
    for place in (folder, *folder.parents):
        path = place / name
        here, there = place == folder, os.path.lexists(path)
        if there and _is_file(path, here=here):
            return path
        if there and (here or _is_ours(path.lstat())) and not path.is_file():
            raise SettingsError(
                f"{path} is there and is no file",
                expected="a configuration file, or none",
                remedy="Mend the link, or take it away: without the file everything is at its default.",
            )
    return None


def refuse_other_settings(folder: Path, name: str) -> None:
    """Raise for what Luigi would open in a working folder before a run can keep it from it, and obey or wait for.

    Parameters
    ----------
    name : str
        What the configuration file is called: one that does not count is read by Luigi, and forgotten.

    Raises
    ------
    SettingsError
        Naming a ``client.cfg``, or a file of that name that is none.
    """
    old, other = folder / _OF_OLD_LUIGI, folder / name
    odd = old if os.path.lexists(old) else other if os.path.lexists(other) and not other.is_file() else None
    if odd is not None:
        raise SettingsError(
            f"{odd} is there, and Luigi would read it before anything else",
            expected=f"{name} alone, and that a file",
            remedy="Take it away, or start in another folder.",
        )


def state_folder(text: str, file: Path | None, folder: Path) -> Path:
    """Return where the state of a data root in a bucket lies: beside the configuration file, else in ``folder``.

    Earlier versions made it in the working folder whatever file counted: one that is there goes on.
    """
    beside = file.parent if file else folder
    places = [(place / typed_path(text)).absolute() for place in (beside, folder)]
    return next((place for place in places if place.is_dir()), places[0])


def _is_file(path: Path, *, here: bool) -> bool:
    """Return whether there is a file that counts: above the working folder others configure nothing."""
    try:
        return path.is_file() and (here or _is_ours(path.stat()))
    except OSError:
        if here:
            raise
        return False


def _is_ours(stat: os.stat_result) -> bool:
    """Return whether something belongs to this account or to root."""
    return stat.st_uid in (0, os.geteuid())
