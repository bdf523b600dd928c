"""Memory: a limit of the operating system that large tables stay under, however many tickers they have."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MB = 520
"""The stages over shards need some 300 MB; with a million rows in memory they need over 900."""

PROGRAM = """
import resource, sys
from datetime import UTC, date, datetime
from core.parameters import settings_from
from core.sources.ingest_settings import IngestSettings
from core.platform.determinism import single_threaded
single_threaded()
import exchange_calendars, pandas, pyarrow.parquet  # imports are not what is limited
from core.tables import limits
from core.runs.compute import Job, LoadedArtifact, compute
from core.sources import source_named
from core.request.stages import STAGES, parameters_of
file, limit, whole = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "whole"
if whole:
    limits.PARQUET_ABOVE_ROWS = 10**12
resource.setrlimit(resource.RLIMIT_DATA, (limit << 20, limit << 20))
known = {name: p.parse(p.default) for name, p in parameters_of(STAGES).items()}
known |= {"source": "files", "path": file}
found = source_named("files").resolve(settings_from(IngestSettings, known), (), datetime.now(UTC))
known |= {"input_digest": found.input_digest, "input_name": found.input_name}
made, jobs = {}, []
for stage in STAGES[:4]:
    own = {p.name: known[p.name] for p in stage.parameters}
    jobs.append(Job({k: made[k] for k in stage.reads if k in made}, own, (), date(2026, 1, 1)))
    for artifact in compute(stage.name, jobs[-1]):
        made[artifact.kind] = LoadedArtifact(artifact, artifact.kind, "")
print(made["features"].artifact.rows)
"""


def limited(path: Path, how: str) -> subprocess.CompletedProcess[str]:
    """Run ingest to features in a process that may hold ``LIMIT_MB`` of data."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), str(LIMIT_MB), how],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


@pytest.fixture(scope="module")
def universe(tmp_path_factory):
    """Parquet files of any number of tickers, 630 sessions each."""
    folder = tmp_path_factory.mktemp("universe")

    def write(tickers: int) -> Path:
        path = folder / f"{tickers}.parquet"
        if not path.exists():
            command = [sys.executable, "benchmarks/universe.py", "--sessions", "630", "--out", str(path)]
            subprocess.run([*command, "--tickers", str(tickers)], cwd=ROOT, check=True, timeout=600)
        return path

    return write


def test_four_times_the_tickers_fit_into_the_same_memory(universe):
    """A quarter of a million rows and a million, from ingest to features, under one limit."""
    for tickers in (420, 1600):
        done = limited(universe(tickers), "shards")
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.strip() == str(tickers * 630)


def test_the_limit_is_one_that_a_table_in_memory_breaks(universe):
    """The gate itself: without shards the same million rows end in a MemoryError."""
    done = limited(universe(1600), "whole")
    assert done.returncode != 0
    assert re.search("MemoryError|bad_alloc|cannot allocate|malloc", done.stderr), done.stderr[-2000:]
