"""The image, without a daemon that could build it: what its file says is done step by step in an empty folder.

Not shown here: that the base image has what the steps expect, and that the kernel keeps the root read-only. Instead of
that the program runs as a user who can write its data root and nothing else, where the interpreter is in that
user's reach.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from core.cli.main import group
from tests.commands import ROOT

pytestmark = pytest.mark.slow
DESK_UID = 10001


def steps() -> list[list[tuple[str, str]]]:
    """The instructions of each stage of the Dockerfile."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    stages: list[list[tuple[str, str]]] = []
    for line in lines:
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, rest.strip()))
    return stages


def copied(stage: list[tuple[str, str]], target: Path) -> None:
    """Copy what COPY of a first stage names, and nothing else."""
    for name, rest in stage:
        if name == "COPY":
            *sources, place = rest.split()
            for source in sources:
                into = target / (place if place != "./" else source)
                into.parent.mkdir(parents=True, exist_ok=True)
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, into, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / source, into)


def test_the_last_stage_is_nobodys_root_and_says_whether_it_is_well():
    """Two stages, an own user, a health check, the data root as a volume, and no shell as the first process."""
    build, last = steps()
    names = [name for name, _ in last]
    assert dict(last)["USER"] == str(DESK_UID)
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert {"HEALTHCHECK", "VOLUME"} <= set(names)
    assert json.loads(dict(last)["ENTRYPOINT"]) == ["afterclose"]
    assert ("RUN", "bash tools/image /usr/local/afterclose") in build
    assert [rest for name, rest in last if name == "COPY"] == [
        "--from=build /usr/local/afterclose /usr/local/afterclose"
    ]


def test_what_the_image_does_works_in_an_empty_folder(tmp_path, prices_file):
    """The copied files are enough to install; the program then runs with the image's variables as its user."""
    interpreter = Path(sys.executable).resolve()
    becomes_it = os.geteuid() == 0 and all(folder.stat().st_mode & 0o001 for folder in interpreter.parents)
    uid = (
        DESK_UID if becomes_it else os.geteuid()
    )  # an interpreter in somebody's home is out of others' reach
    build, last = steps()
    tmp_path.chmod(0o755)
    source, target, data = tmp_path / "src", tmp_path / "opt", tmp_path / "data"
    copied(build, source)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["bash", "tools/image", target], cwd=source, check=True, timeout=500,
        env={**os.environ, "PATH": path, "EXTRAS": dict(p.split("=") for n, p in build if n == "ARG")["EXTRAS"]},
    )  # fmt: skip
    variables = dict(re.findall(r"(\w+)=(\S+)", dict(last)["ENV"]))
    assert variables["AFTERCLOSE_DATA"] == "/data"
    data.mkdir()
    if becomes_it:
        os.chown(data, DESK_UID, DESK_UID)
    desk = tmp_path / "desk"
    desk.mkdir()
    shutil.copy(prices_file, desk / "prices.csv")
    (desk / "luigi.cfg").write_text(
        "[market]\ncalendar = 24/7\n\n[profile:us]\nsource = files\npath = prices.csv\n"
    )
    for folder in tmp_path.parents:
        if folder.stat().st_uid == 0 and folder.name.startswith("pytest"):
            folder.chmod(folder.stat().st_mode | 0o011)
    env = variables | {"PATH": f"{target}/bin:/usr/bin:/bin", "AFTERCLOSE_DATA": str(data), "TMPDIR": "/tmp"}
    ran = subprocess.run(
        [target / "bin" / "afterclose", "run", "--profile", "us", "--json", "--bootstrap-samples", "100"],
        cwd=desk, env=env, capture_output=True, text=True, check=False,
        **({"user": uid, "group": uid, "extra_groups": []} if becomes_it else {}),
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["state"] == "succeeded"
    assert {path.stat().st_uid for path in data.rglob("*")} == {uid}
    assert not [path for path in desk.iterdir() if path.name not in ("luigi.cfg", "prices.csv")]
    missing = subprocess.run([target / "bin" / "python", "-c", "import psycopg, apprise"], check=False)
    assert missing.returncode == 0


def test_the_compose_file_fits_its_schema_and_its_commands_exist():
    """The compose specification's own schema; each command of ours is one of the parser's, with its options."""
    path = ROOT / "compose.yaml"
    checked = subprocess.run(
        [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    services = yaml.safe_load(path.read_text(encoding="utf-8"))["services"]
    assert set(services) == {"postgres", "desk", "scheduler", "luigid"}
    for name, service in services.items():
        if name == "postgres":
            assert service["ports"] == ["127.0.0.1:5432:5432"]
            continue
        assert (service["read_only"], service["user"], service["cap_drop"]) == (True, str(DESK_UID), ["ALL"])
        if "entrypoint" in service:
            continue
        command = group.get_command(None, service["command"][0])
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in service["command"][1:] if word.startswith("--")} <= known
