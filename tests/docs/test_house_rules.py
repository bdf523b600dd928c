"""The rules of the house that no linter knows: sizes, reasons, layers, no machine's paths."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "luigi_tasks", "dashboard")
SOURCES = sorted(
    path
    for folder in (*PACKAGES, "benchmarks", "tools")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py"))
MOST_LINES_OF_A_MODULE = 350
MOST_LINES_OF_A_FUNCTION = 50


def shown(path):
    """The path within the repository."""
    return str(path.relative_to(ROOT))


def test_no_module_is_too_long():
    """350 lines at the most."""
    long = {shown(p): n for p in SOURCES if (n := len(p.read_text().splitlines())) > MOST_LINES_OF_A_MODULE}
    assert long == {}


def function_lines(node):
    """Lines of a function without its docstring."""
    first = node.body[0]
    documented = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    docstring = first.end_lineno - first.lineno + 1 if documented else 0
    return node.end_lineno - node.lineno + 1 - docstring


def long_functions(text, most=MOST_LINES_OF_A_FUNCTION):
    """Functions of a module with more lines than allowed."""
    functions = (
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {f.name: function_lines(f) for f in functions if function_lines(f) > most}


def test_no_function_is_too_long():
    """50 lines at the most, docstring not counted."""
    long = {shown(p): found for p in SOURCES if (found := long_functions(p.read_text()))}
    assert long == {}


def test_the_count_of_a_functions_lines_leaves_its_docstring_out():
    """The gate itself: 52 lines with a docstring of 2 pass, 51 without fail."""
    body = "    x = 1\n" * 49
    assert long_functions(f'def f():\n    """One.\n    Two."""\n{body}') == {}
    assert long_functions(f"def f():\n{body}    x = 2\n") == {"f": 51}


REASONED = [
    re.compile(r"#\s*noqa(:\s*[A-Z]+[0-9]+(\s*,\s*[A-Z]+[0-9]+)*)?\s*(?P<reason>.*)"),
    re.compile(r"#\s*type:\s*ignore(\[[\w,\s-]+\])?\s*(?P<reason>.*)"),
    re.compile(r"#\s*pragma:\s*no cover\s*(?P<reason>.*)"),
]


def silenced(text):
    """(line, comment) of each comment that silences a tool without saying why."""
    comments = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    for token in comments:
        for pattern in REASONED:
            found = pattern.search(token.string)
            if found and len(re.sub(r"[^A-Za-z]", "", found["reason"])) < 5:
                yield token.start[0], token.string


def test_every_silenced_warning_carries_its_reason():
    """noqa, type: ignore and no cover: after it, on the same line, why."""
    found = {f"{shown(p)}:{line}": said for p in [*SOURCES, *TESTS] for line, said in silenced(p.read_text())}
    assert found == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("x = 1  # noqa: E501", True),
        ("x = 1  # noqa", True),
        ("x = 1  # noqa: E501 - a table reads by columns", False),
        ("x = 1  # type: ignore[misc]", True),
        ("x = 1  # type: ignore[misc]  # luigi ships no types", False),
        ("x = 1  # pragma: no cover", True),
        ("x = '# noqa'", False),
    ],
)
def test_a_silenced_warning_without_a_reason_is_found(line, wrong):
    """The gate itself."""
    assert bool(list(silenced(line + "\n"))) is wrong


def test_ignored_rules_of_the_linters_carry_their_reasons():
    """Each line of ruff's ignore list that stands alone ends in a comment."""
    text = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^ignore = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    bare = [line.strip() for line in block.splitlines() if line.strip() and "#" not in line]
    named = {code for line in bare for code in re.findall(r'"([^"]+)"', line)}
    assert named <= {"TD", "EM"}, bare


def tracked():
    """Text files that belong to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


MACHINE = re.compile(r"(?<![\w.~-])/(?:work|home|root|Users|tmp|mnt|opt)/[A-Za-z0-9_.-]+")


def test_no_file_names_a_path_of_somebodys_machine():
    """What is tracked must hold on every machine."""
    found = {f"{name}: {m[0]}" for name, text in tracked() for m in MACHINE.finditer(text)}
    assert found == set()


def test_a_path_of_a_machine_is_found():
    """The gate itself."""
    folder = f"/{'home'}/me/data"  # in pieces, so that this file is none that names one
    assert MACHINE.search(f"open('{folder}')")
    assert not MACHINE.search("https://example.org/home/page ~/work/data tests/tmp/x")


# ---- layers


def configured():
    """The import contracts."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


PURE = (
    "columns",
    "errors",
    "fingerprint",
    "parameters",
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


DIALECT = frozenset(
    {
        "asked",
        "brought",
        "called",
        "came",
        "described",
        "found",
        "given",
        "gone",
        "held",
        "judged",
        "kept",
        "known",
        "left",
        "made",
        "meant",
        "met",
        "named",
        "one",
        "plain",
        "said",
        "seen",
        "shown",
        "taken",
        "told",
        "tried",
        "wanted",
    }
)
"""Names that say nothing of the thing they stand for."""


def dialect_names(text):
    """Bound names of a module that are on the list: variables, arguments, functions and classes."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
    return [name for name in names if name.strip("_").lower() in DIALECT]


def dialect_counts():
    """Such names in each room of core, in the tasks and in the desk; rooms without any are left out."""
    counts = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            room = "/".join(parts[:2]) if package == "core" else package
            counts[room] = counts.get(room, 0) + len(dialect_names(path.read_text()))
    return {room: count for room, count in counts.items() if count}


DIALECT_LEFT: dict[str, int] = {
    "core/evaluation": 3,
    "core/features": 2,
    "core/journal": 18,
    "core/models": 2,
    "core/prices": 53,
    "core/queries": 5,
    "core/report": 6,
    "core/runs": 3,
    "core/schedule": 29,
    "core/sources": 121,
    "dashboard": 8,
}
"""Names of the list that stand in a room still. These numbers only shrink; a room without a line has none."""


def test_no_room_has_more_names_of_the_list_than_before():
    """Call a thing by what it is; a number above that has become too high is lowered when names go."""
    more = {room: n for room, n in dialect_counts().items() if n > DIALECT_LEFT.get(room, 0)}
    assert more == {}


def test_a_name_of_the_list_is_found():
    """The gate itself: each way to bind a name counts, reading one does not."""
    text = "def told(given):\n    for one in given:\n        _found = one\nclass Held: pass\nprint(told, named)\n"
    assert sorted(dialect_names(text)) == ["Held", "_found", "given", "one", "told"]


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


def test_a_task_is_thin():
    """One task per file, 60 lines as a rule and never above 120, and no numeric library."""
    lengths = []
    for path in (ROOT / "luigi_tasks").glob("*.py"):
        text = path.read_text()
        tasks = [
            n
            for n in ast.parse(text).body
            if isinstance(n, ast.ClassDef) and any(ast.unparse(b) == "StageTask" for b in n.bases)
        ]
        assert len(tasks) <= 1, path
        if tasks:
            lengths.append(len(text.splitlines()))
        assert not re.search(r"^\s*(import|from) (numpy|pandas|sklearn|scipy)", text, re.MULTILINE), path
    assert sorted(lengths)[len(lengths) // 2] <= 60
    assert max(lengths) <= 120
