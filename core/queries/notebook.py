"""One function for a notebook: any artifact of any run as a DataFrame or a mapping."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError, ParameterError, listed, nearest
from core.journal import Journal
from core.platform.objects import is_url
from core.queries.runs.naming import LATEST, find_run
from core.registry.choosing import chosen_profile, profiles_here
from core.registry.origins import finished_runs
from core.registry.registry import Registry
from core.request import settings
from core.request.settings import DATA_VARIABLE, Settings
from core.request.stages import NAMES, STAGES, writer_of
from core.store.artifacts import file_of
from core.store.checkpoints import Slot, Store
from core.store.latest import latest_slots
from core.store.lineage import keys_behind
from core.tables.artifacts import Document, Table
from core.tables.codec import decode

if TYPE_CHECKING:
    import pandas as pd

KINDS = tuple(dict.fromkeys(artifact.kind for stage in STAGES for artifact in stage.writes))
"""Every kind of artifact, in running order."""


def load(
    kind: str, run: str = LATEST, data: str | Path | None = None, *, profile: str = ""
) -> pd.DataFrame | Mapping[str, Any] | str:
    """Return an artifact of a run, verified against the digest it was committed with.

    Parameters
    ----------
    kind : str
        ``prices_raw``, ``prices_valid``, ``findings``, ``prices_clean``, ``repairs``, ``features``, ``predictions``,
        ``model``, ``evaluation`` or ``report``.
    run : str
        ``latest`` (the newest report of the profile, or of the only one), a run's id (as ``afterclose runs``
        lists them, or its beginning), or the key of a checkpoint of this or any later stage.
    data : str or Path, optional
        The data root; default: as for every command (``AFTERCLOSE_DATA``, else ``data`` here).
    profile : str
        Whose newest report, where ``run`` is ``latest``.

    Returns
    -------
    DataFrame, mapping or str
        A table as a DataFrame (``date`` datetime64, ``ticker`` text, numbers float64 with NaN for null;
        the header's fields under ``frame.attrs``), a document as a mapping, the report as its text.

    Raises
    ------
    ParameterError
        If there is no such kind, run or key, the run has not come that far, or there are several profiles and none
        was named.
    CheckpointError
        If the artifact is damaged.
    """
    if kind not in KINDS:
        raise ParameterError(
            f"there is no kind {kind!r}",
            expected=f"one of {', '.join(KINDS)}",
            remedy=nearest(kind, KINDS).strip(),
        )
    configured = settings_at(data)
    store = Store(configured.data)
    slot = _slot(configured, store, kind, run, profile)
    name = file_of(kind, store, slot)
    if name is None and kind == "model":
        return _content(decode(_scoring_model(configured, store, slot), "model.json"))
    if name is None:
        raise ParameterError(
            f"run {run} has no {kind}: {slot.stage}/{slot.key} holds none",
            expected="a run that has come so far",
        )
    content = store.read(slot, name)
    return content.decode() if kind == "report" else _content(decode(content, name))


def settings_at(data: str | Path | None) -> Settings:
    """Return the settings of this process, over the data root ``data`` where one is named."""
    root = (
        {}
        if data is None
        else {DATA_VARIABLE: str(data) if is_url(str(data)) else str(Path(data).absolute())}
    )
    return settings.load({**os.environ, **root})


def _content(artifact: object) -> pd.DataFrame | Mapping[str, Any]:
    if isinstance(artifact, Table):
        artifact.frame.attrs.update(artifact.header)
        return artifact.frame
    assert isinstance(artifact, Document), "a checkpoint holds tables, documents and reports"
    return artifact.body


def _slot(configured: Settings, store: Store, kind: str, run: str, profile: str) -> Slot:
    stage = writer_of(kind).name
    keys = _keys_of_latest(configured, store, profile) if run == LATEST else _keys_of_run(configured, run)
    if keys is None:
        keys = _keys_of_checkpoint(store, stage, run)
    if stage not in keys:
        raise ParameterError(
            f"run {run} has no {kind}",
            expected=f"a run up to the stage {stage}, not only {listed(list(keys))}",
        )
    return Slot(stage, keys[stage])


def _keys_of_latest(configured: Settings, store: Store, profile: str) -> dict[str, str]:
    names = profiles_here(configured)
    if profile or len(names) > 1:  # the folder of links is of whichever ran last
        newest = next(iter(finished_runs(configured, chosen_profile(configured, profile))), None)
        if newest is not None:
            return dict(newest.keys)
    report = latest_slots(store.root).get("report.txt")
    if report is None:
        raise ParameterError(
            f"there is no finished run in {store.root}",
            expected="a run that came to its report",
            remedy="Start one with make run, or name a run or key.",
        )
    return keys_behind(store, report)


def _keys_of_run(configured: Settings, run: str) -> dict[str, str] | None:
    journal = Journal.find(configured.data, configured.journal)
    if journal is None:
        return None
    try:
        return dict(find_run(configured, journal, run).keys)
    except ParameterError:
        return None  # it may be the key of a checkpoint


def _keys_of_checkpoint(store: Store, stage: str, key: str) -> dict[str, str]:
    for name in NAMES[NAMES.index(stage) :]:
        slot = Slot(name, key)
        # a name with a slash would leave the folder of checkpoints
        if Path(key).name == key and store.meta_path(slot).is_file():
            return keys_behind(store, slot)
    raise ParameterError(
        f"no run and no checkpoint of {stage} or later is called {key!r}",
        expected="latest, a run's id or a checkpoint's key",
        remedy="afterclose runs lists runs; keys are the folders' names in <data>/checkpoints/<stage>/.",
    )


def _scoring_model(configured: Settings, store: Store, slot: Slot) -> bytes:
    """Return the bytes of the model that a score run used."""
    meta = store.meta(slot)
    used = meta.body["parameters"].get("model_id") if meta else None
    if not used:
        raise CheckpointError(f"{slot.stage}/{slot.key} has no model", expected="a run with a model")
    return Registry(configured.data).bytes_of(str(used))
