"""What the set-up takes out of an environment, and that it compiles what the program imports."""

from __future__ import annotations

import runpy
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def slim(root):
    """The names of the script."""
    return runpy.run_path(str(root / "tools" / "slim"))


def test_only_what_is_listed_goes(slim, tmp_path):
    """Tests of the libraries and what nothing here reaches; a module called so, and others' tests, stay."""
    site, share = tmp_path / "site", tmp_path / "share"
    removed = [
        "pandas/tests/io/test_json.py", "scipy/stats/tests/data/a.npy", "pyarrow/include/arrow/api.h",
        "pyarrow/libarrow_flight.so.2600", "pyarrow/_flight.cpython-311.so", "pydeck/nbextension/index.js",
    ]  # fmt: skip
    stays = [
        "pandas/core/frame.py", "scipy/stats/tests.py", "pyarrow/libarrow.so.2600", "pyarrow/flight.py",
        "pydeck/bindings/deck.py", "streamlit/tests/mine.py", "hypothesis/tests/theirs.py",
    ]  # fmt: skip
    for name in (*removed, *stays):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).touch()
    extension = share / "jupyter" / "nbextensions" / "pydeck"
    extension.mkdir(parents=True)
    gone = list(slim["removable"](site, share))
    assert extension in gone
    assert all(any((site / name).is_relative_to(path) for path in gone) for name in removed)
    assert not any((site / name).is_relative_to(path) for path in gone for name in stays)


def test_the_program_imports_nothing_that_goes(slim, root):
    """Of all imports, also those within functions, none names a part that was taken out."""
    names = slim["imported"](root)
    assert {"pandas", "pyarrow.parquet", "streamlit"} <= names
    assert [name for name in names if "tests" in name.split(".") or name.startswith("pyarrow.flight")] == []


def test_this_environment_is_slim_and_compiled(slim):
    """The set-up did it here: all other tests run without those parts."""
    assert list(slim["removable"](slim["SITE"], slim["SHARE"])) == []
    for name in ("pandas", "sklearn.linear_model", "plotly.graph_objects"):
        assert Path(cache_from_source(find_spec(name).origin)).is_file(), name
