"""``afterclose rollback``: a person brings back the champion before the present one."""

from __future__ import annotations

import click

from core import settings
from core.review.decisions import rollback


@click.command("rollback")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the decision.")
def command(*, why: str) -> None:
    """Bring back the champion before the present one; the present one is retired."""
    champion, former = rollback(settings.load(), why)
    instead = f" instead of {former.model_id}" if former else ""
    click.echo(f"champion is again {champion.model_id}{instead}: {champion.why}")
