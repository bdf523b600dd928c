"""Killed between signing and publishing, at any file: a rerun finishes it, with the bytes of an undisturbed one."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import pytest

from core.journal import Journal
from core.review import keys
from core.review.bundle_files import PROOF_NAME, ZIP_NAME

KILLED = """
import os, signal, sys
from core.request import settings
from core.journal import Journal
from core.review import publication
from core.review.people import local_person

left, when = int(sys.argv[2]), sys.argv[3]
replace_file = publication.replace_file

def dying(path, data):
    global left
    left -= 1
    if left == 0 and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    replace_file(path, data)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

publication.replace_file = dying
now = settings.load()
publication.publish(now, Journal(now.data), sys.argv[1], person=local_person(now))
"""


@pytest.fixture
def undisturbed(office, lookers, tmp_path):
    """A signed root, and the files of its publication when nothing happens."""
    office.sign()
    keys.signing_key(office.settings, office.journal, office.me)
    shutil.copytree(office.root, tmp_path / "other", symlinks=True)
    office.publish()
    return tmp_path / "other", lookers.tree(office.root / "published")


@pytest.mark.slow
def test_a_kill_at_any_file_is_finished_by_a_rerun_of_the_task(
    undisturbed, office, lookers, run_luigi, run_afterclose, monkeypatch, root, tmp_path
):
    """SIGKILL before and after the first, the middle and the last file; then Luigi's task, or the command."""
    signed, wanted = undisturbed
    assert len(wanted) == 8
    for number in (1, 5, 8):
        for when in ("before", "after"):
            data = tmp_path / f"{number}-{when}"
            shutil.copytree(signed, data, symlinks=True)
            monkeypatch.setenv("AFTERCLOSE_DATA", str(data))
            dead = subprocess.run(
                [sys.executable, "-c", KILLED, office.key, str(number), when], cwd=root, check=False
            )
            assert dead.returncode == -signal.SIGKILL
            assert len(lookers.tree(data / "published")) == number - (when == "before")
            if number == 5:
                done = run_luigi("--report", office.key, data=data, task="Publish")
            else:
                done = run_afterclose("publish", data=data)
            assert done.code == 0, done.err
            made = lookers.tree(data / "published")
            other = {name for name in wanted if made.get(name) != wanted[name]}
            # Luigi's run is a record: where the proof was not there yet, it states a later head
            assert {name.rpartition("/")[2] for name in other} <= (
                {PROOF_NAME, ZIP_NAME} if number == 5 else set()
            )
            assert made.keys() == wanted.keys()
            assert run_afterclose("verify", data=data).code == 0
            assert [r.kind for r in Journal(data).records()] == ["signature", "publication"]
            assert not list(data.glob("quarantine/published/*"))
            shutil.rmtree(data)
