"""``afterclose compare A B``: runs side by side."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.cli import output
from core.cli.show import run_named
from core.request import settings


@click.command("compare")
@click.argument("runs", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Print what the runs agree on as well.")
@click.option("--report", is_flag=True, help="Print how the reports differ from the first one.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def command(*, runs: tuple[str, ...], everything: bool, report: bool, as_json: bool) -> None:
    """Set two or more RUNS side by side: parameters, vintage, findings, features, metrics, drift, report."""
    from core.journal import Journal
    from core.queries.runs.comparison import compare
    from core.queries.runs.facts import facts
    from core.store.checkpoints import Store

    configured = settings.load()
    journal = Journal(configured.data, configured.journal, read_only=True)
    store = Store(configured.data)
    made = compare([facts(store, journal, run_named(journal, name)) for name in runs])
    if as_json:
        output.as_json(asdict(made))
        return
    rows = made.rows if everything else made.differing()
    output.table(("part", "name", *made.runs), [(row.part, row.name, *row.shown) for row in rows])
    if not rows:
        click.echo("the runs agree in everything")
    for diff in made.report_diffs if report else ():
        click.echo(diff)
