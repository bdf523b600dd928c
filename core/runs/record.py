"""Reports what a run does: to its log, to the journal and to a watcher.

A journal that cannot be opened or written never stops a run: checkpoints do not depend on it. It is
reported once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from core.errors import AftercloseError, SettingsError
from core.journal import Journal
from core.platform import causes
from core.platform.processes import this_process
from core.platform.progress import Progress
from core.registry.champions import Champions
from core.request.settings import Settings
from core.request.stages import NAMES
from core.review import ledger
from core.runs.heartbeat import Heartbeat, recorded
from core.runs.log import RunLog


class Watcher(Protocol):
    """Somebody who wants to see a run as it goes: the terminal."""

    def stage(self, stage: str, state: str, facts: Mapping[str, Any]) -> None:
        """Take notice that ``stage`` is now in ``state``."""

    def progress(self, stage: str) -> Progress:
        """Return the callback for long work in ``stage``."""


class RunRecord:
    """Writes the same events to log, journal and watcher of one run.

    Parameters
    ----------
    supervised : bool
        Whether a supervisor will record the end of the run.
    """

    def __init__(
        self, settings: Settings, log: RunLog, watcher: Watcher, *, supervised: bool = False
    ) -> None:
        self._settings = settings
        self.log = log
        self._watcher = watcher
        self._supervised = supervised
        self._journal: Journal | None = None
        self.trouble: str | None = None
        self.lost: str | None = None
        self.unsigned: str | None = None
        self.nothing_to_do = False
        self._heartbeat = Heartbeat(settings, log.run_id)
        self._request: tuple[str, dict[str, str]] = ("", {})

    def open(self) -> None:
        """Open the journal before anything of the run is written: a data root that is another's is refused here.

        Raises
        ------
        SettingsError
            If the data root belongs to another journal.
        """
        self.lost = Journal.lost(self._settings.data, self._settings.journal)
        self._quietly(self._opened)

    def begin(
        self,
        target: str,
        keys: Mapping[str, str],
        request: Mapping[str, str],
        *,
        profile: str,
        who: str,
        how: str,
    ) -> None:
        """Record the run: who wants what, by which process, with which keys and stages to come."""
        if self._journal is None and self.trouble is None:
            self.open()
        run = self.log.run_id

        def tell(journal: Journal) -> None:
            journal.settle()
            if journal.without_profile():
                Champions(self._settings).take_over()
            process = this_process()
            self.unsigned = ledger.add_run(
                self._settings,
                journal,
                run,
                who=who,
                how=how,
                request=request,
                target=target,
                state="running",
                process=process,
                profile=profile,
            )
            journal.start(run, keys, stages=[stage for stage in keys if target in NAMES])
            if not self._supervised:  # else the supervisor leads it
                self._heartbeat.start()

        self._to_journal(tell)
        if self.lost:
            self.log.write("journal_lost", level="warning", reason=self.lost)
        if self.unsigned:
            self.log.write("ledger_trouble", level="warning", reason=self.unsigned)
        self.log.write("run_started", request=dict(request), target=target, keys=dict(keys))
        self._request = (target, dict(request))
        self._tell_lineage("running", keys)

    def reused(self, facts_by_stage: Mapping[str, Mapping[str, Any]], *, everything: bool) -> None:
        """Record stages that were complete when the run began, with rows and bytes; all of them: nothing to do."""
        self.nothing_to_do = everything
        for stage, facts in facts_by_stage.items():
            self.log.write("reused", stage=stage, **facts)
            if not everything:
                self._watcher.stage(stage, "reused", facts)
        self._to_journal(lambda journal: journal.reused(self.log.run_id, facts_by_stage))

    def stage(self, stage: str, state: str, facts: Mapping[str, Any]) -> None:
        """Record that ``stage`` is now in ``state``, and show it."""
        recorded_facts = {
            name: value for name, value in facts.items() if name not in ("exception", "findings_found")
        }
        self._to_journal(lambda journal: journal.event(self.log.run_id, stage, state, recorded_facts))
        self._watcher.stage(stage, state, facts)

    def progress(self, stage: str) -> Progress:
        """Return the watcher's callback, which also leaves word in the run's folder."""
        return recorded(self.log.folder, stage, self._watcher.progress(stage))

    def end(
        self,
        state: str,
        keys: Mapping[str, str],
        *,
        exit_code: int | None = None,
        error: str | None = None,
        session: str | None = None,
    ) -> None:
        """Record how the run ended: its keys, and the last session of its report; a stage's own error wins."""
        self._heartbeat.close()
        self.log.write("run_finished", state=state, level="info" if state == "succeeded" else "warning")

        def tell(journal: Journal) -> None:
            journal.rekey(self.log.run_id, keys, session)
            if not self._supervised:  # else the supervisor says how it ended, once it has looked
                journal.end(self.log.run_id, state, exit_code, error)

        # tried even if the journal failed before: a disk may have room again, and the end matters most
        self._quietly(lambda: tell(self._journal or self._opened()))
        self._tell_lineage(state, keys)

    def _tell_lineage(self, state: str, keys: Mapping[str, str]) -> None:
        """Send an OpenLineage event where one is wanted."""
        if not self._settings["observe_openlineage_url"]:
            return
        from core.runs.openlineage import RunChange, emit

        trouble = emit(self._settings, RunChange(self.log.run_id, *self._request, state, keys))
        if trouble:
            self.log.write("lineage_trouble", level="warning", reason=trouble)

    def _opened(self) -> Journal:
        self._journal = Journal(self._settings.data, self._settings.journal)
        return self._journal

    def _to_journal(self, tell: Callable[[Journal], None]) -> None:
        journal = self._journal
        if journal is not None:
            self._quietly(lambda: tell(journal))

    def _quietly(self, function: Callable[[], object]) -> None:
        try:
            function()
        except SettingsError:
            raise  # another journal's data root, a URL that cannot be understood: nothing may be made
        except (AftercloseError, OSError, MemoryError) as error:
            self._journal = None
            reason = str(error) or causes.sentence(error) or type(error).__name__
            self.trouble = self.trouble or reason
            self.log.write("journal_trouble", level="warning", reason=reason)
