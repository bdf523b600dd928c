"""Lists of tickers as the text of a parameter: a long one is kept by the plan and read again by the stage."""

from __future__ import annotations

from core.paths import StoragePath
from core.store.file_copies import FileCopies
from core.tickers import MAX_LIST_BYTES

COPIES = FileCopies("universes", ".txt", MAX_LIST_BYTES, "list of tickers", "--tickers")

LONGEST_INLINE = 2_000
"""Characters above which a list travels as a digest (one argument is capped by the system)."""

BY_DIGEST = "sha256:"


def keep(tickers: tuple[str, ...], root: StoragePath) -> str:
    """Return the text for a list: its names, or the digest of its copy in the data root; raises as the copies do."""
    joined = ",".join(tickers)
    return joined if len(joined) <= LONGEST_INLINE else BY_DIGEST + COPIES.keep(joined.encode(), root)


def expand(text: str, root: StoragePath) -> tuple[str, ...]:
    """Return the tickers behind a text: the inverse of :func:`keep`; raises as the copies do."""
    if text.startswith(BY_DIGEST):
        text = COPIES.load(text.removeprefix(BY_DIGEST), root).decode()
    return tuple(text.split(",")) if text else ()
