"""What this process does with memory that it has freed."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Names of glibc's settings, from malloc.h."""


def give_back_free_memory() -> None:
    """Let glibc and Arrow give the system what lies free, such as what an earlier stage left; a few milliseconds."""
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@cache
def reuse_freed_memory() -> None:
    """Let glibc keep up to 256 MB that is free, and take arrays of up to 32 MB, its upper limit, from it.

    Without this it gives back what lies free at its end, and the system clears every page that is asked for anew: a
    twelfth of an evaluation's processor time. Elsewhere than with glibc nothing changes.
    """
    settle = getattr(ctypes.CDLL(None), "mallopt", None)
    if settle is not None:
        settle(_TRIM_THRESHOLD, 256 << 20)
        settle(_MMAP_THRESHOLD, 32 << 20)
