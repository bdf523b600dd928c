"""The guide "add a feature": typed from its first line on, in an empty folder; then into a copy of the package."""

import gzip
import json
import re
import shlex
import shutil
import subprocess
import sys
import time

import pytest

from core.features.definitions import FEATURE_SET, warm_up
from core.features.history import HISTORY
from core.request.stages import BY_NAME
from core.sources.sample import sample_file
from tests.commands import ROOT, environment
from tests.docs.test_guides import apply

GUIDE = (ROOT / "docs" / "add-a-feature.md").read_text(encoding="utf-8")
OWN, BUILT_IN = GUIDE.split("\n## Into the package\n")
STEP = re.compile(r"^(?:`([\w.]+)`:\n\n)?```(python|sh|bash)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_S = 15 * 60
"""What the guide promises, reading included; a script types it."""


class Reader:
    """Who types the guide in one folder after another, and puts ids where the guide says that a command prints them."""

    def __init__(self, folder):
        self.folder, self.printed = folder, ""

    def type(self, line):
        """Type one line; it must succeed."""
        for word, pattern in (
            ("MODEL", r"^mine\s+([0-9a-f]{12})\s"),
            ("DIGEST", r"^text SHA-256 ([0-9a-f]{64})$"),
        ):
            if word in line:
                line = line.replace(word, re.findall(pattern, self.printed, re.MULTILINE)[-1])
        done = subprocess.run(
            ["bash", "-e", "-c", line],
            cwd=self.folder,
            env=environment(None),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stdout[-500:]}{done.stderr}"
        self.printed += done.stdout


@pytest.mark.slow
def test_from_nothing_to_a_promoted_model_with_an_own_feature_and_label(tmp_path):
    """Each command and edit in the order of the page; at its end champion, audit, signature and record are there."""
    (tmp_path / "prices.csv").write_bytes(gzip.decompress(sample_file().read_bytes()))
    reader, started = Reader(tmp_path), time.monotonic()
    for file, kind, body in STEP.findall(OWN):
        if kind == "python":
            (reader.folder / file).write_text(body, encoding="utf-8")
            continue
        for line in body.splitlines():
            reader.type(line)
            if line.startswith("afterclose init"):
                reader.folder = tmp_path / "desk"
    assert time.monotonic() - started < MOST_S
    states = re.findall(
        r"^mine +[0-9a-f]{12} +(feature|label) +\w+ +line \d+ +(.*?)$", reader.printed, re.MULTILINE
    )
    assert states == [
        ("feature", "not yet"),
        ("label", "not yet"),
        ("feature", "audited"),
        ("label", "audited"),
    ]
    data = tmp_path / "desk" / "data"
    model = json.loads((data / "latest" / "model.json").read_text())
    assert (model["features"][-1], model["training"]["label"]) == ("drawdown20", "clear_rise")
    assert model["model_kind"] == "sklearn.naive_bayes.GaussianNB"
    text = next((data / "published").glob("*/*/report.txt")).read_text()
    assert "13 features" not in text
    assert "14 features and the label clear_rise" in " ".join(text.split())
    reader.type("afterclose models --profile mine --json > models.json")
    (entry,) = json.loads((reader.folder / "models.json").read_text())["models"]
    assert entry["state"] == "champion"
    reader.type("afterclose run --profile mine > again.txt")
    assert "mode score" in (reader.folder / "again.txt").read_text()


def as_it_stands(guide):
    """The guide as one types it now: the next numbers and a free name, where built-in features were added since."""
    version = BY_NAME["feature_engineer"].version
    name = "drawdown10" if "drawdown10" not in warm_up() else f"drawdown10_{FEATURE_SET + 1}"
    earlier = "_FIRST" if len(HISTORY) == 1 else f"{HISTORY[-1].definitions!r}"
    for shown, now in (
        ("drawdown10", name),
        (
            "-FEATURE_SET = 1\n+FEATURE_SET = 2",
            f"-FEATURE_SET = {FEATURE_SET}\n+FEATURE_SET = {FEATURE_SET + 1}",
        ),
        ("-        _FEATURES, 3,", f"-        _FEATURES, {version},"),
        ("+        _FEATURES, 4,", f"+        _FEATURES, {version + 1},"),
        ("+        2, (*_FIRST,", f"+        {FEATURE_SET + 1}, (*{earlier},"),
    ):
        assert shown in guide, shown
        guide = guide.replace(shown, now)
    return guide


@pytest.fixture
def package(tmp_path):
    """A copy of the package and of the tests that a feature concerns."""
    for name in ("core", "luigi_tasks", "tests/features", "tests/fixtures", "tests/core"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in [
        *(ROOT / "tests").glob("*.py"),
        ROOT / "pyproject.toml",
        ROOT / "luigi.cfg",
        ROOT / "CHANGELOG.md",
    ]:
        shutil.copy(file, tmp_path / file.relative_to(ROOT))
    return tmp_path


@pytest.mark.slow
def test_a_built_in_feature_leaves_no_test_of_features_red(package):
    """The diffs and the record of the guide; its doctest, tests of features and the digest of the stages' code."""
    apply(as_it_stands(BUILT_IN), package)
    env = environment(package / "data") | {"PYTHONPATH": str(package)}

    def typed(*words):
        done = subprocess.run(words, cwd=package, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        return done.stdout

    record = next(
        line for line in as_it_stands(BUILT_IN).splitlines() if line.startswith("python tests/core")
    )
    typed(sys.executable, *shlex.split(record)[1:])
    files = (
        "tests/features",
        "core/features/definitions.py",
        "tests/core/test_stage_code.py::test_every_stages_code_is_the_recorded_one",
    )
    typed(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", *files)
