"""Keys of OpenSSH that tests make."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest


@pytest.fixture
def make_key(tmp_path):
    """A new key of OpenSSH by its name."""
    if not shutil.which("ssh-keygen"):
        (pytest.fail if os.environ.get("AFTERCLOSE_REQUIRE_TOOLS") else pytest.skip)("no ssh-keygen")

    def make(name):
        path = tmp_path / name
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)]
        subprocess.run(words, check=True)
        return path

    return make
