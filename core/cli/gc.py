"""``afterclose gc``: what may go, and with ``--yes`` goes."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from core.cli import output
from core.request import settings
from core.review.people import local_person
from core.upkeep.garbage import garbage, remove


@click.command("gc")
@click.option("--yes", is_flag=True, help="Remove what is listed.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(*, yes: bool, as_json: bool) -> None:
    """List checkpoints, quarantined folders and logs that nothing kept rests on; remove them with --yes."""
    configured = settings.load()
    found = garbage(configured, datetime.now(UTC))
    gone = [item for item in found if yes and remove(configured, item, person=local_person(configured))]
    total = sum(item.size_bytes for item in found)
    if as_json:
        rows = [
            {"what": g.what, "path": str(g.path), "bytes": g.size_bytes, "removed": g in gone} for g in found
        ]
        output.as_json({"bytes": total, "items": rows})
        return
    if not found:
        click.echo("nothing to remove")
        return
    output.table(("what", "bytes", "path"), [(g.what, g.size_bytes, g.path) for g in found])
    said = f"{len(gone):,} removed" if yes else "nothing removed; add --yes to remove them"
    click.echo(f"{output.counted(len(found), 'thing')}, {output.counted(total, 'byte')}: {said}")
