"""Acts that are killed, or find no room, before each of their calls are finished by doing them again."""

from __future__ import annotations

import _sqlite3
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.journal import Journal
from core.registry.registry import Registry
from core.request import settings
from core.review import signoff
from core.review.people import Person
from core.review.publication import publish
from core.store.checkpoints import Store
from core.upkeep.archive import backup
from tests.commands import changed_on_import

WHOLE = os.environ.get("HYPOTHESIS_PROFILE") == "steady"
"""Whether all examples are drawn, as ``.ci/run`` asks."""

STEP = "1" if os.environ.get("AFTERCLOSE_EVERY_CALL") else "7" if WHOLE else "31"
"""Every call where that is asked for, else every seventh, or every 31st: a call takes a second."""

ROOT = Path(__file__).resolve().parents[2]
ME = Person("local:me", "local user", "approver")


@pytest.fixture
def swept(tmp_path, capsys):
    """Inject at every call of a command over a prepared root, say how many there were, and return what was lost."""

    def sweep(prepared, mode, *words, step=STEP, **env):
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AFTERCLOSE_", "LUIGI_"))}
        done = subprocess.run(
            [sys.executable, "-m", "tests.reliability.injection", str(work), str(prepared), mode, step, *words],
            cwd=ROOT, env={**clean, **env}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        counts = f"{told['calls']} calls ({told['of_sqlite']} of SQLite), {told['tried']} tried, {told['losses']} lost"
        with capsys.disabled():
            print(f"\n{words[0]} {mode}: {counts}")  # noqa: T201 - the count is the finding
        assert mode == "kill" or told["refused"]
        # restore writes a journal as one file; a part of the interpreter is out of reach
        assert told["of_sqlite"] or words[0] == "restore" or not hasattr(_sqlite3, "__file__")
        assert told["calls"] > 3
        return told["lost"]

    return sweep


def settings_over(data):
    """Settings over a data root."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=ROOT)


@pytest.fixture
def signed(finished):
    """A finished root whose report is signed, and its key."""
    configured, journal = settings_over(finished), Journal(finished)
    key = journal.runs()[0].keys["report"]
    shown = signoff.signable(Store(finished), journal, key).sha256
    why = "Sections are open on purpose."
    signoff.sign(configured, journal, key, text_sha256=shown, person=ME, meaning="approved", comment=why)
    return finished, key


MODES = ("kill", "full")


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_publish_is_finished_at_every_call(mode, signed, swept):
    """The same files, whole, and nothing beside them."""
    data, key = signed
    assert swept(data, mode, "publish", key) == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_restore_is_finished_at_every_call(mode, signed, swept, tmp_path):
    """The journal comes last, so the same command is never refused."""
    data, key = signed
    publish(settings_over(data), Journal(data), key, person=ME)
    backup(settings_over(data), tmp_path / "b.zip")
    assert swept(tmp_path / "nothing", mode, "restore", str(tmp_path / "b.zip")) == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_promote_is_finished_at_every_call(mode, finished, swept):
    """The pointer and the record."""
    (model,) = Registry(finished).ids()
    assert swept(finished, mode, "promote", model, "--why", "a reason") == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_gc_is_finished_at_every_call(mode, signed, swept):
    """What goes is gone, what a signature rests on is there."""
    data, _ = signed
    for stage in ("clean", "report"):
        for folder in list((data / "checkpoints" / stage).iterdir()):
            other = folder.with_name(f"2001-01-01-{folder.name[-12:]}")
            shutil.copytree(folder, other)
            (other / "meta.json").unlink()
    (data / "quarantine").mkdir()
    (data / "quarantine" / "x").write_bytes(b"x")
    assert swept(data, mode, "gc", "--yes") == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_backfill_is_finished_at_every_call(mode, finished, swept, small, run_afterclose):
    """A range whose reports are there, and what is on record of it."""
    words = ("backfill", "2020-10-26", "2020-10-26", *small)
    assert run_afterclose(*words, data=finished).code == 0
    assert swept(finished, mode, *words) == []


@pytest.mark.slow
@pytest.mark.skipif(STEP != "1", reason="half a minute a try: asked for with AFTERCLOSE_EVERY_CALL=1")
@pytest.mark.parametrize("mode", MODES)
def test_backfill_that_starts_a_run_is_finished(mode, finished, swept, small):
    """The run goes on when its starter is killed, and is waited for; a try takes seconds, so they are fewer."""
    words = ("backfill", "2020-10-25", "2020-10-25", *small)
    assert swept(finished, mode, *words, step="60") == []


MOMENTS = {
    "before the run begins, then before its process leads it": ("_spawn", "process"),
    "when its run goes on by itself, before that is written down": ("Launched",),
}
"""What ``core.runs.launcher`` calls when the one who starts a run is killed."""


@pytest.mark.slow
@pytest.mark.parametrize("moments", MOMENTS.values(), ids=MOMENTS)
def test_a_backfill_killed_while_it_starts_a_run_is_finished(
    moments, finished, small, tmp_path, run_afterclose
):
    """The calls of the sweep above that leave something behind, one after the other on one session: one run is made."""
    words = ("backfill", "2020-10-25", "2020-10-25", *small)
    for moment in moments:
        change = f"import os\nmodule.{moment} = lambda *_, **__: os.kill(os.getpid(), 9)"
        env = changed_on_import(tmp_path, "core.runs.launcher", change)
        assert run_afterclose(*words, data=finished, env=env).code == -signal.SIGKILL
    again = run_afterclose(*words, data=finished)
    assert again.code == 0, again.err
    states = [run.state for run in Journal(finished).runs()]
    assert states.count("succeeded") == 2, "that of the prepared root, and the session's"
    assert set(states) <= {"succeeded", "interrupted"}
    assert run_afterclose("verify", data=finished).code == 0


@pytest.mark.slow
def test_without_the_sweep_a_killed_publication_would_stay_damaged(signed, swept, tmp_path):
    """The protection taken out: the file that was being written is in the bundle for good."""
    data, key = signed
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'tests.reliability.injection' in sys.orig_argv:\n"
        "    from core.review import publication\n"
        "    publication._sweep = lambda folder: None\n"
    )
    lost = swept(data, "kill", "publish", key, step="7", PYTHONPATH=str(tmp_path))
    assert any("left behind" in line or "verify 30" in line for line in lost)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_keys_rotate_is_finished_at_every_call(mode, signed, swept, tmp_path):
    """One private half, and every record by a key that counts."""
    data, _ = signed
    admin = tmp_path / "admin.cfg"
    admin.write_text("[user]\nrole = admin\n")
    assert swept(data, mode, "keys", "rotate", "--why", "a reason", LUIGI_CONFIG_PATH=str(admin)) == []
