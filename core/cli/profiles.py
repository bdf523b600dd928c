"""``afterclose profiles``: named sets of parameters and what they change."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli import output
from core.request import settings
from core.request.profiles import differences


@click.command("profiles")
@click.option("--json", "as_json", is_flag=True, help="Print the profiles as JSON.")
def command(*, as_json: bool) -> None:
    """List the profiles of luigi.cfg, each with what differs from the defaults."""
    configured = settings.load()
    found = {
        name: differences(values, configured.defaults) for name, values in sorted(configured.profiles.items())
    }
    if as_json:
        output.as_json({name: [asdict(change) for change in changes] for name, changes in found.items()})
    elif not found:
        click.echo("no profiles; luigi.cfg names one in a section such as [profile:us-megacaps]")
    else:
        rows = [
            (name, change.name, change.value or "-", change.default or "-")
            for name, changes in found.items()
            for change in changes
        ]
        plain = [(name, "-", "-", "-") for name, changes in found.items() if not changes]
        output.table(("profile", "parameter", "value", "default"), [*rows, *plain])
