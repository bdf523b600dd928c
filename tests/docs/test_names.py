"""Names that say what they stand for, and sentences in plain English: nothing of the lists below is in the program."""

from __future__ import annotations

import ast
import re

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
        "judge",
        "known",
        "lack",
        "left",
        "made",
        "manners",
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
        elif isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs
        ):
            names.append(node.name or "")
        elif isinstance(node, ast.alias):
            names.append(node.asname or "")
    return [name for name in names if name.strip("_").lower() in DIALECT]


def test_no_name_of_the_list_stands_in_the_program():
    """Call a thing by what it is: what was found is columns, a match or a finding, what was kept is rows."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    names = {
        str(path.relative_to(ROOT)): dialect_names(path.read_text()) + [path.stem] * (path.stem in DIALECT)
        for path in paths
    }
    assert {path: found for path, found in names.items() if found} == {}


def test_a_name_of_the_list_is_found():
    """The gate itself: each way to bind a name counts, reading one does not."""
    text = "def told(given):\n    for one in given:\n        _found = given.seen = one\nclass Held: pass\nprint(told)\n"
    text += "import x as made\ntry: pass\nexcept E as came: pass\nmatch x:\n    case kept: pass\n"
    names = ["Held", "_found", "came", "given", "kept", "made", "one", "seen", "told"]
    assert sorted(dialect_names(text)) == names


PHRASES = {
    re.compile(
        r"\b(?:evaluations?|records?|runs?|rows|those|that|one|keys|bytes|data roots?) of before\b"
    ): "older, earlier, unchanged",
    re.compile(r"\bsomebody's own\b"): "user-defined, plug-in",
    re.compile(r"\bparted by\b|\bwhat parts\b"): "separated by",
    re.compile(r"\b(?:is|are) let be\b"): "is left unchanged",
    re.compile(r"\b(?:features?|labels?|rules?|modules?|code) of one's own\b"): "user-defined, plug-in",
}
"""What no reader of English expects, and what says it."""

TITLE = "Features of somebody's own"
"""Of a table of the report: bytes of an artifact, which stay."""


def odd_phrases(text):
    """Sentences of a file that a reader stumbles over, with what would say them."""
    flat = " ".join(text.replace(TITLE, "").split())
    return {match[0]: better for pattern, better in PHRASES.items() for match in pattern.finditer(flat)}


def test_no_phrase_of_the_list_stands_in_the_program_or_its_documentation():
    """Older evaluations, user-defined features, plug-in modules."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    paths += [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    phrases = {str(path.relative_to(ROOT)): odd_phrases(path.read_text()) for path in paths}
    assert {path: found for path, found in phrases.items() if found} == {}


def test_a_phrase_of_the_list_is_found():
    """The gate itself: also where a line breaks within it; not in plain English."""
    assert odd_phrases("Empty in records of\n    before.") == {
        "records of before": "older, earlier, unchanged"
    }
    assert list(odd_phrases("a module of one's own")) == ["module of one's own"]
    assert odd_phrases("What a report is made of before it is text; a key of one's own.") == {}
