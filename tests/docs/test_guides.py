"""The guides "add a source" and "add a stage", done as they say in a copy of the project."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess

import pytest

from tests.commands import BIN, environment
from tests.docs.shown import shown

STEP = re.compile(
    r"^(?:`(?P<file>[\w/]+\.py)`:\n\n)?```(?P<kind>python|diff)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)


def apply(guide: str, project) -> None:
    """Do what the guide's blocks say: a named file is written, a diff changes the place it shows."""
    for step in STEP.finditer(guide):
        if step["kind"] == "python":
            (project / step["file"]).parent.mkdir(parents=True, exist_ok=True)
            (project / step["file"]).write_text(step["body"], encoding="utf-8")
        else:
            name, *lines = step["body"].splitlines()
            before = "\n".join(line[1:] for line in lines if line[0] in " -")
            after = "\n".join(line[1:] for line in lines if line[0] in " +")
            place = project / name.removeprefix("+++ ")
            text = place.read_text(encoding="utf-8")
            assert text.count(before) == 1, f"{place.name} has not exactly one place like this:\n{before}"
            place.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture
def project(root, tmp_path):
    """A copy of the packages and the configuration; commands in it use the copy."""
    for name in ("core", "luigi_tasks"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("luigi.cfg", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    return tmp_path


def typed(project, *words):
    """Run a command in the copy, on the copy's code; it must succeed."""
    env = environment(project / "data") | {"PYTHONPATH": str(project)}
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]], cwd=project, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def guided(root, project, page):
    """Follow a guide: its steps, its tests, and the linter of the house on its files."""
    guide = (root / "docs" / page).read_text(encoding="utf-8")
    apply(guide, project)
    files = [step["file"] for step in STEP.finditer(guide) if step["file"]]
    tests = [name for name in files if name.startswith("tests/")]
    typed(project, "ruff", "check", "--no-cache", *(name for name in files if name not in tests))
    typed(project, "ruff", "format", "--no-cache", "--check", *files)
    typed(project, "python", "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", *files)
    return guide


@pytest.mark.slow
def test_a_newcomer_adds_a_source_by_the_guide(root, project, make_prices, small):
    """The module, its name, its tests; then a report is made from a SQLite file."""
    guide = guided(root, project, "add-a-source.md")
    header, *rows = [line.split(",") for line in make_prices().splitlines()]
    with sqlite3.connect(project / "prices.db") as database:
        database.execute(f"CREATE TABLE prices ({', '.join(header)}, adj_close)")
        marks = ", ".join("?" * (len(header) + 1))
        database.executemany(
            f"INSERT INTO prices VALUES ({marks})",
            [(*row[:2], *map(float, row[2:]), float(row[5])) for row in rows],
        )
    database.close()
    (said,) = (one.words for one in shown(guide))
    quick = small[small.index("--calendar") :]
    assert "Source warehouse" in typed(project, *said.split(), *quick)
    assert "nothing to do" not in typed(project, *said.split(), *quick, "--tickers", "AAA")


@pytest.mark.slow
def test_a_newcomer_adds_a_stage_by_the_guide(root, project, prices_file, small):
    """Its function, its place, its task; then it stands in the line, in the checkpoints and in the terminal."""
    guide = guided(root, project, "add-a-stage.md")
    run, alone = (one.words for one in shown(guide))
    typed(project, *run.split(), *small)
    (made,) = (project / "data" / "checkpoints" / "liquidity").glob("*/liquidity.json")
    medians = json.loads(made.read_text(encoding="utf-8"))["median_dollar_volume"]
    assert set(medians) == {"AAA", "BBB"}
    assert all(value > 0 for value in medians.values())
    typed(project, *alone.split())
    assert (project / "out" / "liquidity.json").read_bytes() == made.read_bytes()
    assert "clean --> liquidity" in typed(project, "afterclose", "dag")


def test_a_step_that_no_longer_fits_is_found(project):
    """The gate itself: a diff whose place is gone, or is there twice, stops the guide."""
    apply(
        '```diff\n+++ core/request/stages.py\n-MODES = ("auto", "train", "score")\n+MODES = ()\n```\n',
        project,
    )
    for place in ('-MODES = ("auto", "train", "score")\n+MODES = ()', " from __future__ import nothing"):
        with pytest.raises(AssertionError, match="not exactly one place"):
            apply(f"```diff\n+++ core/request/stages.py\n{place}\n```\n", project)
