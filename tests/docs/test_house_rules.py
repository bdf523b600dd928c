"""The rules of the house that no linter knows: sizes, reasons, thin tasks, no machine's paths."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize

import pytest

from tests.commands import ROOT

PACKAGES = ("core", "luigi_tasks", "dashboard", "afterclose")
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
    long = {
        shown(p): n
        for p in [*SOURCES, *TESTS]
        if (n := len(p.read_text().splitlines())) > MOST_LINES_OF_A_MODULE
    }
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


# in pieces, so that these lines silence nothing themselves
NOQA, IGNORE, UNCOVERED = "no" + "qa", "type:" + " ignore", "pragma:" + " no cover"


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (f"x = 1  # {NOQA}: E501", True),
        (f"x = 1  # {NOQA}", True),
        (f"x = 1  # {NOQA}: E501 - a table reads by columns", False),
        (f"x = 1  # {IGNORE}[misc]", True),
        (f"x = 1  # {IGNORE}[misc]  # luigi ships no types", False),
        (f"x = 1  # {UNCOVERED}", True),
        (f"x = '# {NOQA}'", False),
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
    assert not MACHINE.search(f"https://example.org/{'home'}/page ~/{'work'}/data tests/{'tmp'}/x")


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


OF_A_DATA_ROOT = ("journal", "seals", "store", "registry", "review", "upkeep", "runs", "queries")
READ_BY_NAME = {
    "core/queries/models/prediction.py": "a model that a person names",
    "core/queries/reports/mlflow_model.py": "an artifact of MLflow's",
    "core/queries/runs/history.py": "prices that a person names",
    "core/queries/runs/holdings.py": "a temporary file of its own",
    "core/registry/evidence.py": "features that a person names",
    "core/registry/registry.py": "a model that a person names",
    "core/runs/needs.py": "a file of the system's",
    "core/runs/plan.py": "what is installed",
    "core/upkeep/archive.py": "two temporary files of its own",
    "core/upkeep/restoring.py": "a staged file of its own",
}
"""Files that are read without asking whether they are files, and what they are."""


def opens(text):
    """Lines that open a file for reading by its path alone."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            first = node.args[0] if node.args else None
            reads = isinstance(first, ast.Constant) and first.value == "rb" and node.func.attr == "open"
            if reads or node.func.attr in ("read_bytes", "read_text"):
                yield node.lineno


def test_what_lies_in_a_data_root_is_read_as_a_file_alone():
    """By core.paths: others may write there, and a pipe holds whoever opens it; what else is opened is listed."""
    rooms = [path for path in SOURCES if shown(path).startswith(tuple(f"core/{r}/" for r in OF_A_DATA_ROOT))]
    found = {shown(path) for path in rooms if list(opens(path.read_text()))}
    assert found == set(READ_BY_NAME)
    assert list(opens("a.read_bytes()\nb.open('rb')\nc.open()\nopened(d)\n")) == [1, 2]


def test_links_are_followed_in_one_way():
    """``Path.resolve`` raises a RuntimeError for a link in a circle, which no caller expects."""
    ours = [path for path in SOURCES if shown(path).startswith(("core/", "dashboard/", "luigi_tasks/"))]
    using = [shown(path) for path in ours if ".resolve()" in path.read_text(encoding="utf-8")]
    assert using == ["core/platform/program.py"]  # of this program's own file
