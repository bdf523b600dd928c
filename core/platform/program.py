"""Which program this is: version, commit, whether files were changed since, and the digest of what it is pinned to.

It stands in every checkpoint's meta and in each published proof, in no key and in no artifact: the next commit would
otherwise make other bytes under a committed key.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from core import __version__
from core.fingerprint import sha256

HOME = Path(__file__).resolve().parents[2]
"""The folder of the project, where it runs from a checkout; elsewhere a folder without what is looked for."""

LOCK = "requirements.txt"
_STAGE_CODE = Path("tests/core/stage_code.json")
_TIMEOUT_S = 10.0
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?:\s*;\s*(.+))?$")


@cache
def program(home: Path = HOME) -> dict[str, Any]:
    """Return the program that runs in this process; looked up once, with one process of git at most.

    Returns
    -------
    dict
        ``version``; ``commit`` (40 hex digits) and ``dirty`` (whether tracked files differ from it), both None where
        the project is in no repository of its own or there is no git; ``lock_sha256`` of ``requirements.txt``, None
        where it does not lie beside the code.
    """
    commit, dirty = _state(home)
    lock = lock_bytes(home)
    return {
        "version": __version__,
        "commit": commit,
        "dirty": dirty,
        "lock_sha256": sha256(lock) if lock is not None else None,
    }


def lock_bytes(home: Path = HOME) -> bytes | None:
    """Return the file of pins beside the code, None where there is none."""
    try:
        return (home / LOCK).read_bytes()
    except OSError:
        return None


def _state(home: Path) -> tuple[str | None, bool | None]:
    """Return the commit and whether tracked files were changed."""
    if not (
        home / ".git"
    ).exists():  # another project's repository around an installed one says nothing of it
        return None, None
    # a hook of git sets variables that point elsewhere; the index is not written
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = [
        "git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no",
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - constant words
            command, cwd=home, env=environ, capture_output=True, text=True, check=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    lines = done.stdout.splitlines()
    commit = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "")
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return None, None  # no commit yet
    return commit, any(not line.startswith("#") for line in lines)


@cache
def stage_code(stage: str, home: Path = HOME) -> str | None:
    """Return the recorded digest of a stage's code, None where the record does not lie beside the code."""
    try:
        history = json.loads((home / _STAGE_CODE).read_bytes())[stage]
        return str(history[-1]["digest"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def in_words(of: object) -> str:
    """Return a program as people read it: version, the beginning of its commit, and whether files were changed.

    >>> in_words({"version": "0.1.0", "commit": "ab" * 20, "dirty": True})
    '0.1.0, commit abababababab with changed files'
    >>> in_words({"version": "0.1.0", "commit": None})
    '0.1.0, no commit'
    """
    if not isinstance(of, dict) or not of.get("version"):
        return "not recorded"
    commit = f"commit {str(of['commit'])[:12]}" if of.get("commit") else "no commit"
    return f"{of['version']}, {commit}{' with changed files' if of.get('dirty') else ''}"


def sbom(lock: bytes, of: dict[str, Any]) -> bytes:
    """Return what the program is made of as CycloneDX 1.6 JSON: a component for each pin.

    Parameters
    ----------
    lock : bytes
        The file of pins; each line ``name==version``, with a marker where it counts only for some machines.
    of : dict
        The program, of :func:`program`.
    """
    matches = [match for line in lock.decode().splitlines() if (match := _PIN.match(line.strip()))]
    facts = {"commit": of["commit"] or "none", "dirty": str(of["dirty"]).lower(), "lock_sha256": sha256(lock)}
    own = f"pkg:pypi/afterclose@{of['version']}"
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "afterclose",
                "version": of["version"],
                "purl": own,
                "properties": [
                    {"name": f"afterclose:{name}", "value": value} for name, value in facts.items()
                ],
            }
        },
        "components": [_component(*match.groups()) for match in matches],
    }
    return json.dumps(body, indent=1).encode() + b"\n"


def parts() -> bytes:
    """Return :func:`sbom` of this program; where no file of pins lies beside the code, of what is installed."""
    lock = lock_bytes()
    if lock is None:
        from importlib.metadata import distributions

        pins = sorted({f"{each.name}=={each.version}" for each in distributions()})
        lock = "\n".join(pins).encode()
    return sbom(lock, program())


def _component(name: str, version: str, marker: str | None) -> dict[str, Any]:
    url = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"
    component: dict[str, Any] = {
        "type": "library", "bom-ref": url, "name": name, "version": version, "purl": url,
    }  # fmt: skip
    if marker:
        component["properties"] = [{"name": "afterclose:marker", "value": marker}]
    return component
