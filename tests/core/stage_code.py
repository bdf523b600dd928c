"""A digest of each stage's code, so that a change that makes other bytes cannot slip under an old version.

A stage's code is the function that the stage table names and every module of ``core`` that it imports, directly or
not, read as syntax: docstrings, comments and layout do not count, nor do the texts of raised
errors, log lines and progress messages.

After a change of code (``python tests/core/stage_code.py`` says which stages it touches):

- the same input can give other bytes: raise the stage's ``version`` in ``core/request/stages.py``, say so in
  ``CHANGELOG.md``, then ``python tests/core/stage_code.py --record "what changed"``;
- it cannot: ``python tests/core/stage_code.py --record "no effect: why not"``.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_suffix(".json")
NO_EFFECT = "no effect"

WHOLE_PACKAGES = ("core.sources",)
"""Packages that load their modules by name: whoever imports the package rests on all of them."""

WITHOUT_EFFECT = {
    "core": "the package's version",
    "core.errors": "messages of runs that fail and commit nothing",
    "core.platform.progress": "says how far work is",
    "core.request.stages": "parameters and versions are in the key themselves",
    "core.parameters": "as core.request.stages; values are in the key",
    "core.platform.filedigest": "a digest is in the key",
    "core.platform.retry": "waits and tries, never an answer",
}
"""Modules that cannot change an artifact's bytes under the same key, and why."""


def path_of(module: str, root: Path = ROOT) -> Path | None:
    """Return a module's file, None if there is none."""
    base = root.joinpath(*module.split("."))
    return next((p for p in (base.with_suffix(".py"), base / "__init__.py") if p.is_file()), None)


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports from core: modules, and names that may be modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_of(stage: str, root: Path = ROOT) -> list[str]:
    """Return the modules that a stage's code consists of, sorted."""
    found: set[str] = set()
    # every stage's bytes are made by the encoder
    waiting = [function_name(stage)[0], "core.tables.codec"]
    while waiting:
        module = waiting.pop()
        path = path_of(module, root)
        if path is None or module in found or module in WITHOUT_EFFECT or module.split(".")[0] != "core":
            continue
        found.add(module)
        waiting += syntax(path)[1]
        waiting.append(module.rpartition(".")[0])
        if module in WHOLE_PACKAGES:
            waiting += [f"{module}.{file.stem}" for file in path.parent.glob("*.py")]
    return sorted(found)


def plain(node: object) -> object:
    """Return syntax as nested lists: no docstrings, no positions, alike in every version of Python."""
    if isinstance(node, list):
        return [plain(item) for item in node if not is_text(item)]
    if not isinstance(node, ast.AST):
        return repr(node)
    if is_message(node):
        node = without_texts(node)
    fields = (
        (name, plain(value))
        for name, value in ast.iter_fields(node)
        if name not in ("ctx", "kind", "type_comment")
    )
    return [type(node).__name__, *([name, value] for name, value in fields if value not in ([], "None"))]


MESSAGE_METHODS = ("debug", "info", "warning", "error", "exception")


def is_message(node: ast.AST) -> bool:
    """Return whether syntax says something to people and makes no bytes: a raised error, a log or progress call."""
    if isinstance(node, ast.Raise):
        return isinstance(node.exc, ast.Call)
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in MESSAGE_METHODS:
        return isinstance(function.value, ast.Name) and function.value.id in (
            "log",
            "logger",
            "LOG",
            "logging",
        )
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    return name in ("progress", "_progress")


class _WithoutTexts(ast.NodeTransformer):
    """Empties text literals, also the literal parts of f-strings; what is computed in them stays."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Empty a text."""
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Tuple:
        """Keep what an f-string computes, however its text is cut."""
        values = [self.visit(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
        return ast.Tuple(values, ast.Load())


def without_texts(node: ast.AST) -> ast.AST:
    """Return a copy of syntax whose text literals are empty."""
    copied = _WithoutTexts().visit(copy.deepcopy(node))
    assert isinstance(copied, ast.AST)
    return copied


@cache
def _syntax(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text's plain syntax as JSON and what it imports, read once for all files that have it."""
    tree = ast.parse(text)
    return json.dumps(plain(tree)), tuple(imported(tree))


def syntax(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a file's plain syntax as JSON and what it imports."""
    return _syntax(path.read_text(encoding="utf-8"))


def is_text(node: object) -> bool:
    """Return whether a statement is a text standing alone: a docstring."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def function_name(stage: str) -> tuple[str, str]:
    """Return the module and the name of a stage's function."""
    from core.request.stages import BY_NAME

    module, _, name = BY_NAME[stage].function.partition(":")
    return module, name


def function_of(stage: str, root: Path = ROOT) -> ast.AST:
    """Return the function of a stage as syntax."""
    module, name = function_name(stage)
    path = path_of(module, root)
    assert path is not None, module
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)


def digest(stage: str, root: Path = ROOT) -> str:
    """Return the SHA-256 of a stage's code."""
    parts = [json.dumps(["compute", plain(function_of(stage, root))])]
    for module in modules_of(stage, root):
        path = path_of(module, root)
        assert path is not None, module
        parts.append(f"[{json.dumps(module)}, {syntax(path)[0]}]")
    return hashlib.sha256(f"[{', '.join(parts)}]".encode()).hexdigest()


def recorded() -> dict[str, list[dict[str, object]]]:
    """Return the history of each stage: version, digest and why, the latest last."""
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def problem(stage: str, version: int, history: list[dict[str, object]], now: str) -> str | None:
    """Return what to do about a stage whose code or version is not the recorded one, None if it is."""
    last = history[-1] if history else {"version": None, "digest": None}
    if (last["version"], last["digest"]) == (version, now):
        return None
    if last["digest"] == now:
        return f"{stage}: version is {version}, recorded is {last['version']}; --record the reason"
    if last["version"] != version:
        return f"{stage}: code and version changed; python tests/core/stage_code.py --record 'what changed'"
    return (
        f"{stage}: the code changed and version is still {version}. Can the same input give other bytes? "
        f"Then raise version of {stage} in core/request/stages.py and run: "
        f"python tests/core/stage_code.py --record 'what changed'. "
        f"If not: python tests/core/stage_code.py --record 'no effect: why not'"
    )


def problems() -> dict[str, str]:
    """Return what to do, by stage; empty when all is recorded."""
    from core.request.stages import STAGES

    history = recorded()
    found = {s.name: problem(s.name, s.version, history.get(s.name, []), digest(s.name)) for s in STAGES}
    return {stage: what for stage, what in found.items() if what is not None}


def record(why: str = "", no_effect: str = "") -> list[str]:
    """Append the present code of every changed stage with its reason; return their names.

    ``why`` is of stages whose version was raised, ``no_effect`` of all others; a ``why`` that begins with "no effect"
    is of every stage.
    """
    from core.request.stages import BY_NAME

    history, changed = recorded(), list(problems())
    unchanged = why if why.startswith(NO_EFFECT) else no_effect and f"{NO_EFFECT}: {no_effect}"
    for stage in changed:
        entries = history.setdefault(stage, [])
        version = BY_NAME[stage].version
        raised = not entries or entries[-1]["version"] != version
        reason = why if raised else unchanged
        if not reason and raised:
            raise SystemExit(f"{stage}: version was raised to {version}: say what changed with --record")
        if not reason:
            raise SystemExit(
                f"{stage}: version is still {version}: raise it, or say with --no-effect why its bytes stay"
            )
        entries.append({"version": version, "digest": digest(stage), "why": reason})
    ordered = {stage: history[stage] for stage in BY_NAME if stage in history}
    RECORD.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")
    return changed


def main() -> None:
    """Say what is not recorded, or record it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--record", metavar="WHY", default="", help="append the present code with this reason"
    )
    parser.add_argument(
        "--no-effect", metavar="WHY", default="", help="for stages of the same version: why their bytes stay"
    )
    chosen = parser.parse_args()
    said = chosen.record or chosen.no_effect
    lines = record(chosen.record, chosen.no_effect) if said else problems().values()
    sys.stdout.write("".join(f"{line}\n" for line in lines) or "all stages are as recorded\n")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
