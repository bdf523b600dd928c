"""Whole runs with the data root in object storage: the same bytes, the same commands, one journal for one root."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from hashlib import sha256

import pytest

from core.platform.objects import root_at

pytestmark = pytest.mark.slow


@pytest.fixture
def far(remote):
    """Look at a root in object storage as tests look at a folder."""

    class Far:
        root = remote
        data = str(remote)

        def artifacts(self) -> dict[str, str]:
            """SHA-256 of every artifact by stage/key/file, without the metas."""
            below = remote / "checkpoints"
            return {
                str(path.relative_to(below)): sha256(path.read_bytes()).hexdigest()
                for path in below.rglob("*")
                if path.name != "meta.json"
            }

    return Far()


@pytest.fixture(scope="session")
def template(s3, s3_endpoint_environment, make_bucket, run_luigi, small, tmp_path_factory):
    """A bucket with the root of one finished run, and the state folder of the machine that ran it."""
    folder = tmp_path_factory.mktemp("template")
    bucket = make_bucket()
    config = folder / "s3.cfg"
    config.write_text(f"[storage]\nstate = {folder / 'state'}\n")
    env = {**s3_endpoint_environment, "LUIGI_CONFIG_PATH": str(config)}
    done = run_luigi(*small, "--mode", "train", data=f"s3://{bucket}/prices", env=env)
    assert done.code == 0, done.err
    return bucket, folder / "state"


@pytest.fixture
def trained(far, template, tmp_path):
    """A copy of that root and state folder that a test may change."""
    bucket, state = template
    source = root_at(f"s3://{bucket}/prices", state)
    for path in source.rglob("*"):
        (far.root / path.relative_to(source)).write_bytes(path.read_bytes())
    shutil.copytree(state, tmp_path / "state")
    return far


def test_a_run_in_object_storage_gives_the_same_bytes_and_every_command_reads_it(
    trained, run_luigi, run_afterclose, small, s3_environment, prepared, lookers, tmp_path, monkeypatch
):
    """Run, run again, list, show, verify, gc, export, backup, load: as on a disk, with the local part in its folder."""
    assert trained.artifacts() == lookers.artifacts(prepared)
    local = ["journal.sqlite", "keys", "locks", "root.json", "runs"]
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == local

    def afterclose(*words, code=0):
        done = run_afterclose(*words, data=trained.data, env=s3_environment, cwd=tmp_path)
        assert done.code == code, done.out + done.err
        return done.out

    again = run_luigi(*small, "--mode", "train", data=trained.data, env=s3_environment)
    assert again.code == 0, again.err
    assert "done" not in again.states().values()
    runs = json.loads(afterclose("runs", "--json"))
    assert [run["state"] for run in runs] == ["succeeded", "succeeded"]
    assert "report" in afterclose("show", runs[0]["run_id"])
    assert "all whole" in afterclose("verify")
    assert afterclose("gc") == run_afterclose("gc", data=prepared).out
    afterclose("export", runs[1]["run_id"], "--output", "run.zip")
    afterclose("backup", "all.zip")
    stored = zipfile.ZipFile(tmp_path / "run.zip").namelist()
    assert f"runs/{runs[1]['run_id']}/log.jsonl" in stored
    assert {
        n.split("/", 1)[1] for n in stored if n.startswith("checkpoints/") and "meta.json" not in n
    } == set(trained.artifacts())
    monkeypatch.chdir(tmp_path)
    from core.queries.notebook import load

    assert len(load("features", data=trained.data)) > 500
    assert not list(tmp_path.glob("s3:*"))


def test_a_changed_object_is_noticed_and_remade(
    trained, run_luigi, run_afterclose, small, s3_environment, prepared, lookers
):
    """Its bytes differ from its meta: verify names it, the next run sets it aside and makes it again."""
    (changed,) = (trained.root / "checkpoints" / "feature_engineer").rglob("features.json")
    changed.write_bytes(changed.read_bytes().replace(b"0", b"1", 1))
    told = run_afterclose("verify", data=trained.data, env=s3_environment)
    assert (told.code, "damaged checkpoint feature_engineer" in told.out) == (30, True)
    again = run_luigi(*small, "--mode", "train", data=trained.data, env=s3_environment)
    assert again.code == 0, again.err
    assert trained.artifacts() == lookers.artifacts(prepared)
    assert len(list((trained.root / "quarantine").rglob("features.json"))) == 1


def test_what_nothing_rests_on_can_be_removed(trained, run_luigi, run_afterclose, small, s3_environment):
    """A checkpoint of earlier settings goes with gc --yes; what the last run made stays."""
    kept = trained.artifacts()
    stray = trained.root / "checkpoints" / "clean" / "2001-01-01-0123456789ab"
    (stray / "prices_clean.json").write_bytes(b"{}")
    told = run_afterclose("gc", "--yes", data=trained.data, env=s3_environment)
    assert told.code == 0, told.out + told.err
    assert trained.artifacts() == kept


def test_a_second_host_on_sqlite_is_refused(trained, run_luigi, small, s3_environment, tmp_path):
    """Another state folder is another journal: exit 4, whose it is and what several hosts need; nothing is written."""
    other = tmp_path / "other.cfg"
    other.write_text(f"[storage]\nstate = {tmp_path / 'elsewhere'}\n")
    before = {str(path): path.stat().st_ino for path in trained.root.rglob("*")}
    env = {**s3_environment, "LUIGI_CONFIG_PATH": str(other)}
    refused = run_luigi(*small, "--mode", "train", "--seed", "8", data=trained.data, env=env)
    assert refused.code == 4, refused.err
    assert "PostgreSQL" in refused.err
    assert "SQLite journal" in refused.err
    assert "Traceback" not in refused.err
    assert {str(path): path.stat().st_ino for path in trained.root.rglob("*")} == before


def test_a_storage_that_does_not_answer_stops_a_run_in_words(run_luigi, small, s3_environment, far):
    """Exit 30, the cause, no traceback."""
    env = {**s3_environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    done = run_luigi(*small, "--mode", "train", data=far.data, env=env)
    assert done.code == 30, done.err
    assert "127.0.0.1:1" in done.err
    assert "Traceback" not in done.err


def test_a_storage_that_writes_over_what_is_there_is_refused(
    run_luigi, small, s3_environment, forgetful_s3, tmp_path
):
    """Two runs could write over each other's checkpoints: exit 4 before a stage runs, now and at the next try."""
    env = {**s3_environment, "AWS_ENDPOINT_URL": forgetful_s3}
    for _ in range(2):
        done = run_luigi(*small, "--mode", "train", data="s3://old/prices", env=env)
        assert done.code == 4, done.err
        assert "does not honour If-None-Match" in done.err
        assert "Traceback" not in done.err
    with urllib.request.urlopen(f"{forgetful_s3}/old?list-type=2", timeout=30) as answer:
        assert re.findall("<Key>(.*?)</Key>", answer.read().decode()) == []


def test_a_backup_comes_back_into_another_bucket(
    trained, run_afterclose, s3_environment, make_bucket, tmp_path
):
    """Journal, draft and what the report rests on, onto a machine and a bucket that have nothing yet."""
    (report,) = (trained.root / "checkpoints" / "report").iterdir()

    def afterclose(*words, data, env):
        done = run_afterclose(*words, data=data, env=env, cwd=tmp_path)
        assert done.code == 0, done.out + done.err
        return done.out

    (tmp_path / "text.txt").write_bytes((report / "report.txt").read_bytes() + b"Read on another day.\n")
    afterclose("review", report.name, "--save", "text.txt", data=trained.data, env=s3_environment)
    afterclose("backup", "all.zip", data=trained.data, env=s3_environment)
    config = tmp_path / "new.cfg"
    config.write_text(f"[storage]\nstate = {tmp_path / 'new'}\n")
    there = {
        "data": f"s3://{make_bucket()}/prices",
        "env": {**s3_environment, "LUIGI_CONFIG_PATH": str(config)},
    }
    afterclose("restore", "all.zip", **there)
    assert "all whole" in afterclose("verify", **there)
    assert [run["state"] for run in json.loads(afterclose("runs", "--json", **there))] == ["succeeded"]
    shown = afterclose("review", report.name, "--text", **there)
    assert "Read on another day." in shown
    other = root_at(there["data"], tmp_path / "new")
    kept = {str(path.relative_to(other)) for path in (other / "checkpoints").rglob("*")}
    assert kept == {str(p.relative_to(trained.root)) for p in (trained.root / "checkpoints").rglob("*")}


def test_tables_too_large_to_hold_are_the_same_in_a_bucket(
    far, run_luigi, s3_environment, root, tmp_path, lookers
):
    """252,000 rows, up to the features: Parquet that goes up and comes down in pieces, with the bytes of a disk."""
    file = tmp_path / "universe.parquet"
    make = [sys.executable, "benchmarks/universe.py", "--tickers", "100", "--out", str(file)]
    subprocess.run(make, cwd=root, check=True)
    words = ("--source", "files", "--path", str(file))
    for data, env in ((tmp_path / "disk", None), (far.data, s3_environment)):
        done = run_luigi(*words, task="FeatureEngineer", data=data, env=env)
        assert done.code == 0, done.err
        assert done.err.rstrip().endswith("features.parquet")
    assert far.artifacts() == lookers.artifacts(tmp_path / "disk")
    assert any(name.endswith("features.parquet") for name in far.artifacts())
    cached = list((tmp_path / "state").rglob("*.parquet"))
    assert cached
    assert not any(path.name.startswith(".") for path in cached)


@pytest.mark.parametrize("words", [("verify",), ("gc",), ("reports",), ("models",), ("backup", "b.zip")])
def test_a_storage_that_does_not_answer_is_named_and_nothing_else(
    trained, run_afterclose, s3_environment, tmp_path, words
):
    """It was an unexpected error with a stack: nobody is told that nothing is damaged."""
    env = {**s3_environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    done = run_afterclose(*words, data=trained.data, env=env, cwd=tmp_path)
    assert done.code == 30, done.out + done.err
    assert "gives no answer" in done.err + done.out
    assert "unexpected" not in done.err
