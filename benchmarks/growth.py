"""Cost of each stage as the universe grows: ``python benchmarks/growth.py --tickers 50 160 500``.

Every size is one process that runs the seven stages like the bare script (no Luigi, digests or journal) on a
generated universe of ten years, and after each stage tells CPU seconds and the highest memory since the
stage began. Beside them stands what merely reading and writing the same tables as Parquet costs, in the
same process. The curve is written to ``docs/images/growth.svg``.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import ROOT, environment

PICTURE = ROOT / "docs" / "images" / "growth.svg"
RESULTS = ROOT / "benchmarks" / "results" / "growth.json"
COLOURS = ("#1b6ca8", "#c8553d", "#2a9d5c", "#8a5fbf", "#b8860b", "#444444", "#d0589b")
WIDTH, HEIGHT, MARGIN = 720, 420, 60


def measured(tickers: int, folder: Path, sessions: int) -> list[dict[str, Any]]:
    """Return one entry per stage of a universe of ``tickers``."""
    file = folder / f"{tickers}.parquet"
    make = [sys.executable, "benchmarks/universe.py", "--tickers", str(tickers), "--sessions", str(sessions)]
    environ = environment(folder / "unused")
    subprocess.run([*make, "--out", str(file)], cwd=ROOT, env=environ, check=True)
    run = [sys.executable, "benchmarks/stages.py", str(file), str(folder / f"out{tickers}")]
    done = subprocess.run(run, cwd=ROOT, env=environ, check=True, capture_output=True, text=True)
    file.unlink()
    return [{"tickers": tickers, **json.loads(line)} for line in done.stdout.splitlines()]


def table(entries: list[dict[str, Any]]) -> str:
    """Return CPU seconds (peak MB) by stage and size as a Markdown table."""
    sizes = sorted({entry["tickers"] for entry in entries})
    lines = [f"| stage | {' | '.join(f'{n:,} tickers' for n in sizes)} |", "|---" * (len(sizes) + 1) + "|"]
    for stage in dict.fromkeys(entry["stage"] for entry in entries):
        found = {e["tickers"]: e for e in entries if e["stage"] == stage}
        cells = [f"{found[n]['cpu_s']:.2f} s, {found[n]['peak_mb']:.0f} MB" for n in sizes]
        lines.append(f"| {stage} | {' | '.join(cells)} |")
    return "\n".join(lines)


def picture(entries: list[dict[str, Any]]) -> str:
    """Return the growth of CPU seconds as an SVG with two logarithmic axes."""
    sizes = sorted({e["tickers"] for e in entries})
    low, high = math.log10(sizes[0]), math.log10(sizes[-1]) or 1.0
    most = math.ceil(math.log10(max(e["cpu_s"] for e in entries)))

    def at(tickers: int, seconds: float) -> tuple[float, float]:
        right = (math.log10(tickers) - low) / ((high - low) or 1.0)
        up = (math.log10(max(seconds, 0.01)) + 2) / (most + 2)
        return MARGIN + right * (WIDTH - 220), HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{MARGIN}" y="24" font-size="15">CPU seconds of each stage by number of tickers</text>',
    ]
    for power in range(-2, most + 1):
        x, y = at(sizes[0], 10.0**power)
        parts.append(f'<line x1="{x}" y1="{y:.0f}" x2="{WIDTH - 160}" y2="{y:.0f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 8}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g}</text>')
    parts += [
        f'<text x="{at(size, 1)[0]:.0f}" y="{HEIGHT - 30}" text-anchor="middle">{size:,}</text>'
        for size in sizes
    ]
    stages = list(dict.fromkeys(e["stage"] for e in entries))
    for number, (stage, colour) in enumerate(zip(stages, COLOURS * 2, strict=False)):
        points = [at(e["tickers"], e["cpu_s"]) for e in entries if e["stage"] == stage]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(
            f'<text x="{WIDTH - 150}" y="{70 + number * 20}" fill="{colour}">{stage.replace("_", " ")}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Measure the sizes asked for, keep them beside those measured before, and draw the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickers", type=int, nargs="+", default=[50, 160, 500])
    parser.add_argument("--sessions", type=int, default=2_520)
    arguments = parser.parse_args()
    entries: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="afterclose-growth-") as scratch:
        for tickers in arguments.tickers:
            entries += measured(tickers, Path(scratch), arguments.sessions)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    PICTURE.write_text(picture(sorted(entries, key=lambda e: e["tickers"])), encoding="utf-8")
    print(table(entries))


if __name__ == "__main__":
    main()
