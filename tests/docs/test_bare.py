"""A fresh installation from the built wheel, in an empty folder: the README's words, typed one after the other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.commands import ROOT, environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The programs of an environment in which the project is the wheel; what it needs is that of these tests.

    A path in a .pth file is searched after the environment's own packages, and .pth files there are not read: the
    editable project of these tests is out of reach.
    """
    home = tmp_path_factory.mktemp("bare")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--wheel", "--quiet", "-o", home, ROOT], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "v"], check=True)
    (wheel,) = home.glob("*.whl")
    python = home / "v" / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel], check=True)
    (libraries,) = (home / "v" / "lib").glob("python*/site-packages")
    (libraries / "needs.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return home / "v" / "bin"


@pytest.fixture
def typed(installed, tmp_path):
    """Run a command in the empty folder (or one below it), and return what it printed."""

    def run(words: list[str], folder: str = ".", *, code: int = 0) -> str:
        env = environment(
            None, {"PATH": f"{installed}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
        )
        done = subprocess.run(
            words, cwd=tmp_path / folder, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    return run


def test_the_wheel_stands_alone(installed, typed, tmp_path):
    """The project is the wheel's, sample and font come with it, and the sample runs in a folder that was empty."""
    where = typed(
        [
            str(installed / "python"),
            "-c",
            "import core, afterclose; print(core.__file__, afterclose.__file__)",
        ]
    )
    assert all(path.startswith(str(installed.parent)) for path in where.split())
    ran = json.loads(typed(["afterclose", "demo", "--json"]))
    assert (ran["state"], ran["profile"]) == ("succeeded", "demo")
    report = (tmp_path / "afterclose-demo" / "data" / "latest" / "report.txt").read_text()
    assert "no better than chance" in report or "coin toss" in report
    font = subprocess.run(
        [installed / "python", "-c", "from core.report.as_pdf import typeface; print(len(typeface(400)))"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert int(font.stdout) > 100_000


def test_the_readmes_words_in_an_empty_folder(typed, tmp_path, prices_file):
    """init with one's own file, run, query, workbook, doctor, and units that systemd takes: as the README has them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(afterclose init .+?)```", text, re.DOTALL)
    assert block, "README.md shows no afterclose init"
    lines = [line.split("  #")[0].strip() for line in block[1].splitlines()]
    shutil.copy(prices_file, tmp_path / "prices.csv")
    printed = {}
    for number, line in enumerate(line for line in lines if line != "afterclose dashboard"):
        words = [word.strip('"') for word in re.findall(r'"[^"]+"|\S+', line)]
        printed[words[1]] = typed(words, "desk" if number else ".")
    assert "Decision" in printed["run"]
    assert "AAA" in printed["query"]
    assert list((tmp_path / "desk").glob("*.xlsx"))
    assert "made desk/units/afterclose-run.timer" in printed["init"]
    if shutil.which("systemd-analyze"):
        units = [
            *(tmp_path / "desk" / "units").glob("*.service"),
            *(tmp_path / "desk" / "units").glob("*.timer"),
        ]
        checked = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
        )
        assert (checked.returncode, [x for x in checked.stderr.splitlines() if "afterclose" in x]) == (0, [])


def test_the_readme_is_120_lines_at_most():
    """The rest is in docs."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
