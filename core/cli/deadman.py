"""``afterclose deadman``: the alarm for a report that did not come, from cron, with or without a scheduler."""

from __future__ import annotations

import click

from core.cli import output
from core.errors import EXIT_DONE, EXIT_WAITING
from core.request import settings


@click.command("deadman")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def command(*, as_json: bool) -> int:
    """Exit 20, and send a notice once, if the last session has no verified report by its hour."""
    from core.runs.log import RunLog
    from core.schedule.deadman import last_deadline, tell_if_missing
    from core.schedule.scheduler import LOG, utc_clock

    configured, now = settings.load(), utc_clock()
    deadline = last_deadline(configured, now)
    missing = tell_if_missing(configured, now, RunLog(configured.data, LOG))
    if as_json:
        told = {"session": str(deadline.session), "deadline": deadline.at.isoformat()} if deadline else {}
        output.as_json({**told, "missing": missing is not None, "reason": missing})
    elif missing:
        click.echo(f"afterclose: {missing}", err=True)
    elif deadline is None:
        click.echo("no deadline is set: [schedule] deadline is empty")
    else:
        click.echo(f"session {deadline.session} has a verified report")
    return EXIT_WAITING if missing else EXIT_DONE
