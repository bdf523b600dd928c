"""The main job beside the bare script: cold, with nothing to do, and resumed at the last stage."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from measure import Comparison, Usage, alternated, environment, spent

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
