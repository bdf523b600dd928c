"""Names that say what they stand for: none of the list below is bound in the program."""

from __future__ import annotations

import ast

from tests.commands import ROOT
from tests.docs.test_house_rules import PACKAGES

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
    """Bound names of a module that are on the list: variables, attributes, arguments, functions and classes."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.append(node.attr)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
    return [name for name in names if name.strip("_").lower() in DIALECT]


def test_no_name_of_the_list_stands_in_the_program():
    """Call a thing by what it is: what was found is columns, a match or a finding, what was kept is rows."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    names = {str(path.relative_to(ROOT)): dialect_names(path.read_text()) for path in paths}
    assert {path: found for path, found in names.items() if found} == {}


def test_a_name_of_the_list_is_found():
    """The gate itself: each way to bind a name counts, reading one does not."""
    text = "def told(given):\n    for one in given:\n        _found = given.seen = one\nclass Held: pass\nprint(told)\n"
    assert sorted(dialect_names(text)) == ["Held", "_found", "given", "one", "seen", "told"]
