"""The seven stages on one file, each with its CPU seconds and peak memory: ``python benchmarks/stages.py FILE OUT``.

One JSON line per stage, and a last one, ``parquet``, for reading and writing the large tables again: the
floor under any pipeline that keeps them.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import bare
import psutil

from core.platform.allocation import give_back_free_memory
from core.request.stages import STAGES
from core.runs.compute import Job, LoadedArtifact, compute
from core.tables.artifacts import Table
from core.tables.codec import encode
from core.tables.engine import Engine
from core.tables.writer import Scratch, TableWriter, arrow_of

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_mb() -> float:
    """Return the highest resident memory since :func:`reset`, in MB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def resident_mb() -> float:
    """Return the resident memory of this moment, in MB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6


def reset() -> None:
    """Count the highest memory from now on."""
    CLEAR.write_text("5")


def clocks() -> tuple[float, float]:
    """Return CPU seconds, user and system, of this process and all that it started, and wall-clock seconds."""
    ended = os.times()
    running = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    cpu = sum(ended[:4]) + sum(sum(times[:4]) for times in running)
    return cpu, time.perf_counter()


def show(stage: str, started: tuple[float, float], rows: int | None, stored: int) -> None:
    """Print one line; ``stored`` are bytes of the stage's artifacts, ``left_mb`` what the process still holds."""
    cpu, wall = (round(now - then, 3) for now, then in zip(clocks(), started, strict=True))
    give_back_free_memory()
    entry = {
        "stage": stage,
        "cpu_s": cpu,
        "wall_s": wall,
        "peak_mb": round(peak_mb(), 1),
        "left_mb": round(resident_mb(), 1),
        "rows": rows,
        "bytes": stored,
    }
    print(json.dumps(entry), flush=True)


def run(file: str, out: Path, engine: Engine) -> Iterator[Table]:
    """Run the stages and yield the large tables that they made."""
    known, today = bare.values("files", file), datetime.now(UTC).date()
    made: dict[str, LoadedArtifact] = {}
    for stage in STAGES:
        reset()
        started = clocks()
        inputs = {kind: made[kind] for kind in stage.reads if kind in made}
        own = {p.name: known[p.name] for p in stage.parameters}
        with Scratch(out) as scratch:
            job = Job(inputs, own, (), today, scratch=scratch, engine=engine)
            stored = 0
            for artifact in compute(stage.name, job):
                encoded = encode(artifact)
                stored += encoded.size
                kept = bare.written(encoded, artifact, out)
                made[encoded.kind] = LoadedArtifact(
                    kept, encoded.filename, encoded.sha256 if not encoded.path else ""
                )
        show(stage.name, started, encode(made[stage.writes[0].kind].artifact).rows, stored)
    tables = (loaded.artifact for loaded in made.values() if isinstance(loaded.artifact, Table))
    yield from (table for table in tables if table.stored)


def copied(tables: Sequence[Table], out: Path) -> None:
    """Read and write every large table once, as it stands."""
    reset()
    started = clocks()
    for table in tables:
        with Scratch(out) as scratch, TableWriter(scratch, table.kind) as writer:
            for part in table.each():
                writer.add(arrow_of(part))
            writer.stored(table.header)
    show("parquet", started, None, sum(table.stored.stat().st_size for table in tables if table.stored))


def main() -> None:
    """Measure one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("out", type=Path)
    parser.add_argument("--engine", default="local")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    copied(list(run(arguments.file, arguments.out, Engine(arguments.engine))), arguments.out)


if __name__ == "__main__":
    main()
