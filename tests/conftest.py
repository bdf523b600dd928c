"""What the tests of the whole pipeline share: commands, data roots, small prices, desks."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from tests.commands import (  # noqa: F401 - only_new_processes is a fixture of several folders
    BIN,
    OURS,
    PIPES,
    ROOT,
    Outcome,
    command,
    environment,
    free_port,
    luigi_words,
    only_new_processes,
    started,
)  # fmt: skip
from tests.fork_server import fork_server
from tests.late import pytest_collection  # noqa: F401 - a hook of pytest
from tests.openssh import make_key  # noqa: F401 - a fixture of several folders
from tests.shared import copy_root, shared
from tests.warm_children import forks_children

# the same examples everywhere, and no clock: a busy machine is no failure
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("quick", settings.get_profile("steady"), max_examples=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# a shell leaves SIGINT and SIGHUP ignored in what it starts in the background, and commands started here would inherit
# that; a handler of our own is not inherited, and these tests themselves still ignore both
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

forks_children(lambda: fork_server().socket, lambda: fork_server().environment)
os.environ.pop("COLUMNS", None)  # what runs tests side by side sets it, and a pipe has no width
collect_ignore = ["slow/sitecustomize.py"]  # start-up code of slow runs, no module with tests


def prices_csv(days: int = 300, *, first: date = date(2020, 1, 1), tickers: str = "AB") -> str:
    """A CSV of every calendar day (24/7): a walk by a linear congruential generator, no library's random."""
    lines = ["date,ticker,open,high,low,close,volume"]
    state = {name * 3: (50.0 * number, 12345 * number) for number, name in enumerate(tickers, start=1)}
    for day in range(days):
        for ticker, (before, number) in state.items():
            drawn = (1103515245 * number + 12345) % 2**31
            close = round(before * (1 + ((drawn >> 8) % 2001 - 1000) / 50000), 4)
            high, low = max(before, close) * 1.004, min(before, close) * 0.996
            day_of = first + timedelta(days=day)
            volume = 1000 + (drawn >> 5) % 500
            lines.append(f"{day_of},{ticker},{before},{high:.4f},{low:.4f},{close},{volume}")
            state[ticker] = (close, drawn)
    return "\n".join(lines) + "\n"


def tree(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below ``folder`` by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def committed(data: Path) -> dict[str, str]:
    """SHA-256 of everything that must never change: checkpoints and models."""
    return {
        f"{name}/{path}": digest
        for name in ("checkpoints", "models")
        for path, digest in tree(data / name).items()
    }


def artifacts(data: Path) -> dict[str, str]:
    """SHA-256 of every artifact by stage/key/file, without the metas (they hold times and host)."""
    return {
        path: digest for path, digest in tree(data / "checkpoints").items() if not path.endswith("meta.json")
    }


def folder_of(data: Path, stage: str) -> Path:
    """The only checkpoint of a stage."""
    (folder,) = (data / "checkpoints" / stage).iterdir()
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def lookers():
    """Functions that look at a data root: tree, committed, artifacts, folder_of."""

    class Lookers:
        tree = staticmethod(tree)
        committed = staticmethod(committed)
        artifacts = staticmethod(artifacts)
        folder_of = staticmethod(folder_of)

    return Lookers


@pytest.fixture
def data(tmp_path) -> Path:
    """A fresh data root, not yet there."""
    return tmp_path / "data"


@pytest.fixture(scope="session")
def make_prices():
    """The function that writes small prices as CSV text."""
    return prices_csv


@pytest.fixture(scope="session")
def prices_file(tmp_path_factory) -> Path:
    """A small CSV: 300 days of two tickers."""

    def make(folder: Path) -> Path:
        path = folder / "prices.csv"
        path.write_text(prices_csv(), encoding="utf-8")
        return path

    return shared(tmp_path_factory, "prices", make)


def small_options(path: Path) -> list[str]:
    """Options that make the seven stages quick on the small CSV: three folds, logistic regression only."""
    return [
        "--source", "files", "--path", str(path), "--calendar", "24/7", "--min-train-sessions", "120",
        "--fold-sessions", "60", "--beside", "logistic_regression", "--bootstrap-samples", "100",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def small(prices_file) -> list[str]:
    """The small run's options."""
    return small_options(prices_file)


@pytest.fixture(scope="session")
def run_luigi():
    """Run the main command: ``run_luigi(*options, data=..., env=..., task="Report")``."""

    def run(*args, data=None, env=None, cwd=ROOT, task="Report") -> Outcome:
        return command(*luigi_words(*args, task=task), data=data, env=env, cwd=cwd)

    return run


@pytest.fixture(scope="session")
def start_luigi():
    """Start the main command in its own process group and return the process."""

    def start(*args, data, env=None) -> subprocess.Popen:
        words, surroundings = luigi_words(*args), environment(data, env)
        return started(words, env=surroundings, start_new_session=True, **PIPES)

    return start


@pytest.fixture(scope="session")
def run_afterclose():
    """Run ``afterclose``: ``run_afterclose("dag", "--json")``."""

    def run(*args, data=None, env=None, cwd=ROOT) -> Outcome:
        return command(str(BIN / "afterclose"), *args, data=data, env=env, cwd=cwd)

    return run


@pytest.fixture(scope="session")
def cold(tmp_path_factory, run_luigi, small) -> tuple[Path, Outcome]:
    """A data root with one finished small run, and how that run ended. Never write to it."""

    def make(folder: Path) -> tuple[Path, Outcome]:
        return folder / "data", run_luigi(*small, "--mode", "train", data=folder / "data")

    return shared(tmp_path_factory, "prepared", make)


@pytest.fixture(scope="session")
def prepared(cold) -> Path:
    """The finished data root, for reading only."""
    data, outcome = cold
    assert outcome.code == 0, outcome.err
    return data


@pytest.fixture
def finished(prepared, tmp_path) -> Path:
    """A copy of the finished data root that a test may change."""
    copy = tmp_path / "finished"
    copy_root(prepared, copy)
    return copy


@pytest.fixture
def desk_settings(data, monkeypatch):
    """Settings of a desk over the fresh data root, and the environment that its runs inherit."""
    from core.request import settings

    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AFTERCLOSE_DATA", str(data))
    return settings.load(folder=ROOT)


@pytest.fixture
def small_request(small) -> dict[str, str]:
    """The small run as a request: what the desk's form would ask for."""
    names = (option.removeprefix("--").replace("-", "_") for option in small[::2])
    return dict(zip(names, small[1::2], strict=True))


@pytest.fixture
def launched(desk_settings):
    """Launch a run as the desk does: ``launched(request)``; what is left of it ends with the test."""
    from core.journal import Journal
    from core.review.people import Person
    from core.runs.launcher import cancel, launch

    tester = Person("local:tester", "a tester", "operator")
    started = []

    def start(request: dict[str, str]):
        told = launch(desk_settings, request, person=tester, how="desk", folder=ROOT)
        started.append(told.run_id)
        return told

    yield start
    for run_id in started:
        if cancel(desk_settings, run_id, person=tester):
            until(lambda run_id=run_id: not Journal(desk_settings.data).run(run_id).active, "the run to end")


@pytest.fixture(scope="session")
def predictions():
    """A builder of random predictions: dates x tickers, some folds, labels tied to the probability."""

    import numpy as np
    import pandas as pd

    def build(
        dates: int = 40,
        tickers: int = 3,
        folds: int = 2,
        *,
        seed: int = 0,
        skill: float = 0.0,
        decimals: int = 6,
    ):
        random = np.random.default_rng(seed)
        rows = dates * tickers
        probability = random.uniform(0.3, 0.7, rows).round(decimals)
        chance = 0.5 + skill * np.sign(probability - 0.5)
        return pd.DataFrame(
            {
                "date": np.repeat(
                    pd.bdate_range("2020-01-01", periods=dates).to_numpy("datetime64[s]"), tickers
                ),
                "ticker": np.tile([f"T{i}" for i in range(tickers)], dates),
                "probability": probability,
                "up_next": (random.random(rows) < chance).astype(float),
                "fold": np.repeat(np.arange(dates) * folds // dates + 1, tickers).astype(float),
            }
        )

    return build


def until(found, what: str, *, timeout_s: float = 60.0):
    """Return what ``found()`` gives once it is something; fail after the time, saying what was awaited."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    pytest.fail(f"waited {timeout_s:g} s for {what}")


@pytest.fixture(scope="session")
def wait_until():
    """Wait for a state and never for a time: ``wait_until(found, "what")``."""
    return until


@dataclass(frozen=True)
class Desk:
    """A desk that serves: its process, its address, and the file with what it printed."""

    process: subprocess.Popen
    url: str
    printed: Path

    def stop(self) -> None:
        """End the server, as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


@pytest.fixture(scope="session")
def start_desk(tmp_path_factory):
    """Start the desk on a free port and wait until it answers; it ends with the tests at the latest."""
    desks = []

    def start(data: Path, *, cwd=ROOT, env=None, port: int | None = None, options=()) -> Desk:
        port = port or free_port()
        printed = tmp_path_factory.mktemp("desk") / "printed.txt"
        with printed.open("wb") as stream:
            process = subprocess.Popen(
                [str(BIN / "afterclose"), "dashboard", "--port", str(port), *options],
                env=environment(data, env), cwd=cwd, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        desk = Desk(process, f"http://127.0.0.1:{port}", printed)
        desks.append(desk)
        until(lambda: _answers(desk.url) or process.poll() is not None, "the desk to answer")
        assert process.poll() is None, printed.read_text(encoding="utf-8")
        return desk

    yield start
    for desk in desks:
        if desk.process.poll() is None:
            desk.stop()
