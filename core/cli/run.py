"""``afterclose run``: start a run with a supervisor, follow it, and end as it ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from core.cli import output
from core.cli.paging import no_pager, pages
from core.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_WAITING,
    BusyError,
    CheckpointError,
    CommandError,
)
from core.journal import Journal, Run
from core.platform.causes import cause_at
from core.platform.storage import nearest_folder, writable
from core.queries.runs.folder import Follower
from core.report.formatting import counted
from core.report.narrative import first_page
from core.request import settings
from core.request.profiles import PROFILE
from core.request.settings import Settings
from core.request.stages import NAMES, STAGES, chain, parameters_of
from core.review.people import local_person
from core.runs.launcher import (
    FORCE,
    NO_WAIT,
    OUTPUT_NAME,
    RESULT_NAME,
    Launched,
    cancel,
    ending_signals_blocked,
    is_made,
    launch,
    words_of,
)

_POLL_S = 0.2


def _options() -> list[click.Parameter]:
    return [
        *_what(),
        click.Option(
            ["--no-wait"], is_flag=True, help="Exit 10 instead of waiting for a run that makes the same."
        ),
        click.Option(
            ["--due"],
            is_flag=True,
            help="Run each profile whose newest report lacks the session that is due.",
        ),
        click.Option(
            ["--jobs"],
            type=click.IntRange(1, 16),
            default=2,
            show_default=True,
            help="With --due: profiles at the same time.",
        ),
        click.Option(["--dry-run"], is_flag=True, help="Start nothing: say what would be made; as plan."),
        click.Option(["--detach"], is_flag=True, help="Print the run's id and leave it running."),
        click.Option(
            ["--json", "as_json"], is_flag=True, help="Print what became of it as JSON, not the report."
        ),
        click.Option(
            ["--full"], is_flag=True, help="Print the whole report, not its first page, on a terminal."
        ),
        no_pager(),
    ]


def _what() -> list[click.Parameter]:
    """Return the options that say what is wanted."""
    options: list[click.Parameter] = [
        click.Option(
            ["--target"],
            type=click.Choice(NAMES),
            default="report",
            show_default=True,
            metavar="STAGE",
            help="Last stage wanted.",
        ),
        click.Option(
            ["--force"], default="", help="Compute this stage and those after it again, and compare."
        ),
        click.Option(["--profile"], default="", help="Named set of parameters: [profile:NAME] in luigi.cfg."),
    ]
    settable = [p for p in parameters_of(STAGES).values() if not p.resolved]
    return [
        *options,
        *(
            click.Option(
                [p.option, p.name], default="", type=output.FILE if p.name == "path" else None, help=p.help
            )
            for p in settable
        ),
    ]


def _request(target: str, force: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return what is wanted, as far as the target's stages use it."""
    usable = {PROFILE, *parameters_of(chain(target))}
    request = {name: text for name, text in values.items() if text and name in usable}
    return request | ({FORCE: force} if force else {})


def _run(
    *, target: str, no_wait: bool, force: str, due: bool, jobs: int, dry_run: bool, detach: bool, full: bool,
    as_json: bool, **values: Any,
) -> int:  # fmt: skip
    configured = settings.load()
    if due:
        return _run_due(configured, jobs, [name for name, text in values.items() if text], as_json=as_json)
    request = _request(target, force, values)
    if dry_run:
        return _say_plan(configured, request, target, as_json=as_json)
    is_new = isinstance(configured.data, Path) and not configured.data.exists()
    if no_wait:
        request[NO_WAIT] = "true"
    if not writable(configured.data):
        return _unrecorded(configured, request, target, as_json=as_json)
    launched = None
    try:
        # Ctrl-C waits until there is a run to interrupt, or none
        with ending_signals_blocked():
            launched = launch(
                configured,
                request,
                person=local_person(configured),
                how="terminal",
                folder=Path.cwd(),
                target=target,
            )
        if is_new:  # whoever mistook the folder sees it at once
            click.echo(f"a new data root begins: {configured.data}", err=True)
        amount = NOTHING if as_json else WHOLE if full else PAGE
        code = _followed(configured, launched, no_wait=no_wait, detach=detach, amount=amount)
    except KeyboardInterrupt:
        if launched is not None and launched.new:
            _interrupt(configured, launched.run_id)
        return EXIT_INTERRUPTED
    if as_json:
        print_run(configured, launched.run_id)
    return code


def print_run(configured: Settings, run_id: str) -> None:
    """Print what the journal has of a run as JSON."""
    run = Journal(configured.data, configured.journal, read_only=True).run(run_id)
    output.as_json(asdict(run) if run else {"run_id": run_id})


def _unrecorded(configured: Settings, request: dict[str, str], target: str, *, as_json: bool) -> int:
    """Print what is there already in a data root that cannot be written; nobody records that, and it has no id.

    Raises
    ------
    CheckpointError
        If anything must be made.
    """
    if not is_made(configured, request, target):
        cause = cause_at(nearest_folder(configured.data))
        raise CheckpointError(
            f"{configured.data} cannot be written{f': {cause.words}' if cause else ''}",
            expected="a writable data root, as there is something to make",
            remedy=cause.remedy if cause else "",
        )
    report = subprocess.DEVNULL if as_json else None
    code = subprocess.run(words_of(request, target), check=False, stdout=report).returncode  # noqa: S603 - our own interpreter
    if as_json:
        output.as_json({"run_id": None, "state": "not recorded", "target": target, "exit_code": code})
    return code


@pages()
def _plan(*, target: str, force: str, as_json: bool, **values: Any) -> int:
    return _say_plan(settings.load(), _request(target, force, values), target, as_json=as_json)


def _say_plan(configured: Settings, request: Mapping[str, str], target: str, *, as_json: bool) -> int:
    """Print what a run would do now; nothing is started and nothing is written."""
    from core.queries.runs.preview import COMPARED, COMPUTED, preview

    coming = preview(configured, request, now=datetime.now(UTC), target=target)
    if as_json:
        output.as_json(
            {"makes": coming.count(COMPUTED), "compares": coming.count(COMPARED), **asdict(coming)}
        )
        return EXIT_DONE
    output.table(("stage", "is", "key"), [(step.stage, step.does, step.key) for step in coming.steps])
    rows = [(each.name, each.value, each.origin) for each in coming.parameters if each.origin != "settings"]
    output.table(("parameter", "value", "from"), rows)
    makes, compares = coming.count(COMPUTED), coming.count(COMPARED)
    if makes or compares:
        again = f", {counted(compares, 'stage')} to compare" if compares else ""
        click.echo(f"{counted(makes, 'stage')} to make{again}; nothing was started")
    else:
        click.echo("nothing to do: everything is there; nothing was started")
    for words in filter(None, (coming.shortage, coming.unused, coming.later)):
        click.echo(words)
    return EXIT_DONE


def _run_due(configured: Settings, jobs: int, others: list[str], *, as_json: bool) -> int:
    """Run what is due and print what became of each profile; 30 if one failed, else 20 if one waits."""
    from core.schedule.due import WAITING, run_due
    from core.schedule.scheduler import utc_clock

    if others:
        raise CommandError(
            f"--{others[0].replace('_', '-')} came with --due",
            expected="--due alone: each profile says itself what it asks for",
        )
    outcomes = run_due(
        configured,
        utc_clock(),
        person=local_person(configured),
        jobs=jobs,
        each=lambda outcome: click.echo(f"{outcome.profile}: {outcome.state}", err=True),
    )
    states = {outcome.state for outcome in outcomes} - {"succeeded"}
    code = EXIT_DONE if not states else EXIT_WAITING if states == {WAITING} else EXIT_FAILED
    if as_json:
        output.as_json([asdict(outcome) for outcome in outcomes])
        return code
    if not outcomes:
        click.echo("nothing is due: every profile's newest report holds the session that is")
        return EXIT_DONE
    output.table(
        ("profile", "state", "run", "note"),
        [(o.profile, o.state, o.run_id, output.brief(o.note)) for o in outcomes],
    )
    return code


def _followed(configured: Settings, launched: Launched, *, no_wait: bool, detach: bool, amount: str) -> int:
    if not launched.new and no_wait:
        raise BusyError(f"run {launched.run_id} does the same right now", expected="nobody at work on it")
    if detach:
        if amount != NOTHING:
            click.echo(launched.run_id)
        return EXIT_DONE
    if not launched.new:
        click.echo(f"following run {launched.run_id}, which does the same", err=True)
    return follow(configured, launched.run_id, amount=amount)


def _interrupt(configured: Settings, run_id: str) -> None:
    """Ask the run to end and wait until it has, so that shell and journal say the same."""
    if cancel(configured, run_id, person=local_person(configured), by=signal.SIGINT):
        click.echo(f"run {run_id} is being interrupted", err=True)
        follow(configured, run_id)


NOTHING, PAGE, WHOLE = "nothing", "page", "whole"
"""How much of a report is printed; a file or pipe gets the whole in place of its first page."""


def follow(configured: Settings, run_id: str, *, amount: str = PAGE) -> int:
    """Print what a run prints until it is over and return its exit code.

    What it says goes to standard error, its report to standard output, as much as ``amount`` says.
    """
    streamed = amount != NOTHING and not sys.stdout.isatty()
    journal = Journal(configured.data, configured.journal, read_only=True)
    messages, report = (Follower(configured.data, run_id, name) for name in (OUTPUT_NAME, RESULT_NAME))
    while True:
        run = journal.run(run_id)  # before the last look at what it printed
        click.echo(messages.more(), nl=False, err=True)
        if streamed:
            output.as_it_is(report.more())
        if run is None or not run.active:
            if not streamed and amount != NOTHING:
                _print_report(report.more(), whole=amount == WHOLE)
            return _code(run)
        time.sleep(_POLL_S)


def _print_report(text: str, *, whole: bool) -> None:
    """Print the whole report a screen at a time, or its first page."""
    if not whole:
        click.echo(first_page(text) or text, nl=False)
        return
    with pages():
        output.as_it_is(text)


def _code(run: Run | None) -> int:
    if run is None:
        return EXIT_FAILED
    if run.exit_code is None:  # its supervisor is gone
        click.echo(f"afterclose: run {run.run_id} was {run.state}: {run.error}", err=True)
        return EXIT_INTERRUPTED
    return run.exit_code


command = click.Command(
    "run",
    params=_options(),
    callback=_run,
    help="Run the pipeline under a supervisor and follow it; Ctrl-C interrupts it.",
)

plan = click.Command(
    "plan",
    params=[
        *_what(),
        click.Option(["--json", "as_json"], is_flag=True, help="Print it as JSON."),
        no_pager(),
    ],
    callback=_plan,
    help="Say what a run would make and what is there already, with its keys; start nothing.",
)
