"""``afterclose keys``: the keys that prove what was published here."""

from __future__ import annotations

import click

from core.cli import output
from core.journal import Journal
from core.request import settings
from core.review import keys
from core.review.people import local_person


@click.group("keys", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List the public keys that ever signed here; rotate makes a new one."""
    if ctx.invoked_subcommand is not None:
        return
    configured = settings.load()
    now = keys.in_use(configured)
    rows = [
        {"id": identity, "in_use": now is not None and now.id == identity, "file": str(path)}
        for identity, path in keys.known(configured.data).items()
    ]
    if as_json:
        output.as_json({"keys": rows})
    elif rows:
        output.table(
            ("key", "", "public half"), [(r["id"], "in use" if r["in_use"] else "", r["file"]) for r in rows]
        )
    else:
        click.echo("no key yet; the first publication makes one")


@command.command("rotate")
@click.option("--why", required=True, help="The reason, in a sentence; it is kept with the record.")
def rotate(*, why: str) -> None:
    """Make a new key for the desk (role admin); what was published under the old one stays verifiable."""
    configured = settings.load()
    journal = Journal(configured.data, configured.journal)
    key, record = keys.rotate(configured, journal, person=local_person(configured), why=why)
    click.echo(f"key {key.id} is in use; recorded as {record.seq}")
