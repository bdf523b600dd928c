"""One process's run: settings, log, journal, terminal. Forked workers inherit it."""

from __future__ import annotations

import atexit
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from core.errors import (
    EXIT_BUSY,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NOT_RUN,
    EXIT_UNEXPECTED,
    EXIT_WAITING,
    AftercloseError,
    BusyError,
    SettingsError,
    StageError,
)
from core.journal import Journal
from core.paths import bytes_of
from core.registry.champions import Champions
from core.registry.origins import Origins, session_behind
from core.request import settings as configuration
from core.request.roots import AllowedFiles
from core.request.settings import Settings
from core.review.people import local_person
from core.runs.execution import Runner
from core.runs.inputs import is_complete
from core.runs.latest import link_latest
from core.runs.log import RunLog, new_run_id
from core.runs.plan import StagePlan
from core.runs.profile import profile_of
from core.runs.record import RunRecord
from core.store.checkpoints import Slot, Store
from luigi_tasks.options import RunOptions
from luigi_tasks.options import parse as parse_options
from luigi_tasks.terminal import Terminal

RUN_VARIABLE = "AFTERCLOSE_RUN_ID"
"""Set by a supervisor that has recorded the run already."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

FAILED = "failed-"
"""Beginning of the name of a file in a run's folder: that stage failed there for good, and why."""


@dataclass
class Session:
    """State of this process's run."""

    settings: Settings
    started: datetime
    log: RunLog
    terminal: Terminal
    resolved: dict[tuple[str, tuple[tuple[str, str], ...]], StagePlan] = field(default_factory=dict)
    plans: dict[tuple[str, ...], StagePlan] = field(default_factory=dict)
    options: RunOptions = field(default_factory=RunOptions)
    root_plan: StagePlan | None = None
    exit_code: int | None = None
    unheard: tuple[signal.Signals, ...] = ()
    publishing: str | None = None
    lacking: str | None = None
    """What this machine lacked for a fault that Luigi took for an unexpected one."""
    profile: str = ""
    _complete_slots: set[Slot] = field(default_factory=set)
    _owner: int = field(default_factory=os.getpid)
    _closed: bool = False

    @property
    def store(self) -> Store:
        """The checkpoints of the data root."""
        return Store(self.settings.data)

    @cached_property
    def record(self) -> RunRecord:
        """Log, journal and terminal, which get the same events."""
        return RunRecord(self.settings, self.log, self.terminal, supervised=RUN_VARIABLE in os.environ)

    @cached_property
    def runner(self) -> Runner:
        """Runs stages for this run."""
        champion = Champions(self.settings).of(self.profile)
        return Runner(
            self.settings.data,
            self.log,
            self.started,
            self.record,
            int(self.settings["retry_tries"] or 1),
            float(self.settings["retry_wait_s"] or 0),
            wait=self.options.wait,
            previous_model=champion.model_id if champion else None,
            timeout_s=float(self.settings["run_stage_timeout_s"] or 0),
            reading=self.settings.bounds,
            allowed=AllowedFiles(self.settings),
            forced=self.options.forced,
            engine=self.settings.engine,
            journal=self.settings.journal,
        )

    def effective(self, plan: StagePlan) -> StagePlan:
        """Return ``plan`` as it stands in this run."""
        return self.runner.effective(plan)

    def take_options(self, options: Mapping[str, str | bool]) -> None:
        """Take the options of the task that a person named; tasks behind it have none of their own."""
        if any(options.values()) and self.root_plan is None and self.publishing is None:
            self.options = parse_options(options)

    def open(self, plan: StagePlan, request: Mapping[str, str], *, target: str) -> None:
        """Take the first planned task as what this run is for."""
        if self.root_plan is None and self.publishing is None:
            self.root_plan = plan
            self.record.open()  # a data root that refuses the run remembers nothing of it
            self.profile = profile_of(request, self.settings, keep=True)
            self._begin(target, plan.keys, request)

    def open_publication(self, report_key: str) -> None:
        """Take the publication of a finished report as what this run is for."""
        if self.root_plan is None and self.publishing is None:
            self.profile = next(iter(sorted(Origins(self.settings).of_key("report", report_key))), "")
            self._begin("publish", {"report": report_key}, {"report": report_key})
        self.publishing = report_key

    def _begin(self, target: str, keys: Mapping[str, str], request: Mapping[str, str]) -> None:
        _ = self.runner  # fixes the champion that is kept if training fails
        who = local_person(self.settings).label
        self.record.begin(target, keys, request, profile=self.profile, who=who, how="terminal")
        atexit.register(lambda: self.close())  # noqa: PLW0108 - a method would be printed with its session

    @property
    def journal(self) -> Journal | None:
        """The journal to read from, None if there is none yet."""
        return Journal.find(self.settings.data, self.settings.journal)

    def complete(self, plan: StagePlan) -> bool:
        """Return whether ``plan`` is complete, and done again in this run where that was forced."""
        forced = [p for p in plan.line() if p.slot.stage in self.options.forced]
        again = all(self.runner.confirmed(p) for p in forced)
        return again and is_complete(self.store, plan, self._complete_slots)

    def present(self, plan: StagePlan) -> None:
        """Record that ``plan`` and all before it were there when the run began."""
        metas = {p.slot.stage: meta for p in plan.line() if (meta := self.store.meta(p.slot))}
        facts = {stage: {"rows": meta.rows, "bytes": meta.size} for stage, meta in metas.items()}
        self.record.reused(facts, everything=plan == self.root_plan)

    def run(self, plan: StagePlan) -> None:
        """Make one stage, or reuse it after all.

        A ``luigid`` may hand a failed stage out again; within one run that answers as it did the first time.
        """
        failed = self.log.folder / f"{FAILED}{plan.slot.stage}"
        if failed.exists():
            raise StageError(bytes_of(failed).decode())
        try:
            self.runner.run(plan)
        except BusyError:
            raise
        except Exception as error:
            self.log.save(failed.name, str(error).encode())
            raise

    @property
    def keys(self) -> dict[str, str]:
        """The keys of this run as they stand now."""
        published = {"report": self.publishing} if self.publishing else {}
        return {**(self.effective(self.root_plan).keys if self.root_plan else {}), **published}

    def close(self) -> None:
        """At the end of the process: say what came of it, link the latest, print the report. Once."""
        begun = self.root_plan is not None or self.publishing is not None
        if os.getpid() != self._owner or self._closed or not begun:
            return
        self._closed = True
        if self.root_plan is not None:
            self.root_plan = self.effective(self.root_plan)
        complete = self._is_complete()
        if self.root_plan is not None and complete and self.root_plan.stage.name == "report":
            self._link_latest(self.root_plan)
        if self.publishing is None:
            state = "succeeded" if complete else "failed"
            self._end(state, EXIT_DONE if complete else self.exit_code)
            self.terminal.finish(self.record, self.store, self.root_plan if complete else None)
        else:
            state = self._close_publication(self.publishing, complete=complete)
        if RUN_VARIABLE not in os.environ and self.settings["notices_urls"]:  # else the supervisor's
            from core.runs.announcing import announce

            self.terminal.notice_not_sent(announce(self.settings, self.log.run_id, state))

    def _is_complete(self) -> bool:
        return self.root_plan is None or self.complete(self.effective(self.root_plan))

    def finish_here(self, code: int) -> int:
        """Make, or wait for, what a ``luigid`` left open, and return the exit code.

        It sends a worker home (10) while another one is at the last stage, and hands nothing out (25) once it
        has lost its memory or keeps a stage disabled that failed in an earlier run. The locks know better.
        """
        if self.publishing is not None:
            return self._publish_here(self.publishing, code)
        unmade = self.root_plan is not None and not self._is_complete()
        if self.root_plan is None or not unmade or code not in (EXIT_BUSY, EXIT_NOT_RUN):
            return code
        try:
            for plan in self.root_plan.line():
                if not self.complete(self.effective(plan)):
                    self.run(self.effective(plan))
        except AftercloseError as error:
            return error.exit_code
        return EXIT_DONE

    def _publish_here(self, report_key: str, code: int) -> int:
        """Publish what Luigi thought unsigned because its report was only made again in this run."""
        from core.review.publication import publish
        from core.review.standing import standing

        if code != EXIT_WAITING or standing(self.store, self.journal, report_key).state != "signed":
            return code
        try:
            journal = Journal(self.settings.data, self.settings.journal)
            publish(self.settings, journal, report_key, person=local_person(self.settings))
        except AftercloseError as error:
            return error.exit_code
        return EXIT_DONE

    def final_code(self, code: int) -> int:
        """Return the exit code that is true, and keep it: Luigi's own does not look at the last checkpoint.

        What another worker of the same ``luigid`` complete counts as done; a "done" without the checkpoint does not.
        """
        if self.lacking and code == EXIT_UNEXPECTED:
            code = EXIT_FAILED
        if self.root_plan is not None and self.publishing is None:
            complete = self._is_complete()
            if complete and code in (EXIT_BUSY, EXIT_NOT_RUN):
                code = EXIT_DONE
            elif not complete and code == EXIT_DONE:
                code = EXIT_FAILED
        self.exit_code = code
        return code

    def _end(self, state: str, code: int | None) -> None:
        error = f"exit code {code}" if code else None
        self.record.end(state, self.keys, exit_code=code, error=error, session=self._last_session(state))
        for number in self.unheard:  # the end is recorded: from here on a signal may end the process at once
            signal.signal(number, signal.SIG_DFL)

    def _last_session(self, state: str) -> str | None:
        """Return the last session of the report that this run made or found, None without one."""
        return session_behind(self.store, self.keys.get("evaluate", "")) if state == "succeeded" else None

    def _link_latest(self, plan: StagePlan) -> None:
        try:
            link_latest(self.settings.data, plan, journal=self.settings.journal)
        except OSError as error:
            self.log.unwritable = error

    def _close_publication(self, report_key: str, *, complete: bool) -> str:
        from core.review.publication import published
        from core.review.standing import standing

        folder = published(self.settings.data, self.journal, report_key)
        state = "succeeded" if folder else "waiting" if complete else "failed"
        self._end(state, self.exit_code)
        reason = standing(self.store, self.journal, report_key).reason if complete else ""
        self.terminal.finish_publication(self.record, report_key, folder, waiting_for=reason)
        return state

    def abandon(self, state: str, code: int) -> None:
        """Record that the process is leaving early."""
        if self.keys and os.getpid() == self._owner:
            self.record.end(state, self.keys, exit_code=code)


def session() -> Session:
    """Return this process's session, made on first use; another data root or configuration is another one."""
    names = (configuration.DATA_VARIABLE, configuration.JOURNAL_VARIABLE, configuration.CONFIG_VARIABLE)
    return _session(tuple(os.environ.get(name) for name in names), str(Path.cwd()))


@cache
def _session(environment: tuple[str | None, ...], folder: str) -> Session:
    del environment, folder  # they only tell sessions apart
    started = datetime.now(UTC)
    settings = configuration.load()
    run_id = os.environ.get(RUN_VARIABLE) or new_run_id(started)
    if not _RUN_ID.fullmatch(run_id):  # it names a folder, and the journal takes it
        raise SettingsError(
            f"{RUN_VARIABLE} is {run_id!r}", expected="the id of a run, set by its supervisor alone"
        )
    return Session(settings, started, RunLog(settings.data, run_id), Terminal())
