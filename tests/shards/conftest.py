"""A Dask cluster on loopback for the tests of shards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest


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
