"""Runs, journal, log and archives with one protection taken out: the fault gets through, so its test would fail."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
import zipfile
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

import peewee
import pytest

from core import archive, garbage, launcher, loglines, settings, signoff, supervisor
from core.errors import AftercloseError, DataError, SignOffError
from core.fingerprint import sha256
from core.journal import Journal, chain, chain_faults
from core.journal import journal as journal_module
from core.journal.database import FILE_NAME, JournalError
from core.processes import process
from core.runfolder import RunFolder
from core.runlog import RunLog
from core.signoff import Signer
from core.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def configured(data):
    """Settings over a data root."""
    return settings.load(environ={"AFTERCLOSE_DATA": str(data)}, folder=ROOT)


# ---- processes


def patched(tmp_path, code):
    """The environment of a command in which ``code`` runs before anything else."""
    (tmp_path / "sitecustomize.py").write_text(code, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path), "AFTERCLOSE_TEST_SLOW_S": "20"}


def supervised(fleet, data, looks, wait_until, env):
    """Start a supervised run and wait until its pipeline is in its first stage."""
    fleet.start(fleet.supervised(), data, env=env)
    wait_until((data / "runs").is_dir, "the run to be recorded")
    wait_until(lambda: looks.events(data, "started"), "the pipeline to start")
    return looks.runs(data)[0]


@pytest.mark.slow
def test_without_the_signal_to_the_group_a_cancelled_run_goes_on(fleet, data, looks, wait_until, tmp_path):
    """The protection taken out: the supervisor hears of the cancel and the pipeline does not."""
    env = patched(tmp_path, "import os\nos.killpg = lambda *_: None\n")
    run = supervised(fleet, data, looks, wait_until, env)
    assert launcher.cancel(configured(data), run.run_id)
    assert not fleet.gone_after(2.0)
    assert looks.runs(data)[0].state == "running"


@pytest.mark.slow
def test_without_the_parent_death_signal_a_pipeline_outlives_its_supervisor(
    fleet, data, looks, wait_until, tmp_path
):
    """The protection taken out: a run that reads interrupted would go on and commit."""
    env = patched(tmp_path, "from core import processes\nprocesses.die_with = lambda parent: None\n")
    run = supervised(fleet, data, looks, wait_until, env)
    os.kill(run.process.pid, signal.SIGKILL)
    wait_until(lambda: looks.runs(data)[0].state == "interrupted", "the supervisor to be gone")
    assert not fleet.gone_after(2.0)


FAMILY = "import os, time\nos.fork()\ntime.sleep(60)\n"


@pytest.mark.parametrize("protected", [True, False], ids=["whole group", "taken out"])
def test_what_is_left_of_a_run_ends_with_its_whole_group(protected, monkeypatch, wait_until):
    """Asked singly instead of as a group, a child of the pipeline is still there."""
    leader = subprocess.Popen([sys.executable, "-c", FAMILY], process_group=0)
    (child,) = wait_until(lambda: _children(leader.pid), "the child")
    born = process(child)
    if not protected:
        monkeypatch.setattr(supervisor.os, "killpg", lambda pid, number: os.kill(pid, number))
    try:
        monkeypatch.setattr(supervisor, "GRACE_S", 0.2)
        supervisor.end_group(leader.pid, time.sleep)
        leader.wait(timeout=5)
        if protected:
            wait_until(lambda: not born.alive(), "the child's end", timeout_s=2)
        assert born.alive() is not protected
    finally:
        monkeypatch.undo()
        with suppress(ProcessLookupError):
            os.killpg(leader.pid, signal.SIGKILL)


def _children(pid):
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_without_the_look_at_the_last_checkpoint_an_exit_code_would_be_believed(finished, monkeypatch):
    """The protection taken out: a pipeline that left with 0 and no report reads succeeded."""
    journal = Journal(finished)
    for number, expected in (("one", "failed"), ("two", "succeeded")):
        journal.add_run(number, who="a", how="desk", request={}, target="report", state="queued")
        journal.start(number, {"report": "never-made"})
        Supervisor(configured(finished), journal, journal.run(number))._finish(0)
        assert journal.run(number).state == expected
        monkeypatch.setattr(Supervisor, "_damage", lambda self: None)


DESK = """
import json, subprocess, sys, time
from pathlib import Path
from core import settings
from core.launcher import launch

folder = Path(sys.argv[1])
if sys.argv[3] == "taken out":
    made = subprocess.Popen
    subprocess.Popen = lambda *words, start_new_session, **more: made(*words, **more)
launch(settings.load(folder=folder), json.loads(sys.argv[2]), who="a", how="desk", folder=folder)
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["protected", "taken out"])
def test_a_run_is_found_again_after_its_desk_went_with_its_terminal(
    how, fleet, data, looks, wait_until, small_request
):
    """In a session of its own it goes on and a second launch leads to it; in the desk's it ends with the desk."""
    words = [sys.executable, "-c", DESK, str(ROOT), json.dumps(small_request), how]
    desk = fleet.start(words, data, env={"AFTERCLOSE_TEST_SLOW_S": "20"})
    wait_until((data / FILE_NAME).exists, "a journal")
    wait_until(lambda: (data / "runs").is_dir() and looks.events(data, "started"), "a start")
    os.killpg(desk.pid, signal.SIGHUP)
    fleet.end(desk)
    if how == "taken out":
        assert fleet.gone_after(5.0)
        assert looks.runs(data)[0].state == "interrupted"
        return
    (run,) = looks.runs(data)
    assert run.state == "running"
    again = launcher.launch(configured(data), small_request, who="a", how="desk", folder=ROOT)
    assert (again.run_id, again.new) == (run.run_id, False)


def test_without_settling_a_launch_that_died_would_block_the_same_run_for_good(
    desk_settings, small_request, monkeypatch, without
):
    """The protection taken out: a second launch is led to a run that nobody leads."""
    Journal(desk_settings.data).add_run(
        "dead", who="a", how="desk", request=small_request, target="report", state="queued"
    )
    unsettled = without(launcher.launch, "journal.settle(")
    told = unsettled(desk_settings, small_request, who="a", how="desk", folder=ROOT)
    assert (told.run_id, told.new) == ("dead", False)
    monkeypatch.setattr(launcher, "_spawn", lambda *_: None)
    assert launcher.launch(desk_settings, small_request, who="a", how="desk", folder=ROOT).new


@pytest.mark.slow
def test_without_the_exit_codes_in_the_configuration_a_failed_run_would_leave_with_0(
    fleet, data, tmp_path, root
):
    """The protection taken out ([retcode]): Luigi says 0 of a run whose disk was full."""
    env = patched(
        tmp_path,
        "import core.compute as c\n\n\ndef full(stage, job):\n    raise OSError(28, 'No space left on device')\n\n\n"
        "c.compute = full\n",
    ) | {"AFTERCLOSE_TEST_SLOW_S": ""}
    assert fleet.run(fleet.luigi(), data, env=env).returncode == 30
    text = (root / "luigi.cfg").read_text()
    before, _, after = text.partition("[retcode]")
    (tmp_path / "luigi.cfg").write_text(before + after[after.find("\n[") :])
    bare = env | {"LUIGI_CONFIG_PATH": str(tmp_path / "luigi.cfg")}
    assert fleet.run(fleet.luigi(), data, env=bare).returncode != 30


# ---- journal and log


def test_ordered_by_the_clock_runs_would_be_in_the_wrong_order(data, monkeypatch):
    """The protection taken out (order by time): a clock set back puts the last run in the middle."""
    journal = Journal(data)
    for run_id, clock in (("first", "2024-06-01"), ("second", "2023-06-01"), ("third", "2025-06-01")):
        monkeypatch.setattr(journal_module, "utc_now", lambda clock=clock: f"{clock}T00:00:00.000+00:00")
        journal.add_run(run_id, who="a", how="terminal", request={}, target="report", state="failed")
    assert [run.run_id for run in journal.runs()] == ["third", "second", "first"]
    real = Journal._runs
    monkeypatch.setattr(
        Journal,
        "_runs",
        lambda self, rest, values: real(self, rest.replace("BY seq", "BY created_at"), values),
    )
    assert [run.run_id for run in journal.runs()] == ["third", "first", "second"]


def test_untranslated_a_damaged_journal_would_be_a_crash(finished, monkeypatch):
    """The protection taken out: the database's own error, which nobody above expects."""
    path = finished / FILE_NAME
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))
    with pytest.raises(JournalError):
        Journal(finished, read_only=True).runs()
    monkeypatch.setattr(journal_module, "readable", nullcontext)
    with pytest.raises((peewee.PeeweeException, sqlite3.Error)) as crash:
        Journal(finished, read_only=True).runs()
    assert not isinstance(crash.value, AftercloseError)


def test_without_asking_whether_the_journal_is_lost_gc_would_list_all_it_cannot_judge(finished, without):
    """The protection taken out: what signatures rest on is garbage as soon as the record of them is gone."""
    import shutil

    for path in finished.glob(f"{FILE_NAME}*"):
        path.unlink()
    shutil.rmtree(finished / "latest")
    with pytest.raises(JournalError):
        garbage.garbage(configured(finished), NOW)
    listed = without(garbage.garbage, "if lost is not None:")(configured(finished), NOW)
    assert len([item for item in listed if item.what == "checkpoint"]) == 7


def peak_bytes(function):
    """Memory that a call took at its largest."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("protected", [True, False], ids=["tail", "taken out"])
def test_of_a_log_of_a_gigabyte_only_the_tail_is_read(protected, data, monkeypatch):
    """A page of the desk takes less than a mebibyte for it; without the limit, all of the file (16 MiB here)."""
    log = RunLog(data, "r")
    log.folder.mkdir(parents=True)
    with log.path.open("wb") as stream:
        stream.truncate(2**30 if protected else 2**24)
        stream.seek(0, 2)
        stream.write(b"\n")
    log.write("started", stage="clean")
    if not protected:
        monkeypatch.setattr(loglines.tail, "__defaults__", (2**40,))
    shown = []
    taken = peak_bytes(lambda: shown.append(RunFolder(data, "r").log()))
    assert shown[0].splitlines()[-1].endswith("started")
    assert (taken < 2**20) is protected


# ---- archives


@pytest.mark.parametrize("name", ["../evil.txt", "models/../../evil.txt", "ABSOLUTE"])
def test_without_the_judgement_of_names_a_member_would_leave_the_data_root(
    name, tmp_path, monkeypatch, without
):
    """The protection taken out: a file outside of the data root."""
    evil, path = tmp_path / "evil.txt", tmp_path / "a.zip"
    member = str(evil) if name == "ABSOLUTE" else name
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(member, b"x")
        packed.writestr(archive.MANIFEST, json.dumps({"members": {member: sha256(b"x")}}))
    with pytest.raises(DataError):
        archive.restore(configured(tmp_path / "data"), path)
    assert not evil.exists()
    monkeypatch.setattr(archive, "_trusted", without(archive._trusted, "if not parts or"))
    archive.restore(configured(tmp_path / "data"), path)
    assert evil.exists()


def test_without_the_digests_other_bytes_would_be_restored(tmp_path, monkeypatch, without):
    """The protection taken out: bytes that nobody packed."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("models/a.json", b"other")
        packed.writestr(archive.MANIFEST, json.dumps({"members": {"models/a.json": sha256(b"packed")}}))
    with pytest.raises(DataError):
        archive.restore(configured(tmp_path / "data"), path)
    monkeypatch.setattr(archive, "_trusted", without(archive._trusted, "if sha256("))
    archive.restore(configured(tmp_path / "data"), path)
    assert (tmp_path / "data" / "models" / "a.json").read_bytes() == b"other"


# ---- records and signatures


def whole_chain():
    """Four records."""
    records, last = [], chain.GENESIS
    for seq in range(1, 5):
        records.append(chain.make(seq, "signature", "r", {"user": f"u{seq}"}, last))
        last = records[-1].hash
    return records


def relinked(records):
    """The records as somebody writes them anew who knows how hashes are made, with the numbers they had."""
    made, last = [], chain.GENESIS
    for r in records:
        made.append(chain.make(r.seq, r.kind, r.subject, r.content, last))
        last = made[-1].hash
    return made


def edited():
    """The second says something else."""
    first, second, *rest = whole_chain()
    return [first, chain.Record(**{**vars(second), "content": {"user": "mallory"}}), *rest]


def cut():
    """The second is gone and what follows was linked anew."""
    first, _, *rest = whole_chain()
    return relinked([first, *rest])


def reordered():
    """The second and third changed places: each with the other's number, and a hash that fits."""
    a, b, c, d = whole_chain()
    return [
        a,
        chain.make(2, c.kind, c.subject, c.content, b.prev_hash),
        chain.make(3, b.kind, b.subject, b.content, c.prev_hash),
        d,
    ]


@pytest.mark.parametrize(
    ("attack", "check", "said"),
    [
        (edited, "if record.hash != hash_of(", ["record 2 was changed after it was written"]),
        (cut, "if record.seq != expected:", ["record 2 is missing before record 3"]),
        (
            reordered,
            "if record.prev_hash != previous:",
            ["record 3 does not follow the one before it", "record 4 does not follow the one before it"],
        ),
    ],
)
def test_each_attack_on_the_chain_is_seen_by_a_check_and_by_no_other(attack, check, said, without):
    """Where it was edited, cut or reordered is told; with that check taken out, nothing is."""
    assert chain_faults(whole_chain()) == []
    assert chain_faults(attack()) == said
    assert without(chain_faults, check)(attack()) == []


@pytest.fixture
def opened(finished):
    """Sign what a person opened: the text was edited by somebody else since."""
    store, journal = signoff.Store(finished), Journal(finished)
    (folder,) = (finished / "checkpoints" / "report").iterdir()
    text = signoff.signable(store, journal, folder.name)

    def sign(by=signoff.sign):
        return by(
            store, journal, folder.name, shown=text.sha256, signer=Signer("Ann", "approver"),
            meaning="approved", comment="as shown",
        )  # fmt: skip

    def edit():
        signoff.save_draft(store, journal, folder.name, text.text + "\nmore\n", author="bob")

    sign.edit = edit
    return sign


def test_without_the_comparison_a_text_that_was_never_shown_would_be_signed(opened, without):
    """The protection taken out: a signature although the report changed after it was opened."""
    opened.edit()
    with pytest.raises(SignOffError, match="changed since you opened it"):
        opened()
    assert opened(without(signoff.sign, "if there != shown:")).seq == 1


def test_without_the_comparison_in_the_transaction_an_edit_could_slip_in_between(
    opened, monkeypatch, without
):
    """The protection taken out: the text changes after the first look and before the record."""
    real, unguarded = Journal.append, without(Journal.append, "if unless is not None:")

    def late(append):
        def slipped(self, *words, **more):
            opened.edit()
            return append(self, *words, **more)

        return slipped

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", late(real))
        with pytest.raises(SignOffError, match="changed since you opened it"):
            opened()
    # one draft is there by now, so what was opened has to be that one again
    monkeypatch.setattr(Journal, "append", unguarded)
    assert opened(without(signoff.sign, "unchanged([], draft)")).seq == 1
