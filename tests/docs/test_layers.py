"""Who may import whom in core: floors without circles, rooms that compute, and a map that names them all."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.commands import ROOT


def configured():
    """The import contracts."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


PURE = (
    "columns",
    "errors",
    "fingerprint",
    "label",
    "parameters",
    "tickers",
    "universe",
    "measures",
    "prices",
    "features",
    "models",
    "evaluation",
    "report",
)
"""Rooms that compute: same input, same output."""


def pure_modules():
    """Modules of the rooms that compute, with their text."""
    for name, _ in core_modules():
        if name.split(".")[1:2] and name.split(".")[1] in PURE:
            path = ROOT / Path(*name.split("."))
            yield name, (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def core_modules():
    """Every module of core with its docstring."""
    for path in sorted((ROOT / "core").rglob("*.py")):
        if "migrations" in path.parts:
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.get_docstring(ast.parse(path.read_text())) or ""


def test_the_import_rule_holds():
    """import-linter, with the contracts of pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def linted(folder, contracts, modules):
    """What import-linter says of a small tree of modules under contracts in TOML."""
    for name, text in modules.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / "__init__.py").touch()
        (folder / "core" / "__init__.py").touch()
    (folder / "pyproject.toml").write_text('[tool.importlinter]\nroot_packages = ["core"]\n' + contracts)
    linter = Path(sys.executable).with_name("lint-imports")
    command = [linter, "--no-logo", "--no-cache", "--config", folder / "pyproject.toml"]
    return subprocess.run(
        command,
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )


def contract_named(start):
    """A contract of this project as TOML, for another tree."""
    (contract,) = [c for c in configured() if c["name"].startswith(start)]
    return contract


LOW, HIGH = "core/tables/low.py", "core/runs/high.py"


@pytest.mark.parametrize(
    "late", ["", "def f():\n    ", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "]
)
def test_an_import_up_the_floors_breaks_the_rule(tmp_path, late):
    """The gate itself: a lower room that imports a higher one fails, inside functions and for types too."""
    layers = contract_named("floors")["layers"]
    text = f"""[[tool.importlinter.contracts]]
name = "floors"
type = "layers"
containers = ["core"]
layers = {[f"({name})" for layer in layers for name in layer.split(" | ")]}
"""
    modules = {LOW: "x = 1\n", HIGH: "from core.tables import low\n"}
    assert linted(tmp_path, text, modules).returncode == 0
    done = linted(tmp_path, text, {**modules, LOW: f"{late}from core.runs import high\n", HIGH: "x = 1\n"})
    assert done.returncode == 1, done.stdout
    assert "floors BROKEN" in done.stdout


@pytest.mark.parametrize(
    "late", ["", "def f():\n    ", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "]
)
def test_a_circle_breaks_the_rule(tmp_path, late):
    """The gate itself: two files that import each other fail, inside one room and between two."""
    contract = contract_named("no circles")
    ancestors = [name for name in contract["ancestors"] if name.startswith("core")]
    text = f"""[[tool.importlinter.contracts]]
name = "circles"
type = "acyclic_siblings"
ancestors = {ancestors}
"""
    straight = {"core/runs/a.py": "from core.runs import b\n", "core/runs/b.py": "x = 1\n", LOW: "x = 1\n"}
    assert linted(tmp_path, text, straight).returncode == 0
    inside = {**straight, "core/runs/b.py": f"{late}from core.runs import a\n"}
    assert "circles BROKEN" in linted(tmp_path, text, inside).stdout
    between = {
        **straight,
        "core/runs/b.py": "from core.tables import low\n",
        LOW: f"{late}from core.runs import b\n",
    }
    assert "circles BROKEN" in linted(tmp_path, text, between).stdout


def rooms():
    """Rooms of core: its folders and its files."""
    return {name.split(".")[1] for name, _ in core_modules() if "." in name}


def rooms_of_the_map(text):
    """Rooms that the first cells of the map in CONTRIBUTING.md name."""
    table = text.split("| room of `core/` |")[1].split("\n\n")[0]
    return {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}


def test_each_room_of_core_is_on_the_map():
    """CONTRIBUTING.md names each room, and none that is gone."""
    assert rooms_of_the_map((ROOT / "CONTRIBUTING.md").read_text()) == rooms()


def test_the_map_names_tests_that_exist():
    """A folder of tests on the map is one of the repository."""
    folders = re.findall(r"`(tests/\w+)`", (ROOT / "CONTRIBUTING.md").read_text())
    assert len(folders) > 20
    assert [name for name in folders if not (ROOT / name).is_dir()] == []


def test_a_room_that_is_not_on_the_map_is_missed():
    """The gate itself: a line that is gone from the map leaves its room out."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    without = "\n".join(line for line in text.splitlines() if not line.startswith("| `journal` |"))
    assert rooms() - rooms_of_the_map(without) == {"journal"}


def packages():
    """Rooms of core that are folders."""
    return sorted(path.parent.name for path in (ROOT / "core").glob("*/__init__.py"))


def rooms_imported(text):
    """Rooms that a module imports anywhere, also for types alone."""
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{name}" for name in names)]
        yield from (name.split(".")[1] for name in names if name.startswith("core."))


def rooms_said(docstring):
    """Rooms that the paragraph of a docstring that begins with "Uses" names."""
    (paragraph,) = [part for part in docstring.split("\n\n") if part.startswith("Uses ")]
    return sorted(re.findall(r":mod:`core\.(\w+)`", paragraph))


@pytest.mark.parametrize("room", packages())
def test_a_room_says_exactly_which_rooms_it_uses(room):
    """The line "Uses ..." of its __init__, against what its modules import."""
    folder = ROOT / "core" / room
    imported = {name for path in folder.rglob("*.py") for name in rooms_imported(path.read_text())}
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    assert rooms_said(docstring) == sorted((imported & set(packages())) - {room})


def test_a_room_that_a_docstring_leaves_out_is_missed():
    """The gate itself: an import in a function counts, a module of all rooms and a mention elsewhere do not."""
    text = "from core import errors, seals\ndef f():\n    import core.journal\n    from core.tables import codec\n"
    assert set(rooms_imported(text)) & set(packages()) == {"seals", "journal", "tables"}
    assert rooms_said(
        "A room.\n\nUses :mod:`core.tables`,\n:mod:`core.seals`.\n\nOf :mod:`core.runs`: no."
    ) == [
        "seals",
        "tables",
    ]


def imports_of(name, text):
    """Modules that a module's text imports, anywhere in it, except for type checking only."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_pure_modules_import_no_clock_network_or_process():
    """No socket, no subprocess, no time of day in what must give the same bytes everywhere."""
    worldly = {
        "socket",
        "subprocess",
        "random",
        "requests",
        "urllib.request",
        "http.client",
        "luigi",
        "streamlit",
        "click",
    }
    broken, read = set(), 0
    for name, text in pure_modules():
        read += 1
        broken |= {(name, i) for i in imports_of(name, text) if i in worldly}
        if re.search(r"datetime\.now|date\.today|time\.time\(|utcnow", text):
            broken.add((name, "the clock"))
    assert broken == set()
    assert read > 60


def test_importing_the_tasks_loads_no_numeric_library():
    """A run with nothing to do must end at once: heavy libraries stay inside functions."""
    heavy = ("pandas", "numpy", "sklearn", "scipy")
    code = f"import sys, luigi_tasks; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
