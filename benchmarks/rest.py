"""What the terminal and a scheduler cost at rest: ``python benchmarks/rest.py [--runs N] [--span SECONDS]``.

``afterclose runs`` and ``afterclose --help`` as whole processes on a data root with one run of the sample, medians of
``--runs``; a scheduler with one schedule that is not due, its process and children, over ``--span``. The idle desk is
``benchmarks/desk.py --only idle``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from measure import ROOT, environment, machine, spent
from startup import PIPELINE

AFTERCLOSE = str(Path(sys.executable).parent / "afterclose")
SETTLED_S = 15


def commands(data: Path, runs: int) -> dict[str, float]:
    """Return the median CPU seconds of ``afterclose runs`` and ``afterclose --help``."""
    environ = environment(data)
    spent(PIPELINE, environ)
    asked = {"runs": [AFTERCLOSE, "runs"], "--help": [AFTERCLOSE, "--help"]}
    samples = [
        {name: spent(command, environ).cpu_s for name, command in asked.items()} for _ in range(runs + 1)
    ]
    return {name: round(median(s[name] for s in samples[1:]), 3) for name in asked}


def scheduler(data: Path, span: float) -> dict[str, float]:
    """Return the percent of a core and the MB of a scheduler that waits."""
    environ = environment(data)
    add = (AFTERCLOSE, "schedules", "add", "monthly", "--when", "cron 0 3 1 * *", "--every-day")
    spent(add, environ)
    child = subprocess.Popen(
        [AFTERCLOSE, "scheduler"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(SETTLED_S)
        process = psutil.Process(child.pid)
        before = process.cpu_times()
        time.sleep(span)
        after = process.cpu_times()
        used = (after.user + after.system + after.children_user + after.children_system) - (
            before.user + before.system + before.children_user + before.children_system
        )
        return {
            "percent_of_a_core": round(100 * used / span, 3),
            "memory_mb": round(process.memory_info().rss / 1e6, 1),
        }
    finally:
        child.terminate()
        child.wait(30)


def main() -> None:
    """Measure both and print them as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--span", type=float, default=90.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        said = {
            "load": machine()["load_at_start"],
            "cpu_s": commands(data, chosen.runs),
            "scheduler": scheduler(data, chosen.span),
        }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
