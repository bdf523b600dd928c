"""Engines: the same bytes in one process, in several and on a Dask cluster that loses a worker."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import SettingsError
from core.features import engineer
from core.fingerprint import sha256_file
from core.platform.progress import silent
from core.request.settings import load
from core.tables import limits
from core.tables.artifacts import Table
from core.tables.engine import Engine
from core.tables.workplace import Workplace
from core.tables.writer import Scratch, TableWriter, arrow_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    """Clean prices in six parts."""
    rng = np.random.default_rng(2)
    scratch = Scratch(tmp_path_factory.mktemp("prices"))
    days = pd.bdate_range("2018-01-01", periods=300).astype("datetime64[s]")
    with TableWriter(scratch, "prices_clean") as writer:
        for part in range(6):
            names = [f"T{part}{i}" for i in range(20)]
            close = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, (20, 300)), axis=1)).ravel()
            keys = {"date": np.tile(days, 20), "ticker": np.repeat(names, 300)}
            writer.add(arrow_of(pd.DataFrame({**keys, "adj_close": close})))
        made = writer.stored({"price_basis": "raw"})
    assert made.parts == 6
    return made


def digest(prices: Table, folder: Path, engine: Engine, progress=silent) -> str:
    """Return the SHA-256 of the features that an engine makes."""
    with pytest.MonkeyPatch.context() as patch, Scratch(folder) as scratch:
        patch.setattr(limits, "PARQUET_ABOVE_ROWS", 500)
        made = engineer(prices, workplace=Workplace(scratch, engine, progress))
        return sha256_file(made.stored)


def test_processes_give_the_bytes_of_one_process_whatever_their_number(prices, tmp_path):
    """One, two and three workers."""
    alone = digest(prices, tmp_path, Engine())
    assert [digest(prices, tmp_path, Engine("processes", n)) for n in (1, 2, 3)] == [alone] * 3


def test_a_dask_worker_killed_mid_stage_costs_its_parts_only(prices, tmp_path, cluster):
    """Killed after the first part: the other worker does the rest, and the bytes are those of one process."""
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


def test_dask_without_an_address_starts_no_cluster_of_its_own(prices, tmp_path):
    """A forgotten scheduler is a mistake that is named."""
    pytest.importorskip("distributed", reason="Dask is not installed")
    with pytest.raises(SettingsError, match="no scheduler is named"):
        digest(prices, tmp_path, Engine("dask"))


def test_the_engine_is_read_from_the_settings(tmp_path):
    """[compute] engine, workers and scheduler."""
    text = "[compute]\nengine = dask\nworkers = 3\nscheduler = tcp://127.0.0.1:8786\n"
    (tmp_path / "luigi.cfg").write_text(text)
    assert load({}, tmp_path).engine == Engine("dask", 3, "tcp://127.0.0.1:8786")
