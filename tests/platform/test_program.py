"""Which program made something: version, commit, changed files and pins; and what it is made of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from core import __version__
from core.fingerprint import sha256
from core.platform.program import HOME, in_words, lock_bytes, parts, program, sbom, stage_code

PINS = (
    b"# pins\nalpha==1.0\nBeta_x.y==2.5 ; python_full_version < '3.12'\n"
    b"Beta_x.y==2.6 ; python_full_version >= '3.12'\n-e .\n"
)


@pytest.fixture
def home(tmp_path):
    """A folder with a file of pins and a repository of its own."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_bytes(PINS)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


@pytest.fixture
def git(home):
    """Git in that folder."""

    def run(*words: str) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *who, *words], cwd=home, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    return run


def fresh(home):
    """The program as a new process sees it."""
    program.cache_clear()
    return program(home)


def test_commit_and_pins_are_named_and_only_changed_tracked_files_make_it_dirty(home, git):
    """A file that nobody tracks changes nothing of the program."""
    assert (fresh(home)["commit"], fresh(home)["dirty"]) == (None, None), "no commit yet"
    git("add", ".")
    git("commit", "-qm", "one")
    whole = {
        "version": __version__, "commit": git("rev-parse", "HEAD"), "dirty": False, "lock_sha256": sha256(PINS),
    }  # fmt: skip
    assert fresh(home) == whole
    (home / "notes.txt").write_text("untracked")
    assert fresh(home) == whole
    (home / "requirements.txt").write_bytes(PINS + b"gamma==3\n")
    assert fresh(home) == {**whole, "dirty": True, "lock_sha256": sha256(PINS + b"gamma==3\n")}
    git("add", ".")
    assert fresh(home)["dirty"] is True, "also where it is staged"


def test_without_git_or_in_anothers_repository_there_is_no_commit(home, git, monkeypatch):
    """An installed program in somebody's project does not take that project's commit for its own."""
    git("add", ".")
    git("commit", "-qm", "one")
    inside = home / "venv" / "site-packages"
    inside.mkdir(parents=True)
    nothing = {"version": __version__, "commit": None, "dirty": None, "lock_sha256": None}
    assert fresh(inside) == nothing
    monkeypatch.setenv("GIT_DIR", str(home / ".git"))
    assert fresh(inside) == nothing
    assert fresh(home)["dirty"] is False
    monkeypatch.setenv("PATH", "")
    assert fresh(home)["commit"] is None


def test_it_is_looked_up_once(home, git, monkeypatch):
    """Not once for each stage."""
    git("add", ".")
    git("commit", "-qm", "one")
    first = fresh(home)
    monkeypatch.setenv("PATH", "")
    assert program(home) == first


def test_a_run_asks_git_once_and_one_with_nothing_to_do_never(run_luigi, small, data, tmp_path, monkeypatch):
    """Counted by a git that writes down each call; every meta says the same, no artifact and no key says it."""
    real, calls = shutil.which("git"), tmp_path / "calls"
    if real is None:
        pytest.skip("git is not installed")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho called >> {calls}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    of = fresh(HOME)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    assert run_luigi(*small, data=data).code == 0
    assert calls.read_text().split() == ["called"]
    metas = [json.loads(path.read_bytes()) for path in data.glob("checkpoints/*/*/meta.json")]
    assert len(metas) == 7
    for meta in metas:
        assert meta["program"] == {**of, "stage_code": stage_code(meta["stage"])}
        assert len(meta["program"]["stage_code"]) == 64
    assert run_luigi(*small, data=data).code == 0
    assert calls.read_text().split() == ["called"], "nothing was made, nothing asked"
    if of["commit"]:
        for path in data.glob("checkpoints/*/*/*"):
            assert path.name == "meta.json" or of["commit"].encode() not in path.read_bytes()


def test_what_it_is_made_of_has_every_pin(home):
    """Also both of a pin that depends on the machine, with what it depends on."""
    of = {"version": "1", "commit": None, "dirty": None}
    body = json.loads(sbom(PINS, of))
    assert (body["bomFormat"], body["specVersion"]) == ("CycloneDX", "1.6")
    assert [(c["purl"], c.get("properties", [{}])[0].get("value")) for c in body["components"]] == [
        ("pkg:pypi/alpha@1.0", None),
        ("pkg:pypi/beta-x-y@2.5", "python_full_version < '3.12'"),
        ("pkg:pypi/beta-x-y@2.6", "python_full_version >= '3.12'"),
    ]
    lock = lock_bytes().decode()
    assert len(json.loads(parts())["components"]) == sum(
        "==" in line.partition(";")[0] for line in lock.splitlines()
    )


def test_where_no_pins_lie_beside_the_code_it_is_what_is_installed(monkeypatch):
    """As in a wheel."""
    import core.platform.program as module

    module.program()  # kept for the whole process: with the pins that there are
    monkeypatch.setattr(module, "lock_bytes", lambda: None)
    names = {component["name"] for component in json.loads(module.parts())["components"]}
    assert {"luigi", "pandas", "cryptography"} <= names


def test_in_words_says_what_is_not_known():
    """As it stands in a published document."""
    assert in_words(None) == "not recorded"
    assert in_words({"version": None}) == "not recorded"
    assert in_words({"version": "1", "commit": "a" * 40, "dirty": False}) == "1, commit aaaaaaaaaaaa"
