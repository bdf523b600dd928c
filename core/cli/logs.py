"""``afterclose logs``: what a run wrote while it worked."""

from __future__ import annotations

import time
from pathlib import Path

import click

from core.cli import output
from core.cli.paging import pager_option, pages
from core.errors import MissingFileError
from core.journal import Journal
from core.paths import opened
from core.queries.runs.folder import Follower
from core.queries.runs.log_lines import log_line
from core.queries.runs.log_search import LEVELS, LogFilter, end_of
from core.queries.runs.naming import find_run
from core.request import settings
from core.request.settings import Settings
from core.request.stages import NAMES
from core.runs.log import LOG_NAME, RunLog

_POLL_S = 0.5


@click.command("logs")
@click.argument("run", default="latest")
@click.option(
    "--stage", type=click.Choice(NAMES), default=None, metavar="STAGE", help="Only lines of this stage."
)
@click.option(
    "--level", type=click.Choice(LEVELS), default=LEVELS[0], show_default=True, help="At least so serious."
)
@click.option("--contains", default="", metavar="TEXT", help="Only lines with this text, in any case.")
@click.option("--follow", is_flag=True, help="Go on printing until the run is over.")
@output.profile_option("Whose newest run, where none is named. [default: the only profile]")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the file's own lines: one JSON object a line.",
)
@pager_option
def print_log(
    *, run: str, stage: str | None, level: str, contains: str, follow: bool, profile: str, as_json: bool
) -> None:
    """Print the log of RUN (the newest without one), a line for each event.

    Of a long log the end is printed, and said so; --json prints all lines that are chosen, and the whole file,
    tracebacks included, where no option chooses.
    """
    configured = settings.load()
    journal = Journal(configured.data, configured.journal, read_only=True)
    run_id = find_run(configured, journal, run, profile=profile).run_id
    path = RunLog(configured.data, run_id).path
    if not path.is_file():
        raise MissingFileError(
            f"run {run_id} has no log here: {path}",
            expected="the machine it ran on, or a log not yet removed",
        )
    criteria = LogFilter(level, stage or "", text=contains)
    if follow:
        _follow(configured, journal, run_id, criteria, as_json=as_json)
    elif as_json:
        _print_file(path, criteria)
    else:
        excerpt = end_of(path, criteria)
        if excerpt.left_out:
            click.echo(f"({excerpt.left_out})", err=True)
        with pages():
            for each in excerpt.lines:
                click.echo(str(each))


def _print_file(path: Path, criteria: LogFilter) -> None:
    with opened(path) as stream:
        for raw in stream:
            if _is_wanted(raw, criteria):
                click.echo(raw.decode(errors="replace"), nl=False)


def _is_wanted(raw: bytes, criteria: LogFilter) -> bool:
    """Return whether a line of the file is printed: each where nothing is asked for, also one that is no event."""
    if not criteria.narrow:
        return True
    event = log_line(raw)
    return event is not None and criteria.matches(event, 0)


def _follow(
    configured: Settings, journal: Journal, run_id: str, criteria: LogFilter, *, as_json: bool
) -> None:
    follower, rest = Follower(configured.data, run_id, LOG_NAME), ""
    while True:
        run = journal.run(run_id)  # before the last look at the file
        *lines, rest = (rest + follower.more()).split("\n")
        for raw in lines:
            event = log_line(raw.encode())
            if as_json and _is_wanted(raw.encode(), criteria):
                click.echo(raw)
            elif not as_json and event is not None and criteria.matches(event, 0):
                click.echo(str(event))
        if run is None or not run.active:
            return
        time.sleep(_POLL_S)
