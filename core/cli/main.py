"""The command group, and how an error becomes one message and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from core import __version__
from core.determinism import single_threaded
from core.errors import EXIT_INTERRUPTED, AftercloseError

_COMMANDS = {
    "stage": "core.cli.stage",
    "dag": "core.cli.dag",
    "promote": "core.cli.promote",
}
"""Command -> module with a click command ``command``, imported only when it is wanted."""


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name]).command
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="afterclose")
def group() -> None:
    """Afterclose: a daily equity-price pipeline with verified checkpoints and a signed report."""


def main() -> None:
    """Run the command; leave with the contract's exit code."""
    single_threaded()
    try:
        sys.exit(group.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("afterclose: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except AftercloseError as error:
        click.echo(f"afterclose: {error}", err=True)
        sys.exit(error.exit_code)
