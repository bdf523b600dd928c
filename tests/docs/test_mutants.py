"""The list of mutants that behave like the original speaks of the code as it is."""

from __future__ import annotations

import ast
import importlib.util
import sys

import pytest

from tests.commands import ROOT


@pytest.fixture(scope="module")
def mutants():
    """The tool, which is a script."""
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "tools" / "mutants.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["mutants"]


def lines_of(module, function):
    """The stripped lines of a function of the program."""
    text = (ROOT / f"{module.replace('.', '/')}.py").read_text()
    nodes = [
        node for node in ast.walk(ast.parse(text)) if getattr(node, "name", "") == function.rpartition(".")[2]
    ]
    return [line.strip() for node in nodes for line in text.splitlines()[node.lineno - 1 : node.end_lineno]]


def test_every_listed_line_stands_in_its_function(mutants):
    """A reason for code that is gone would excuse whatever comes in its place."""
    changes = mutants.listed_changes()
    assert len(changes) > 10
    gone = [
        (m, f, line)
        for m, f, before, _ in changes
        for line in before.split("\n")
        if line not in lines_of(m, f)
    ]
    assert gone == []


def test_a_listed_change_is_read_back(mutants, tmp_path):
    """Module, function, lines before and after, whatever their indentation."""
    page = tmp_path / "page.md"
    page.write_text("### `core.a.b`: `C.d`\n\n```diff\n-     x = 1\n-     y\n+ x = 2\n```\n\nA reason.\n")
    assert mutants.listed_changes(page) == {("core.a.b", "C.d", "x = 1\ny", "x = 2")}


@pytest.mark.parametrize(
    ("before", "after", "guard"),
    [
        ("zip(a, b, strict=True)", "zip(a, b, strict=False)", True),
        ("zip(a, b, strict=True)", "zip(a, b, )", True),
        ("zip(a, b, strict=True)", "zip(a, strict=True)", False),
        ("zip(a, b, strict=True)", "zip(a, None, strict=True)", False),
    ],
)
def test_only_a_comparison_of_lengths_is_passed_over(mutants, before, after, guard):
    """Another change in the same line is none of that kind."""
    assert mutants.is_guard(("core.a", "f", before, after)) is guard


def test_every_room_that_makes_figures_is_mutated(mutants):
    """The five rooms, with tests that are there."""
    assert sorted(mutants.TESTS) == [
        f"core/{name}" for name in ("evaluation", "features", "measures", "models", "prices")
    ]
    assert all(
        (ROOT / path).exists()
        for paths in (*mutants.TESTS.values(), mutants.PARTS, mutants.AUDITS)
        for path in paths
    )


@pytest.mark.parametrize("outcome", [True, False])
def test_nothing_is_judged_where_tests_fail_without_a_mutant(mutants, tmp_path, outcome):
    """A test that fails in the copy whatever is changed would count every survivor as killed."""
    for name in ("tests/prices", "core/prices", "tests/shards"):
        (tmp_path / "mutants" / name).mkdir(parents=True)
    (tmp_path / "mutants/tests/prices/test_any.py").write_text(f"def test_any():\n    assert {outcome}\n")
    (tmp_path / "mutants/tests/shards/test_shards.py").write_text("")
    (tmp_path / "mutants/pytest.ini").write_text("[pytest]\nmarkers =\n    slow\n    browser\n    live\n")
    if outcome:
        mutants.check_control(tmp_path, "core/prices")
    else:
        with pytest.raises(SystemExit, match="with no mutant: nothing was judged"):
            mutants.check_control(tmp_path, "core/prices")


def test_tests_that_are_left_out_are_there(mutants):
    """A name that is gone would leave nothing out, and hours would pass."""
    for name in mutants.LEFT_OUT:
        file, _, function = name.partition("::")
        assert f"def {function}" in (ROOT / file).read_text(), name
