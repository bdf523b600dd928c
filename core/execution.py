"""Running one planned stage against the checkpoints: lock, look again, reuse or make, commit. EDGE."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import orjson

from core import locks, stage_facts
from core.artifacts import Encoded, decode, encode
from core.checkpoints import Input, Meta, Slot, Store
from core.compute import Job, Loaded, compute
from core.errors import CheckpointError, ValidationFailed
from core.plan import StagePlan
from core.progress import Progress, silent
from core.registry import Registry, model_id
from core.retry import with_linear_backoff
from core.runlog import RunLog
from core.stages import Stage, writer_of
from core.tickers import expand

T = TypeVar("T")

REGISTRY = "models"
"""Stands in a meta's inputs where a stage's name would, for a model taken from the registry."""


class Watcher(Protocol):
    """Somebody who wants to see a run as it goes: the terminal."""

    def stage(self, stage: str, state: str, facts: Mapping[str, Any]) -> None:
        """Take notice that ``stage`` is now in ``state``."""

    def progress(self, stage: str) -> Progress:
        """Return the callback for long work in ``stage``."""


class Nobody:
    """A watcher that looks away."""

    def stage(self, stage: str, state: str, facts: Mapping[str, Any]) -> None:
        """Ignore the news."""

    def progress(self, stage: str) -> Progress:
        """Return a callback that ignores the news."""
        del stage
        return silent


@dataclass(frozen=True)
class Runner:
    """Runs planned stages of one run.

    Parameters
    ----------
    root : Path
        The data root.
    log : RunLog
        Where events go.
    now : datetime
        Start of the run; its date is "today" for the gate.
    watcher : Watcher
        Shown each change of state.
    retry_tries, retry_wait_s : int, float
        Linear backoff on transient faults.
    wait : bool
        Whether to wait for somebody who makes the same checkpoint.
    """

    root: Path
    log: RunLog
    now: datetime
    watcher: Watcher
    retry_tries: int = 3
    retry_wait_s: float = 0.2
    wait: bool = True

    @property
    def store(self) -> Store:
        """The checkpoints of the data root."""
        return Store(self.root)

    def run(self, plan: StagePlan) -> Meta:
        """Return the committed meta of ``plan``, made now unless it is there and fits its inputs.

        Raises
        ------
        AftercloseError
            If the stage fails; what was committed before stays as it was.
        """
        name = f"{plan.slot.stage}-{plan.slot.key}"
        started = time.monotonic()
        try:
            with locks.held(self.root, name, self.log.run_id, waiting=self._waiting(plan)):
                meta = self._usable(plan)
                if meta is not None:
                    self._tell(plan, "reused", rows=meta.rows)
                    return meta
                return self._make(plan, started)
        except Exception as error:
            self._failed(plan, error, time.monotonic() - started)
            raise

    def _usable(self, plan: StagePlan) -> Meta | None:
        """Return the committed meta if it is whole and fits its inputs; move it away if it is not."""
        reason = unfit(self.store, plan)
        if reason is None:
            return self.store.meta(plan.slot)
        if self.store.folder(plan.slot).exists() and reason != ABSENT:
            where = self.store.quarantine(plan.slot, self.log.run_id)
            self.log.write(
                "quarantined", level="warning", stage=plan.slot.stage, reason=reason, moved_to=str(where)
            )
            self.watcher.stage(plan.slot.stage, "quarantined", {"reason": reason})
        return None

    def _make(self, plan: StagePlan, started: float) -> Meta:
        self._tell(plan, "started")
        started_at = datetime.now(UTC)
        inputs = load_inputs(self.store, plan)
        job = Job(
            {kind: loaded for kind, (_, loaded) in inputs.items()},
            plan.parameters,
            expand(str(plan.parameters.get("tickers") or ""), self.root),
            self.now.date(),
            self.watcher.progress(plan.slot.stage),
        )
        artifacts = self._attempt(plan, lambda: compute(plan.stage.name, job))
        encoded = [encode(artifact) for artifact in artifacts]
        self._keep_model(encoded)
        for repair in stage_facts.repairs(artifacts):
            self.log.write("repair", stage=plan.slot.stage, repair=repair)
        meta = self.store.commit(
            plan.slot, encoded, self._meta(plan, [source for source, _ in inputs.values()], started_at)
        )
        seconds = round(time.monotonic() - started, 3)
        told = stage_facts.facts(plan.stage.name, artifacts, plan.parameters)
        self._tell(plan, "done", rows=meta.rows, seconds=seconds, **told, **self._where(plan))
        return meta

    def _attempt(self, plan: StagePlan, function: Callable[[], T]) -> T:
        if plan.stage.retry != "transient":
            return function()
        return with_linear_backoff(
            function,
            tries=self.retry_tries,
            wait_s=self.retry_wait_s,
            retried=lambda n, error, wait: self._tell(
                plan, "retried", level="warning", attempt=n, reason=str(error), wait_s=wait
            ),
        )

    def _keep_model(self, encoded: list[Encoded]) -> None:
        for artifact in encoded:
            if artifact.kind == "model":
                Registry(self.root).add(artifact.data)

    def _meta(self, plan: StagePlan, inputs: list[Input], started_at: datetime) -> dict[str, Any]:
        grouped: dict[tuple[str, str], dict[str, str]] = {}
        for source in inputs:
            grouped.setdefault((source.stage, source.key), {})[source.filename] = source.sha256
        return {
            "fingerprint": plan.fingerprint,
            "version": plan.stage.version,
            "parameters": dict(plan.parameters),
            "libraries": dict(plan.libraries),
            "inputs": [
                {"stage": stage, "key": key, "artifacts": digests}
                for (stage, key), digests in grouped.items()
            ],
            "started_at": started_at.isoformat(),
            "ended_at": datetime.now(UTC).isoformat(),
            "host": socket.gethostname(),
            "run_id": self.log.run_id,
        }

    def _where(self, plan: StagePlan) -> dict[str, str]:
        return {"path": str(self.store.folder(plan.slot))} if plan.stage.name == "report" else {}

    def _waiting(self, plan: StagePlan) -> Callable[[str], None] | None:
        if not self.wait:
            return None
        return lambda holder: self._tell(plan, "waiting", holder=holder)

    def _tell(self, plan: StagePlan, state: str, *, level: str = "info", **told: Any) -> None:
        self.log.write(state, level=level, stage=plan.slot.stage, key=plan.slot.key, pid=os.getpid(), **told)
        self.watcher.stage(plan.slot.stage, state, told)

    def _failed(self, plan: StagePlan, error: Exception, seconds: float) -> None:
        import traceback

        told: dict[str, Any] = {"error": str(error), "seconds": round(seconds, 3)}
        if isinstance(error, ValidationFailed):
            body = {"format": 1, "kind": "findings", **error.findings}
            data = orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            path = self.log.save("findings.json", data)
            told |= {"findings_path": str(path), "findings": error.findings["findings"]}
        trace = "".join(traceback.format_exception(error))
        self.log.write(
            "failed", level="error", stage=plan.slot.stage, traceback=trace, kind=type(error).__name__, **told
        )
        self.watcher.stage(plan.slot.stage, "failed", {**told, "exception": error})


ABSENT = "there is none"


def unfit(store: Store, plan: StagePlan) -> str | None:
    """Return why a checkpoint cannot be used as it stands, None if it can. Read-only.

    It is usable when it is committed, its bytes are those committed, and each input it names has the
    digest that the checkpoint there has now.
    """
    try:
        meta = store.meta(plan.slot)
        if meta is None:
            return ABSENT
        damage = store.damage(plan.slot)
        if damage is not None:
            return damage
        return next((why for i in meta.inputs if (why := _changed(store, i)) is not None), None)
    except CheckpointError as error:
        return error.came


def _changed(store: Store, source: Input) -> str | None:
    if source.stage == REGISTRY:
        data = Registry(store.root).bytes_of(source.key)
        return None if model_id(data) == source.key else f"model {source.key} changed"
    meta = store.meta(Slot(source.stage, source.key))
    if meta is None or meta.digests.get(source.filename) != source.sha256:
        return f"its input {source.stage}/{source.filename} is not what it was made from"
    return None


def load_inputs(store: Store, plan: StagePlan) -> dict[str, tuple[Input, Loaded]]:
    """Return what the stage reads, by kind, each verified against the digest it was committed with."""
    found: dict[str, tuple[Input, Loaded]] = {}
    for kind in plan.stage.reads:
        source = _input_of(store, plan, kind)
        if source is not None:
            found[kind] = (source, _load(store, source))
    if plan.stage.name == "train_or_score" and plan.parameters["mode"] == "score":
        source = _champion_input(store, str(plan.parameters["model_id"]))
        found["model"] = (source, _load(store, source))
    return found


def _input_of(store: Store, plan: StagePlan, kind: str) -> Input | None:
    writer: Stage = writer_of(kind)
    slot = plan.before(writer.name).slot
    meta = store.meta(slot)
    if meta is None:
        raise CheckpointError(f"{slot.stage}/{slot.key} is not committed", expected="a finished stage")
    for name, artifact in meta.artifacts.items():
        if artifact["name"] == kind:
            return Input(slot.stage, slot.key, name, artifact["sha256"])
    scored_by = plan.before("train_or_score").parameters["model_id"] if kind == "model" else None
    return _champion_input(store, str(scored_by)) if scored_by else None


def _champion_input(store: Store, identity: str) -> Input:
    from core.fingerprint import sha256

    return Input(REGISTRY, identity, "model.json", sha256(Registry(store.root).bytes_of(identity)))


def _load(store: Store, source: Input) -> Loaded:
    if source.stage == REGISTRY:
        data = Registry(store.root).bytes_of(source.key)
    else:
        data = store.read(Slot(source.stage, source.key), source.filename)
    return Loaded(decode(data, source.filename), source.filename, source.sha256)


def is_complete(store: Store, plan: StagePlan, known: set[Slot]) -> bool:
    """Return whether ``plan`` and everything before it is committed, whole and fits together.

    Parameters
    ----------
    known : set of Slot
        Slots already found complete in this process; added to. (Only a yes is remembered: a no may
        be turned by another process at any moment.)
    """
    if plan.slot in known:
        return True
    try:
        fits = unfit(store, plan) is None
        complete = fits and (plan.upstream is None or is_complete(store, plan.upstream, known))
    except Exception:  # noqa: BLE001 - Luigi takes an error here for a crash of the scheduler; "no" is safe
        return False
    if complete:
        known.add(plan.slot)
    return complete


def link_latest(root: Path, plan: StagePlan) -> None:
    """Point ``<data>/latest/`` at all artifacts of a finished run, under their plain names."""
    store, latest = Store(root), root / "latest"
    wanted: dict[str, str] = {}
    for stage_plan in plan.line():
        meta = store.meta(stage_plan.slot)
        for name in meta.digests if meta else ():
            wanted[name] = os.path.relpath(store.folder(stage_plan.slot) / name, latest)
    model = plan.before("train_or_score").parameters["model_id"]
    if model:
        wanted["model.json"] = os.path.relpath(Registry(root).folder / f"{model}.json", latest)
    latest.mkdir(parents=True, exist_ok=True)
    for name, target in wanted.items():
        _link(latest / name, target)
    for old in latest.iterdir():
        if old.name not in wanted:
            old.unlink()


def _link(path: Path, target: str) -> None:
    if path.is_symlink() and str(path.readlink()) == target:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(path)
