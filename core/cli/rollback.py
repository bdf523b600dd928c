"""``afterclose rollback``: a person brings back the champion before the present one."""

from __future__ import annotations

import click

from core.request import settings
from core.review.decisions import rollback
from core.review.people import local_person


@click.command("rollback")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the decision.")
def command(*, why: str) -> None:
    """Bring back the champion before the present one; the present one is retired."""
    configured = settings.load()
    champion, former = rollback(configured, why, person=local_person(configured))
    instead = f" instead of {former.model_id}" if former else ""
    click.echo(f"champion is again {champion.model_id}{instead}: {champion.why}")
