"""``afterclose completion``: what the shell offers at the tab key, printed or installed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from core.cli import output
from core.errors import CommandError
from core.platform.storage import replace_file

SHELLS = ("bash", "zsh", "fish")
NAME, VARIABLE = "afterclose", "_AFTERCLOSE_COMPLETE"
"""The command, and the variable by which click is asked for what could come next."""

_ZSH_NEEDS = "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }; "
"""A zsh without its completion system would not know ``compdef``."""


_FISH_SPLITS, _FISH_SPLITS_ONCE = 'string split ","', 'string split --max 1 ","'
"""How click's script for fish takes kind and text apart; it would cut a sentence at its first comma."""


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.option("--install", is_flag=True, help="Write it where the shell reads it when it starts.")
@output.json_option("Print shell, script and files as JSON.")
@click.pass_context
def command(context: click.Context, *, shell: str | None, install: bool, as_json: bool) -> None:
    """Print the script that completes commands and options in SHELL (yours), or install it.

    A new shell knows it. No program is started before the tab key is pressed, and then only what it asks about is
    imported.
    """
    chosen = shell or _own_shell()
    kind = get_completion_class(chosen)
    assert kind is not None, "click knows all of SHELLS"
    script = kind(context.find_root().command, {}, NAME, VARIABLE).source()
    script = script.replace(_FISH_SPLITS, _FISH_SPLITS_ONCE)
    files = install_script(chosen, script, Path.home()) if install else []
    lines = [f"wrote {path}" for path in files] + ["a new shell completes: afterclose <Tab>"]
    output.answer(
        {"shell": chosen, "script": script, "files": list(map(str, files))},
        *(lines if install else [script]),
        json_wanted=as_json,
    )


def _own_shell() -> str:
    """Return the shell of the person by ``SHELL``.

    Raises
    ------
    CommandError
        If it is none that can be completed for.
    """
    name = Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise CommandError(
            f"the shell is {name or 'not known'}",
            expected=", ".join(SHELLS),
            remedy="Name it: completion bash",
        )
    return name


def install_script(shell: str, script: str, home: Path) -> list[Path]:
    """Write the script below ``home`` and return the files that were written.

    fish reads its folder by itself; bash and zsh get one line at the end of their start-up file, once.
    """
    if shell == "fish":
        target = _folder("XDG_CONFIG_HOME", home / ".config") / "fish" / "completions" / f"{NAME}.fish"
        replace_file(target, script.encode())
        return [target]
    target = _folder("XDG_DATA_HOME", home / ".local" / "share") / NAME / f"completion.{shell}"
    replace_file(target, script.encode())
    start = home / ".bashrc" if shell == "bash" else _folder("ZDOTDIR", home) / ".zshrc"
    line = f"{_ZSH_NEEDS if shell == 'zsh' else ''}source {shlex.quote(str(target))}"
    before = start.read_text(encoding="utf-8") if start.exists() else ""
    if line in before.splitlines():
        return [target]
    with start.open("a", encoding="utf-8") as file:
        file.write(f"{'' if before.endswith(chr(10)) or not before else chr(10)}{line}\n")
    return [target, start]


def _folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default)
