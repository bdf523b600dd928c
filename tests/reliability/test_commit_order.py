"""The commit mark comes last: killed, or without inodes, at any moment of a commit, what is marked is whole."""

from __future__ import annotations

import ast
import inspect
import os
import signal
import textwrap
import warnings
from contextlib import nullcontext

import pytest

from core.errors import CheckpointError
from core.platform.files import LocalStorage
from core.store import checkpoints
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Encoded

pytestmark = pytest.mark.slow

SLOT = Slot("clean", "2020-01-01-0123456789ab")
ARTIFACTS = (
    Encoded("prices_clean.json", "prices_clean", "json", b'{"format":1}\n', 1),
    Encoded("repairs.json", "repairs", "json", b'{"format":1}\n', None),
)
META = {"inputs": [], "parameters": {}}


def mark_first(function):
    """``LocalStorage.commit`` with its statements in another order: the commit mark, then the artifacts."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    body = tree.body[0].body
    artifacts = next(i for i, part in enumerate(body) if "move_other" in ast.unparse(part))
    assert "link_new" in ast.unparse(body[artifacts + 1])
    body[artifacts], body[artifacts + 1] = body[artifacts + 1], body[artifacts]
    names: dict = {}
    exec(compile(ast.fix_missing_locations(tree), "other order", "exec"), function.__globals__, names)
    return names[function.__name__]


def commit(root):
    """Commit the two artifacts."""
    return Store(root).commit(SLOT, ARTIFACTS, META)


def torn(root):
    """Whether a checkpoint is marked as committed and is not whole."""
    return Store(root).meta(SLOT) is not None and Store(root).damage(SLOT) is not None


CALLS = ("open", "link", "rename", "replace", "fsync", "unlink", "mkdir")
"""What a commit asks of the system; a kill comes just before one of them."""


def killed_before(root, number):
    """Commit in a child that is killed before its so-many-th call to the system; return whether it got there."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # newer Pythons warn when the test runner has threads
        child = os.fork()
    if not child:
        left = [number]

        def counted(call):
            def before(*words, **more):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*words, **more)

            return before

        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
        try:
            commit(root)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def kills(tmp_path):
    """Commit again and again, killed one call later each time; return whether each kill left something torn."""
    found = []
    for number in range(1, 60):
        root = tmp_path / str(number)
        if not killed_before(root, number):
            return found
        found.append(torn(root))
    return pytest.fail("a commit of two artifacts takes no 60 calls")


def test_a_commit_killed_before_any_of_its_calls_leaves_nothing_torn(tmp_path):
    """kill -9 before each call to the system in turn; the next commit then makes it whole."""
    found = kills(tmp_path)
    assert len(found) > 10
    assert not any(found)
    for number in range(1, len(found) + 1):
        root = tmp_path / str(number)
        commit(root)
        assert Store(root).damage(SLOT) is None
        assert Store(root).read(SLOT, "repairs.json") == ARTIFACTS[1].data


def test_with_the_mark_before_the_artifacts_a_kill_would_leave_a_torn_checkpoint(tmp_path, monkeypatch):
    """The order taken out."""
    monkeypatch.setattr(LocalStorage, "commit", mark_first(LocalStorage.commit))
    assert any(kills(tmp_path))


def starved(mount, inodes):
    """Commit on a file system with so many inodes; return the error, None if there were enough, and if torn."""
    root = mount(f"size=1m,nr_inodes={inodes}") / "data"
    try:
        commit(root)
    except CheckpointError as error:
        return str(error), torn(root)
    return None, torn(root)


def test_a_commit_without_inodes_is_named_and_leaves_nothing_torn(mount):
    """Wherever they end: the cause in one line and no mark, until there are enough."""
    told = [starved(mount, inodes) for inodes in range(3, 12)]
    assert not any(damaged for _, damaged in told)
    assert "No space left on device" in told[0][0]
    assert all(error is None or "No space left on device" in error for error, _ in told)
    assert told[-1][0] is None


def test_with_the_mark_before_the_artifacts_a_commit_without_inodes_would_be_torn(mount, monkeypatch):
    """The order taken out: marked, and an artifact is missing."""
    monkeypatch.setattr(LocalStorage, "commit", mark_first(LocalStorage.commit))
    assert any(damaged for _, damaged in (starved(mount, inodes) for inodes in range(3, 12)))


def test_without_its_translation_a_commit_without_inodes_would_be_a_crash(mount, monkeypatch):
    """The writer's one error taken out: what came would be the system's, not one that is named and exits 30."""
    monkeypatch.setattr(checkpoints, "CheckpointError", _Unraised)
    with pytest.raises(OSError, match="No space left") as raised:
        starved(mount, 3)
    assert not isinstance(raised.value, CheckpointError)


class _Unraised:
    """In the error's place: what caused it comes through."""

    def __new__(cls, *words, **more):
        import sys

        raise sys.exception()

    @staticmethod
    def of_disk(*_, **__):
        return nullcontext()
