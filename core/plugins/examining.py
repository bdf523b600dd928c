"""What modules declare, learnt in a process of its own: a module that hangs or crashes takes no run with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from core.errors import AftercloseError, PluginError
from core.platform.processes import MODULE
from core.plugins.loading import load
from core.plugins.modules import Module

KINDS = ("features", "labels", "rules", "sections", "sources")
"""What a module can declare."""

_GRACE_S = 10.0
"""Seconds until a process that hangs outside Python is ended."""


@dataclass(frozen=True)
class Examined:
    """A module and what it declares: by kind a list of name, text, line and further facts, all JSON."""

    module: Module
    declared: dict[str, list[dict[str, Any]]]


def examined(modules: tuple[Module, ...]) -> tuple[Examined, ...]:
    """Return what each module declares.

    Raises
    ------
    PluginError
        Naming file and line of what is wrong, and of a name that two modules declare.
    """
    entries = tuple(Examined(module, json.loads(_declared(_packed(module)))) for module in modules)
    for kind in KINDS:
        owners: dict[str, str] = {}
        for entry in entries:
            for declared in entry.declared[kind]:
                place = f"{entry.module.file}, line {declared['line']}"
                if declared["name"] in owners:
                    raise PluginError(
                        f"{place}: {kind[:-1]} {declared['name']} is declared in {owners[declared['name']]} as well",
                        expected="each name once",
                        parameter="plugins",
                    )
                owners[declared["name"]] = place
    return entries


def _packed(module: Module) -> str:
    facts = {"name": module.name, "folder": module.folder, "limit_s": module.limit_s}
    return json.dumps({**facts, "texts": dict(module.texts)})


@cache
def _declared(packed: str) -> str:
    """Return as JSON what a module declares; asked once in a process for the same text."""
    limit = json.loads(packed)["limit_s"]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, *MODULE, __name__],
            input=packed.encode(),
            capture_output=True,
            timeout=limit + _GRACE_S if limit else None,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _refused(packed, f"takes longer than {limit:g} s to be loaded") from error
    lines = done.stdout.decode(errors="replace").splitlines()
    try:
        answer = json.loads(lines[-1])
    except (ValueError, IndexError):
        raise _refused(packed, f"ends its process with code {done.returncode} when it is loaded") from None
    if "problem" in answer:
        raise PluginError(
            answer["problem"],
            expected="a module that can be loaded",
            remedy="Mend that line; nothing was committed.",
            parameter="plugins",
        )
    return json.dumps(answer)


def _refused(packed: str, what: str) -> PluginError:
    module = json.loads(packed)
    return PluginError(
        f"{next(iter(module['texts']))}: {what}", expected="a module that can be loaded", parameter="plugins"
    )


def main() -> None:
    """Read a module from the standard input and print what it declares, or what is wrong with it."""
    sys.dont_write_bytecode = True
    answer_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what own code and its libraries write there is no answer
    packed = json.load(sys.stdin)
    module = Module(packed["name"], packed["folder"], packed["texts"], limit_s=packed["limit_s"])
    try:
        declared = load(module).declared
        answer: dict[str, Any] = {
            kind: [_facts(entry, module) for entry in getattr(declared, kind)] for kind in KINDS
        }
    except AftercloseError as error:
        answer = {"problem": error.problem}
    else:
        if not any(answer.values()):
            answer = {
                "problem": f"{module.file} declares nothing: no function has a decorator of core.plugins"
            }
    answer_to.write(json.dumps(answer) + "\n")
    answer_to.flush()


def _facts(entry: Any, module: Module) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(entry).items() if name not in ("function", "file", "line")}
    paths = {module.path(name): name for name in module.texts}
    return {**facts, "file": paths.get(entry.file, module.file), "line": entry.line}


if __name__ == "__main__":
    main()
