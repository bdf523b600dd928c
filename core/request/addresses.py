"""Which addresses a run may read, and the copy that it reads.

Whoever may start a run says an address, and the machine that asks there may reach what the person may not: a company's
inner servers, its cloud's own address. So in a team, and wherever folders are configured, an address is read only under
one of ``[files] addresses``, and a redirect leads nowhere else; the person at an own terminal reads any.
"""

from __future__ import annotations

import os
import stat
import tempfile
from functools import partial
from pathlib import Path

from core.errors import ParameterError, SettingsError
from core.paths import real_path
from core.platform.isolated import Bounds, call_isolated
from core.platform.storage import local_folder
from core.platform.web_addresses import may_be_loopback
from core.request.settings import Settings
from core.sources.addresses.address import Address, address_of

_TEMPORARY_HOME = "afterclose-addresses-"
"""Beginning of the name of a folder for copies among the system's temporary files."""

_END_S = 30.0
"""How much longer than a copy may take its process has, to start and to end."""


def allowed_of(settings: Settings) -> tuple[Address, ...]:
    """Return the addresses under which price files are read; empty: none is configured.

    Raises
    ------
    SettingsError
        If one of them is none.
    """
    try:
        return tuple(address_of(text) for text in str(settings["addresses"] or "").split())
    except ParameterError as error:
        raise SettingsError(
            f"[files] addresses: {error.problem.removeprefix('--path ')}",
            expected=error.expected,
            remedy=error.remedy,
        ) from error


def check_address(text: str, settings: Settings, *, parameter: str, closed: bool) -> Address:
    """Return the address that a text names, if a run may read it.

    Parameters
    ----------
    closed : bool
        Whether only what is configured is read: in a team, and where folders are configured.

    Raises
    ------
    ParameterError
        If it is mangled, holds a secret, is no price file's, or is read by nobody here.
    """
    address = address_of(text, parameter=parameter)
    option = f"--{parameter.replace('_', '-')}"
    if parameter != "path":
        raise ParameterError(
            f"{option} names an address ({address.scheme}:...), and only prices are read from one",
            expected="a file on this machine",
            remedy="Fetch it into a file first, then name that file.",
            parameter=parameter,
        )
    if not _may_read(address, settings, closed=closed):
        open_http = address.scheme == "http" and not closed
        raise ParameterError(
            f"{option} names {address.display}, which is under none of the addresses of price files",
            expected="https://, or http:// on this machine: others could change it on its way"
            if open_http
            else " or ".join(map(str, allowed_of(settings))) or "a file under the folders of price files",
            remedy="Whoever runs this can add it to [files] addresses in luigi.cfg.",
            parameter=parameter,
        )
    return address


def copy_of(address: Address, settings: Settings, *, closed: bool, makes_root: bool = True) -> Path:
    """Return a path of this machine with what is at an address, judged before.

    Parameters
    ----------
    makes_root : bool
        Whether the data root may be made for the copy; else it is kept elsewhere while there is none.

    Raises
    ------
    AftercloseError
        If there is nothing at the address, or it cannot be read.
    """
    from core.sources.addresses.copies import is_one_waiting

    if not is_one_waiting():
        return copied(address, settings, closed=closed, makes_root=makes_root)
    # a desk or a scheduler that goes on for months would leave a thread and a connection each time that a server drips
    bounds = Bounds(settings.bounds.memory_mb, float(str(settings["addresses_timeout_s"])) + _END_S)
    return call_isolated(
        bounds, address.display, copied, address, settings, closed=closed, makes_root=makes_root
    )


def copied(address: Address, settings: Settings, *, closed: bool, makes_root: bool) -> Path:
    """Return the same, from this process."""
    from core.sources.addresses.copies import FOLDER, CopyLimits, local_copy

    root = local_folder(settings.data)
    home, usable = root / FOLDER, root.is_dir() or makes_root
    try:
        if usable:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            usable = os.access(home, os.W_OK)
    except OSError:
        usable = False  # a data root that is only read
    may_follow = partial(_may_follow, settings=settings, closed=closed)
    limits = CopyLimits(float(str(settings["addresses_timeout_s"])), may_follow)
    return local_copy(address, home if usable else _temporary_home(), limits)


def is_copy(path: Path, settings: Settings) -> bool:
    """Return whether a file, links resolved, is of a copy that this program made of an address."""
    root, temporary = real_path(local_folder(settings.data)), real_path(Path(tempfile.gettempdir()))
    if path.is_relative_to(temporary) and str(path.relative_to(temporary)).startswith(_TEMPORARY_HOME):
        return True
    if not path.is_relative_to(root):
        return False
    from core.sources.addresses.copies import FOLDER

    return path.is_relative_to(root / FOLDER)


def _may_read(address: Address, settings: Settings, *, closed: bool) -> bool:
    if any(address.is_under(prefix) for prefix in allowed_of(settings)):
        return True
    return not closed and (address.scheme != "http" or address.is_local)


def _may_follow(goal: Address, *, settings: Settings, closed: bool) -> bool:
    """Return whether a redirect may lead to ``goal``: never from outside to this machine by itself."""
    if any(goal.is_under(prefix) for prefix in allowed_of(settings)):
        return True
    return not closed and goal.scheme == "https" and not may_be_loopback(goal.host)


def _temporary_home() -> Path:
    """Return this user's folder for copies among the system's temporary files."""
    home = Path(tempfile.gettempdir()) / f"{_TEMPORARY_HOME}{os.geteuid()}"
    home.mkdir(exist_ok=True, mode=0o700)
    about = home.lstat()
    if stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077:
        return home
    return Path(tempfile.mkdtemp(prefix=_TEMPORARY_HOME))  # somebody else's stands in its place
