"""What the data root knows about models: the newest features, evaluations, and signals given so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import (
    AftercloseError,
    CheckpointError,
    CommandError,
    DataError,
    MissingFileError,
    ParameterError,
)
from core.fingerprint import sha256
from core.label import Label
from core.paths import StoragePath
from core.registry.origins import Origins, finished_runs
from core.request.settings import Settings
from core.store.artifacts import document_at, evaluation_at, file_of, table_of_kind
from core.store.checkpoints import Meta, Slot, Store
from core.store.lineage import keys_behind
from core.tables.artifacts import Document, Table
from core.tables.codec import decode

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_CLOSURE_DAYS = 30
"""The close of the next session is looked for this far on."""

_IDENTITY = ["model_id", "source", "ticker", "date"]
"""What tells one signal from another."""

_LABEL = tuple(Label().identity)
"""Columns that say what a signal is about: an outcome of another label is none of it."""

_MOST_EVALUATIONS = 500
"""Evaluations that are looked through for one of a model, newest first."""


@dataclass(frozen=True)
class SourcedTable:
    """A table and where it is from: a checkpoint (with its slot) or a file's name, and its SHA-256."""

    table: Table
    origin: str
    sha256: str
    slot: Slot | None = None


def newest(settings: Settings, stage: str, profile: str) -> Iterator[tuple[Slot, Meta]]:
    """Yield a profile's committed checkpoints of a stage, the one made last first; damaged metas are passed over."""
    store, origins = Store(settings.data), Origins(settings)
    entries = []
    for folder in (settings.data / "checkpoints" / stage).glob("*"):
        slot = Slot(stage, folder.name)
        if profile not in origins.of_key(stage, folder.name):
            continue
        if (meta := store.readable_meta(slot)) is not None:
            entries.append((str(meta.body["ended_at"]), slot.key, slot, meta))
    for _, _, slot, meta in sorted(entries, key=lambda entry: entry[:2], reverse=True):
        yield slot, meta


def features_of(settings: Settings, file: str, profile: str) -> SourcedTable:
    """Return the features in ``file``, or those of the newest report of a profile when it is empty.

    Raises
    ------
    MissingFileError
        If there is no such file, or nothing has been made yet.
    CommandError
        If the file that was named is an artifact of another kind.
    DataError
        If it cannot be read as an artifact at all.
    """
    if file:
        path = Path(file)
        MissingFileError.unless_file(path, "features file")
        data = path.read_bytes()
        return SourcedTable(
            _features(decode(data, path.name), path.name, CommandError), path.name, sha256(data)
        )
    store = Store(settings.data)
    for slot in _features_slots(settings, profile):
        if store.meta_path(slot).exists():
            return _features_in(store, slot)
    raise MissingFileError(
        f"there are no features of profile {profile} in {settings.data}",
        expected="a finished stage feature_engineer",
        remedy="Run the pipeline first (make run), or name a file with --features.",
    )


def _features_slots(settings: Settings, profile: str) -> Iterator[Slot]:
    """Yield where a profile's features are: those of its newest report first, then the ones made last."""
    for run in finished_runs(settings, profile):
        yield Slot("feature_engineer", run.keys.get("feature_engineer", ""))
    for slot, _ in newest(settings, "feature_engineer", profile):
        yield slot


def _features_in(store: Store, slot: Slot) -> SourcedTable:
    meta = store.meta(slot)
    name = next(iter(meta.digests)) if meta else "features.json"
    data = store.read(slot, name)
    origin = f"{slot.stage}/{slot.key}"
    return SourcedTable(_features(decode(data, name), name), origin, sha256(data), slot)


def _features(artifact: object, name: str, error: type[AftercloseError] = DataError) -> Table:
    if not isinstance(artifact, Table) or artifact.kind != "features":
        raise error(f"{name} is of kind {getattr(artifact, 'kind', '?')!r}", expected="kind 'features'")
    return artifact


def evaluations(settings: Settings, profile: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield key and body of a profile's evaluations, the one made last first; unreadable ones are passed over."""
    store = Store(settings.data)
    for number, (slot, _) in enumerate(newest(settings, "evaluate", profile)):
        if number >= _MOST_EVALUATIONS:
            return
        try:
            body = evaluation_at(store, slot.key)
        except (CheckpointError, DataError):
            continue
        yield slot.key, body


def advice_about(settings: Settings, identity: str, profile: str) -> dict[str, Any] | None:
    """Return a profile's latest advice about a model, as candidate, as champion or as the one in use.

    Returns
    -------
    dict or None
        ``evaluation`` (key), ``mode``, ``model_id``, ``champion_id``, ``decision``, ``sentence``, ``verdict``,
        ``auc`` and ``data_to`` (last session known then); None when nothing was advised.
    """
    for key, body in evaluations(settings, profile):
        champion = (body.get("champion") or {}).get("model_id")
        advice = body.get("advice")
        if advice and identity in (body["model"]["model_id"], champion):
            return {
                "evaluation": key,
                "mode": body["mode"],
                "model_id": body["model"]["model_id"],
                "champion_id": champion,
                "decision": advice["decision"],
                "sentence": advice["sentence"],
                "verdict": body["verdict"],
                "auc": body["performance"]["auc"],
                "data_to": body["data"]["to"],
            }
    return None


@dataclass(frozen=True)
class Signals:
    """Signals given so far, each with what happened.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``model_id``, ``date`` (the session after which it was given), ``ticker``, ``session`` (the last one that it is
        about), ``probability``, ``up_next`` (NaN: not known yet), ``ahead`` (whether it was written before the first
        session that it is about had closed, by the clock of the machine).
    checkpoints : int
        Score runs they were read from.
    withheld : int
        Signals that the findings of their run withheld: they are none of ``frame``.
    """

    frame: pd.DataFrame
    checkpoints: int
    withheld: int


def signals(settings: Settings, profile: str) -> Signals:
    """Return every signal of a profile's score runs, and what became of it.

    A signal that was given several times by one model counts once, as first given; one that was only ever withheld is
    counted apart. What happened is the label in the profile's newest features of the same source that have it.
    """
    import pandas as pd

    store = Store(settings.data)
    rows: list[dict[str, Any]] = []
    runs = 0
    for slot, meta in newest(settings, "train_or_score", profile):
        if meta.body["parameters"].get("mode") != "score":
            continue
        try:
            source = _source_of(store, slot)
            predictions = table_of_kind(store, slot, "predictions")
            signals_there = signals_behind(store, slot, predictions)
        except (CheckpointError, DataError):
            continue
        runs += 1
        # a ticker that ended has none
        rows += [
            _signal(s, predictions.header, meta, source)
            for s in signals_there
            if s["probability"] is not None
        ]
    columns = ["model_id", "date", "ticker", "session", "probability", "source", *_LABEL, "ahead", "withheld"]
    every = pd.DataFrame(rows, columns=columns)
    # rows are newest first, so the last of equal ones was given first
    frame = (
        every[~every["withheld"].astype(bool)]
        .drop_duplicates(_IDENTITY, keep="last")
        .drop(columns="withheld")
    )
    withheld = len(every[_IDENTITY].drop_duplicates()) - len(frame)
    frame["horizon_sessions"] = frame["horizon_sessions"].astype("int64")
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[s]")
    outcomes = _outcomes(settings, profile, set(frame["source"]))
    merged = frame.merge(outcomes, on=["source", *_LABEL, "date", "ticker"], how="left")
    ordered = merged.sort_values(["model_id", "date", "ticker"], kind="stable").reset_index(drop=True)
    return Signals(ordered, runs, withheld)


def _signal(signal: Mapping[str, Any], header: Mapping[str, Any], meta: Meta, source: str) -> dict[str, Any]:
    calendar = str(header.get("calendar") or meta.body["parameters"].get("calendar"))
    return {
        "model_id": str(header.get("model_id")),
        "date": signal["after"],
        "ticker": signal["ticker"],
        "session": signal["session"],
        "probability": float(signal["probability"]),
        "source": source,
        **Label.of(header).identity,
        "ahead": _is_ahead(str(meta.body["ended_at"]), date.fromisoformat(signal["after"]), calendar),
        "withheld": signal["direction"] is None,
    }


def _is_ahead(written: str, after: date, calendar: str) -> bool:
    """Return whether something was written before the close of the first session after a day.

    By a calendar that is not known here it was, if that day itself was not over.
    """
    at, close = datetime.fromisoformat(written), _next_close(calendar, after)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.date() <= after if close is None else at < close


@lru_cache(maxsize=4096)
def _next_close(calendar: str, after: date) -> datetime | None:
    from core.sources.closing import closes_between

    first = after + timedelta(days=1)
    try:
        closes = closes_between(calendar, first, first + timedelta(days=_LONGEST_CLOSURE_DAYS))
    except ParameterError:
        return None
    return closes[0][1] if closes else None


def signals_behind(store: Store, slot: Slot | None, predictions: Table) -> list[dict[str, Any]]:
    """Return the signals of predictions, without a direction where the findings behind them doubt a last row.

    Parameters
    ----------
    slot : Slot or None
        Where the predictions are, or the features that they were scored on; None: a file, with no findings behind it.

    Raises
    ------
    CheckpointError, DataError
        If a meta on the way, or the findings, are damaged.
    """
    from core.evaluation.summaries import signals as signals_with_doubts

    behind = Slot("validate", keys_behind(store, slot).get("validate", "") if slot else "")
    name = file_of("findings", store, behind) if behind.key else None
    body = document_at(store, behind, name) if name else {}
    return signals_with_doubts(predictions, Document("findings", body))


def _source_of(store: Store, slot: Slot) -> str:
    """Return the price source that a checkpoint rests on."""
    key = keys_behind(store, slot).get("ingest")
    meta = store.meta(Slot("ingest", key)) if key else None
    if meta is None:
        raise CheckpointError(f"{slot.stage}/{slot.key} has no ingest behind it")
    return str(meta.body["parameters"]["source"])


def _outcomes(settings: Settings, profile: str, sources: set[str]) -> pd.DataFrame:
    """Return ``source``, the label, ``date``, ``ticker`` and ``up_next`` of labelled rows, the newest of each."""
    import pandas as pd

    store = Store(settings.data)
    parts = []
    for slot, _ in newest(settings, "feature_engineer", profile):
        try:
            source = _source_of(store, slot)
            if source not in sources:
                continue
            table = _features_in(store, slot).table
        except (CheckpointError, DataError):
            continue
        frame = table.frame
        labelled = frame.loc[frame["up_next"].notna(), ["date", "ticker", "up_next"]]
        parts.append(labelled.assign(source=source, **Label.of(table.header).identity))
    empty = pd.DataFrame(
        {"date": pd.Series(dtype="datetime64[s]"), "ticker": "", "up_next": 0.0, "source": ""}
    ).assign(**Label().identity)
    every = pd.concat(parts or [empty], ignore_index=True)
    return every.drop_duplicates(["source", *_LABEL, "date", "ticker"], keep="first")


def model_documents(root: StoragePath, *identities: str) -> list[Document]:
    """Return model files of the registry as documents, each judged by the loader.

    Raises
    ------
    ParameterError, ModelError
        If one is not there, is damaged or cannot score with the present features.
    """
    from core.models.loader import read_model
    from core.registry.registry import Registry

    registry = Registry(root)
    if len(set(identities)) != len(identities):
        raise ParameterError(f"{identities[0]} came twice", expected="two different models")
    return [read_model(registry.bytes_of(identity)) for identity in identities]
