"""Engines: the same bytes in one process, in several and on a Dask cluster that loses a worker."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import SettingsError
from core.fingerprint import sha256_file
from core.progress import silent
from core.settings import load
from core.shards.engine import Engine
from core.shards.features import engineer
from core.shards.table import Sharded, ShardWriter, arrow_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    """Clean prices in six shards."""
    rng = np.random.default_rng(2)
    path = tmp_path_factory.mktemp("prices") / "prices_clean.parquet"
    days = pd.bdate_range("2018-01-01", periods=300).astype("datetime64[s]")
    with ShardWriter(path, "prices_clean") as writer:
        for shard in range(6):
            names = [f"T{shard}{i}" for i in range(20)]
            close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, (20, 300)), axis=1)).ravel()
            keys = {"date": np.tile(days, 20), "ticker": np.repeat(names, 300)}
            writer.add(arrow_of(pd.DataFrame({**keys, "adj_close": close})))
        made = writer.done({"price_basis": "raw"})
    assert made.shards == 6
    return made


def digest(prices: Sharded, folder: Path, engine: Engine, progress=silent) -> str:
    """Return the SHA-256 of the features that an engine makes."""
    path = folder / f"{engine.kind}{engine.workers}.parquet"
    engineer(prices, path=path, engine=engine, progress=progress)
    return sha256_file(path)


def test_processes_give_the_bytes_of_one_process_whatever_their_number(prices, tmp_path):
    """One, two and three workers."""
    alone = digest(prices, tmp_path, Engine())
    assert [digest(prices, tmp_path, Engine("processes", n)) for n in (1, 2, 3)] == [alone] * 3


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers on loopback, each a process of its own; ended by id."""
    pytest.importorskip("distributed", reason="Dask is not installed")
    environ = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5"}
    log = tmp_path / "scheduler.log"
    command = [sys.executable, "-m", "dask"]
    place = ["--host", "127.0.0.1", "--no-dashboard"]
    with log.open("wb") as stream:
        first = subprocess.Popen(
            [*command, "scheduler", *place, "--port", "0"], stderr=stream, stdout=stream, env=environ
        )
    started = [first]
    try:
        address = wait_for(log, r"(tcp://127\.0\.0\.1:\d+)")
        for number in range(2):
            one = ["--nworkers", "1", "--nthreads", "1", "--no-nanny", "--local-directory"]
            with (tmp_path / f"worker{number}.log").open("wb") as stream:
                started.append(
                    subprocess.Popen(
                        [*command, "worker", address, *place, *one, str(tmp_path / f"w{number}")],
                        stderr=stream, stdout=stream, env=environ,
                    )
                )  # fmt: skip
        for number in range(2):
            wait_for(tmp_path / f"worker{number}.log", "(Registered to)")
        yield address, started[1:]
    finally:
        for process in reversed(started):
            if process.poll() is None:
                process.kill()
            process.wait()


def wait_for(log: Path, pattern: str) -> str:
    """Return what a log says within a minute and a half."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"{log.name} never said {pattern}: {log.read_text(errors='replace')[-2000:]}")


def test_a_dask_worker_killed_mid_stage_costs_its_shards_only(prices, tmp_path, cluster):
    """Killed after the first shard: the other worker does the rest, and the bytes are those of one process."""
    address, workers = cluster
    alone = digest(prices, tmp_path, Engine())
    assert digest(prices, tmp_path, Engine("dask", 0, address)) == alone
    told: list[int] = []

    def kill(done: int, total: int) -> None:
        if not told:
            os.kill(workers[0].pid, signal.SIGKILL)
            workers[0].wait()
        told.append(done)

    assert digest(prices, tmp_path, Engine("dask", 0, address), kill) == alone
    assert told == [1, 2, 3, 4, 5, 6]
    assert workers[0].returncode == -signal.SIGKILL


def test_a_scheduler_that_does_not_answer_is_named(prices, tmp_path):
    """The address and what to start, no traceback of Dask's."""
    pytest.importorskip("distributed", reason="Dask is not installed")
    with pytest.raises(SettingsError, match=r"'tcp://127\.0\.0\.1:1', where no Dask scheduler answers"):
        digest(prices, tmp_path, Engine("dask", 0, "tcp://127.0.0.1:1"))


def test_the_engine_is_read_from_the_settings(tmp_path):
    """[compute] engine, workers and scheduler."""
    text = "[compute]\nengine = dask\nworkers = 3\nscheduler = tcp://127.0.0.1:8786\n"
    (tmp_path / "luigi.cfg").write_text(text)
    assert load({}, tmp_path).engine == Engine("dask", 3, "tcp://127.0.0.1:8786")
