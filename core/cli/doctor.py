"""``afterclose doctor``: what could go wrong here, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli import output
from core.errors import EXIT_DONE, EXIT_FAILED


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--offline", is_flag=True, help="Ask no live source; without it one is asked once, for 5 seconds."
)
def command(*, as_json: bool, offline: bool) -> int:
    """Check versions, configuration, storage, locks, journal, scheduler, source and disk; 30 if one fails."""
    from core.queries.operations.health import check
    from core.schedule.scheduler import utc_clock

    found = check(utc_clock(), ask=not offline)
    if as_json:
        output.as_json([asdict(one) for one in found])
    else:
        rows = [(one.state, one.subject, one.says) for one in found]
        output.table(("state", "what", "found"), rows)
        for one in found:
            if one.remedy:
                click.echo(f"{one.subject}: {one.remedy}")
    return EXIT_FAILED if any(one.state == "wrong" for one in found) else EXIT_DONE
