"""``afterclose verify``: is everything that is kept still what it was?"""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from core import settings
from core.cli import output
from core.errors import EXIT_DONE, EXIT_FAILED
from core.store.verification import slots
from core.store.verification import verify as verify_root


@click.command("verify")
@click.option("--quick", is_flag=True, help="Trust file sizes instead of hashing every file.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(*, quick: bool, as_json: bool) -> int:
    """Hash every checkpoint and model and the journal's chain; exit 30 if anything is damaged."""
    configured = settings.load()
    total = sum(1 for _ in slots(configured.data))
    with click.progressbar(length=total, label="verifying", file=sys.stderr) as bar:
        found = verify_root(configured, quick=quick, each=lambda _: bar.update(1))
    if as_json:
        output.as_json({**asdict(found), "damaged": len(found.faults)})
    else:
        for fault in found.faults:
            click.echo(f"damaged {fault.what} {fault.which}: {fault.how}")
        looked = ", ".join(
            output.counted(number, name)
            for number, name in (
                (found.checkpoints, "checkpoint"), (found.models, "model"), (found.records, "record"),
            )
        )  # fmt: skip
        click.echo(f"{looked}: {f'{len(found.faults):,} damaged' if found.faults else 'all whole'}")
    return EXIT_FAILED if found.faults else EXIT_DONE
