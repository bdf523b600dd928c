"""``afterclose verify, gc, backup, restore, doctor, metrics``: what keeps a data root healthy."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from core.cli import output
from core.cli.paging import paged
from core.errors import EXIT_DONE, EXIT_FAILED, CheckpointError, CommandError, MissingFileError, listed
from core.report.formatting import counted
from core.request import settings


@click.command("verify")
@click.option("--quick", is_flag=True, help="Trust file sizes instead of hashing every file.")
@click.option("--bundle", default="", metavar="PATH", help="Verify one published folder or zip instead.")
@click.option(
    "--key",
    default="",
    type=output.FILE,
    metavar="FILE",
    help="With --bundle: the public key (PEM) you trust.",
)
@click.option(
    "--authority",
    default="",
    metavar="FILE",
    help="With --bundle: root certificate (PEM) for its time stamp.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(*, quick: bool, bundle: str, key: str, authority: str, as_json: bool) -> int:
    """Hash every checkpoint and model and the journal's chain; exit 30 if anything is damaged."""
    from core.store.lineage import slots
    from core.upkeep.verification import verify as verify_root

    if bundle or key or authority:
        return _verify_bundle(bundle, key, authority, as_json=as_json)
    configured = settings.load()
    total = sum(1 for _ in slots(configured.data))
    with click.progressbar(length=total, label="verifying", file=sys.stderr) as bar:
        result = verify_root(configured, quick=quick, each=lambda _: bar.update(1))
    if as_json:
        output.as_json({**asdict(result), "damaged": len(result.faults)})
    else:
        for fault in result.faults:
            click.echo(f"damaged {fault.what} {fault.which}: {fault.how}")
        for note in result.notes:
            click.echo(f"note: {note}")
        counts = ", ".join(
            counted(number, name)
            for number, name in (
                (result.checkpoints, "checkpoint"), (result.models, "model"), (result.records, "record"),
            )
        )  # fmt: skip
        click.echo(f"{counts}: {f'{len(result.faults):,} damaged' if result.faults else 'all whole'}")
    return EXIT_FAILED if result.faults else EXIT_DONE


def _verify_bundle(bundle: str, key: str, authority: str, *, as_json: bool) -> int:
    """Check a bundle by itself: no data root, no journal, no settings."""
    from core.platform.program import in_words
    from core.review.bundle import check_bundle

    if not bundle or not key:
        raise CommandError(
            f"--{'bundle' if bundle else 'key' if key else 'authority'} came alone",
            expected="--bundle FOLDER_OR_ZIP --key PUBLIC.pem",
            remedy="Take the public key from its owner, not from the bundle.",
        )
    for name, what in ((key, "public key"), (authority, "certificate")):
        if name and not Path(name).is_file():
            raise MissingFileError.of(Path(name), what)
    root_pem = Path(authority).read_bytes() if authority else None
    result = check_bundle(Path(bundle), Path(key).read_bytes(), root_pem)
    if authority and not result.authority:
        raise CheckpointError(f"{bundle} has no time stamp", expected="one by the authority you named")
    at_utc = result.stamped_at.isoformat() if result.stamped_at else None
    stamp = {"authority": result.authority, "at_utc": at_utc} if result.authority else None
    content = result.record.content
    if as_json:
        output.as_json(
            {
                "report": result.report,
                "key": result.key_id,
                "record": asdict(result.record),
                "timestamp": stamp,
                "whole": True,
            }
        )
        return EXIT_DONE
    click.echo(f"report {result.report}: {result.files} files and the proof are whole, key {result.key_id}")
    click.echo(f"{content['meaning']} by {content['user']} ({content['role']}) at {content['at_utc']}")
    click.echo(
        f"program      {in_words(content.get('program'))}\n"
        f"text SHA-256 {content['text_sha256']}\nchain head   {result.record.hash}, record {result.record.seq}"
    )
    if stamp:
        words = (
            f"{at_utc} (UTC), by"
            if at_utc
            else "not judged (name its certificate: --authority FILE), asked of"
        )
        click.echo(f"time stamp   {words} {result.authority}")
    return EXIT_DONE


@click.command("gc")
@click.option("--yes", is_flag=True, help="Remove what is listed.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@paged
def collect_garbage(*, yes: bool, as_json: bool) -> None:
    """List checkpoints, quarantined folders and logs that nothing kept rests on; remove them with --yes."""
    from core.review.people import local_person
    from core.upkeep.garbage import garbage, remove

    configured = settings.load()
    now = datetime.now(UTC)
    items = garbage(configured, now)
    removed = remove(configured, items, now, person=local_person(configured)) if yes and items else []
    total = sum(item.size_bytes for item in items)
    if as_json:
        rows = [
            {"what": g.what, "path": str(g.path), "bytes": g.size_bytes, "removed": g in removed}
            for g in items
        ]
        output.as_json({"bytes": total, "items": rows})
        return
    if not items:
        click.echo("nothing to remove")
        return
    output.table(("what", "bytes", "path"), [(g.what, g.size_bytes, g.path) for g in items])
    outcome = f"{len(removed):,} removed" if yes else "nothing removed; add --yes to remove them"
    click.echo(f"{counted(len(items), 'thing')}, {counted(total, 'byte')}: {outcome}")


@click.command("backup")
@click.argument("file", type=output.FILE)
@click.option(
    "--with-key", is_flag=True, help="Also the desk's private key (role admin); keep FILE safe then."
)
@click.option("--force", is_flag=True, help="Write over FILE if it is there.")
@output.json_option("Print what was written as JSON.")
def back_up(*, file: str, with_key: bool, force: bool, as_json: bool) -> None:
    """Write the journal and everything that drafts and signed reports rest on to the zip FILE."""
    from core.review.people import local_person
    from core.upkeep.archive import backup

    configured = settings.load()
    person = local_person(configured) if with_key else None
    written = backup(configured, Path(file), private_key_by=person, force=force)
    size = Path(file).stat().st_size
    output.answer(
        {"path": file, "files": written.members, "bytes": size, "left_out": list(written.left_out)},
        f"{file}: {counted(written.members, 'file')}, {counted(size, 'byte')}",
        *(f"not in it: {left_out}" for left_out in written.left_out),
        json_wanted=as_json,
    )


@click.command("restore")
@click.argument("file", type=output.FILE)
@output.json_option("Print what became of the files as JSON.")
def restore_backup(*, file: str, as_json: bool) -> int:
    """Bring back what the zip FILE holds; files that are there already stay as they are."""
    from core.review.people import local_person
    from core.upkeep.restoring import restore

    configured = settings.load()
    restored = restore(configured, Path(file), person=local_person(configured))
    others = f"{len(restored.other):,} of those have other bytes and stay: {listed(restored.other)}"
    output.answer(
        asdict(restored),
        f"{counted(restored.written, 'file')} restored, {restored.present:,} there already",
        *([others] if restored.other else []),
        *(f"note: {note}" for note in restored.notes),
        *(f"the archive is partial, or of a damaged root: {fault}" for fault in restored.faults),
        json_wanted=as_json,
    )
    return EXIT_FAILED if restored.faults else EXIT_DONE


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--offline", is_flag=True, help="Ask no live source; without it one is asked once, for 5 seconds."
)
@paged
def doctor(*, as_json: bool, offline: bool) -> int:
    """Check versions, configuration, storage, locks, journal, scheduler, source and disk; 30 if one fails."""
    from core.queries.operations.health import check
    from core.schedule.scheduler import utc_clock

    checks = check(utc_clock(), ask=not offline)
    if as_json:
        output.as_json([asdict(result) for result in checks])
    else:
        rows = [(result.state, result.subject, result.says) for result in checks]
        output.table(("state", "what", "found"), rows)
        for result in checks:
            if result.remedy:
                click.echo(f"{result.subject}: {result.remedy}")
    return EXIT_FAILED if any(result.state == "wrong" for result in checks) else EXIT_DONE


@click.command("metrics")
@output.json_option("Print families and their samples as JSON.")
@paged
def print_metrics(*, as_json: bool) -> None:
    """Print the metrics of the data root in Prometheus' text form; needs the extra [observe]."""
    from core.queries.operations.prometheus import registry
    from core.schedule.scheduler import utc_clock

    metrics = registry(settings.load, utc_clock)
    from prometheus_client import generate_latest

    if as_json:
        output.as_json([
            {"name": family.name, "type": family.type, "help": family.documentation,
             "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples]}
            for family in metrics.collect()
        ])  # fmt: skip
        return
    click.echo(generate_latest(metrics).decode(), nl=False)
