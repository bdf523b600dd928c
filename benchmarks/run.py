"""The benchmarks: ``python benchmarks/run.py [--pairs N] [--only NAME] [--large]``.

Prints a table of medians and ratios to the bare script, and writes it with all samples and the facts
of the machine to ``benchmarks/results/bench.json``, or ``bench-NAME.json`` with ``--only``. A new
benchmark is a function from (scratch folder, pairs) to a Comparison, with an entry in
:data:`BENCHMARKS`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import startup
from measure import ROOT, Comparison, machine

RESULTS = ROOT / "benchmarks" / "results"
FEWEST_PAIRS = 9
"""Below this a median still moves by several percent on a shared machine."""


@dataclass(frozen=True)
class Benchmark:
    """A measurement by name, what it measures in words, and the CPU ratio it should stay within."""

    name: str
    says: str
    measure: Callable[[Path, int], Comparison]
    aim: float | None = None
    large: bool = False
    """Left out unless asked for: it takes many minutes."""


BENCHMARKS = (
    Benchmark("cold", "all seven stages into an empty data root", startup.cold, 1.12),
    Benchmark("plain", "all seven stages, beside the same as plain Luigi tasks", startup.plain),
    Benchmark("nothing", "a rerun with nothing to do", startup.nothing, 0.10),
    Benchmark("resume", "a rerun after the last checkpoint was deleted", startup.resume),
    Benchmark(
        "large",
        "302,400 rows of a file, beside bare stages and their Parquet",
        startup.large,
        2.0,
        large=True,
    ),
    Benchmark("features", "1.26M rows of features, beside Polars", startup.features, 1.1),
    Benchmark("gate", "validate and clean 1M rows, beside merely making them", startup.gate),
)


def result(benchmark: Benchmark, compared: Comparison) -> dict[str, Any]:
    """Return a comparison as it stands in ``bench.json``."""
    scatter = compared.pair_ratios
    return {
        "name": benchmark.name,
        "says": benchmark.says,
        "pairs": len(compared.ours),
        "cpu_s": round(median(u.cpu_s for u in compared.ours), 3),
        "bare_cpu_s": round(median(u.cpu_s for u in compared.base), 3),
        "ratio": round(compared.ratio, 3),
        "lowest_pair_ratio": round(scatter[0], 3),
        "highest_pair_ratio": round(scatter[-1], 3),
        "aim": benchmark.aim,
        "peak_mb": round(median(u.peak_mb for u in compared.ours), 1),
        "bare_peak_mb": round(median(u.peak_mb for u in compared.base), 1),
        "memory_ratio": round(compared.memory_ratio, 3),
        "samples": {"ours": [asdict(u) for u in compared.ours], "bare": [asdict(u) for u in compared.base]},
    }


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as a Markdown table."""
    lines = [
        "| benchmark | CPU s | bare CPU s | ratio | single pairs | aim | peak MB | bare peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        aim = "" if r["aim"] is None else f"{r['aim']:.2f} {'met' if r['ratio'] <= r['aim'] else 'missed'}"
        lines.append(
            f"| {r['name']}: {r['says']} | {r['cpu_s']:.2f} | {r['bare_cpu_s']:.2f} | {r['ratio']:.2f} "
            f"| {r['lowest_pair_ratio']:.2f} to {r['highest_pair_ratio']:.2f} | {aim} "
            f"| {r['peak_mb']:.0f} | {r['bare_peak_mb']:.0f} |"
        )
    return "\n".join(lines)


def _by_default(benchmark: Benchmark, arguments: argparse.Namespace) -> bool:
    return arguments.only is None and (arguments.large or not benchmark.large)


def main() -> None:
    """Run the chosen benchmarks, print the table and keep the samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=FEWEST_PAIRS, help="Pairs of runs for each benchmark.")
    parser.add_argument("--only", choices=[b.name for b in BENCHMARKS], help="One benchmark by name.")
    parser.add_argument("--large", action="store_true", help="Those that take many minutes as well.")
    arguments = parser.parse_args()
    if arguments.pairs < 1:
        parser.error("--pairs is below 1; expected 1 or more")
    facts = machine()
    chosen = [b for b in BENCHMARKS if arguments.only == b.name or _by_default(b, arguments)]
    with tempfile.TemporaryDirectory(prefix="afterclose-bench-") as scratch:
        results = [result(b, b.measure(Path(scratch), arguments.pairs)) for b in chosen]
    print(table(results))
    # one benchmark alone must not replace the record of all
    path = RESULTS / (f"bench-{arguments.only}.json" if arguments.only else "bench.json")
    RESULTS.mkdir(parents=True, exist_ok=True)
    measured = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": facts}
    path.write_text(json.dumps({**measured, "results": results}, indent=2) + "\n", encoding="utf-8")
    print(f"\nsamples: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
