"""Behaviour under the stock ``luigi`` script: our exit codes, one message, no traceback.

Luigi logs its own copy of every failure with a traceback. That copy goes to the run's log; the
terminal has had one line already.
"""

from __future__ import annotations

import argparse
import atexit
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from types import TracebackType
from typing import Any, NoReturn

import luigi
import luigi.retcodes
from luigi.cmdline_parser import CmdlineParser
from luigi.parameter import UnconsumedParameterWarning
from luigi.task_register import Register, TaskClassException

from core.errors import (
    EXIT_BUSY,
    EXIT_CANCELLED,
    EXIT_COMMAND,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_UNEXPECTED,
    AftercloseError,
    BusyError,
    SettingsError,
    nearest,
)
from core.platform.causes import sentence
from core.platform.processes import kill_children_on_exit
from core.platform.streams import output_fault
from core.request.stages import STAGES, parameters_of
from luigi_tasks.central_scheduler import refuse_without_scheduler
from luigi_tasks.early import is_script
from luigi_tasks.signals import Cancelled, take_over_signals
from luigi_tasks.terminal import say

LAST_THREADS_S = 10.0
"""What a run that is over leaves running is waited for so long."""

DEFAULTS = {
    "retcode": {
        "already_running": "10",
        "missing_data": "20",
        "not_run": "25",
        "task_failed": "30",
        "scheduling_error": "35",
        "unhandled_exception": "40",
    },
    "core": {"no_lock": "true", "log_level": "WARNING"},
    "scheduler": {"retry_count": "1", "retry_delay": "0"},
    "worker": {"check_complete_on_run": "true"},
}
"""What a run needs of Luigi even when no ``luigi.cfg`` is in sight; a configured value wins."""


OF_THE_MACHINE = ("/etc/luigi/client.cfg", "/etc/luigi/luigi.cfg")
"""What Luigi reads besides, and root alone writes."""


class Busy(KeyboardInterrupt):
    """Somebody else makes the same and waiting was not wanted; Luigi lets it through like an interrupt."""


def leave_busy(error: BusyError) -> None:
    """Under the ``luigi`` script, leave with exit code 10; Luigi itself would call it a failure (30)."""
    if CmdlineParser.get_instance() is not None:  # type: ignore[no-untyped-call]  # luigi ships no types
        raise Busy(str(error)) from error


def install() -> None:
    """Set Luigi's defaults, quiet its loggers and take over interrupts; idempotent."""
    configuration = luigi.configuration.get_config()  # type: ignore[no-untyped-call]  # luigi ships no types
    if is_script():
        _obey_the_judged_file(configuration)
    for section, values in DEFAULTS.items():
        for key, value in values.items():
            if configuration.get(section, key, None) is None:
                configuration.set(section, key, value)
    logger = logging.getLogger("luigi-interface")
    if not any(isinstance(f, _ToRunLog) for f in logger.filters):
        logger.addFilter(_ToRunLog())
    if is_script():
        sys.excepthook = _excepthook
        # our own reading of the file judges keys; Luigi warns of some that it does use
        warnings.simplefilter("ignore", UnconsumedParameterWarning)
        take_over_signals()
        _take_over_exit()
        kill_children_on_exit()
        _build_parsers_once()
        argparse.ArgumentParser.error = _refuse_arguments  # type: ignore[method-assign,assignment]  # instead of a page of usage
        _judge_settings()
        _judge_options(sys.argv[1:])


def _obey_the_judged_file(configuration: Any) -> None:
    """Forget what Luigi read by itself in the working folder, and read the machine's file and the one that counts.

    A ``client.cfg`` there, or a ``luigi.cfg`` where another one is named, may be anybody's: prices are delivered into
    that folder, and what ``logging_conf_file`` names is evaluated.
    """
    from luigi_tasks.session import session

    if not isinstance(configuration, luigi.configuration.LuigiConfigParser):
        return
    try:
        file = session().settings.file
    except AftercloseError as error:
        say(f"afterclose: {error}")
        raise SystemExit(error.exit_code) from None
    for section in configuration.sections():
        configuration.remove_section(section)
    vars(configuration)["_defaults"].clear()  # the public way reads each value, and one may lead nowhere
    configuration.read([*OF_THE_MACHINE, *([str(file)] if file else [])])


def _take_over_exit() -> None:
    """Look at what was made before leaving with Luigi's exit code, and let nothing interrupt what is left to say."""
    leave = sys.exit
    owner = os.getpid()

    def close_and_leave(status: Any = None) -> NoReturn:
        from luigi_tasks.session import session

        if os.getpid() == owner and isinstance(status, int):
            status = session().finish_here(status)
            session().unheard = _hear_nothing()
            status = session().final_code(status)
            session().close()  # not left to atexit: from there no thread can be started, which notices need
            fault = output_fault()
            if fault is not None:
                say(f"afterclose: standard output could not be written: {fault.strerror or fault}")
                status = status or EXIT_FAILED
            _leave_at_once(status)
        leave(status)

    sys.exit = close_and_leave


def _leave_at_once(status: int) -> None:
    """End the process once everything is reported and closed, or return where the interpreter has more to do.

    Its way out frees every object of every library one by one: a tenth of what a run of the sample takes. Threads that
    a user-defined source left behind are waited for, and not for ever: nothing of the run depends on them.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    end = threading.Timer(LAST_THREADS_S, os._exit, (status,))
    end.daemon = True
    end.start()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        return
    atexit._run_exitfuncs()  # noqa: SLF001 - what libraries have registered is still done; there is no public way
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _build_parsers_once() -> None:
    """Let Luigi reuse a parser: it asks for nine of several hundred options each, and two of them differ.

    The options of our other tasks (``--Ingest-source``) are left out: :func:`_judge_options` refuses them anyhow.
    """
    parser_class: Any = CmdlineParser  # luigi ships no types
    register: Any = Register  # luigi ships no types
    build, all_params = parser_class._build_parser, register.get_all_params  # noqa: SLF001 - Luigi has no public place
    parsers: dict[tuple[str | None, bool, int], argparse.ArgumentParser] = {}

    def reused(root_task: str | None = None, help_all: bool = False) -> argparse.ArgumentParser:  # noqa: FBT001, FBT002 - Luigi's signature
        # a module that is loaded later may define more tasks
        key = (root_task, help_all, len(Register._reg))  # noqa: SLF001 - Luigi's own list of them
        if key not in parsers:
            others = frozenset() if help_all else frozenset(_FAMILIES) - {root_task}
            register.get_all_params = lambda: (entry for entry in all_params() if entry[0] not in others)
            try:
                parsers[key] = build(root_task=root_task, help_all=help_all)
            finally:
                register.get_all_params = all_params
        return parsers[key]

    parser_class._build_parser = staticmethod(reused)  # noqa: SLF001 - see above


def _hear_nothing() -> tuple[signal.Signals, ...]:
    """Ignore what asks the process to end: it is ending. Return what was ignored."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    handled = tuple(number for number in numbers if callable(signal.getsignal(number)))
    for number in handled:
        signal.signal(number, signal.SIG_IGN)
    return handled


def refuse(error: AftercloseError) -> None:
    """Under the ``luigi`` script, print the message and leave with the error's exit code."""
    if CmdlineParser.get_instance() is not None:  # type: ignore[no-untyped-call]  # luigi ships no types
        say(f"afterclose: {error}")
        raise SystemExit(error.exit_code)


def _refuse_arguments(_: argparse.ArgumentParser, message: str) -> NoReturn:
    """Answer what argparse refuses with one line instead of its page of usage."""
    say(f"afterclose: {message}. See: luigi --module luigi_tasks Report --help")
    raise SystemExit(EXIT_COMMAND)


_LUIGI_OWN = (luigi.interface.core, luigi.retcodes.retcode, luigi.worker.worker, luigi.scheduler.scheduler)


def _judge_settings() -> None:
    """Answer a mistake in ``luigi.cfg`` before Luigi meets it: ours by name, Luigi's own by type."""
    from luigi_tasks.session import session

    try:
        configured = session().settings
        for section in _LUIGI_OWN:
            try:
                section()
            except ValueError as error:
                raise SettingsError(
                    f"{configured.file and configured.file.name}: in Luigi's own sections, {error}"
                    f" ({error.__cause__ or error})",
                    expected="a value of the key's type",
                ) from error
    except AftercloseError as error:
        say(f"afterclose: {error}")
        raise SystemExit(error.exit_code) from None


def _judge_options(argv: list[str]) -> None:
    """Answer an option that nobody knows with one line instead of Luigi's page of usage."""
    arguments, _ = CmdlineParser._build_parser().parse_known_args(argv)  # type: ignore[no-untyped-call]  # noqa: SLF001 - Luigi's own reading
    if arguments.root_task is None and not {"--help", "--help-all", "--version"} & set(argv):
        say(f"afterclose: no task was named; expected one of {', '.join(_FAMILIES)}. The main one is Report.")
        raise SystemExit(EXIT_COMMAND)
    task = next((argument for argument in argv if argument in _FAMILIES), None)
    options, own = {"--help", "--help-all", "--version"}, set()
    for family, no_section, name, _ in Register.get_all_params():  # type: ignore[no-untyped-call]  # luigi ships no types
        if no_section:
            options.add("--" + name.replace("_", "-"))
        elif family == task and name not in _PLAN_ONLY:
            own.add("--" + name.replace("_", "-"))
    for argument in argv:
        option = argument.split("=", 1)[0]
        if option.startswith("--") and not any(name.startswith(option) for name in options | own):
            say(
                f"afterclose: there is no option {option}; expected one of {', '.join(sorted(own or options))}."
                f"{nearest(_without_family(option), own or options)}"
            )
            raise SystemExit(EXIT_COMMAND)
    refuse_without_scheduler(arguments)


_FAMILIES = (*(stage.task for stage in STAGES), "Publish", "SignOff")
_PLAN_ONLY = {name for name, parameter in parameters_of(STAGES).items() if parameter.resolved}


def _without_family(option: str) -> str:
    """Return ``--source`` for Luigi's spelling ``--Ingest-source``, which our tasks do not take."""
    family = next((f for f in _FAMILIES if option.startswith(f"--{f}-")), None)
    return option.replace(f"{family}-", "", 1) if family else option


class _ToRunLog(logging.Filter):
    """Sends what Luigi logs to the run's log and keeps it off the terminal."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the record; True would let Luigi print it."""
        if record.levelno >= logging.WARNING:
            _record(record)
        return False


def _record(record: logging.LogRecord) -> None:
    from luigi_tasks.session import session

    trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else None
    log = session().log
    error = record.exc_info[1] if record.exc_info else None
    # a stage's failure is reported already: only its traceback is new, and that belongs in the file
    level = "debug" if isinstance(error, AftercloseError) else record.levelname.lower()
    log.write("luigi", level=level, message=record.getMessage(), traceback=trace)
    if error and (record.getMessage().startswith("Uncaught") or session().terminal.lacks(error)):
        session().lacking = sentence(error)
        unnamed = f"unexpected {type(error).__name__}: {error}; the traceback is in {log.path}"
        say(f"afterclose: {session().lacking or unnamed}")


def _excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Any:
    """Leave with the contract's code for what Luigi lets through."""
    if issubclass(kind, Busy):
        _leave(str(error), EXIT_BUSY)
    if issubclass(kind, KeyboardInterrupt):
        cancelled = issubclass(kind, Cancelled)
        _leave("cancelled" if cancelled else "interrupted", EXIT_CANCELLED if cancelled else EXIT_INTERRUPTED)
    if issubclass(kind, TaskClassException):
        _leave(" ".join(str(error).split()), EXIT_COMMAND)
    if isinstance(error, AftercloseError):
        _leave(str(error), error.exit_code)
    lacking = sentence(error)
    if lacking is not None:
        _leave(lacking, EXIT_FAILED)
    from luigi_tasks.session import session

    log = session().log
    log.write("unexpected", level="error", traceback="".join(traceback.format_exception(kind, error, trace)))
    _leave(f"unexpected {kind.__name__}: {error}; the traceback is in {log.path}", EXIT_UNEXPECTED)


_STATES = {EXIT_CANCELLED: "cancelled", EXIT_INTERRUPTED: "interrupted", EXIT_BUSY: "busy"}


def _leave(message: str, code: int) -> None:
    from luigi_tasks.session import session

    _hear_nothing()
    say(f"afterclose: {message}")
    session().abandon(_STATES.get(code, "failed"), code)
    os._exit(code)
