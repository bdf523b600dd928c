"""Files made to take memory, time, or the process: bounded, refused in one message, and never silently ended."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import AftercloseError, SourceError
from core.platform.isolated import Bounds, call_isolated
from core.queries.look import look_apart
from core.request import settings
from core.sources.files import read_file
from core.sources.tabular.options import Options
from tests.sources.bombs import BOMBS

ROOT = Path(__file__).resolve().parents[2]
MOST_MB, MOST_S = 1500, 60
"""Of each try; a file that is taken may have 8 GB."""

TRY = r"""
import re, sys
from datetime import UTC, datetime
from core.errors import AftercloseError
from core.queries.look import look_at
from core.request import settings
try:
    look_at(settings.load(), {"path": sys.argv[1]}, now=datetime.now(UTC))
    words = "it was read"
except AftercloseError as error:
    words = f"{error.exit_code} {error}"
most = re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())
print(int(most[1]) // 1024, words)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_stands_for_a_large_table_is_refused(name, tmp_path, capsys):
    """By its own words, in a process whose memory and time are measured."""
    make, words = BOMBS[name]
    path = tmp_path / name
    path.write_bytes(make())
    done = subprocess.run(
        [sys.executable, "-c", TRY, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=MOST_S,
        env={**os.environ, "AFTERCLOSE_DATA": str(tmp_path / "data")}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    most, _, told = done.stdout.partition(" ")
    with capsys.disabled():
        print(f"\n{name}: {path.stat().st_size // 1024} kB took {most} MB: {told.strip()[:90]}")  # noqa: T201 - the figure is the finding
    assert told.startswith("30 ")
    assert words in told
    assert int(most) < MOST_MB


def _tables():
    """A table of two tickers in each form that libraries of others read."""
    days, rng = pd.bdate_range("2022-01-03", periods=60).strftime("%Y-%m-%d"), np.random.default_rng(1)
    frame = pd.DataFrame(
        {"date": [*days] * 2, "ticker": ["A"] * 60 + ["B"] * 60, "close": rng.uniform(1, 2, 120)}
    )
    for compression in ("snappy", "zstd", None):
        buffer = io.BytesIO()
        frame.to_parquet(buffer, compression=compression)
        yield f"{compression}.parquet", buffer.getvalue()
    for compression in ("lz4", "uncompressed"):
        buffer = io.BytesIO()
        frame.to_feather(buffer, compression=compression)
        yield f"{compression}.feather", buffer.getvalue()
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False)
    yield "sheet.xlsx", buffer.getvalue()


TABLES = dict(_tables())


def _damaged(name):
    """The file cut at every tenth byte, and with bits and bytes turned, by the file's name as seed."""
    whole, chance = TABLES[name], random.Random(name)
    yield from (whole[:size] for size in range(0, len(whole), 10))
    for _ in range(400):
        cut = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 8, 64))):
            cut[chance.randrange(len(cut))] ^= 1 << chance.randrange(8)
        yield bytes(cut)
    for _ in range(400):  # where lengths and offsets stand
        cut = bytearray(whole)
        cut[len(cut) - 1 - chance.randrange(min(len(cut), 1500))] = chance.randrange(256)
        yield bytes(cut)


def outcomes(name):
    """How many damaged files were read, were refused, or ended otherwise (with what); called in a process apart."""
    counts = {"read": 0, "refused": 0, "otherwise": []}
    for data in _damaged(name):
        try:
            read_file(data, name, Options())
            counts["read"] += 1
        except AftercloseError:
            counts["refused"] += 1
        except Exception as error:  # noqa: BLE001 - which it is, is the finding
            counts["otherwise"].append(f"{type(error).__name__}: {error}")
    return counts


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_damaged_file_is_refused_or_read_and_never_ends_the_process(name, capsys):
    """Uncompressed Feather ended it with a signal before lengths were looked at."""
    counts = call_isolated(Bounds(4096, 300), name, outcomes, name)
    with capsys.disabled():
        print(f"\n{name}: {counts}")  # noqa: T201 - the counts are the finding
    assert counts["otherwise"] == []
    assert counts["refused"] > 100


def test_a_reading_that_takes_too_much_memory_is_ended_and_the_setting_is_named():
    """The process that asked goes on."""
    with pytest.raises(SourceError, match=r"more than 256 MiB of memory.*\[files\] read_memory_mb"):
        call_isolated(Bounds(256, 60), "it", eat, 1 << 30)


def test_a_reading_that_takes_too_long_is_ended_and_the_setting_is_named():
    """By the wall clock."""
    with pytest.raises(SourceError, match=r"more than 1 seconds.*\[files\] read_timeout_s"):
        call_isolated(Bounds(512, 1), "it", wait)


def test_a_reading_that_ends_its_process_is_one_message():
    """A signal from a library of others."""
    with pytest.raises(SourceError, match=r"reading it ended its process \(code -11"):
        call_isolated(Bounds(512, 60), "it", crash)


def test_a_look_is_bounded_by_the_settings(tmp_path):
    """What the desk reads before a run."""
    (tmp_path / "luigi.cfg").write_text("[files]\nread_memory_mb = 256\n")
    path = tmp_path / "b.csv"
    path.write_bytes(b"date,ticker,close\n" + b"2022-01-03,A,1.5\n" * 4_000_000)
    configured = settings.load(environ={"AFTERCLOSE_DATA": str(tmp_path / "data")}, folder=tmp_path)
    with pytest.raises(SourceError, match=r"more than 256 MiB of memory"):
        look_apart(configured, {"path": str(path)}, now=datetime.now(UTC))


def eat(size):
    """Take so many bytes, a few at a time."""
    taken = [bytes([i % 256]) * (1 << 20) for i in range(size >> 20)]
    while taken:
        taken.reverse()


def wait():
    """Never end."""
    while True:
        pass


def crash():
    """End as a library does that reads where nothing is."""
    import ctypes

    ctypes.string_at(0)
