"""The command group, and how an error becomes one message and an exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from core import __version__
from core.cli import output
from core.cli.paging import pager_option
from core.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_UNEXPECTED,
    AftercloseError,
    ParameterError,
)
from core.platform.causes import cause_of, sentence
from core.platform.determinism import single_threaded
from core.platform.files import working_folder
from core.platform.streams import make_sound, output_fault

_COMMANDS = {
    "run": "core.cli.run:command",
    "plan": "core.cli.run:plan",
    "runs": "core.cli.runs:list_runs",
    "show": "core.cli.runs:show_run",
    "compare": "core.cli.runs:compare_runs",
    "logs": "core.cli.logs:print_log",
    "cancel": "core.cli.runs:cancel_run",
    "annotate": "core.cli.annotating:annotate_run",
    "verify": "core.cli.upkeep:verify",
    "gc": "core.cli.upkeep:collect_garbage",
    "export": "core.cli.exporting:export_run",
    "backup": "core.cli.upkeep:back_up",
    "restore": "core.cli.upkeep:restore_backup",
    "profiles": "core.cli.pipeline:list_profiles",
    "look": "core.cli.look:command",
    "stage": "core.cli.stage:command",
    "dag": "core.cli.pipeline:dag",
    "reports": "core.cli.review:list_reports",
    "review": "core.cli.review:review_report",
    "sign": "core.cli.signing:sign_report",
    "reject": "core.cli.signing:reject_report",
    "revoke": "core.cli.signing:revoke_signature",
    "publish": "core.cli.signing:publish_report",
    "keys": "core.cli.keys:list_keys",
    "promote": "core.cli.champion:promote_model",
    "rollback": "core.cli.champion:roll_back",
    "models": "core.cli.models:command",
    "predict": "core.cli.champion:predict_now",
    "scorecard": "core.cli.champion:print_scorecard",
    "schedules": "core.cli.schedules:command",
    "inbox": "core.cli.inbox:show_inbox",
    "notices": "core.cli.inbox:list_notices",
    "scheduler": "core.cli.unattended:watch_clock",
    "backfill": "core.cli.unattended:fill_sessions",
    "deadman": "core.cli.unattended:check_deadline",
    "init": "core.cli.configuration:begin",
    "demo": "core.cli.configuration:demonstrate",
    "config": "core.cli.configuration:print_settings",
    "doctor": "core.cli.upkeep:doctor",
    "metrics": "core.cli.upkeep:print_metrics",
    "tokens": "core.cli.tokens:list_tokens",
    "query": "core.cli.querying:ask",
    "plugins": "core.cli.plugins:command",
    "dashboard": "core.cli.dashboard:command",
    "completion": "core.cli.completion:command",
}
"""Command -> ``module:function`` of its click command, imported only when it is used."""


GROUPS: Mapping[str, Mapping[str, str]] = {
    "Every day": {
        "run": "Run the pipeline and follow it; Ctrl-C interrupts it.",
        "plan": "Say what a run would make and what is there already.",
        "runs": "List runs, newest first.",
        "show": "Show one run: what was asked, every stage's states.",
        "logs": "Print a run's log.",
        "cancel": "Stop a run.",
        "annotate": "Give a run a name, tags or a note.",
        "reports": "List reports, the newest session first.",
        "compare": "Set runs side by side.",
    },
    "Review": {
        "review": "Show where a report stands, or take a step towards signing.",
        "sign": "Sign a report.",
        "reject": "Reject a report.",
        "revoke": "Revoke the signature under a report.",
        "publish": "Publish a signed report with its proof.",
        "inbox": "List what waits for a person; put one aside.",
        "notices": "List notices that wait for their receiver.",
        "keys": "List the keys that sign here; make or register one.",
    },
    "Models": {
        "models": "List models, advice and decisions.",
        "promote": "Make a model the champion of its profile.",
        "rollback": "Bring back the champion before the present one.",
        "predict": "Score the newest features with the champion, now.",
        "scorecard": "Set past signals against what happened.",
    },
    "Data": {
        "look": "Say how a file is read and judged, before a run.",
        "query": "Ask SQL of every artifact and the journal.",
        "export": "Write a run with all that it rests on to a file.",
        "stage": "Run one stage on files.",
        "dag": "Print the line of stages.",
        "plugins": "List features, rules and sections of your own.",
    },
    "Schedules": {
        "profiles": "List profiles, and where each stands.",
        "schedules": "List, add, pause, resume or remove schedules.",
        "scheduler": "Start what schedules have due, until Ctrl-C.",
        "backfill": "Make a report for each session of a range.",
        "deadman": "Exit 20 unless each profile has the session due.",
    },
    "Upkeep": {
        "init": "Begin a folder of one's own.",
        "demo": "Begin a folder with the sample, and run it.",
        "config": "Print what is in force, and where it was set.",
        "doctor": "Check what a run needs, and say what to do.",
        "verify": "Hash every checkpoint and the journal's chain.",
        "gc": "List what nothing rests on; remove it with --yes.",
        "backup": "Write journal and signed reports to a file.",
        "restore": "Bring back what a backup holds.",
        "metrics": "Print metrics in Prometheus' form.",
        "dashboard": "Open the desk in the browser.",
        "tokens": "List who may use the HTTP interface; make a token.",
        "completion": "Complete commands at the tab key of your shell.",
    },
}
"""Group -> command -> what it does, in a line of the help that needs no command to be imported."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _, function = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return what a tab could make of the first word, without the import of any command."""
        sentences = {name: text for commands in GROUPS.values() for name, text in commands.items()}
        items = [
            CompletionItem(name, help=text) for name, text in sentences.items() if name.startswith(incomplete)
        ]
        return items or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        widest = max(map(len, _COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), sentence) for name, sentence in commands.items()])


@click.group(
    cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": output.WIDTH}
)
@click.version_option(__version__, prog_name="afterclose")
@pager_option
def group() -> None:
    """Afterclose: a daily equity-price pipeline with verified checkpoints and a signed report."""


def main() -> None:
    """Run the command; leave with the contract's exit code."""
    make_sound()
    single_threaded()
    output.fit_terminal()
    code = _run()
    fault = output_fault()
    if fault is not None:
        cause = cause_of(fault)
        _say(f"standard output could not be written: {cause.words if cause else fault}")
        code = code or EXIT_FAILED
    sys.exit(code)


def _run() -> int:
    """Run the command and return its exit code; an error has been said."""
    try:
        working_folder()
        return group.main(standalone_mode=False) or EXIT_DONE
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        message, code = _one_line(error), error.exit_code
    except (click.Abort, KeyboardInterrupt):
        message, code = "interrupted", EXIT_INTERRUPTED
    except AftercloseError as error:
        message, code = str(error), error.exit_code
    except Exception as error:  # noqa: BLE001 - the traceback goes to a log; the terminal gets one line
        message, code = _of_a_name(error), ParameterError.exit_code
        if not message:
            message, code = sentence(error) or "", EXIT_FAILED
        if not message:
            message = f"unexpected {type(error).__name__}: {error}; {_save_traceback(error)}"
            code = EXIT_UNEXPECTED
    _say(message)
    return code


def _of_a_name(error: Exception) -> str:
    """Return what is wrong with a name that the system refuses whatever lies there; empty for any other error."""
    if isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
        return f"{error.strerror}: {str(error.filename)[:80]}; expected a path that the system takes"
    if isinstance(error, UnicodeEncodeError) and not all(map(_is_text, sys.argv)):
        return "a word of the command holds bytes that are no text; expected UTF-8"
    return ""


def _is_text(word: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in word)


def _say(message: str) -> None:
    click.echo(f"afterclose: {message}", err=True)


def _one_line(error: click.ClickException) -> str:
    """Return click's message without its page of usage, and where help is."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path.split(maxsplit=1)[1:] if context else []
    return f"{' '.join(error.format_message().split())} See: {' '.join(['afterclose', *path, '--help'])}"


def _save_traceback(error: Exception) -> str:
    """Write the traceback to a log in the data root and return where it is."""
    import traceback
    from datetime import UTC, datetime

    from core.request import settings
    from core.runs.log import RunLog, new_run_id

    trace = "".join(traceback.format_exception(error))
    log = RunLog(settings.load().data, new_run_id(datetime.now(UTC)))
    log.write("unexpected", level="error", kind=type(error).__name__, traceback=trace)
    return f"the traceback is in {log.path}" if log.unwritable is None else "its traceback could not be kept"
