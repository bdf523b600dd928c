"""One supervisor per run: it leads the run's session, and whatever happens writes how it ended.

Started by ``core.runs.launcher`` as ``python -m core.runs.supervisor RUN_ID``. It never trusts an exit code alone:
success is exit code 0 and a final checkpoint that is there and whole.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from core.errors import (
    EXIT_BUSY,
    EXIT_CANCELLED,
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_UNEXPECTED,
    AftercloseError,
)
from core.journal import Journal, Run
from core.platform.processes import die_with, this_process
from core.request import settings as configuration
from core.request.settings import Settings
from core.runs.heartbeat import Heartbeat
from core.runs.launcher import ENDINGS, asked_for, command_of
from core.runs.log import RunLog
from core.store.checkpoints import Slot, Store

GRACE_S = 5.0
"""Seconds between asking a run's processes to end and ending them."""

_STATES = {EXIT_BUSY: "busy", EXIT_INTERRUPTED: "interrupted", EXIT_CANCELLED: "cancelled"}
"""What an exit code of the pipeline says of the run; any other but 0 is a failure."""


_OFTEN_MEMORY = {signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS}
"""What ends a process that the system, or a library of numbers, has no memory for."""


@dataclass
class Supervisor:
    """Runs one recorded run and writes its end."""

    settings: Settings
    journal: Journal
    run: Run
    ending_signal: int = 0
    """The signal by which a person asked the run to end; 0 while nobody did."""
    child: subprocess.Popen[bytes] | None = field(default=None)

    def supervise(self) -> int:
        """Run to the end and return the exit code that was recorded."""
        for number in ENDINGS:
            signal.signal(number, self._on_term)
        # the launcher held them back: a cancel that came before this line is delivered here
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        self.child = subprocess.Popen(  # noqa: S603 - our own interpreter; options come from the journal
            command_of(self.run, self.settings.data),
            env={**os.environ, "AFTERCLOSE_RUN_ID": self.run.run_id},
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 - the supervisor has one thread
        )
        if self.ending_signal:
            _signal_group(self.child.pid, self.ending_signal)
        heartbeat = Heartbeat(self.settings, self.run.run_id)
        heartbeat.start()
        code = self._wait(self.child, heartbeat)
        heartbeat.close()
        end_group(self.child.pid, time.sleep)
        return self._finish(code)

    def _on_term(self, signum: int, frame: object) -> None:
        del frame
        self.ending_signal = self.ending_signal or signum
        if self.child is not None:
            _signal_group(self.child.pid, signum)

    def _wait(self, child: subprocess.Popen[bytes], heartbeat: Heartbeat) -> int:
        """Wait for the run; once it was asked to end, no longer than the grace."""
        deadline: float | None = None
        while True:
            heartbeat.beat()
            try:
                return child.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                if self.ending_signal and deadline is None:
                    deadline = time.monotonic() + GRACE_S
                if deadline is not None and time.monotonic() > deadline:
                    _signal_group(child.pid, signal.SIGKILL)

    def _finish(self, code: int) -> int:
        state, code, error = self._outcome(code)
        log = RunLog(self.settings.data, self.run.run_id)
        level = "info" if state == "succeeded" else "warning"
        try:
            self.journal.end(self.run.run_id, state, code, error)
        except AftercloseError as trouble:  # nobody can record it; once this process is gone it shows
            log.write("journal_trouble", level="warning", reason=str(trouble))
            print(f"afterclose: the end of this run was not recorded: {trouble}", file=sys.stderr)  # noqa: T201 - its output file
        log.write("supervised", state=state, exit_code=code, level=level)
        if self.settings["notices_urls"]:
            from core.runs.announcing import announce

            announce(self.settings, self.run.run_id, state)
        return code

    def _outcome(self, code: int) -> tuple[str, int, str | None]:
        if self.ending_signal:
            code = EXIT_INTERRUPTED if self.ending_signal == signal.SIGINT else EXIT_CANCELLED
            return _STATES[code], code, f"{_STATES[code]} by a person"
        if code < 0:
            often = "; most often because memory ran out" if -code in _OFTEN_MEMORY else ""
            return "failed", EXIT_UNEXPECTED, f"its process was ended by signal {-code}{often}"
        if code != EXIT_DONE:
            return _STATES.get(code, "failed"), code, f"exit code {code}; the log and output have the reason"
        damage = self._damage()
        return ("failed", EXIT_UNEXPECTED, damage) if damage else ("succeeded", EXIT_DONE, None)

    def _damage(self) -> str | None:
        """Return what is wrong with the final checkpoint, None if it is committed and whole."""
        run = self.journal.run(self.run.run_id) or self.run
        key = run.keys.get(self.run.target)
        store = Store(self.settings.data)
        if key is None:
            return "it ended without a plan"
        slot = Slot(self.run.target, key)
        if store.meta(slot) is None:
            return f"it ended with exit code 0 and without {slot.stage}/{slot.key}"
        return store.damage(slot)


def _signal_group(pid: int, number: int) -> bool:
    """Send a signal to a group; what was stopped in it is let go on, so that it takes the signal."""
    try:
        for each in (number, signal.SIGCONT):
            os.killpg(pid, each)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(pid: int, sleep: Callable[[float], None]) -> None:
    """End what is left of a process group: TERM, a grace of five seconds, KILL."""
    if not _signal_group(pid, signal.SIGTERM):
        return
    waited = 0.0
    while waited < GRACE_S:
        if not _group_exists(pid):
            return
        sleep(0.1)
        waited += 0.1
    _signal_group(pid, signal.SIGKILL)


def _group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main(run_id: str, request_digest: str) -> int:
    """Supervise the run ``run_id``, which the journal has as queued and as it was asked for (its digest)."""
    settings = configuration.load()
    journal = Journal(settings.data, settings.journal)
    run = journal.run(run_id)
    if run is None:
        print(f"afterclose: there is no run {run_id} in the journal", file=sys.stderr)  # noqa: T201 - its output file
        return EXIT_UNEXPECTED
    if not journal.lead(run_id, this_process()):
        print(f"afterclose: run {run_id} was given up before this process could lead it", file=sys.stderr)  # noqa: T201 - its output file
        return EXIT_INTERRUPTED
    if asked_for(run.request, run.target) != request_digest:
        why = "its row in the journal was changed after it was asked for: nothing was started"
        print(f"afterclose: {why}", file=sys.stderr)  # noqa: T201 - its output file
        journal.end(run_id, "failed", EXIT_FAILED, why)
        return EXIT_FAILED
    return Supervisor(settings, journal, run).supervise()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
