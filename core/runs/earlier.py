"""Which earlier answer of a live source, or reading of a file that grew since, a run may copy rows from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from core.errors import CheckpointError
from core.platform.program import stage_code
from core.sources.context import Context, Earlier, EarlierFile, no_files
from core.store.artifacts import artifact_at
from core.store.checkpoints import Meta, Slot, Store
from core.store.vintages import folder_names
from core.tables.artifacts import Table

if TYPE_CHECKING:
    from core.runs.plan import StagePlan

_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})-[0-9a-f]+")


_SAME = ("source", "tickers", "start")
"""Parameters that an earlier checkpoint must share for its rows to be the same rows."""


def refuse_to_ask_again(plan: StagePlan, reason: str) -> None:
    """Raise if a damaged checkpoint is a live source's answer: asked again, the same key could hold other rows.

    Raises
    ------
    CheckpointError
        Saying that the next run takes the next vintage.
    """
    live = plan.upstream is None and not plan.parameters.get("input_digest")
    if live:
        raise CheckpointError(
            f"the answer of {plan.parameters['source']} in {plan.slot.stage}/{plan.slot.key} was damaged while "
            f"the run went on: {reason}",
            expected="what was intact when the run began",
            remedy="Run again: the damaged one stays where it is, and the source is asked anew.",
        )


def looking_back(store: Store, plan: StagePlan, *, again: bool) -> Context:
    """Return what a source may look at of earlier runs; of files nothing where all is computed ``again``."""
    return Context(
        store.root,
        earlier=lambda: earlier_answer(store, plan),
        files=no_files if again else lambda: earlier_files(store, plan),
    )


def earlier_answer(store: Store, plan: StagePlan) -> Earlier | None:
    """Return the newest intact answer to the same request up to an earlier day, None if there is none.

    A second answer to the very same request (a vintage above 0) was asked for because the first is not
    trusted: it copies nothing.
    """
    parameters = plan.parameters
    if not parameters.get("end") or parameters.get("vintage"):
        return None
    # day by day backwards: with years of sessions filled in, reading every meta for each would add up
    for slots in _before(store, plan.stage.name, str(parameters["end"])):
        metas = [(slot, meta) for slot in slots if (meta := store.readable_meta(slot)) is not None]
        same = [(slot, meta) for slot, meta in metas if _same(meta, plan)]
        for slot, meta in sorted(same, key=lambda entry: _vintage(entry[1]), reverse=True):
            loaded = _loaded(store, slot, meta)
            if loaded is not None:
                return loaded
    return None


MOST_FILES = 5
"""Checkpoints that are looked at for the beginning of a file, newest first."""


def earlier_files(store: Store, plan: StagePlan) -> Iterator[EarlierFile]:
    """Yield the newest large checkpoints of files that were read with the same settings by the same code.

    Only those whose reader attested that each row was read by itself; the bytes are for the caller to compare.
    """
    if plan.parameters.get("source") != "files" or plan.parameters.get("symbols_digest"):
        return
    code = stage_code(plan.stage.name)
    for slot in _newest(store, plan.stage.name):
        meta = store.readable_meta(slot)
        if (
            meta is None
            or not _read_alike(meta, plan)
            or (meta.body.get("program") or {}).get("stage_code") != code
        ):
            continue
        (name,) = meta.artifacts
        if name.endswith(".parquet"):
            yield EarlierFile(
                slot.key,
                int(meta.body["plain_bytes"]),
                str(meta.body["parameters"]["input_digest"]),
                int(meta.rows or 0),
                partial(store.file, slot, name),
            )


def _newest(store: Store, stage: str) -> list[Slot]:
    """Return the checkpoints of a stage that were committed last, newest first."""
    times = []
    for name in folder_names(store, "checkpoints", stage):
        slot = Slot(stage, name)
        with suppress(OSError):
            times.append((store.meta_path(slot).stat().st_mtime_ns, slot))
    return [slot for _, slot in sorted(times, key=lambda entry: entry[0], reverse=True)[:MOST_FILES]]


def _read_alike(meta: Meta, plan: StagePlan) -> bool:
    """Return whether a plain file was read as the plan would read, but for its bytes."""
    body = meta.body
    keyed = [p.name for p in plan.stage.parameters if p.keyed and p.name != "input_digest"]
    return (
        isinstance(body.get("plain_bytes"), int)
        and body["version"] == plan.stage.version
        and body["libraries"] == dict(plan.libraries)
        and all(body["parameters"].get(name) == plan.parameters.get(name) for name in keyed)
    )


def _before(store: Store, stage: str, end: str) -> Iterator[list[Slot]]:
    """Yield the checkpoints of each day before ``end`` that they are labelled with, newest day first."""
    by_day: dict[str, list[Slot]] = {}
    for name in folder_names(store, "checkpoints", stage):
        dated = _DATED.fullmatch(name)
        if dated and dated[1] < end:
            by_day.setdefault(dated[1], []).append(Slot(stage, name))
    yield from (by_day[day] for day in sorted(by_day, reverse=True))


def _vintage(meta: Meta) -> int:
    return int(meta.body["parameters"].get("vintage") or 0)


def _same(meta: Meta, plan: StagePlan) -> bool:
    parameters = meta.body["parameters"]
    return meta.body["version"] == plan.stage.version and all(
        parameters.get(name) == plan.parameters.get(name) for name in _SAME
    )


def _loaded(store: Store, slot: Slot, meta: Meta) -> Earlier | None:
    name = next(iter(meta.artifacts))
    try:
        artifact = artifact_at(store, slot, name)
    except CheckpointError:
        return None
    return Earlier(slot.key, meta.digests[name], artifact) if isinstance(artifact, Table) else None
