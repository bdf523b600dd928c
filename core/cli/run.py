"""``afterclose run``: start a run with a supervisor, follow it, and end as it ended."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from core import settings
from core.errors import EXIT_FAILED, EXIT_INTERRUPTED, BusyError
from core.journal import Journal, Run
from core.profiles import PROFILE
from core.review.people import local_person
from core.runs.follow import Follower
from core.runs.launcher import FORCE, NO_WAIT, cancel, launch
from core.settings import Settings
from core.stages import NAMES, STAGES, chain, parameters_of

_POLL_S = 0.2


def _options() -> list[click.Parameter]:
    made: list[click.Parameter] = [
        click.Option(["--target"], type=click.Choice(NAMES), default="report", help="Last stage wanted."),
        click.Option(
            ["--no-wait"], is_flag=True, help="Exit 10 instead of waiting for a run that makes the same."
        ),
        click.Option(
            ["--force"], default="", help="Compute this stage and those after it again, and compare."
        ),
        click.Option(["--profile"], default="", help="Named set of parameters: [profile:NAME] in luigi.cfg."),
        click.Option(["--detach"], is_flag=True, help="Print the run's id and leave it running."),
    ]
    settable = [p for p in parameters_of(STAGES).values() if not p.resolved]
    return [*made, *(click.Option([p.option, p.name], default="", help=p.help) for p in settable)]


def _run(*, target: str, no_wait: bool, force: str, detach: bool, **given: Any) -> int:
    configured = settings.load()
    known = {PROFILE, *parameters_of(chain(target))}
    request = {name: text for name, text in given.items() if text and name in known}
    if force:
        request[FORCE] = force
    if no_wait:
        request[NO_WAIT] = "true"
    launched = launch(
        configured,
        request,
        person=local_person(configured),
        how="terminal",
        folder=Path.cwd(),
        target=target,
    )
    if not launched.new and no_wait:
        raise BusyError(f"run {launched.run_id} does the same right now", expected="nobody at work on it")
    if detach:
        click.echo(launched.run_id)
        return 0
    if not launched.new:
        click.echo(f"following run {launched.run_id}, which does the same", err=True)
    try:
        return follow(configured, launched.run_id)
    except KeyboardInterrupt:
        if launched.new:
            cancel(configured, launched.run_id, person=local_person(configured))
            click.echo(f"run {launched.run_id} is being cancelled", err=True)
        return EXIT_INTERRUPTED


def follow(configured: Settings, run_id: str) -> int:
    """Print what a run prints until it is over and return its exit code."""
    journal = Journal(configured.data, configured.journal, read_only=True)
    output = Follower(configured.data, run_id)
    while (run := journal.run(run_id)) is not None and run.active:
        click.echo(output.more(), nl=False)
        time.sleep(_POLL_S)
    click.echo(output.more(), nl=False)
    return _code(run)


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
    help="Run the pipeline under a supervisor and follow it; Ctrl-C cancels it.",
)
