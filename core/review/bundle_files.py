"""Files of a published bundle: their names, and reading them from a folder or a zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from core.errors import AftercloseError, CheckpointError, DataError, MissingFileError
from core.paths import StoragePath, bytes_of
from core.platform.zips import ZIP_FAULTS, why

P = ParamSpec("P")
T = TypeVar("T")

TEXT_NAME = "report.txt"
PAGE_NAME = "report.html"
PDF_NAME = "report.pdf"
RECORD_NAME = "signature.json"
PROOF_NAME = "proof.dsse.json"
KEY_NAME = "public.pem"
ZIP_NAME = "bundle.zip"
SBOM_NAME = "sbom.cdx.json"
STAMP_NAME = "timestamp.tsr"
MAX_MEMBER_BYTES = 64 << 20
STATED = (TEXT_NAME, PAGE_NAME, PDF_NAME, RECORD_NAME, SBOM_NAME)
"""Files whose digests the proof states."""

MEMBERS = (*STATED, PROOF_NAME, KEY_NAME, STAMP_NAME)
"""Files that a zip may have, in its order."""

WITH_SBOM = 3
"""From this form of a signature's record on a bundle says what the program is made of."""


def stated_names(form: object) -> tuple[str, ...]:
    """Return the files whose digests the proof states, for a record of a form."""
    return (
        STATED if isinstance(form, int) and form >= WITH_SBOM else tuple(n for n in STATED if n != SBOM_NAME)
    )


def member_names(form: object, *, stamped: bool = False) -> tuple[str, ...]:
    """Return the files of the zip, in its order, for a record of a form, whose proof was stamped or not."""
    return (*stated_names(form), PROOF_NAME, KEY_NAME, *((STAMP_NAME,) if stamped else ()))


_WHOLE = (sorted(member_names(WITH_SBOM)), sorted(member_names(None)))


def read_bundle(path: StoragePath) -> dict[str, bytes]:
    """Return the files of a bundle, from its folder or its zip.

    Raises
    ------
    MissingFileError
        If there is nothing at ``path``.
    DataError
        If the zip holds anything but the known names at sane sizes, or a folder has a file of another name.
    CheckpointError
        If the zip is not byte for byte what was written.
    """
    if path.is_dir():
        strange = sorted(
            p.name for p in path.iterdir() if p.name not in (*MEMBERS, ZIP_NAME) or not p.is_file()
        )
        if strange:
            raise DataError(
                f"{path} holds {strange[0]!r}", expected=f"only the files {', '.join(MEMBERS)}, {ZIP_NAME}"
            )
        return {p.name: _capped(p) for name in (*MEMBERS, ZIP_NAME) if (p := path / name).is_file()}
    MissingFileError.unless_file(path, "bundle")
    data = _capped(path)
    return {**_members(data, path.name), ZIP_NAME: data}


def files_in(folder: StoragePath) -> list[str]:
    """Return the names of a bundle's files in a folder: no other name, and no link, which may lead to any file."""
    paths = [folder / name for name in sorted((*MEMBERS, ZIP_NAME))]
    return [path.name for path in paths if path.is_file() and not path.is_symlink()]


def file_in(folder: StoragePath, name: str) -> bytes:
    """Return a file of a bundle in a folder.

    Raises
    ------
    OSError
        If it is a link, or no file.
    """
    return bytes_of(folder / name, 4 * MAX_MEMBER_BYTES, follow=False)


def _capped(path: StoragePath) -> bytes:
    size, most = path.stat().st_size, MAX_MEMBER_BYTES * (4 if path.name not in MEMBERS else 1)
    if path.is_symlink() or size > most:
        raise DataError(
            f"{path.name} is a link or has {size:,} bytes", expected=f"a file of at most {most:,}"
        )
    return file_in(path.parent, path.name)


def _members(data: bytes, name: str) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if sorted(n for n in names if n != STAMP_NAME) not in _WHOLE or names.count(STAMP_NAME) > 1:
                odd = next((n for n in names if n not in MEMBERS), None)
                content = f"a member {odd!r}" if odd else f"members {', '.join(names)}"
                raise DataError(
                    f"{name} has {content}", expected=f"exactly {', '.join(member_names(WITH_SBOM))}"
                )
            if any(info.file_size > MAX_MEMBER_BYTES for info in infos):
                raise DataError(f"{name} has a member of more than {MAX_MEMBER_BYTES:,} bytes")
            return {info.filename: archive.read(info) for info in infos}
    except ZIP_FAULTS as error:
        raise CheckpointError(
            f"{name} is not a readable zip: {why(error)}", expected="an untouched bundle"
        ) from error


def judging(check: Callable[P, T]) -> Callable[P, T]:
    """Return a check of a bundle to which whatever is in one leads to nothing but its own errors.

    Whoever may write the published folder, or sends a bundle, may put a record there whose hash is right and whose
    content is none that was ever written: text where a mapping belongs, a day that is none.
    """

    @wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return check(*args, **kwargs)
        except (AftercloseError, OSError, MemoryError):
            raise
        except Exception as error:
            where = f"{args[0]}: " if args and not isinstance(args[0], bytes) else ""
            raise CheckpointError(
                f"{where}the bundle holds what was never written so ({type(error).__name__})",
                expected="a whole bundle",
            ) from error

    return checked
