"""``afterclose plugins``: plug-in modules, and a first one to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from core.cli import output
from core.cli.paging import paged
from core.request import settings


@click.group("plugins", invoke_without_command=True)
@click.option(
    "--plugins",
    "--modules",
    "modules",
    default="",
    metavar="FILES",
    help="These instead of those in luigi.cfg.",
)
@output.json_option("Print it as JSON.")
@paged
@click.pass_context
def command(context: click.Context, *, modules: str, as_json: bool) -> None:
    """List plug-in modules: digest, what they declare, and the state of the audit."""
    if context.invoked_subcommand is not None:
        return
    from core.queries.operations.plugin_modules import plugin_modules

    entries = plugin_modules(settings.load(), modules)
    if as_json:
        output.as_json([entry.facts for entry in entries])
    elif not entries:
        click.echo(
            "no modules: [plugins] modules in luigi.cfg is empty; begin with: afterclose plugins new NAME"
        )
    else:
        rows = [
            (entry.module, entry.digest[:12], kind[:-1], declared["name"], f"line {declared['line']}",
             entry.audit if kind in ("features", "labels") else "")
            for entry in entries
            for kind, several in entry.declared.items()
            for declared in several
        ]  # fmt: skip
        output.table(("module", "sha256", "kind", "name", "place", "audit"), rows)


@command.command("new")
@click.argument("name")
@output.json_option("Print the files as JSON.")
def new(*, name: str, as_json: bool) -> None:
    """Write NAME.py with a feature, and test_NAME.py beside it."""
    from core.queries.operations.plugin_modules import write_module

    files = [path.name for path in write_module(name, Path.cwd())]
    output.answer(
        {"files": files},
        *(f"wrote {file}" for file in files),
        f"name it in luigi.cfg: [plugins] modules = {name}.py",
        json_wanted=as_json,
    )
