"""``afterclose tokens``: who may use the HTTP interface beside the desk."""

from __future__ import annotations

import click

from core.cli import output
from core.errors import ParameterError
from core.request import settings


@click.command("tokens")
@click.option(
    "--add", "name", default="", metavar="NAME", help="Make a token of this name, and print it once."
)
@click.option("--role", type=click.Choice(("viewer", "operator")), default="viewer", show_default=True,
              help="What the new token may do.")  # fmt: skip
@click.option("--owner", default="", metavar="ID",
              help="Whose the new token is: SUBJECT@ISSUER, as the page Record shows it.")  # fmt: skip
@output.json_option("Print it as JSON.")
def list_tokens(*, name: str, role: str, owner: str, as_json: bool) -> None:
    """List the tokens of the HTTP interface, or make one; their texts are kept nowhere.

    The interface is off until [api] tokens in luigi.cfg names the file of tokens. What is asked for with a token
    counts as asked for by its owner.
    """
    from core.review.tokens import add_token, judge_new_owner, read_tokens, tokens_file

    configured = settings.load()
    path = tokens_file(configured)
    if path is None:
        raise ParameterError(
            "the HTTP interface is off",
            expected="[api] tokens = FILE in luigi.cfg",
            remedy="Name a file there outside the data root, such as tokens.toml; then: afterclose tokens --add NAME",
        )
    if name:
        judge_new_owner(configured, owner, role)
        text = add_token(path, name, role, owner)
        if as_json:
            output.as_json({"name": name, "role": role, "owner": owner, "token": text})
        else:
            click.echo(text)
            click.echo(
                f"a token of {name} ({role}); it is shown this once, its digest is in {path}", err=True
            )
            if not owner:
                click.echo(
                    "it belongs to nobody: a model that is trained with it alone is promoted by nobody who logs in "
                    "(--owner)",
                    err=True,
                )
        return
    tokens = read_tokens(path) if path.exists() else []
    if as_json:
        output.as_json([{"name": each.name, "role": each.role, "owner": each.owner} for each in tokens])
    elif tokens:
        output.table(("name", "role", "owner"), [(each.name, each.role, each.owner) for each in tokens])
    else:
        click.echo("no tokens; make one with: afterclose tokens --add NAME")
