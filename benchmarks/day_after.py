"""The day after: ``python benchmarks/day_after.py {score,train} [--tickers N] [--pairs N]``.

``score``: a CSV gets one session more at its end and is scored by the champion, beside the same without the ingest
checkpoint of the day before. ``train``: training on one session more, beside the same without the fits kept.
Whole processes in turn, each on a copy of one data root; that both made the same bytes is asserted. Prints one JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import polars as pl
import universe
from measure import Comparison, Usage, alternated, configured, environment, machine, spent

BIN = Path(sys.executable).parent
PIPELINE = (str(BIN / "luigi"), "--module", "luigi_tasks")


def files(folder: Path, tickers: int, sessions: int) -> tuple[Path, str]:
    """Write the CSV without its last session, by date; return it and the lines of that session."""
    parquet, csv = folder / "prices.parquet", folder / "prices.csv"
    universe.write(parquet, tickers, sessions)
    rows = pl.read_parquet(parquet).with_columns(pl.col("date").dt.date(), pl.col("ticker").cast(pl.String))
    rows = rows.sort("date", "ticker")
    newest = pl.col("date") == rows["date"].max()
    rows.filter(~newest).write_csv(csv)
    parquet.unlink()
    return csv, rows.filter(newest).write_csv(include_header=False)


def task(name: str, csv: Path, mode: str | None, data: Path, chosen: dict[str, str]) -> Usage:
    """Run the pipeline up to a task on a data root."""
    options = (
        "--local-scheduler",
        "--source",
        "files",
        "--path",
        str(csv),
        *(("--mode", mode) if mode else ()),
    )
    return spent((*PIPELINE, name, *options), {**environment(data), **chosen})


def promoted(data: Path) -> None:
    """Make the model that was trained the champion."""
    model = next(data.rglob("model.json"))
    spent((str(BIN / "afterclose"), "promote", str(model), "--why", "the day before"), environment(data))


def digests(data: Path, stage: str) -> list[str]:
    """Return the digests of what a stage made, without its meta files."""
    made = [p for p in (data / "checkpoints" / stage).rglob("*") if p.is_file() and "meta" not in p.name]
    return sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in made)


def stage_seconds(data: Path, stage: str) -> float:
    """Return the wall-clock seconds that the latest run says of a stage."""
    lines = [line for log in sorted((data / "runs").glob("*/log.jsonl")) for line in log.open()]
    events = [json.loads(line) for line in lines if '"succeeded"' in line]
    return float([e["seconds"] for e in events if e["stage"] == stage][-1])


def compared(asked: argparse.Namespace, folder: Path) -> tuple[Comparison, list[float]]:
    """Return the day after beside the long way, in turn, and the seconds of the stage that is saved on."""
    csv, more = files(folder, asked.tickers, asked.sessions)
    kind, chosen = asked.kind, configured(folder, asked.engine)
    before, copy = folder / "before", folder / "copy"
    task("Report", csv, "train", before, chosen)
    promoted(before)
    with csv.open("a") as file:
        file.write(more)
    last, gone = ("Report", "checkpoints/ingest") if kind == "score" else ("TrainOrScore", "fits")
    if kind == "train":
        task("FeatureEngineer", csv, None, before, chosen)
    made: list[list[str]] = []
    seconds: list[float] = []

    def day(without: str | None) -> Usage:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(before, copy)
        if without:
            shutil.rmtree(copy / without)
        used = task(last, csv, kind, copy, chosen)
        seconds.append(stage_seconds(copy, "ingest" if kind == "score" else "train_or_score"))
        made.append(digests(copy, "evaluate" if kind == "score" else "train_or_score"))
        return used

    found = alternated(lambda: day(None), lambda: day(gone), asked.pairs, warmed=False)
    if not made[0] or any(m != made[0] for m in made):
        raise SystemExit("the shortcut and the long way made different bytes")
    return found, seconds


def main() -> None:
    """Measure one of the two and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("score", "train"))
    parser.add_argument("--tickers", type=int, default=500)
    parser.add_argument("--sessions", type=int, default=universe.SESSIONS)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--engine", default="local", help="auto: all processors")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found, seconds = compared(chosen, Path(folder))
    said = {
        "kind": chosen.kind,
        "tickers": chosen.tickers,
        "ratio": round(found.ratio, 3),
        "single_pairs": [round(r, 3) for r in found.pair_ratios],
        "day_after_s": round(median(u.cpu_s for u in found.ours), 2),
        "from_scratch_s": round(median(u.cpu_s for u in found.base), 2),
        "stage_day_after_s": seconds[::2],
        "stage_from_scratch_s": seconds[1::2],
        "load": machine()["load_at_start"],
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
