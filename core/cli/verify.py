"""``afterclose verify``: is everything that is kept still what it was?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from core.cli import output
from core.errors import EXIT_DONE, EXIT_FAILED, CommandError, MissingFileError
from core.request import settings
from core.store.lineage import slots
from core.upkeep.verification import verify as verify_root


@click.command("verify")
@click.option("--quick", is_flag=True, help="Trust file sizes instead of hashing every file.")
@click.option("--bundle", default="", metavar="PATH", help="Verify one published folder or zip instead.")
@click.option("--key", default="", metavar="FILE", help="With --bundle: the public key (PEM) you trust.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(*, quick: bool, bundle: str, key: str, as_json: bool) -> int:
    """Hash every checkpoint and model and the journal's chain; exit 30 if anything is damaged."""
    if bundle or key:
        return _verify_bundle(bundle, key, as_json=as_json)
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


def _verify_bundle(bundle: str, key: str, *, as_json: bool) -> int:
    """Check a bundle by itself: no data root, no journal, no settings."""
    from core.review.bundle import check_bundle

    if not bundle or not key:
        raise CommandError(
            f"--{'bundle' if bundle else 'key'} came alone",
            expected="--bundle FOLDER_OR_ZIP --key PUBLIC.pem",
            remedy="Take the public key from its owner, not from the bundle.",
        )
    path = Path(key)
    if not path.is_file():
        raise MissingFileError.of(path, "public key")
    found = check_bundle(Path(bundle), path.read_bytes())
    said = found.record.content
    if as_json:
        output.as_json(
            {"report": found.report, "key": found.key_id, "record": asdict(found.record), "whole": True}
        )
        return EXIT_DONE
    click.echo(f"report {found.report}: {found.files} files and the proof are whole, key {found.key_id}")
    click.echo(f"{said['meaning']} by {said['user']} ({said['role']}) at {said['at_utc']}")
    click.echo(
        f"text SHA-256 {said['text_sha256']}\nchain head   {found.record.hash}, record {found.record.seq}"
    )
    return EXIT_DONE
