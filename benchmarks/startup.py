"""The main job beside the bare script: cold, with nothing to do, and resumed at the last stage."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from measure import ROOT, Comparison, Usage, alternated, environment, spent

BIN = Path(sys.executable).parent
PIPELINE = (str(BIN / "luigi"), "--module", "luigi_tasks", "Report", "--local-scheduler")


def _pipeline(data: Path) -> Usage:
    return spent(PIPELINE, environment(data))


def _bare(scratch: Path) -> Usage:
    out = scratch / "bare"
    shutil.rmtree(out, ignore_errors=True)
    return spent((sys.executable, "benchmarks/bare.py", "--out", str(out)), environment(scratch / "unused"))


def cold(scratch: Path, pairs: int) -> Comparison:
    """All seven stages into an empty data root."""
    data = scratch / "cold"

    def ours() -> Usage:
        shutil.rmtree(data, ignore_errors=True)
        return _pipeline(data)

    return alternated(ours, lambda: _bare(scratch), pairs)


PLAIN = (str(BIN / "luigi"), "--module", "plain", "Report", "--local-scheduler", "--folder")


def plain(scratch: Path, pairs: int) -> Comparison:
    """All seven stages; the base are the same as plain Luigi tasks (``benchmarks/plain.py``)."""
    data, folder = scratch / "guarded", scratch / "plain"
    environ = {**environment(scratch / "unused"), "PYTHONPATH": str(ROOT / "benchmarks")}

    def ours() -> Usage:
        shutil.rmtree(data, ignore_errors=True)
        return _pipeline(data)

    def base() -> Usage:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return spent((*PLAIN, str(folder)), environ)

    return alternated(ours, base, pairs)


def nothing(scratch: Path, pairs: int) -> Comparison:
    """A rerun that finds everything complete and verifies it."""
    data = scratch / "nothing"
    _pipeline(data)
    return alternated(lambda: _pipeline(data), lambda: _bare(scratch), pairs)


def resume(scratch: Path, pairs: int) -> Comparison:
    """A rerun after the report's checkpoint was deleted."""
    data = scratch / "resume"
    _pipeline(data)

    def ours() -> Usage:
        shutil.rmtree(data / "checkpoints" / "report")
        return _pipeline(data)

    return alternated(ours, lambda: _bare(scratch), pairs)


def gate(scratch: Path, pairs: int) -> Comparison:
    """The gate and clean over a million rows; the base makes the same rows and judges none."""
    script = (sys.executable, "benchmarks/gate.py")
    environ = environment(scratch / "unused")
    return alternated(lambda: spent((*script, "--judge"), environ), lambda: spent(script, environ), pairs)


LARGE_TICKERS = 120
"""Just above the limit from which tables stay on disk: 302,400 rows."""


def large(scratch: Path, pairs: int) -> Comparison:
    """The main job on a large file; the base is the bare computation and reading and writing its tables once more."""
    file, data, environ = scratch / "universe.parquet", scratch / "large", environment(scratch / "unused")
    make = [sys.executable, "benchmarks/universe.py", "--tickers", str(LARGE_TICKERS), "--out", str(file)]
    subprocess.run(make, cwd=ROOT, env=environ, check=True)

    def ours() -> Usage:
        shutil.rmtree(data, ignore_errors=True)
        return spent((*PIPELINE, "--source", "files", "--path", str(file)), environment(data))

    base = (sys.executable, "benchmarks/stages.py", str(file), str(scratch / "stages"))
    return alternated(ours, lambda: spent(base, environ), pairs)


def features(scratch: Path, pairs: int) -> Comparison:
    """The features kernel beside Polars, in one process; memory is not measured."""
    command = (sys.executable, "benchmarks/kernels.py", "--pairs", str(pairs))
    environ = {**environment(scratch / "unused"), "PYTHONPATH": os.pathsep.join(["benchmarks"])}
    done = subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)["pairs"]
    return Comparison(
        tuple(Usage(ours, 1.0) for ours, _ in found), tuple(Usage(polars, 1.0) for _, polars in found)
    )
