"""Causes of faults of the machine (disk full, no permission, ...): each with its name, a sentence and the remedy.

A full disk is no damage and a file system without inodes is no full disk. Libraries report some of these as something
else: SQLite says "disk I/O error" when it has no room for its index and "unable to open database file" when the
process has too many files open. So whoever got such an answer has the folder asked as well (:func:`cause_at`).
"""

from __future__ import annotations

import errno
import mmap
import os
import resource
from dataclasses import dataclass
from pathlib import Path

FULL, NO_INODES, QUOTA, READ_ONLY, PERMISSION = "full", "no inodes", "quota", "read-only", "permission"
FILE_SIZE, OPEN_FILES, MEMORY, PROCESSES = "file size", "open files", "memory", "processes"
NO_ANSWER = "no answer"
NO_ANSWER_WORDS = "the server that keeps the data root gives no answer"


class NoAnswerError(OSError):
    """The server that keeps a data root gives no answer, or none that it could give: its text begins with that."""

    def __init__(self, number: int, why: str, path: str) -> None:
        super().__init__(number, f"{NO_ANSWER_WORDS} ({why})", path)


ROOM_BYTES = 256 * 1024
"""A disk with less free space counts as full: what SQLite needs before its first write (index and a few pages)."""


@dataclass(frozen=True)
class Cause:
    """One cause: its short name, the sentence that names it, and what helps."""

    name: str
    words: str
    remedy: str


_ROOM = "Nothing is damaged: make room and do the same again. afterclose gc --yes works on a full disk"

_CAUSES = {
    FULL: Cause(FULL, "No space left on device", f"{_ROOM}."),
    NO_INODES: Cause(
        NO_INODES,
        "No space left on device: the file system has no inodes left",
        f"{_ROOM}; files must go, not bytes.",
    ),
    QUOTA: Cause(QUOTA, "Disk quota exceeded", f"{_ROOM}; or ask for more quota."),
    READ_ONLY: Cause(
        READ_ONLY,
        "Read-only file system",
        "Nothing is damaged, and all that only reads works: mount it for writing and do the same again.",
    ),
    PERMISSION: Cause(
        PERMISSION,
        "Permission denied",
        "Nothing is damaged: give this user the right, and do the same again.",
    ),
    FILE_SIZE: Cause(
        FILE_SIZE, "File too large", "Nothing is damaged: raise the limit on the size of a file (ulimit -f)."
    ),
    OPEN_FILES: Cause(
        OPEN_FILES,
        "Too many open files",
        "Nothing is damaged: raise the limit (ulimit -n 4096) and do the same again.",
    ),
    MEMORY: Cause(
        MEMORY,
        "Cannot allocate memory",
        "Nothing is damaged: end other programs or raise the limit (ulimit -v), and do the same again.",
    ),
    NO_ANSWER: Cause(
        NO_ANSWER,
        NO_ANSWER_WORDS,
        "Nothing is damaged: look whether it runs and is reached, with the right keys, and do the same again.",
    ),
    PROCESSES: Cause(
        PROCESSES,
        "no further process or thread can be started",
        "Nothing is damaged: raise the limit (ulimit -u) and do the same again.",
    ),
}

_BY_ERRNO = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: QUOTA,
    errno.EROFS: READ_ONLY,
    errno.EACCES: PERMISSION,
    errno.EPERM: PERMISSION,
    errno.EFBIG: FILE_SIZE,
    errno.EMFILE: OPEN_FILES,
    errno.ENFILE: OPEN_FILES,
    errno.ENOMEM: MEMORY,
}

_NO_MEMORY = ("cannot allocate memory", "failed to map segment", "out of memory")
"""What the loader of shared libraries, and libraries of numbers, say of a limit on memory."""

_LOST = ("without exception set", "without setting an exception")
"""What the interpreter says where it had no memory for the error itself."""


def cause_of(error: BaseException) -> Cause | None:
    """Return the cause that an error names, its own or that of an error behind it; None if it names none of these."""
    visited: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        this = waiting.pop(0)
        if this is None or id(this) in visited:
            continue
        visited.add(id(this))
        name = _name_of(this)
        if name is not None:
            folder = getattr(this, "filename", None)
            inodes = (
                name == FULL and isinstance(folder, str | os.PathLike) and _no_inodes(Path(folder).parent)
            )
            return _CAUSES[NO_INODES if inodes else name]
        waiting += [this.__cause__, this.__context__]
    return None


def sentence(error: BaseException) -> str | None:
    """Return what this machine lacks and what helps, for an error that says so; None for any other."""
    cause = cause_of(error)
    if cause is None:
        return None
    words = " ".join(str(error).split()) or type(error).__name__
    return f"{words if cause.words in words else f'{cause.words} ({words})'}. {cause.remedy}"


def _name_of(error: BaseException) -> str | None:
    text = str(error).lower()
    if isinstance(error, NoAnswerError | MemoryError):
        return NO_ANSWER if isinstance(error, NoAnswerError) else MEMORY
    if isinstance(error, OSError) and error.errno is not None:
        return _scarce() if error.errno == errno.EAGAIN else _BY_ERRNO.get(error.errno)
    if isinstance(error, SystemError) and any(words in text for words in _LOST):
        return MEMORY if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY else None
    if isinstance(error, ImportError | RuntimeError | OSError):
        if any(words in text for words in _NO_MEMORY):
            return MEMORY
        if "can't start new thread" in text:
            return _scarce()
    return None


def _scarce() -> str:
    """Return what a process lacks that got "try again": memory where that is limited, since a thread needs some."""
    return PROCESSES if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY else MEMORY


def cause_at(folder: Path) -> Cause | None:
    """Return what keeps this process from writing into a folder, asked of the system; None if nothing seems to.

    Nothing is written.
    """
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
        mmap.mmap(-1, ROOM_BYTES).close()
        room = os.statvfs(folder)
    except OSError as error:
        return cause_of(error)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    signs = {
        READ_ONLY: room.f_flag & os.ST_RDONLY,
        PERMISSION: not os.access(folder, os.W_OK | os.X_OK),
        NO_INODES: room.f_files and not room.f_favail,
        FULL: room.f_bavail * room.f_frsize < ROOM_BYTES,
        FILE_SIZE: 0 <= most < ROOM_BYTES,
    }
    return next((_CAUSES[name] for name, sign in signs.items() if sign), None)


def _no_inodes(folder: Path) -> bool:
    try:
        room = os.statvfs(folder)
    except OSError:
        return False
    return bool(room.f_files) and not room.f_favail
