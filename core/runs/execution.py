"""Running one planned stage against the checkpoints: lock, look again, reuse or make, commit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from core.errors import REFUSALS, BusyError, CheckpointError, ModelError, ValidationFailed, listed
from core.journal import locks
from core.label import Label
from core.parameters import settings_from
from core.paths import Allowed, StoragePath, any_file, bytes_of
from core.platform import interrupts
from core.platform.files import TEMPORARY
from core.platform.isolated import Bounds
from core.platform.retry import TRANSIENT, Faults, with_linear_backoff
from core.platform.storage import storage_at
from core.registry.registry import Registry
from core.runs import stage_facts
from core.runs.compute import Job, compute
from core.runs.earlier import looking_back, refuse_to_ask_again
from core.runs.inputs import ABSENT, Inputs, hand_on, judge_request, load_inputs, unfit
from core.runs.kept_fits import KeptFits
from core.runs.limits import stage_limits
from core.runs.log import RunLog
from core.runs.needs import announce
from core.runs.plan import StagePlan
from core.runs.record import Watcher
from core.sources.context import Context
from core.store import universe_files
from core.store import waivers as waiver_files
from core.store.checkpoints import Meta, Store
from core.store.ticker_lists import expand
from core.tables.artifacts import Artifact, Encoded, Table
from core.tables.codec import encode
from core.tables.engine import LOCAL, Engine
from core.tables.recent import Recent
from core.tables.writer import Scratch, with_header

RETAINED_NAME = "retained.json"
"""In a run's folder once training failed for good there: the model that was kept, and why."""

CONFIRMED = "confirmed-"
"""Beginning of the name of a file in a run's folder: that forced stage is done here."""


@dataclass(frozen=True)
class Runner:
    """Runs planned stages of one run.

    Parameters
    ----------
    root : StoragePath
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
    previous_model : str or None
        The champion at the start: it is kept when training fails for good.
    timeout_s, reading, allowed : see :func:`core.runs.limits.stage_limits`, :class:`core.sources.context.Context`
    forced : frozenset of str
        Stages that are computed again although they are there, and compared.
    recent : Recent
        What this process made, for the stages after.
    engine : Engine
        Where the shards of large tables are worked on.
    journal : str
        The journal's URL, whose locks are taken; empty is SQLite in the data root.
    notes : dict
        What a source says of its reading for the checkpoint's meta.
    """

    root: StoragePath
    log: RunLog
    now: datetime
    watcher: Watcher
    retry_tries: int = 3
    retry_wait_s: float = 0.2
    wait: bool = True
    previous_model: str | None = None
    timeout_s: float = 0.0
    reading: Bounds | None = None
    allowed: Allowed = any_file
    forced: frozenset[str] = frozenset()
    recent: Recent = field(default_factory=Recent)
    engine: Engine = LOCAL
    journal: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    def effective(self, plan: StagePlan) -> StagePlan:
        """Return ``plan`` as it stands in this run: with the kept model once training failed for good."""
        try:
            retained = orjson.loads(bytes_of(self.log.folder / RETAINED_NAME))
        except (OSError, orjson.JSONDecodeError):
            return plan
        return plan.retaining(str(retained["model_id"]))

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
        started = time.monotonic()
        try:
            with self._locked(plan):
                meta = self._usable(plan)
                if meta is not None and plan.stage.name in self.forced and not self.confirmed(plan):
                    return self._confirm(plan, meta, started)
                if meta is not None:
                    self._tell(plan, "reused", rows=meta.rows, bytes=meta.size)
                    return meta
                self.store.sweep(plan.slot)
                return self._make(plan, started)
        except BusyError as error:
            self._tell(plan, "busy", level="warning", reason=str(error))
            raise
        except Exception as error:
            self._failed(plan, error, time.monotonic() - started)
            raise

    def confirmed(self, plan: StagePlan) -> bool:
        """Return whether this run made or confirmed the forced stage already (also in another process)."""
        return (self.log.folder / f"{CONFIRMED}{plan.slot.stage}").exists()

    def _confirm(self, plan: StagePlan, meta: Meta, started: float) -> Meta:
        """Compute a committed stage again and compare; what is committed stays as it is."""
        self._tell(plan, "started", forced=True)
        with self._scratch(plan) as scratch:
            artifacts = self._attempt(plan, load_inputs(self.store, plan, self.recent), scratch)
            again = {a.filename: a.sha256 for a in map(encode, artifacts)}
        other = sorted(name for name in {*again, *meta.digests} if again.get(name) != meta.digests.get(name))
        if other:
            raise CheckpointError(
                f"{plan.slot.stage} was forced and gave other bytes for {listed(other)}",
                expected="the bytes that are committed under the same key",
                remedy="Something that is in no key has changed; the committed checkpoint was not touched.",
            )
        self.log.save(f"{CONFIRMED}{plan.slot.stage}", b"")
        seconds = round(time.monotonic() - started, 3)
        self._tell(plan, "confirmed", rows=meta.rows, bytes=meta.size, seconds=seconds)
        return meta

    def _usable(self, plan: StagePlan) -> Meta | None:
        """Return the committed meta if it is whole and fits its inputs; move it away if it is not."""
        reason = unfit(self.store, plan)
        if reason is None:
            return self.store.meta(plan.slot)
        if self.store.folder(plan.slot).exists() and reason != ABSENT:
            refuse_to_ask_again(plan, reason)
            where = self.store.quarantine(plan.slot, self.log.run_id)
            self.log.write(
                "quarantined", level="warning", stage=plan.slot.stage, reason=reason, moved_to=str(where)
            )
            self.watcher.stage(plan.slot.stage, "quarantined", {"reason": reason})
        return None

    def _make(self, plan: StagePlan, started: float) -> Meta:
        self._tell(plan, "started")
        started_at = datetime.now(UTC)
        inputs = load_inputs(self.store, plan, self.recent)
        with self._scratch(plan) as scratch:
            try:
                artifacts = self._attempt(plan, inputs, scratch)
            except Exception as error:
                retained = self._keeping_previous(plan, error)
                if retained is None:
                    raise
                return self._make_retained(retained, str(error), started)
            return self._commit(plan, inputs, artifacts, started_at, started)

    def _scratch(self, plan: StagePlan) -> Scratch:
        """Return a folder beside the checkpoint, on this machine for object storage, for large files on their way."""
        folder = self.store.folder(plan.slot)
        return Scratch(storage_at(folder).scratch, TEMPORARY)

    def _commit(
        self,
        plan: StagePlan,
        inputs: Inputs,
        artifacts: list[Artifact],
        started_at: datetime,
        started: float,
    ) -> Meta:
        encoded = [encode(artifact) for artifact in artifacts]
        if plan.stage.name in self.forced:
            self.log.save(f"{CONFIRMED}{plan.slot.stage}", b"")
        self._keep_model(encoded)
        for repair in stage_facts.repairs(artifacts):
            self.log.write("repair", stage=plan.slot.stage, repair=repair)
        sources = [source for source, _ in inputs.values()]
        body = stage_facts.meta_body(plan, sources, started_at, self.log.run_id)
        body |= stage_facts.outcomes(artifacts) | self.notes
        meta = self.store.commit(plan.slot, encoded, body)
        judge_request(plan, meta)  # somebody else's may have come first
        hand_on(self.recent, plan, inputs, artifacts, encoded)
        seconds = round(time.monotonic() - started, 3)
        facts = stage_facts.facts(plan.stage.name, artifacts, plan.parameters)
        where = {"path": str(self.store.folder(plan.slot))} if plan.stage.name == "report" else {}
        self._tell(plan, "succeeded", rows=meta.rows, bytes=meta.size, seconds=seconds, **facts, **where)
        return meta

    def _attempt(self, plan: StagePlan, inputs: Inputs, scratch: Scratch) -> list[Artifact]:
        job = Job(
            {kind: loaded for kind, (_, loaded) in inputs.items()},
            plan.parameters,
            expand(str(plan.parameters.get("tickers") or ""), self.root),
            self.now.date(),
            self.watcher.progress(plan.slot.stage),
            self._context(plan),
            waiver_files.load(str(plan.parameters.get("waivers_digest") or ""), self.root),
            *universe_files.behind(plan.parameters, self.root),
            scratch,
            self.engine,
            None if plan.stage.name in self.forced else KeptFits(self.root),
        )
        announce(self.log, plan.stage.name, job.artifacts.values(), self.engine)
        policies: dict[str, tuple[int, Faults]] = {
            "transient": (self.retry_tries, TRANSIENT), "once more": (2, (Exception,)),
        }  # fmt: skip
        tries, faults = policies.get(plan.stage.retry, (1, ()))
        return with_linear_backoff(
            lambda: self._compute(plan, job),
            tries=tries,
            wait_s=self.retry_wait_s,
            on=faults,
            never=REFUSALS,
            retried=lambda n, error, wait: self._tell(
                plan, "retried", level="warning", attempt=n, reason=str(error), wait_s=wait
            ),
        )

    def _compute(self, plan: StagePlan, job: Job) -> list[Artifact]:
        with stage_limits(plan, self.timeout_s, self.reading):
            artifacts = compute(plan.stage.name, job)
        interrupts.obey()
        return artifacts

    def _context(self, plan: StagePlan) -> Context:
        self.notes.clear()
        return replace(
            looking_back(self.store, plan, again=plan.stage.name in self.forced),
            tell=partial(self.log.write, stage=plan.slot.stage),
            tries=self.retry_tries,
            wait_s=self.retry_wait_s,
            notes=self.notes,
            allowed=self.allowed,
        )

    def _keeping_previous(self, plan: StagePlan, error: Exception) -> StagePlan | None:
        """Return the plan that goes on with the previous model, None if that is not to be."""
        training = plan.stage.name == "train_or_score" and plan.parameters["mode"] == "train"
        if not training or self.previous_model is None or not self._has_label(self.previous_model, plan):
            return None
        retained = {"model_id": self.previous_model, "reason": str(error)}
        self.log.save(RETAINED_NAME, orjson.dumps(retained))
        self._tell(plan, "retained", level="warning", **retained)
        return plan.retaining(self.previous_model)

    def _has_label(self, identity: str, plan: StagePlan) -> bool:
        """Return whether a model says what this run asks for; one that was trained on another label does not."""
        label = settings_from(Label, plan.before("feature_engineer").parameters)
        try:
            previous = Registry(self.root).label_of(identity)
            return previous is None or previous.asks_like(label)
        except ModelError:  # said by whoever scores with it
            return True

    def _make_retained(self, plan: StagePlan, reason: str, started: float) -> Meta:
        """Commit what the previous model gives, with the reason in the predictions' header."""
        started_at = datetime.now(UTC)
        with self._locked(plan):
            meta = self._usable(plan)
            if meta is not None:
                self._tell(plan, "reused", rows=meta.rows, bytes=meta.size)
                return meta
            self.store.sweep(plan.slot)
            return self._score_retained(plan, reason, started_at, started)

    def _score_retained(self, plan: StagePlan, reason: str, started_at: datetime, started: float) -> Meta:
        inputs = load_inputs(self.store, plan, self.recent)
        with self._scratch(plan) as scratch:
            scored = self._attempt(plan, inputs, scratch)
            artifacts = [
                with_header(a, {**a.header, "retained": reason}, scratch) if isinstance(a, Table) else a
                for a in scored
            ]
            return self._commit(plan, inputs, artifacts, started_at, started)

    def _keep_model(self, encoded: list[Encoded]) -> None:
        for artifact in encoded:
            if artifact.kind == "model":
                Registry(self.root).add(artifact.data)

    def _locked(self, plan: StagePlan) -> AbstractContextManager[None]:
        name = f"{plan.slot.stage}-{plan.slot.key}"
        waiting = self._waiting(plan)
        return locks.hold(self.root, name, self.log.run_id, journal=self.journal, waiting=waiting)

    def _waiting(self, plan: StagePlan) -> Callable[[str], None] | None:
        if not self.wait:
            return None
        return lambda holder: self._tell(plan, "waiting", holder=holder)

    def _tell(self, plan: StagePlan, state: str, *, level: str = "info", **facts: Any) -> None:
        interrupts.obey()
        self.log.write(state, level=level, stage=plan.slot.stage, key=plan.slot.key, pid=os.getpid(), **facts)
        self.watcher.stage(plan.slot.stage, state, facts)

    def _failed(self, plan: StagePlan, error: Exception, seconds: float) -> None:
        import traceback

        interrupts.obey()  # the error may be what a library made of it
        facts: dict[str, Any] = {"error": str(error), "seconds": round(seconds, 3)}
        if isinstance(error, ValidationFailed):
            body = stage_facts.findings_of(error, plan)
            path = self.log.save("findings.json", stage_facts.readable(body))
            facts |= {"findings_path": str(path), "findings_found": body["findings"]}
        trace = "".join(traceback.format_exception(error))
        self.log.write(
            "failed",
            level="error",
            stage=plan.slot.stage,
            traceback=trace,
            kind=type(error).__name__,
            **facts,
        )
        self.watcher.stage(plan.slot.stage, "failed", {**facts, "exception": error})
