"""CPU seconds and peak memory of child processes, taken in alternated pairs.

CPU seconds (user and system) rather than wall-clock: other work on the machine delays a process far
more than it costs it. Alternated pairs (ours, base, ours, base, ...): a slow spell hits both.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
"""The repository's root: where children run, so that they find ``luigi.cfg``."""

KIBIBYTES_PER_MB = 1_000_000 / 1024
"""``ru_maxrss`` is in KiB on Linux; tables show MB of a million bytes."""


LIBRARIES = ("luigi", "numpy", "pandas", "scikit-learn", "scipy", "exchange_calendars", "orjson")


@dataclass(frozen=True)
class Usage:
    """What one child process cost: user and system seconds together, and peak resident memory in MB."""

    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Comparison:
    """Samples of two commands, taken in alternation; equal positions are one pair."""

    ours: tuple[Usage, ...]
    base: tuple[Usage, ...]

    @property
    def ratio(self) -> float:
        """Median CPU seconds of ours over median CPU seconds of the base."""
        return median(u.cpu_s for u in self.ours) / median(u.cpu_s for u in self.base)

    @property
    def memory_ratio(self) -> float:
        """Median peak memory of ours over median peak memory of the base."""
        return median(u.peak_mb for u in self.ours) / median(u.peak_mb for u in self.base)

    @property
    def pair_ratios(self) -> list[float]:
        """CPU ratio of each pair, ascending: how far single pairs scatter."""
        return sorted(a.cpu_s / b.cpu_s for a, b in zip(self.ours, self.base, strict=True))


def environment(data: Path) -> dict[str, str]:
    """Return the environment of children: byte code on, hashes fixed, ``data`` as the data root."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "LUIGI_CONFIG_PATH", "AFTERCLOSE_JOURNAL")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PYTHONHASHSEED": "0", "AFTERCLOSE_DATA": str(data)}


def configured(folder: Path, engine: str) -> dict[str, str]:
    """Return what makes a child work with an engine, one process or all processors: a ``luigi.cfg`` in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / "luigi.cfg"
    text = (ROOT / "luigi.cfg").read_text(encoding="utf-8")
    path.write_text(text.replace("engine = auto", f"engine = {engine}"), encoding="utf-8")
    return {"LUIGI_CONFIG_PATH": str(path)}


def spent(command: Sequence[str], environ: Mapping[str, str]) -> Usage:
    """Run ``command`` to its end and return what it cost.

    Raises
    ------
    RuntimeError
        If it does not exit 0: the cost of a failure says nothing.
    """
    child = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}")
    return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss / KIBIBYTES_PER_MB)


def alternated(
    ours: Callable[[], Usage], base: Callable[[], Usage], pairs: int, *, warmed: bool = True
) -> Comparison:
    """Return ``pairs`` samples of each, taken in turn, if ``warmed`` after one of each that is thrown away."""
    if warmed:
        ours()
        base()
    samples = [(ours(), base()) for _ in range(pairs)]
    return Comparison(tuple(a for a, _ in samples), tuple(b for _, b in samples))


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, Python and library versions."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "load_at_start": round(os.getloadavg()[0], 2),
    }
