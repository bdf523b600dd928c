"""How often intervals hold the truth and verdicts are wrong, by simulation: the figures behind ``docs/truth.md``.

``python benchmarks/truth.py run FOLDER [STUDY ...] [--panels N] [--seed FIRST]`` judges panels whose truth is known
(:mod:`panels`) as the stages judge any, and adds one JSON line per panel to ``FOLDER/STUDY.jsonl``. Seeds that
stand there are passed over: a run that was stopped goes on, and several may share a folder with seeds of their own.
``python benchmarks/truth.py page [FOLDER]`` counts what a folder holds into ``docs/truth.json`` and writes the tables
of ``docs/truth.md``; without a folder it writes them from ``docs/truth.json`` as it stands.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from core.platform.determinism import single_threaded

single_threaded()

import truth_counts  # noqa: E402 - threads are set before anything numeric can be imported
import truth_tables  # noqa: E402 - see above
from studies import STUDIES  # noqa: E402 - see above

from core.request.stages import stage_named  # noqa: E402 - see above

DOCS = Path(__file__).resolve().parent.parent / "docs"
VERSIONS = {name: stage_named(name).version for name in ("feature_engineer", "train_or_score", "evaluate")}
"""Stages that panels go through."""

EARLIER = (
    {"feature_engineer": 1, "train_or_score": 4, "evaluate": 7},
    {"feature_engineer": 2, "train_or_score": 4, "evaluate": 9},
    {"feature_engineer": 2, "train_or_score": 5, "evaluate": 10},
)
"""Versions that give the counted figures as the present ones do, but for :data:`CHANGED`: their panels count, and the
page says of how many that was looked at and how many figures differed. Lines of any other version are passed over."""

CHANGED = {"recall": 10}
"""Figures whose interval is made otherwise since a version of ``evaluate``: earlier panels do not count for them."""

DIFFERS = 1e-12
"""Two figures of one panel are the same up to rounding."""


def lines(file: Path, *versions: Mapping[str, int]) -> dict[int, dict[str, Any]]:
    """Return by seed the panels of a file that stages of these versions judged."""
    if not file.exists():
        return {}
    panels = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    # a seed that two processes judged counts once
    return {line["seed"]: line for line in panels if line["versions"] in versions}


def run(folder: Path, names: list[str], *, panels: int | None, seed: int) -> None:
    """Judge the panels of each study that ``folder`` lacks."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        study, file = STUDIES[name], folder / f"{name}.jsonl"
        done, started = lines(file, VERSIONS), time.process_time()
        wanted = [s for s in range(seed, seed + (panels or study.panels)) if s not in done]
        for number in wanted:
            line = {"seed": number, "versions": VERSIONS, **study.ask(study.world, number).line()}
            with file.open("a", encoding="utf-8") as out:
                fcntl.flock(out, fcntl.LOCK_EX)
                out.write(json.dumps(line) + "\n")
        print(f"{name}: {len(wanted)} panels, {time.process_time() - started:.0f} s of CPU", file=sys.stderr)


def counted(folder: Path) -> dict[str, Any]:
    """Return what a folder's panels come to, study by study."""
    studies = {}
    for name, study in STUDIES.items():
        file = folder / f"{name}.jsonl"
        versions = [
            {seed: _unchanged(line) for seed, line in lines(file, version).items()}
            for version in (*EARLIER, VERSIONS)
        ]
        newest = {seed: line for version in versions for seed, line in version.items()}
        panels = [panel for _, panel in sorted(newest.items())]
        if panels:
            about = {"text": study.text, "short": study.short, "again": compared(versions)}
            studies[name] = {**about, "world": asdict(study.world), **truth_counts.counts(panels)}
    return {"versions": VERSIONS, "studies": studies}


def _unchanged(line: dict[str, Any]) -> dict[str, Any]:
    """Return a panel without what is made otherwise since it was judged."""
    outdated = [figure for figure, since in CHANGED.items() if line["versions"]["evaluate"] < since]
    figures = line["intervals"].items()
    return line | {"intervals": {n: v for n, v in figures if not any(word in n for word in outdated)}}


def compared(versions: Sequence[Mapping[int, Any]]) -> dict[str, int]:
    """Return how many panels several versions judged, how many figures and answers of these there are, and differ."""
    seeds = sorted({seed for version in versions for seed in version})
    lines_of = [[version[seed] for version in versions if seed in version] for seed in seeds]
    pairs = [
        (earlier[part][name], now[part].get(name))
        for several in lines_of
        for earlier, now in pairwise(several)
        for part in ("intervals", "events")
        for name in earlier[part]
    ]
    differing = sum(not _same(one, other) for one, other in pairs)
    return {
        "panels": sum(len(several) > 1 for several in lines_of),
        "compared": len(pairs),
        "differing": differing,
    }


def _same(one: Any, other: Any) -> bool:
    if other is None or isinstance(one, bool):
        return bool(one is other)
    return all(abs(a - b) <= DIFFERS or a == b for a, b in zip(one, other, strict=True))


def main(arguments: list[str] | None = None) -> None:
    """Judge panels, or write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    judging = commands.add_parser("run")
    judging.add_argument("folder", type=Path)
    judging.add_argument("studies", nargs="*", metavar="STUDY", help=", ".join(STUDIES))
    judging.add_argument("--panels", type=int, help="How many; without it each study's own number.")
    judging.add_argument("--seed", type=int, default=0, help="The first; the others follow.")
    writing = commands.add_parser("page")
    writing.add_argument("folder", type=Path, nargs="?")
    writing.add_argument("--docs", type=Path, default=DOCS)
    chosen = parser.parse_args(arguments)
    if chosen.command == "run":
        unknown = [name for name in chosen.studies if name not in STUDIES]
        if unknown:
            parser.error(f"no study {', '.join(unknown)}: expected any of {', '.join(STUDIES)}")
        run(chosen.folder, chosen.studies or list(STUDIES), panels=chosen.panels, seed=chosen.seed)
        return
    results, page = chosen.docs / "truth.json", chosen.docs / "truth.md"
    if chosen.folder:
        results.write_text(json.dumps(counted(chosen.folder), indent=1) + "\n", encoding="utf-8")
    stored = json.loads(results.read_text(encoding="utf-8"))
    page.write_text(truth_tables.filled(page.read_text(encoding="utf-8"), stored), encoding="utf-8")


if __name__ == "__main__":
    main()
