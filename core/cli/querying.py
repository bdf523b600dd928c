"""``afterclose query``: SQL over every artifact and the journal."""

from __future__ import annotations

import click

from core.cli import output
from core.cli.paging import paged
from core.errors import CommandError
from core.request import settings


@click.command("query")
@click.argument("sql", default="")
@click.option("--tables", "list_tables", is_flag=True, help="List the tables instead.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="Print at most so many rows."
)
@paged
def ask(*, sql: str, list_tables: bool, as_csv: bool, as_json: bool, limit: int) -> None:
    """Ask one SQL statement of every artifact and the journal; nothing can be written.

    With --csv or --json every row is printed, whatever the limit.
    """
    from core.queries import sql as tables

    if list_tables or not sql.strip():
        if sql.strip() or not list_tables:
            raise CommandError(
                "--tables came with a statement" if sql.strip() else "no statement came",
                expected='a statement, as in: afterclose query "SELECT * FROM runs"',
                remedy="afterclose query --tables lists what can be asked.",
            )
        there = list(tables.tables().items())
        if as_json:
            output.as_json([{"table": name, "row": sentence} for name, sentence in there])
        else:
            output.table(("table", "a row is"), there)
        return
    with tables.query(settings.load(), sql) as result:
        names = [column[0] for column in result.description or ()]
        rows = result.fetchall() if as_csv or as_json else result.fetchmany(limit + 1)
    if as_csv or as_json:
        _print_all(rows, names, as_json=as_json)
        return
    output.table(names, rows[:limit], exact=True)
    if len(rows) > limit:
        click.echo(f"only the first {limit:,} rows; --limit shows more, --csv and --json all", err=True)
    elif not rows:
        click.echo("no rows", err=True)


def _print_all(rows: list[tuple[object, ...]], names: list[str], *, as_json: bool) -> None:
    import csv
    import sys

    from core.report.as_csv import safe_cell

    if as_json:
        output.as_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(safe_cell, names))
    writer.writerows([safe_cell(value) for value in row] for row in rows)
