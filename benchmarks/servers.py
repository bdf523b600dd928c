"""What the desk's benchmarks stand on: data roots of two sizes, a desk over one of them, and luigid."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from measure import ROOT, environment

from core.journal import Journal
from core.platform.processes import process
from core.runs.log import RunLog, new_run_id

BIN = Path(sys.executable).parent
LOOPBACK = "127.0.0.1"
PATIENCE_S = 120


@dataclass(frozen=True)
class Root:
    """A data root and the run in it that pages are opened on."""

    path: Path
    run_id: str


def sample_root(path: Path) -> Root:
    """Return a data root with one finished run of the sample."""
    words = [str(BIN / "afterclose"), "run", "--mode", "train"]
    subprocess.run(words, env=environment(path), cwd=ROOT, check=True, capture_output=True)
    return Root(path, Journal(path).runs()[0].run_id)


def grown(root: Root, path: Path, *, runs: int, log_bytes: int) -> Root:
    """Return a copy of ``root`` with so many runs in the journal and a log of so many bytes."""
    shutil.copytree(root.path, path, symlinks=True)
    journal = Journal(path)
    # older than the run that pages are opened on, as they would be
    now = datetime(2020, 1, 1, tzinfo=UTC)
    for _ in range(runs - journal.count_runs()):
        run_id = new_run_id(now)
        journal.add_run(run_id, who="bench", how="terminal", request={}, target="report", state="queued")
        journal.start(run_id, {})
        journal.end(run_id, "cancelled", 130, None)
    lengthen(RunLog(path, root.run_id).path, log_bytes)
    return Root(path, root.run_id)


def lengthen(log: Path, size: int) -> None:
    """Put whole lines before those of a log until it has ``size`` bytes."""
    last = log.read_bytes()
    line = {"at": "2020-01-01T00:00:00.000+00:00", "level": "info", "stage": "ingest", "event": "progress"}
    block = (json.dumps(line | {"text": "x" * 100}) + "\n").encode() * 5000
    with log.open("wb") as stream:
        left = size - len(last)
        while left > 0:
            piece = block if left >= len(block) else block[: block.find(b"\n", left) + 1]
            left -= stream.write(piece)
        stream.write(last)


@contextmanager
def going(root: Root, every_s: float = 0.2) -> Iterator[str]:
    """Keep a run going in ``root`` that logs a line all the time, and give its id."""
    journal, run_id = Journal(root.path), new_run_id(datetime.now(UTC))
    journal.add_run(run_id, who="bench", how="terminal", request={}, target="report", state="queued")
    journal.lead(run_id, process(os.getpid()))
    journal.start(run_id, {})
    log, over = RunLog(root.path, run_id), threading.Event()

    def write() -> None:
        number = 0
        while not over.wait(every_s):
            number += 1
            log.write("progress", stage="ingest", done=number, text="rows read")

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield run_id
    finally:
        over.set()
        writer.join()
        journal.end(run_id, "cancelled", 130, None)


@contextmanager
def served(
    words: list[str], data: Path, port: int, health: str, *, tree: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a server of the code in ``tree`` going that answers ``health``; it is ended by its process id."""
    surroundings = environment(data) | ({} if tree == ROOT else {"PYTHONPATH": str(tree)})
    server = subprocess.Popen(
        words, env=surroundings, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _answers(f"http://{LOOPBACK}:{port}{health}"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(words)} does not answer")
            time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextmanager
def desk(data: Path, tree: Path = ROOT) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve the desk of the code in ``tree`` over a data root; gives its address and process."""
    port = free_port()
    words = [str(BIN / "afterclose"), "dashboard", "--port", str(port)]
    with served(words, data, port, "/_stcore/health", tree=tree) as server:
        yield f"http://{LOOPBACK}:{port}", server


@contextmanager
def luigid(scratch: Path) -> Iterator[str]:
    """Serve Luigi's own page with the tasks of one run of the sample; gives its address."""
    port, scratch = free_port(), Path(mkdtemp(dir=scratch))  # what is made already would not be on the page
    words = [str(BIN / "luigid"), "--address", LOOPBACK, "--port", str(port), "--logdir", str(scratch)]
    words += ["--state-path", str(scratch / "luigid.state")]
    with served(words, scratch, port, "/api/task_list?data={}"):
        run = [str(BIN / "luigi"), "--module", "luigi_tasks", "Report"]
        run += ["--scheduler-host", LOOPBACK, "--scheduler-port", str(port)]
        data = scratch / "luigid-data"
        subprocess.run(run, env=environment(data), cwd=ROOT, check=True, capture_output=True)
        yield f"http://{LOOPBACK}:{port}/static/visualiser/index.html"


@contextmanager
def empty_page(scratch: Path) -> Iterator[str]:
    """Serve a Streamlit page of one word: what every page of the desk costs at least."""
    port, script = free_port(), scratch / "empty.py"
    script.write_text('import streamlit as st\n\nst.caption("nothing")\n', encoding="utf-8")
    words = [str(BIN / "streamlit"), "run", str(script), "--server.port", str(port)]
    words += [
        "--server.address",
        LOOPBACK,
        "--server.headless",
        "true",
        "--browser.gatherUsageStats",
        "false",
    ]
    with served(words, scratch, port, "/_stcore/health"):
        yield f"http://{LOOPBACK}:{port}/"


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as attempt:
        attempt.bind((LOOPBACK, 0))
        return int(attempt.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - an http address made above
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
