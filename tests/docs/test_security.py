"""The threat model names a test in every row, and each named test exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = "| who | what they can do | what is then seen, or not | by which test |"


def missing(cell: str) -> list[str]:
    """Return the names in a row's last cell that are no test file and no test function."""
    files = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
    functions = {
        name for path in files.values() for name in re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))
    }
    paths = re.findall(r"`([^`]+)`", cell)
    return [
        name
        for name in paths
        if not ((ROOT / name).is_file() if "/" in name else name in files or name in functions)
    ] or ([] if paths else ["no test is named"])


def test_each_row_of_the_threat_model_names_tests_that_exist():
    """A protection without its test is a promise: no row may name a test that is not there."""
    text = (ROOT / "docs/security.md").read_text("utf-8")
    rows = text.partition(HEADER)[2].strip().split("\n\n")[0].splitlines()[1:]
    assert len(rows) >= 10
    assert {row: missing(row.rsplit("|", 2)[1]) for row in rows if missing(row.rsplit("|", 2)[1])} == {}


def test_a_test_that_is_not_there_is_named():
    """The comparison can fail: an invented file, an invented function, and an empty cell are named."""
    assert missing("`test_nobody_wrote_this_one`, `tests/docs/test_security.py`") == [
        "test_nobody_wrote_this_one"
    ]
    assert missing("`tests/docs/test_no_such_file.py`") == ["tests/docs/test_no_such_file.py"]
    assert missing(" ") == ["no test is named"]
