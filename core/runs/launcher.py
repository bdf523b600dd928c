"""Starting and stopping runs from outside a terminal: recorded first, then a process of their own.

Every run gets a supervisor (``core.runs.supervisor``) that leads a session of its own, so closing the
browser, reloading it or restarting the desk does not touch the run.
"""

from __future__ import annotations

import logging
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core import tickers as ticker_list
from core.errors import AftercloseError, CheckpointError, CommandError, ParameterError, SettingsError
from core.fingerprint import digest_of
from core.journal import Journal, Run, locks
from core.paths import StoragePath, real_path
from core.platform.isolated import call_isolated
from core.platform.processes import MODULE, ProcessId, process
from core.platform.storage import replace_file
from core.platform.timelimit import time_limit
from core.request.config_place import refuse_other_settings
from core.request.profiles import PROFILE
from core.request.roots import TICKERS_NAME
from core.request.settings import CONFIG_NAME, Settings
from core.request.stages import chain, parameters_of, stage_named
from core.review import ledger
from core.review.people import Person, act_fields, require
from core.runs.inputs import is_complete
from core.runs.log import RunLog, new_run_id
from core.runs.plan import stage_plans
from core.runs.profile import profile_of
from core.runs.resolve import resolve
from core.store.checkpoints import Store

CANCEL = "cancel"
"""Kind of the records of who stopped a run."""

OUTPUT_NAME = "output.txt"
"""In a run's folder: messages of its processes (standard error)."""

RESULT_NAME = "printed.txt"
"""In a run's folder: what its processes printed on standard output, which is the report."""

LONGEST_ARGUMENT = 100_000
"""Characters of one argument; Linux takes 128 KiB."""

FORCE = "force"
"""In a request beside the parameters: the stage from which on everything is computed again."""

NO_WAIT = "no_wait"
"""In a request beside the parameters: leave with 10 instead of waiting for another run's checkpoint."""

ENDINGS = (signal.SIGTERM, signal.SIGINT)
"""Signals that ask a run to end; the supervisor's before it can take them wait for it."""


@dataclass(frozen=True)
class Launched:
    """A requested run: a new one, or the same one that was running already."""

    run_id: str
    new: bool


def launch(
    settings: Settings,
    request: Mapping[str, str],
    *,
    person: Person,
    how: str,
    folder: Path,
    target: str = "report",
    run_id: str | None = None,
    resolved: bool = False,
) -> Launched:
    """Start a run and return its id, or the id of the run that does the same right now.

    Parameters
    ----------
    request : mapping of str to str
        Parameters as text; those left empty take their defaults.
    person : Person
        Who wants it; at least an operator.
    how : str
        The door, for the journal: ``desk``, ``terminal`` or ``schedule``.
    folder : Path
        Working folder of the run: where ``luigi.cfg`` is.
    run_id : str, optional
        The id of a new run, for a caller that has recorded it already; default: one made of the time.
    resolved : bool
        Whether the caller has resolved this request already, to show what it would do. What the run computes
        is what its own process resolves.

    Raises
    ------
    AftercloseError
        For every mistake that can be judged before a stage runs; nothing is started then.
    """
    require(person, "launch")
    request = _without_blanks(request)
    check_options(request)
    refuse_other_settings(folder, CONFIG_NAME)
    now = datetime.now(UTC)
    if not resolved:
        with time_limit(settings.bounds.time_s, "planning", "[files] read_timeout_s"):
            _resolve_request(settings, request, now, target)
    if FORCE in request:
        stage_named(request[FORCE])
    journal = Journal(settings.data, settings.journal)
    # before others are kept out: it looks at the file, or asks a server, which may take its time
    profile = profile_of(request, settings, keep=True)
    # one launch at a time, so that two clicks cannot both find nothing running
    with locks.hold(
        settings.data, "launch", str(os.getpid()), journal=settings.journal, waiting=lambda _: None
    ):
        journal.settle(unled=True)
        running = _same(journal, request, target)
        if running is not None:
            return Launched(running.run_id, new=False)
        run_id = run_id or new_run_id(now)
        trouble = ledger.add_run(
            settings, journal, run_id, who=person.label, how=how, request=request, target=target, state="queued",
            profile=profile,
        )  # fmt: skip
        if trouble:
            RunLog(settings.data, run_id).write("ledger_trouble", level="warning", reason=trouble)
        _spawn(settings, journal, run_id, folder, asked_for(request, target))
    return Launched(run_id, new=True)


def judge_apart(settings: Settings, request: Mapping[str, str]) -> None:
    """Raise what :func:`launch` would of a request, judged in a process of its own within the bounds of ``[files]``.

    For who serves others meanwhile, in a thread that no alarm interrupts: what is to be read may never come to an end.
    """
    request = _without_blanks(request)
    subject = request.get("path") or "the request"
    call_isolated(settings.bounds, subject, _resolve_request, settings, request, datetime.now(UTC), "report")


def _without_blanks(request: Mapping[str, str]) -> dict[str, str]:
    return {name: text.strip() for name, text in request.items() if text.strip()}


def _resolve_request(settings: Settings, request: Mapping[str, str], now: datetime, target: str) -> None:
    parameters = {name: text for name, text in request.items() if name not in (FORCE, NO_WAIT)}
    resolve(parameters, settings=settings, now=now, upto=target)


def is_made(settings: Settings, request: Mapping[str, str], target: str) -> bool:
    """Return whether all that a request asks for is there and whole. Read-only."""
    if FORCE in request:
        return False
    parameters = {name: text for name, text in request.items() if name != NO_WAIT}
    values = resolve(parameters, settings=settings, now=datetime.now(UTC), upto=target)
    return is_complete(Store(settings.data), stage_plans(values, target), set())


def _same(journal: Journal, request: Mapping[str, str], target: str) -> Run | None:
    def work(of: Mapping[str, str]) -> dict[str, str]:
        return {name: text for name, text in of.items() if name != NO_WAIT}

    active = journal.active_runs()
    return next((r for r in active if work(r.request) == work(request) and r.target == target), None)


def asked_for(request: Mapping[str, str], target: str) -> str:
    """Return the digest of what a run is to do: another process reads its row, which may have been changed by then."""
    return digest_of([dict(request), target])


def _spawn(settings: Settings, journal: Journal, run_id: str, folder: Path, request_digest: str) -> None:
    log = RunLog(settings.data, run_id)
    log.folder.mkdir(parents=True, exist_ok=True)
    messages, printed = log.folder / OUTPUT_NAME, log.folder / RESULT_NAME
    try:
        with messages.open("ab") as output, printed.open("ab") as result, ending_signals_blocked():
            child = subprocess.Popen(  # noqa: S603 - our own interpreter and module, arguments are a run id and a digest
                [sys.executable, *MODULE, "core.runs.supervisor", run_id, request_digest],
                cwd=folder,
                env={**os.environ, "AFTERCLOSE_DATA": str(settings.data)},
                stdin=subprocess.DEVNULL,
                stdout=result,
                stderr=output,
                start_new_session=True,
            )
    except OSError as error:
        journal.give_up(run_id)
        raise SettingsError(
            f"no process of run {run_id} can be started: {error.strerror or error}"
        ) from error
    # whoever started a process must take its end, or it stays a zombie for as long as the desk runs
    threading.Thread(target=child.wait, name=f"reap-{run_id}", daemon=True).start()
    journal.lead(run_id, process(child.pid))


@contextmanager
def ending_signals_blocked() -> Iterator[None]:
    """Hold the ending signals back, also in a child that is spawned meanwhile, until it is ready to take them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def command_of(run: Run, root: StoragePath) -> list[str]:
    """Return the command line that makes ``run``: the stock luigi script, as a person would type it.

    A ticker list that is too long for it is kept in the run's folder and named instead.
    """
    request = dict(run.request)
    if len(request.get("tickers", "")) > LONGEST_ARGUMENT:
        path = RunLog(root, run.run_id).folder / TICKERS_NAME
        replace_file(path, "\n".join(_names(request["tickers"])).encode())
        request["tickers"] = f"@{path}"
    return words_of(request, run.target)


def check_options(request: Mapping[str, str]) -> None:
    """Refuse what is no option of a run: Luigi has others, and one of them runs code.

    A request may come out of the journal's database, which others may write.

    Raises
    ------
    CommandError
        Naming it.
    """
    usable = {PROFILE, FORCE, NO_WAIT} | {
        name for name, p in parameters_of(chain("report")).items() if not p.resolved
    }
    for name in request:
        if name not in usable:
            raise CommandError(
                f"there is no option --{name.replace('_', '-')}", expected="the options of afterclose run"
            )


def words_of(request: Mapping[str, str], target: str) -> list[str]:
    """Return the command line of the stock luigi script for a request."""
    check_options(request)
    request, task = dict(request), chain(target)[-1].task
    flags = ["--no-wait"] if request.pop(NO_WAIT, "") else []
    options = [*flags, *(f"--{name.replace('_', '-')}={text}" for name, text in request.items())]
    return [sys.executable, *MODULE, "luigi", "--module", "luigi_tasks", task, "--local-scheduler", *options]


def _names(tickers: str) -> tuple[str, ...]:
    return ticker_list.parse(tickers, upper=False, folder=Path.cwd())


def _has_open(pid: int, folder: Path) -> bool:
    """Return whether a process has a file of a run's folder open, its log or its output: rows alone end no process.

    Files are known by device and number: a data root may be reached by several paths.

    Raises
    ------
    PermissionError
        If it is another account's, and nobody can look.
    """
    own, files = f"{real_path(folder)}/", set[tuple[int, int]]()
    for path in folder.glob("*"):
        with suppress(OSError):
            there = path.lstat()
            if stat.S_ISREG(there.st_mode):
                files.add((there.st_dev, there.st_ino))
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            opened = link.stat()
            if (opened.st_dev, opened.st_ino) in files or str(link.readlink()).startswith(own):
                return True
    return False


def _judge_leader(run: Run, leader: ProcessId, folder: Path) -> None:
    """Raise unless a process that still runs is the one that leads the run."""
    try:
        leads = _has_open(leader.pid, folder)
    except PermissionError as error:
        raise CommandError(
            f"process {leader.pid} of run {run.run_id} is another account's",
            expected="a run of this account",
            remedy="Cancel it at the desk, or as that account.",
        ) from error
    except OSError:
        leads = False  # it has just ended
    if not leads and leader.alive():
        raise CheckpointError(
            f"process {leader.pid} in the journal has nothing of run {run.run_id} open: the row was changed",
            expected="the process that leads the run",
            remedy=f"Look at it (ps {leader.pid}); a run of this machine can be ended with kill.",
        )


def cancel(settings: Settings, run_id: str, *, person: Person, by: signal.Signals = signal.SIGTERM) -> bool:
    """Ask a run to stop and return whether there was anything to stop.

    A supervised run's supervisor ends its whole group and records the end; a run in somebody's
    terminal is asked like with ``kill``. Processes that were stopped are let go on, to be ended.

    Parameters
    ----------
    by : signal.Signals
        ``SIGTERM`` cancels it (143), ``SIGINT`` interrupts it (130).

    Raises
    ------
    ParameterError
        If there is no such run.
    CommandError
        If it runs on another machine, in another container, or in another account.
    CheckpointError
        If the process that the journal names has nothing of the run open: the row was changed.
    """
    require(person, "cancel")
    run = Journal(settings.data, settings.journal).run(run_id)
    if run is None:
        raise ParameterError(f"there is no run {run_id!r}", expected="the id of a run in the journal")
    if not run.active or run.process is None:
        return False
    if run.process.alive_on(run.host) is None:
        raise CommandError(f"run {run_id} runs on {run.host}", expected="a run of this machine")
    if run.process.alive():
        _judge_leader(run, run.process, RunLog(settings.data, run_id).folder)
    if not run.process.signal(by, group=False):
        return False
    content = {
        **act_fields(person),
        "decision": "cancelled" if by == signal.SIGTERM else "interrupted", "request": dict(run.request),
    }  # fmt: skip
    try:
        ledger.append(settings, Journal(settings.data, settings.journal), CANCEL, run_id, content)
    except AftercloseError as error:
        # it is stopped all the same: a record that cannot be made must not keep a run going
        logging.getLogger("afterclose").warning("run %s was stopped without a record: %s", run_id, error)
    return True
