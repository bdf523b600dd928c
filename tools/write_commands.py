"""Writes ``docs/commands.md`` from the parsers of the commands themselves.

Run: ``python tools/write_commands.py`` (a test compares the committed page with this script's).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import click

from core.cli.main import group
from core.request.stages import STAGES, parameters_of

PAGE = Path(__file__).resolve().parents[1] / "docs" / "commands.md"
HEAD = """# Commands

Every command of `afterclose` with its arguments and options, as its parser has them:
`python tools/write_commands.py` writes this page. `--help` works everywhere. On a terminal, output that is
longer than the screen goes through your pager (`PAGER`, else `less`); `--no-pager`, before a command or behind
it, `PAGER=cat`, a pipe and `--json` do without. [Operations](operations.md) says when to use what,
[exit codes](exit-codes.md) how commands end.

*Parameters of a run* are those of [configuration](configuration.md#keys), as options: `fold_sessions` is
`--fold-sessions`. The command `luigi --module luigi_tasks Report --local-scheduler` takes the same ones.
"""
PARAMETERS = frozenset(p.option for p in parameters_of(STAGES).values() if not p.resolved)


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(line for command in _commands(group, "afterclose") for line in command)])


def _commands(command: click.Command, path: str) -> Iterator[list[str]]:
    """Yield the lines of each command below ``command``, in the order of its help."""
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield list(_lines(found, f"{path} {name}"))
                yield from _commands(found, f"{path} {name}")


def _lines(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    words = " ".join([path, *command.collect_usage_pieces(context)])
    yield from (f"## {path}", "", f"`{words}`", "", _cells(command.help or "").split(" \b ")[0], "")
    options = [p for p in command.params if isinstance(p, click.Option)]
    own = [p for p in options if not PARAMETERS.intersection(p.opts)]
    if own:
        yield from ("| option | does |", "|---|---|")
        yield from (_row(option) for option in own)
        yield ""
    if taken := [option.opts[0] for option in options if option not in own]:
        every = len(taken) == len(PARAMETERS)
        yield from (
            "And the parameters of a run." if every else f"And `{'`, `'.join(taken)}`, as in a run.",
            "",
        )


def _row(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    choices = getattr(option.type, "choices", ())
    value = f" {' or '.join(f'`{choice}`' for choice in choices)}" if choices else ""
    needed = " Needed." if option.required else ""
    usual = f" [default: {option.default}]" if option.show_default else ""
    return f"| {names}{value} | {_cells(option.help or '')}{needed}{usual} |"


def _cells(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    parser.parse_args().out.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
