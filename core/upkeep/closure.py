"""What a checkpoint rests on: itself and everything before it, followed through recorded inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.fingerprint import is_digest, sha256
from core.paths import StoragePath, bytes_of
from core.store import ticker_lists, universe_files
from core.store import waivers as waiver_files
from core.store.checkpoints import Slot, Store
from core.store.lineage import REGISTRY
from core.upkeep.members import LISTS

_COPIES = {
    "tickers": ticker_lists.COPIES,
    "membership_digest": universe_files.COPIES,
    "symbols_digest": universe_files.COPIES,
    "waivers_digest": waiver_files.COPIES,
}
"""Parameters that may be digests of kept files, and where these are."""

_MOST_BYTES = max(copies.max_bytes for copies in _COPIES.values())


def closure(store: Store, slots: Iterable[Slot]) -> tuple[set[Slot], set[str]]:
    """Return all checkpoints that ``slots`` rest on, themselves included, and the ids of models used.

    A checkpoint whose meta is gone or unreadable is kept in the answer: what cannot be read must not
    be taken for unneeded.
    """
    visited: set[Slot] = set()
    models: set[str] = set()
    waiting = list(slots)
    while waiting:
        slot = waiting.pop()
        if slot in visited:
            continue
        visited.add(slot)
        meta = store.readable_meta(slot)
        for source in meta.inputs if meta else ():
            if source.stage == REGISTRY:
                models.add(source.key)
            else:
                waiting.append(Slot(source.stage, source.key))
    return visited, models


def lists_behind(store: Store, slots: Iterable[Slot]) -> set[StoragePath]:
    """Return the kept files that ``slots`` were made with: long ticker lists, and waivers.

    Their digests are in the keys; a checkpoint whose meta is unreadable names none.
    """
    paths: set[StoragePath] = set()
    for slot in slots:
        meta = store.readable_meta(slot)
        parameters = meta.body.get("parameters", {}) if meta else {}
        for name, copies in _COPIES.items():
            digest = str(parameters.get(name) or "").removeprefix(ticker_lists.BY_DIGEST)
            if is_digest(digest):
                paths.add(copies.at(store.root, digest))
    return paths


def damaged_lists(root: StoragePath) -> Iterator[tuple[str, str]]:
    """Yield the kept files that are not what the digest in their name says, as folder/name, and what they are.

    A pipe is named with others of its kind, and a file that goes meanwhile is gone; of one that is larger than any that
    is kept nothing is read.
    """
    for path in (path for folder in LISTS for path in sorted((root / folder).glob("[!.]*"))):
        try:
            if path.is_symlink():
                yield f"{path.parent.name}/{path.name}", "it is a link, and was never kept as one"
                continue
            if not path.is_file():
                continue
            there = sha256(bytes_of(path, _MOST_BYTES))
        except FileNotFoundError:
            continue
        except OSError as error:
            yield f"{path.parent.name}/{path.name}", f"it cannot be read: {error.strerror or error}"
            continue
        if there != path.stem:
            yield f"{path.parent.name}/{path.name}", f"its SHA-256 is {there}, and its name says another"
