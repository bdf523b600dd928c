"""Cost of each stage as the universe grows: ``python benchmarks/growth.py [--tickers N ...] [--history] [--stages]``.

Every size is one process that runs the seven stages like the bare script (no Luigi, digests or journal) on a
generated universe of ten years, and after each stage tells CPU seconds and the highest memory since the
stage began. Beside them stand what merely reading and writing the same tables as Parquet costs, in the
same process, and two whole scripts with their imports: ``benchmarks/rival.py`` and ``benchmarks/plain_pandas.py``.
``--history`` measures 500 tickers over shorter and longer histories instead, ``--stages`` no scripts beside. Entries
and the machine's facts go to
``docs/growth.json``; what was not measured this time stays as it was. The curve (``docs/images/growth.svg``), the
tables of ``docs/performance.md`` and the arithmetic of ``docs/scale.md`` are made from that file.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import costs
from measure import ROOT, environment, machine, spent

DOCS = ROOT / "docs"
PICTURE, RESULTS = DOCS / "images" / "growth.svg", DOCS / "growth.json"
PAGES = (DOCS / "performance.md", DOCS / "scale.md")
SIZES, LARGE_SIZES = (50, 160, 500), (50, 160, 500, 1_600, 5_000)
LENGTHS, HISTORY_TICKERS = (315, 630, 1_260, 2_520), 500
BESIDE = {"rival": "benchmarks/rival.py", "plain pandas": "benchmarks/plain_pandas.py"}
COLOURS = ("#1b6ca8", "#c8553d", "#2a9d5c", "#8a5fbf", "#b8860b", "#444444", "#d0589b", "#17a5a5")
WIDTH, HEIGHT, MARGIN = 720, 420, 60


def measured(tickers: int, folder: Path, sessions: int, beside: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one entry per stage of a universe of ``tickers``, and one for each script ``beside`` them."""
    file = folder / f"{tickers}.parquet"
    make = [sys.executable, "benchmarks/universe.py", "--tickers", str(tickers), "--sessions", str(sessions)]
    environ = environment(folder / "unused")
    subprocess.run([*make, "--out", str(file)], cwd=ROOT, env=environ, check=True)
    run = [sys.executable, "benchmarks/stages.py", str(file), str(folder / f"out{tickers}")]
    done = subprocess.run(run, cwd=ROOT, env=environ, check=True, capture_output=True, text=True)
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    for name, script in beside.items():
        used = spent([sys.executable, script, str(file), str(folder / f"out{tickers}")], environ)
        entries.append({"stage": name, "cpu_s": round(used.cpu_s, 3), "peak_mb": round(used.peak_mb, 1)})
    file.unlink()
    shutil.rmtree(folder / f"out{tickers}")
    return [{"tickers": tickers, "sessions": sessions, **entry} for entry in entries]


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


def earlier() -> dict[str, Any]:
    """Return what was measured before."""
    if not RESULTS.exists():
        return {"measured": {}, "entries": [], "history": []}
    results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {"history": [], **results}


def record(results: dict[str, Any]) -> None:
    """Write the entries, the curve and what the documentation says of them."""
    results["entries"].sort(key=lambda entry: entry["tickers"])
    results["history"].sort(key=lambda entry: entry["sessions"])
    results["measured"] = dict(sorted(results["measured"].items(), key=lambda item: (len(item[0]), item[0])))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    PICTURE.write_text(picture(results["entries"]), encoding="utf-8")
    for page in PAGES:
        page.write_text(costs.filled(page.read_text(encoding="utf-8"), results), encoding="utf-8")
    print(costs.by_size(results["entries"]))
    if results["history"]:
        print(costs.by_history(results["history"]))


def main() -> None:
    """Measure the sizes asked for and keep them beside those measured before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickers", type=int, nargs="+", help="Sizes; without it 50, 160 and 500.")
    parser.add_argument(
        "--large", action="store_true", help="1,600 and 5,000 as well: some 40 minutes, 8 GB."
    )
    parser.add_argument("--history", action="store_true", help="500 tickers over other histories instead.")
    parser.add_argument(
        "--stages", action="store_true", help="The stages alone; the scripts stay as measured."
    )
    arguments = parser.parse_args()
    tickers = arguments.tickers or list(LARGE_SIZES if arguments.large else SIZES)
    asked = (
        [(HISTORY_TICKERS, n) for n in LENGTHS] if arguments.history else [(n, LENGTHS[-1]) for n in tickers]
    )
    part, size = ("history", "sessions") if arguments.history else ("entries", "tickers")
    results = earlier()
    with tempfile.TemporaryDirectory(prefix="afterclose-growth-") as scratch:
        for count, sessions in asked:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            name = f"{sessions} sessions" if arguments.history else str(count)
            results["measured"][name] = {"measured_at": at, "machine": machine()}
            new = measured(count, Path(scratch), sessions, {} if arguments.stages else BESIDE)
            again = {(entry[size], entry["stage"]) for entry in new}
            results[part] = new + [e for e in results[part] if (e[size], e["stage"]) not in again]
    record(results)


if __name__ == "__main__":
    main()
