"""A limit on the memory that a block of work may add to this process, kept by the system."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import SourceError

_PAGE = resource.getpagesize()


@contextmanager
def memory_limit(most_mb: int, subject: str) -> Iterator[None]:
    """Raise when the block asks for more than ``most_mb`` MiB of addresses beside those that the process has.

    A process of its own would cost a start and a copy of the table; this costs two calls. What the block starts is
    bounded alike. Whoever raised the limit in between, or code that does not take "no memory" for an answer, is not
    stopped in words: then the process ends, and the run with it.

    Raises
    ------
    SourceError
        Naming the setting, where the system gave no more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = _addresses() + (most_mb << 20)
    bounded = most if soft == resource.RLIM_INFINITY else min(soft, most)
    resource.setrlimit(resource.RLIMIT_AS, (bounded, hard))
    try:
        yield
    except MemoryError as error:
        if bounded != most:
            raise  # a limit that was there before: its cause is named as such
        raise SourceError(
            f"reading {subject} was ended: it took more than {most_mb:,} MiB of memory",
            expected="a file that is read within [files] read_memory_mb",
            remedy="Split the file, or leave out what is not needed; if it is sound, raise [files] read_memory_mb.",
        ) from error
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _addresses() -> int:
    """Return the bytes of addresses that this process has."""
    return int(Path("/proc/self/statm").read_bytes().split()[0]) * _PAGE
