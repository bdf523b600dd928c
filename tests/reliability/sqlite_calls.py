"""SQLite's own calls to the file system, looked at before each is made.

SQLite lets tests put functions of theirs in the place of system calls (``xSetSystemCall`` of its virtual file system,
https://sqlite.org/c3ref/vfs.html, since version 3.7.6); here in the library that Python's ``sqlite3`` uses. Its
``fsync`` cannot be exchanged so: to a process that is killed, before it and before the call after it is the same.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_size_t, c_void_p

_MEMBERS = (
    "next", "name", "data", "open", "delete", "access", "full_path", "dl_open", "dl_error", "dl_symbol", "dl_close",
    "randomness", "sleep", "time", "error", "time64", "set_call", "get_call", "next_call",
)  # fmt: skip

SIGNATURES = {
    "open": (c_int, c_char_p, c_int, c_int),
    "write": (c_int64, c_int, c_void_p, c_size_t),
    "pwrite": (c_int64, c_int, c_void_p, c_size_t, c_int64),
    "pwrite64": (c_int64, c_int, c_void_p, c_size_t, c_int64),
    "ftruncate": (c_int, c_int, c_int64),
    "fallocate": (c_int, c_int, c_int64, c_int64),
    "fchmod": (c_int, c_int, c_int),
    "unlink": (c_int, c_char_p),
}
"""Calls that change something: what they return, and what they take."""

NEEDS_ROOM = {"open", "write", "pwrite", "pwrite64", "fallocate"}


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("version", c_int), ("file_bytes", c_int), ("path_bytes", c_int), *((name, c_void_p) for name in _MEMBERS),
    )  # fmt: skip


_kept: list[object] = []
"""What SQLite calls must not be collected."""


def install(hit: Callable[[str, object], bool]) -> bool:
    """Call ``hit(name, path or descriptor)`` before each call; where it returns True there is no room.

    Returns False where Python's SQLite cannot be reached, being a part of the interpreter.
    """
    import _sqlite3

    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    try:
        library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    except AttributeError:
        return False
    vfs = library.sqlite3_vfs_find(None)
    set_call = CFUNCTYPE(c_int, POINTER(_Vfs), c_char_p, c_void_p)(vfs.contents.set_call)
    get_call = CFUNCTYPE(c_void_p, POINTER(_Vfs), c_char_p)(vfs.contents.get_call)
    for name, signature in SIGNATURES.items():
        address = get_call(vfs, name.encode())
        if address:
            made = CFUNCTYPE(*signature, use_errno=True)
            call = made(_looked_at(name, made(address), hit))
            _kept.append(call)
            set_call(vfs, name.encode(), ctypes.cast(call, c_void_p))
    return True


def _looked_at(name: str, real, hit):
    def call(subject, *rest):
        changes = name != "open" or rest[0] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if changes and hit(name, subject.decode() if isinstance(subject, bytes) else subject):
            ctypes.set_errno(errno.ENOSPC)
            return -1
        return real(subject, *rest)

    return call
