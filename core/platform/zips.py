"""What Python's reader of ZIP archives raises on one that is damaged or hostile, as one list for all who read one."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,  # bzip2, and a place before the file's beginning
    ValueError,  # also names that are no text
    OverflowError,
    MemoryError,  # LZMA takes the size of its dictionary from the archive
    NotImplementedError,  # a packing or a version that Python does not know
    RuntimeError,  # a member with a password
)
"""Each packing that Python knows has exceptions of its own, and which one a member has the archive's maker chooses."""


def why(error: BaseException) -> str:
    """Return what an exception says, its kind where it says nothing."""
    text = getattr(error, "strerror", None) or str(
        error
    )  # a disk's fault without the path, which is named anyway
    return " ".join(text.split())[:200] or type(error).__name__
