"""Which files a run may read: price files and lists of tickers, under configured folders and never a secret.

Whoever may start a run says a path, and what is read there becomes an artifact that every viewer can open. So
a path is judged when the run is planned, links resolved first: in a team (people log in, or roles are configured) it
must lie under ``[files] roots`` (the working folder without a word), and for everybody the data root, the keys,
the configuration, the files it names, hidden files and the system's own folders are out of reach.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

from core import tickers as ticker_list
from core.errors import ParameterError
from core.paths import place_of, real_path, typed_path
from core.platform.storage import local_folder
from core.request.addresses import check_address, copy_of, is_copy
from core.request.receivers import receiver_files
from core.request.settings import Settings
from core.sources import LIVE
from core.sources.addresses.address import names_address
from core.sources.service_key import key_file
from core.sources.tabular.inventory import globbed, is_table_name

LOGIN_VARIABLE = "AFTERCLOSE_LOGIN"
"""Set where people log in, for the desk's process and the runs that it starts: others see nothing."""

LOGIN_FILE_VARIABLE = "AFTERCLOSE_LOGIN_FILE"
"""The file with which people log in, for the desk's process and the runs that it starts."""

TICKERS_NAME = "tickers.txt"
"""In a run's folder: a ticker list that is too long for a command line."""

_SYSTEM = ("/proc", "/sys", "/dev", "/run", "/etc", "/boot")
_NAMING = (
    "people_roles_file", "proof_key_file", "proof_heads_file", "waivers", "api_tokens", "user_own_key",
)  # fmt: skip
"""Settings that name a file."""


def roots_of(settings: Settings, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the folders under which price files are read; empty: wherever the person at the terminal may read."""
    configured = [text for text in str(settings["roots"] or "").split(os.pathsep) if text.strip()]
    if configured:
        return tuple(real_path(settings.beside_file(text)) for text in configured)
    return (real_path(Path.cwd()),) if is_team(settings, environ) else ()


def is_team(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Return whether others than whoever sits at the machine ask for runs: people log in, have roles, or tokens."""
    return bool(environ.get(LOGIN_VARIABLE) or settings["people_roles_file"] or settings["api_tokens"])


def check_configured(
    text: str,
    configured: Iterable[str],
    settings: Settings,
    *,
    parameter: str,
) -> None:
    """Refuse, in a team, what runs as code or speaks for people unless ``luigi.cfg`` names it.

    Parameters
    ----------
    text : str
        As it was asked for.
    configured : iterable of str
        What the settings and profiles name, written alike.

    Raises
    ------
    ParameterError
        Naming what came.
    """
    if not text or text in set(configured) or not is_team(settings, os.environ):
        return
    raise ParameterError(
        f"--{parameter} names {text}, which luigi.cfg does not",
        expected=f"in a team what luigi.cfg or a profile in it names under {parameter}",
        remedy="Whoever keeps luigi.cfg may add it there.",
        parameter=parameter,
    )


def check_path(text: str, settings: Settings, *, parameter: str) -> None:
    """Refuse a path that a run may not read.

    Parameters
    ----------
    text : str
        The path as it was given; one that is not there is for others to say.
    parameter : str
        The option that holds it.

    Raises
    ------
    ParameterError
        Naming the path, what it is in, and the setting; nothing of the file is quoted. An address is read as a price
        file alone, and where it is open or listed in ``[files] addresses``.
    """
    if names_address(text):
        check_address(text, settings, parameter=parameter, closed=bool(roots_of(settings, os.environ)))
    else:
        _check_file(text, settings, parameter=parameter)


def _check_file(text: str, settings: Settings, *, parameter: str) -> None:
    try:
        path = real_path(typed_path(text))
    except ValueError as error:  # a character that no name has
        raise ParameterError(
            f"{text!r} is no path", expected="the name of a file", parameter=parameter
        ) from error
    roots = roots_of(settings, os.environ)
    _refuse(path, text, roots, settings, secrets=secrets_of(settings), parameter=parameter)


@dataclass(frozen=True)
class AllowedFiles:
    """Judges files that are open, as :func:`check_path` judged their paths: a link may have been exchanged meanwhile.

    Whoever may put files into a folder of prices lets a name lead to a table for the moment in which it is judged, and
    to another file for that in which it is read.

    Parameters
    ----------
    settings : Settings
    parameter : str
        The option that holds the path.
    """

    settings: Settings
    parameter: str = "path"

    def __call__(self, stream: IO[bytes]) -> None:
        """Raise as :func:`check_path` where a run may not read an open file."""
        path = place_of(stream)
        if not is_copy(path, self.settings):
            about = os.fstat(stream.fileno())
            _refuse(
                path, str(path), self._roots, self.settings,
                secrets=self._secrets, parameter=self.parameter, about=about,
            )  # fmt: skip

    @cached_property
    def _roots(self) -> tuple[Path, ...]:
        return roots_of(self.settings, os.environ)

    @cached_property
    def _secrets(self) -> tuple[Path, ...]:
        return tuple(secrets_of(self.settings))


def _refuse(
    path: Path,
    text: str,
    roots: Sequence[Path],
    settings: Settings,
    *,
    secrets: Iterable[Path],
    parameter: str,
    about: os.stat_result | None = None,
) -> None:
    """Refuse a path without links that a run may not read; ``text`` is what is said of it."""
    if path.name == TICKERS_NAME and path.parent.parent == real_path(local_folder(settings.data)) / "runs":
        return  # a long list of tickers that the desk wrote for this run
    root = next((root for root in roots if path.is_relative_to(root)), None)
    if roots and root is None:
        raise ParameterError(
            f"--{parameter.replace('_', '-')} names {text}, which is in none of the folders of price files",
            expected=f"a file under {', '.join(map(str, roots))}",
            remedy="Put the file there, or add its folder to [files] roots in luigi.cfg.",
            parameter=parameter,
        )
    reason = _reason(path, root, settings, secrets, about)
    if reason:
        raise ParameterError(
            f"--{parameter.replace('_', '-')} names {text}, which is {reason}",
            expected="a file of prices outside the data root, the configuration and hidden folders",
            remedy="Copy the prices into a folder of their own.",
            parameter=parameter,
        )


def tickers_in(text: str, settings: Settings, *, upper: bool) -> tuple[str, ...]:
    """Return the tickers that a list means, as :func:`core.tickers.parse`; a file of them is one that a run may read.

    Raises
    ------
    AftercloseError
        As there, and as :func:`check_path`: before anything of a file out of reach is read, and so quoted.
    """
    check_list(text, settings)
    return ticker_list.parse(
        text, upper=upper, folder=Path.cwd(), allowed=AllowedFiles(settings, ticker_list.TICKERS)
    )


def check_list(text: str, settings: Settings) -> None:
    """Refuse a list of tickers that is a file which a run may not read; raises as :func:`check_path`."""
    if text.strip().startswith("@"):
        check_path(text.strip()[1:], settings, parameter=ticker_list.TICKERS)


def local_path(text: str, settings: Settings, *, makes_root: bool = True) -> str:
    """Return where on this machine a price file's path leads: to itself, or to the copy of an address made just now.

    Parameters
    ----------
    text : str
        As it was given; judged here, with every file that a pattern matches.
    makes_root : bool
        See :func:`core.request.addresses.copy_of`.

    Raises
    ------
    AftercloseError
        As :func:`check_path`, before anything is asked or read; if there is nothing at the address, or it cannot be
        read.
    """
    # asked once: a file that goes meanwhile makes no address of what was judged as a file
    if names_address(text):
        closed = bool(roots_of(settings, os.environ))
        address = check_address(text, settings, parameter="path", closed=closed)
        return str(copy_of(address, settings, closed=closed, makes_root=makes_root))
    _check_file(text, settings, parameter="path")  # before a pattern is walked
    for file in globbed(text):
        _check_file(str(file), settings, parameter="path")
    return text


def _reason(
    path: Path,
    root: Path | None,
    settings: Settings,
    secrets: Iterable[Path],
    about: os.stat_result | None = None,
) -> str:
    """Return why a path is out of reach, empty if it is not; ``about`` is of the file itself, where it is open."""
    data = real_path(local_folder(settings.data))
    if path.is_relative_to(data):
        return "in the data root"
    for secret in secrets:
        # a folder's tables are read, those in folders key=value too: a secret with the ending of a table would be one
        if _is_same(path, secret, about) or (is_table_name(secret.name) and _is_read_with(secret, path)):
            return "a file of the configuration, or the folder of one"
    if any(path.is_relative_to(folder) for folder in _SYSTEM):
        return "in a folder of the system"
    base = root or (real_path(Path.cwd()) if path.is_relative_to(real_path(Path.cwd())) else None)
    below = path.relative_to(base) if base else path
    if any(part.startswith(".") for part in below.parts):
        return "hidden, or in a hidden folder"
    return ""


def _is_same(path: Path, secret: Path, about: os.stat_result | None) -> bool:
    """Return whether two paths are one file, also by another name of it (a hard link)."""
    try:
        return path == secret or os.path.samestat(about or path.stat(), secret.stat())
    except OSError:
        return False


def _is_read_with(file: Path, folder: Path) -> bool:
    """Return whether a file is among those that are read of a folder."""
    return file.is_relative_to(folder) and all("=" in part for part in file.relative_to(folder).parts[:-1])


def secrets_of(settings: Settings) -> Iterator[Path]:
    """Yield the files that configure this installation and may hold secrets, links resolved."""
    texts = [str(settings[name] or "") for name in _NAMING]
    texts += [os.environ.get(LOGIN_FILE_VARIABLE, ""), *(str(key_file(name, os.environ)) for name in LIVE)]
    # whoever reads one starts from the working folder, which may be below the folder of luigi.cfg
    bases = (Path(), settings.file.parent) if settings.file else (Path(),)
    yield from (real_path(base / typed_path(text)) for text in texts if text for base in bases)
    yield from (real_path(path) for path in receiver_files(settings))
    yield from (real_path(local_folder(settings.data)) / "keys").glob("*")  # also by another name outside
    if settings.file is not None:
        yield real_path(settings.file)
