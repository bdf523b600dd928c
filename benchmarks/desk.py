"""The desk's benchmarks in a real browser: ``python benchmarks/desk.py [--rounds N] [--only NAME ...]``.

Every page is timed in turn with Luigi's own page in the same browser, so that a slow spell of the machine
hits both. Prints tables and writes all samples to ``benchmarks/results/desk.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import browsing
import psutil
import servers
import viewers
from browsing import DESK_DRAWN, LUIGID_DRAWN, Subject
from measure import ROOT
from run import RESULTS, machine

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 9
BEFORE = "AFTERCLOSE_BENCH_BEFORE"
"""A checkout of an earlier state, whose pages are timed by turns with these."""

LUIGID, FLOOR = "luigid", "an empty Streamlit page"
MANY_RUNS, LONG_LOG = 1_000, 1_000_000_000
FEW_RUNS, SHORT_LOG = 10, 10_000
VIEWERS = (1, 10, 20)
TICK_SPAN_S = 20.0
SETTLED_S, IDLE_SPAN_S = 10.0, 60.0
AIM_RELOAD, AIM_TICK_MS, AIM_SCALE = 1.25, 50.0, 1.1

WORDS = {
    "overview": "Today", "runs": "Runs", "run": "report", "data": "Adjusted close", "features": "Correlation",
    "predictions": "What became of past signals", "model": "Drift", "report": "Report", "trends": "One session so far",
    "audit": "Record",
}  # fmt: skip
"""Page -> words that are on it once it is drawn."""

PROMPT = ("overview", "run")
"""Pages that are to be about as quick as Luigi's own."""


def subjects(url: str, run_id: str) -> dict[str, Subject]:
    """Return the desk's pages about one run."""
    return {
        name: Subject(name, f"{url}/{'' if name == 'overview' else name}?run={run_id}", DESK_DRAWN, words)
        for name, words in WORDS.items()
    }


def times(browser: Browser, chosen: Mapping[str, Subject], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the seconds to content, cold and of reloads, of each page by turns."""
    found: dict[str, dict[str, list[float]]] = {name: {"cold": [], "reload": []} for name in chosen}
    pages = {name: browsing.opened(browser, subject) for name, subject in chosen.items()}
    for _ in range(rounds):
        for name, subject in chosen.items():
            found[name]["reload"].append(browsing.reload_s(pages[name], subject))
    for page in pages.values():
        page.context.close()
    for _ in range(max(1, rounds // 2)):
        for name, subject in chosen.items():
            found[name]["cold"].append(browsing.cold_s(browser, subject))
    return found


def all_pages(browser: Browser, scratch: Path, rounds: int) -> dict[str, Any]:
    """Time every page beside Luigi's own."""
    return page_times(browser, scratch, rounds, tuple(WORDS))


def prompt_pages(browser: Browser, scratch: Path, rounds: int) -> dict[str, Any]:
    """Time the pages with an aim beside Luigi's own: quick enough for a busy machine."""
    return page_times(browser, scratch, rounds, PROMPT)


def page_times(browser: Browser, scratch: Path, rounds: int, names: tuple[str, ...]) -> dict[str, Any]:
    """Time pages beside Luigi's own and an empty one of Streamlit, and the desk's memory after that."""
    root = servers.Root(scratch / "sample", _run_of(scratch))
    with ExitStack() as going:
        beside = going.enter_context(servers.luigid(scratch))
        floor = going.enter_context(servers.empty_page(scratch))
        url, server = going.enter_context(servers.desk(root.path))
        chosen = {
            LUIGID: Subject(LUIGID, beside, LUIGID_DRAWN, "Ingest"),
            FLOOR: Subject(FLOOR, floor, DESK_DRAWN, "nothing"),
            **{name: subjects(url, root.run_id)[name] for name in names},
        }
        if tree := os.environ.get(BEFORE):
            earlier, _ = going.enter_context(servers.desk(root.path, Path(tree)))
            chosen |= {f"{name} before": subjects(earlier, root.run_id)[name] for name in names}
        found = times(browser, chosen, rounds)
        memory = _memory_mb(server.pid)
    base = found[LUIGID]
    rows = {
        name: {
            **{f"{kind}_s": round(median(seconds), 3) for kind, seconds in held.items()},
            **{f"{kind}_ratio": round(median(held[kind]) / median(base[kind]), 2) for kind in held},
            "of_floor": round(median(held["reload"]) / median(found[FLOOR]["reload"]), 2),
            "aim": AIM_RELOAD if name in PROMPT else None,
        }
        for name, held in found.items()
    }
    return {"pages": rows, "memory_mb": memory, "samples": found}


def reruns(browser: Browser, scratch: Path, rounds: int) -> dict[str, Any]:
    """Time a click on a choice until the page has answered."""
    found: dict[str, list[float]] = {}
    with servers.desk(scratch / "sample") as (url, _):
        for name in ("data", "features"):
            page = browsing.opened(browser, subjects(url, _run_of(scratch))[name])
            choices = ("1 year", "All") * rounds
            found[name] = [browsing.rerun_s(page, choice) for choice in choices]
            page.context.close()
    rows = {name: {"rerun_s": round(median(seconds), 3)} for name, seconds in found.items()}
    return {"pages": rows, "samples": found}


def ticks(browser: Browser, scratch: Path, rounds: int) -> dict[str, Any]:  # noqa: ARG001 - all benchmarks take it
    """Time the refresh of a run that goes, in a browser and by others that look at it, and the desk's memory."""
    root = servers.Root(scratch / "sample", _run_of(scratch))
    found, rows = {}, {}
    with servers.going(root) as run_id, servers.desk(root.path) as (url, server):
        subject = Subject("run", f"{url}/run?run={run_id}", DESK_DRAWN, "running")
        for count in VIEWERS:
            with viewers.looking(subject.url, count - 1) as others:
                asked = sum(len(each.ticks_ms) for each in others)
                spent = _cpu_s(server.pid)
                seen = browsing.ticks_ms(browser, subject, TICK_SPAN_S)
                spent = _cpu_s(server.pid) - spent
                asked = sum(len(each.ticks_ms) for each in others) - asked
            found[count] = {"browser": seen, "others": [tick for each in others for tick in each.ticks_ms]}
            rows[count] = {
                "in_browser_ms": round(median(seen), 1),
                "tick_ms": round(median(seen + found[count]["others"]), 1),
                "p95_ms": round(quantiles(seen + found[count]["others"], n=20)[-1], 1),
                "ticks": len(seen) + asked,
                "cpu_ms_per_tick": round(1000 * spent / (len(seen) + asked), 1),
                "memory_mb": _memory_mb(server.pid),
                "aim_ms": AIM_TICK_MS if count == 10 else None,
            }
    return {"viewers": rows, "samples": found}


def idle(browser: Browser, scratch: Path, rounds: int) -> dict[str, Any]:  # noqa: ARG001 - all benchmarks take it
    """Measure what a desk uses while one page is open and nothing happens, and one of an earlier state meanwhile."""
    root = servers.Root(scratch / "sample", _run_of(scratch))
    trees = {"this": ROOT} | ({"before": Path(tree)} if (tree := os.environ.get(BEFORE)) else {})
    with ExitStack() as going:
        pids = {}
        for name, code in trees.items():
            url, server = going.enter_context(servers.desk(root.path, code))
            going.callback(browsing.opened(browser, subjects(url, root.run_id)["overview"]).context.close)
            pids[name] = server.pid
        time.sleep(SETTLED_S)
        spent = {name: _cpu_s(pid) for name, pid in pids.items()}
        time.sleep(IDLE_SPAN_S)
        rows = {
            name: {
                "percent_of_a_core": round(100 * (_cpu_s(pid) - spent[name]) / IDLE_SPAN_S, 2),
                "memory_mb": _memory_mb(pid),
                "aim_percent": 1.0,
                "aim_mb": 250,
            }
            for name, pid in pids.items()
        }
    return {"desks": rows}


def scale(browser: Browser, scratch: Path, rounds: int) -> dict[str, Any]:
    """Time the same pages over few runs and a short log, and over many and a very long one, by turns."""
    sample = servers.Root(scratch / "sample", _run_of(scratch))
    few = servers.grown(sample, scratch / "few", runs=FEW_RUNS, log_bytes=SHORT_LOG)
    many = servers.grown(sample, scratch / "many", runs=MANY_RUNS, log_bytes=LONG_LOG)
    names = ("overview", "runs", "run")
    with servers.desk(few.path) as (small, _), servers.desk(many.path) as (large, _):
        chosen = {}
        for name in names:
            chosen[f"{name} few"] = subjects(small, few.run_id)[name]
            chosen[f"{name} many"] = subjects(large, many.run_id)[name]
        found = times(browser, chosen, rounds)
    rows = {
        name: {
            "few_s": round(median(found[f"{name} few"]["reload"]), 3),
            "many_s": round(median(found[f"{name} many"]["reload"]), 3),
            "ratio": round(
                median(found[f"{name} many"]["reload"]) / median(found[f"{name} few"]["reload"]), 2
            ),
            "aim": AIM_SCALE,
        }
        for name in names
    }
    return {"pages": rows, "samples": found}


BENCHMARKS: dict[str, Callable[[Browser, Path, int], dict[str, Any]]] = {
    "prompt": prompt_pages, "pages": all_pages, "reruns": reruns, "ticks": ticks, "idle": idle, "scale": scale,
}  # fmt: skip


ALL = ("pages", "reruns", "ticks", "idle", "scale")
"""What is measured unless some are chosen: all pages hold the prompt ones."""


def table(rows: Mapping[Any, Mapping[str, Any]], heading: str) -> str:
    """Return rows as a Markdown table."""
    columns = list(next(iter(rows.values())))
    lines = [f"| {heading} | " + " | ".join(name.replace("_", " ") for name in columns) + " |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    for name, row in rows.items():
        cells = ["" if row[column] is None else str(row[column]) for column in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cpu_s(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def _memory_mb(pid: int) -> float:
    return round(psutil.Process(pid).memory_info().rss / 1e6, 1)


def _run_of(scratch: Path) -> str:
    return (scratch / "run_id").read_text(encoding="utf-8")


def keep(path: Path, measured: Mapping[str, Any]) -> None:
    """Write what is measured so far: a later benchmark that fails takes nothing with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Run the chosen benchmarks, print their tables and keep the samples."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="Reloads of each page.")
    parser.add_argument("--only", nargs="+", choices=list(BENCHMARKS), help="Benchmarks by name.")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds is below 1; expected 1 or more")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers and folders go with it
    path = RESULTS / ("desk-" + "-".join(arguments.only) + ".json" if arguments.only else "desk.json")
    measured: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }
    with tempfile.TemporaryDirectory(prefix="afterclose-desk-") as folder, browsing.chromium() as browser:
        scratch = Path(folder)
        (scratch / "run_id").write_text(servers.sample_root(scratch / "sample").run_id, encoding="utf-8")
        for name in arguments.only or ALL:
            measured[name] = {"load": os.getloadavg(), **BENCHMARKS[name](browser, scratch, arguments.rounds)}
            for kind, rows in measured[name].items():
                if kind in ("pages", "viewers", "desks"):
                    print(f"\n{table(rows, f'{name}: {kind}')}", flush=True)
            keep(path, measured)
    print(f"\nsamples: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
