"""One process's run: settings, log, terminal and what has been found complete. Forked workers inherit it."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property

from core import settings as configuration
from core.checkpoints import Slot, Store
from core.execution import Runner
from core.latest import link_latest
from core.lineage import is_complete
from core.parameters import Value
from core.plan import StagePlan
from core.registry import Registry
from core.runlog import RunLog, new_run_id
from core.settings import Settings
from luigi_tasks.terminal import Terminal


@dataclass
class Session:
    """State of this process's run."""

    settings: Settings
    started: datetime
    log: RunLog
    terminal: Terminal
    resolved: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, Value]] = field(default_factory=dict)
    root_plan: StagePlan | None = None
    ran: bool = False
    _known: set[Slot] = field(default_factory=set)
    _owner: int = field(default_factory=os.getpid)

    @property
    def store(self) -> Store:
        """The checkpoints of the data root."""
        return Store(self.settings.data)

    @cached_property
    def runner(self) -> Runner:
        """Runs stages for this run."""
        champion = Registry(self.settings.data).champion()
        return Runner(
            self.settings.data,
            self.log,
            self.started,
            self.terminal,
            int(self.settings["retry_tries"] or 1),
            float(self.settings["retry_wait_s"] or 0),
            previous_model=champion.model_id if champion else None,
        )

    def effective(self, plan: StagePlan) -> StagePlan:
        """Return ``plan`` as it stands in this run."""
        return self.runner.effective(plan)

    def open(self, plan: StagePlan, request: Mapping[str, str]) -> None:
        """Take the first planned task as what this run is for."""
        if self.root_plan is None:
            self.root_plan = plan
            _ = self.runner  # fixes the champion that is kept if training fails
            self.request = dict(request)
            atexit.register(self.close)

    def complete(self, plan: StagePlan) -> bool:
        """Return whether ``plan`` is complete."""
        return is_complete(self.store, plan, self._known)

    def run(self, plan: StagePlan) -> None:
        """Run one stage, recording the start of the run with the first."""
        self.begin()
        self.runner.run(plan)

    def begin(self) -> None:
        """Record that a run starts, once per process that runs stages."""
        if not self.ran and self.root_plan is not None:
            self.ran = True
            self.log.write("run_started", request=self.request, keys=_keys(self.root_plan))

    def close(self) -> None:
        """At the end of the process: say what came of it, link the latest, print the report."""
        if os.getpid() != self._owner or self.root_plan is None:
            return
        self.root_plan = self.effective(self.root_plan)
        done = self.complete(self.root_plan)
        nothing = done and not self.log.path.exists()
        if nothing:
            self.log.write("nothing_to_do", request=self.request, keys=_keys(self.root_plan))
        self.log.write("run_finished", state="succeeded" if done else "failed")
        if done and self.root_plan.stage.name == "report":
            try:
                link_latest(self.settings.data, self.root_plan)
            except OSError as error:
                self.log.unwritable = error
        self.terminal.finish(self, done=done, nothing=nothing)


def _keys(plan: StagePlan) -> dict[str, str]:
    return {p.slot.stage: p.slot.key for p in plan.line()}


@cache
def session() -> Session:
    """Return this process's session, made on first use."""
    started = datetime.now(UTC)
    settings = configuration.load()
    return Session(settings, started, RunLog(settings.data, new_run_id(started)), Terminal())
