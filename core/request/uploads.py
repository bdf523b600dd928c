"""Price files that people bring through the desk: where they are kept, under which name, and never over another one.

An upload lies in one folder under a root, so that a run reads it as it reads any price file. It keeps its name; a
file of that name with other bytes is replaced, or kept beside the new one, only where a person says which.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import AftercloseError, ParameterError, SettingsError
from core.fingerprint import sha256
from core.platform.filedigest import digest_of_file
from core.platform.storage import nearest_folder, replace_file, storage_at
from core.request import roots
from core.request.settings import Settings
from core.request.upload_list import UploadEntry, UploadList, bytes_in, locked
from core.sources.tabular.inventory import PACKED, SUFFIXES, is_table_name, stem_of

FOLDER = "uploads"
"""In the first root, where ``[files] uploads`` names no folder."""

MIB = 1 << 20
AT_ONCE = 2
"""So many uploads of the largest size may be on their way at once, or lie in the desk's memory: more wait."""

MOST_NAME_BYTES = 200
"""Most file systems take 255 bytes; what is written beside it (temporary names, digests) needs some of them."""

Outcome = Literal["new", "same", "replaced", "beside"]
"""What became of an upload: a new file, bytes that were there already, in place of others, or under a name beside."""


@dataclass(frozen=True)
class Upload:
    """A file that was brought.

    Parameters
    ----------
    path : Path
        Where it lies.
    sha256 : str
    size : int
        Bytes.
    outcome : str
        See :data:`Outcome`.
    """

    path: Path
    sha256: str
    size: int
    outcome: Outcome


def most_bytes(settings: Settings) -> int:
    """Return how large an upload may be; 0 where there are none."""
    return int(settings["upload_mb"] or 0) * MIB


def most_together(settings: Settings) -> int:
    """Return how many bytes uploads may have together that are on their way or not written yet."""
    return AT_ONCE * (most_bytes(settings) + MIB)


def room(settings: Settings) -> int:
    """Return how many bytes the next upload may have by what is left for all of them; 0 where there are none."""
    try:
        used = bytes_in(folder_of(settings)) if most_bytes(settings) else 0
    except SettingsError:
        return 0  # the page says why
    return max(min(most_bytes(settings), int(settings["uploads_total_mb"] or 0) * MIB - used), 0)


def folder_of(settings: Settings) -> Path:
    """Return the folder in which uploads are kept; it need not be there yet.

    Raises
    ------
    SettingsError
        If it is in none of the folders of price files, or a run may not read there.
    """
    allowed = roots.roots_of(settings, os.environ)
    configured = str(settings["uploads"] or "").strip()
    folder = settings.beside_file(configured) if configured else (*allowed, Path.cwd())[0] / FOLDER
    folder = folder.absolute()
    try:
        roots.check_path(str(folder / "prices.csv"), settings, parameter="path")
    except ParameterError as error:
        raise SettingsError(
            f"uploads would lie in {folder}, where no run may read",
            expected=f"a folder under {', '.join(map(str, allowed))}" if allowed else error.expected,
            remedy="Name another one: [files] uploads in luigi.cfg.",
        ) from error
    return folder


def refusal(settings: Settings) -> str:
    """Return why nothing can be uploaded here, empty where it can."""
    if not most_bytes(settings):
        return "Uploads are off: [files] upload_mb is 0."
    try:
        folder = folder_of(settings)
    except AftercloseError as error:
        return str(error)
    if not os.access(nearest_folder(folder), os.W_OK):
        return f"{folder} cannot be written. Name another folder: [files] uploads in luigi.cfg."
    if not room(settings):
        return (
            f"The uploads in {folder} have all that [files] uploads_total_mb = {settings['uploads_total_mb']} allows. "
            "Remove some, or run: afterclose gc"
        )
    return ""


def name_of(name: str) -> str:
    r"""Return the name under which an upload is kept: its own, without folders.

    Raises
    ------
    ParameterError
        If no table of prices is called so.

    Examples
    --------
    >>> name_of("C:\\Users\\me\\prices 2024.csv")
    'prices 2024.csv'
    """
    own = name.replace("\\", "/").rpartition("/")[2].strip()
    if not is_table_name(own) or not own.isprintable() or len(own.encode()) > MOST_NAME_BYTES:
        raise ParameterError(
            f"the file is called {own!r}",
            expected=f"a name that ends in one of {', '.join(SUFFIXES)}, also packed ({', '.join(PACKED)})",
            remedy="Save it in one of these forms.",
            parameter="path",
        )
    return own


def beside(name: str, digest: str) -> str:
    """Return the name under which a file is kept beside another one of its name.

    >>> beside("prices.csv.gz", "0a1b2c3d4e5f")
    'prices-0a1b2c3d.csv.gz'
    """
    stem = stem_of(name)
    return f"{stem}-{digest[:8]}{name[len(stem) :]}"


def in_the_way(settings: Settings, name: str, digest: str) -> Path | None:
    """Return the file of that name with other bytes, None where there is none."""
    path = folder_of(settings) / name_of(name)
    return path if path.is_file() and digest_of_file(path) != digest else None


def keep(
    settings: Settings,
    name: str,
    data: bytes,
    *,
    who: str,
    instead: Literal["ask", "replace", "beside"] = "ask",
    agreed_sha256: str = "",
) -> Upload:
    """Keep a file that was brought, whole or not at all.

    Parameters
    ----------
    name : str
        As its owner calls it; folders in it are ignored.
    who : str
        What tells the person apart who brings it (:func:`core.review.people.who_is`).
    instead : str
        What becomes of a file of that name with other bytes: ``ask`` refuses, ``replace`` puts the new one in its
        place, ``beside`` keeps both.
    agreed_sha256 : str
        SHA-256 of the file that the person agreed to replace; empty: whichever is there.

    Raises
    ------
    AftercloseError
        If the name is none of a table, the file is too large, there is no room left for the person or for all, another
        one is in the way, or nothing can be written.
    """
    most = most_bytes(settings)
    if len(data) > most:
        raise ParameterError(
            f"{name} has {len(data):,} bytes",
            expected=f"{most:,} bytes or fewer ([files] upload_mb = {most // MIB})",
            remedy="Put it into a folder that runs read, and choose it there.",
            parameter="path",
        )
    folder, own, digest = folder_of(settings), name_of(name), sha256(data)
    if instead == "beside" and in_the_way(settings, own, digest):
        own = beside(own, digest)
    path = folder / own
    with (
        SettingsError.of_disk(
            f"{path} cannot be written",
            expected="a folder for uploads that can be written",
            remedy="Name another one: [files] uploads in luigi.cfg.",
        ),
        locked(folder) as entries,
    ):
        if path.is_file() and digest_of_file(path) == digest:
            return Upload(path, digest, len(data), "same")
        _judge_room(settings, entries, own, len(data), who)
        if agreed_sha256 and path.is_file() and digest_of_file(path) != agreed_sha256:
            instead = "ask"  # somebody else's came meanwhile, which nobody agreed to lose
        outcome = _put(path, data, instead)
        entries.add(UploadEntry(own, who, time.time()))
    return Upload(path, digest, len(data), outcome)


def _put(path: Path, data: bytes, instead: str) -> Outcome:
    """Write the file and return what became of it; another one in its way is replaced only where that was said."""
    if storage_at(path).create(data):
        return "beside" if instead == "beside" else "new"
    if instead != "replace":
        raise ParameterError(
            f"{path} is there already, with other content",
            expected="a new name, or a decision",
            remedy="Replace it, or keep both.",
            parameter="path",
        )
    replace_file(path, data)
    return "replaced"


def _judge_room(settings: Settings, uploads: UploadList, name: str, size: int, who: str) -> None:
    """Raise if the uploads of all, or of this person, would have more bytes than they may."""
    sizes = uploads.sizes()
    replaced = sizes.get(name, 0)
    entry = uploads.entries.get(name)
    own = uploads.of(who) - (replaced if entry is not None and entry.who == who else 0)
    for setting, used, whose in (
        ("uploads_total_mb", sum(sizes.values()) - replaced, "all uploads"),
        ("uploads_person_mb", own, f"the uploads of {who}"),
    ):
        most = int(settings[setting] or 0) * MIB
        if used + size > most:
            raise ParameterError(
                f"{name} has {size:,} bytes, and {whose} in {uploads.folder} have {used:,} already",
                expected=f"{most:,} bytes or fewer together ([files] {setting} = {most // MIB})",
                remedy="Remove files that are not needed any more; afterclose gc lists old ones.",
                parameter="path",
            )
