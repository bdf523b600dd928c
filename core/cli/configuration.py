"""``afterclose init, config``: a folder of one's own, and what is in force in it."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

import click

from core.cli import output
from core.cli.paging import paged
from core.request import settings


@click.command("config")
@click.option("--changed", is_flag=True, help="Only what differs from the default.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@paged
def print_settings(*, changed: bool, as_json: bool) -> None:
    """Print every setting that is in force, and the file and line that set it.

    Addresses that may hold passwords are not shown.
    """
    from core.request.in_force import DEFAULT, in_force

    entries = [
        entry
        for entry in in_force(settings.load(), os.environ)
        if not (changed and (entry.origin == DEFAULT or entry.value == entry.default))
    ]
    if as_json:
        output.as_json([asdict(entry) for entry in entries])
        return
    rows = [
        (f"[{e.section}]" if e.section else "environment", e.key, e.value or "-", e.origin) for e in entries
    ]
    output.table(("section", "key", "value", "set in"), rows)


@click.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--profile", default="", metavar="NAME", help="Name of the first profile. [default: after its source]"
)
@click.option(
    "--path",
    default="",
    type=output.FILE,
    metavar="FILE_OR_FOLDER",
    help="Its price file, or the folder of them.",
)
@click.option(
    "--tickers", default="", metavar="LIST", help="Its tickers, as in MSFT,AAPL; without --path from Yahoo."
)
@click.option("--calendar", default="", metavar="NAME", help="Its exchange calendar, as in XNYS, or 24/7.")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def begin(*, folder: Path, profile: str, path: str, tickers: str, calendar: str, as_json: bool) -> None:
    """Begin FOLDER: a luigi.cfg of your own with a first profile, and units for systemd or cron.

    Without --path and --tickers a terminal asks for a file; an empty answer takes the embedded sample. What is there
    is never overwritten.
    """
    from core.upkeep.new_folder import FirstProfile, begin

    if not path and not tickers and sys.stdin.isatty() and not as_json:
        path = click.prompt(
            "Price file or folder (empty: the embedded sample)", default="", show_default=False
        )
    new_folder = begin(folder, FirstProfile(profile, path, tickers, calendar))
    if as_json:
        output.as_json(
            {"folder": str(folder.absolute()), "profile": new_folder.profile, "files": list(new_folder.files)}
        )
        return
    for name in new_folder.files:
        click.echo(f"made {folder / name}")
    click.echo(f"\nNext:\n  cd {shlex.quote(str(folder))}\n  afterclose plan --profile {new_folder.profile}\n"
                f"  afterclose run --profile {new_folder.profile}\n  afterclose dashboard")  # fmt: skip
    click.echo(f"Every evening: {new_folder.units}/ has services and timers for systemd, and lines for cron.")


@click.command("demo")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="afterclose-demo")
@output.json_option("Print the run as JSON.")
@click.pass_context
def demonstrate(context: click.Context, *, folder: Path, as_json: bool) -> int:
    """Begin FOLDER (afterclose-demo) with the embedded sample, run it, and print the report's first page.

    A folder that is there already is gone on with: the second time there is nothing to do.
    """
    from core.cli.run import command as run
    from core.request.settings import CONFIG_NAME
    from core.upkeep.new_folder import SAMPLE_NAME, FirstProfile, begin

    if not (folder / CONFIG_NAME).exists():
        begin(folder, FirstProfile())
    click.echo(f"afterclose: {folder.absolute()} holds the demonstration", err=True)
    os.chdir(folder)
    code: int = context.invoke(run, profile=SAMPLE_NAME, as_json=as_json)
    click.echo(f"Next, in {folder}: afterclose dashboard", err=True)
    return code
