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
@output.json_option("Print it as JSON.")
def list_tokens(*, name: str, role: str, as_json: bool) -> None:
    """List the tokens of the HTTP interface, or make one; their texts are kept nowhere.

    The interface is off until [api] tokens in luigi.cfg names the file of tokens.
    """
    from core.review.tokens import add_token, read_tokens, tokens_file

    path = tokens_file(settings.load())
    if path is None:
        raise ParameterError(
            "the HTTP interface is off",
            expected="[api] tokens = FILE in luigi.cfg",
            remedy="Name a file there outside the data root, such as tokens.toml; then: afterclose tokens --add NAME",
        )
    if name:
        text = add_token(path, name, role)
        if as_json:
            output.as_json({"name": name, "role": role, "token": text})
        else:
            click.echo(text)
            click.echo(
                f"a token of {name} ({role}); it is shown this once, its digest is in {path}", err=True
            )
        return
    tokens = read_tokens(path) if path.exists() else []
    if as_json:
        output.as_json([{"name": token.name, "role": token.role} for token in tokens])
    elif tokens:
        output.table(("name", "role"), [(token.name, token.role) for token in tokens])
    else:
        click.echo("no tokens; make one with: afterclose tokens --add NAME")
