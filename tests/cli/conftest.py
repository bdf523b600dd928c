"""Two vendors' ``prices.csv`` in one data root: made once for the tests that look whether anything crosses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import prices_csv, small_options
from tests.shared import shared

FIRST, SECOND = "files:prices", "files:prices-"
TICKERS = {FIRST: {"AAA", "BBB"}, SECOND: {"CCC", "DDD", "EEE"}}


@dataclass(frozen=True)
class Universes:
    """A data root with two profiles: the name of the second, the models and the newest report of each."""

    data: Path
    second: str
    models: dict[str, str]
    reports: dict[str, str]
    runs: dict[str, list[str]]
    folder: Path


@pytest.fixture(scope="session")
def read(run_afterclose):
    """What a command prints as JSON: ``read("runs", "--json", data=...)``."""

    def answer(*words, data):
        outcome = run_afterclose(*words, "--json", data=data)
        assert outcome.code == 0, outcome.err
        return json.loads(outcome.out)

    return answer


@pytest.fixture(scope="session")
def universes(tmp_path_factory, run_luigi, run_afterclose, read) -> Universes:
    """The first trains, is promoted and scores a longer file elsewhere; then the second does, by ``--mode auto``."""
    return shared(
        tmp_path_factory, "universes", lambda folder: made_in(folder, run_luigi, run_afterclose, read)
    )


def made_in(folder, run_luigi, run_afterclose, read) -> Universes:
    """Make both in a folder."""
    data = folder / "data"
    files = {"first": "AB", "longer": "AB", "second": "CDE"}
    for name, tickers in files.items():
        (folder / name).mkdir()
        text = prices_csv(280 if name == "longer" else 260, tickers=tickers)
        (folder / name / "prices.csv").write_text(text, encoding="utf-8")

    def run(name):
        outcome = run_luigi(*small_options(folder / name / "prices.csv"), data=data)
        assert outcome.code == 0, outcome.err
        return read("runs", "--limit", "1", data=data)[0]

    def promote(profile):
        (model,) = read("models", "--profile", profile, data=data)["models"]
        assert run_afterclose("promote", model["model_id"], "--why", "a test", data=data).code == 0
        return model["model_id"]

    runs = {FIRST: [run("first")]}
    models = {FIRST: promote(FIRST)}
    runs[FIRST].append(run("longer"))
    trained = run("second")
    second = trained["profile"]
    models[second] = promote(second)
    runs[second] = [trained, run("second")]
    reports = {name: each[-1]["keys"]["report"] for name, each in runs.items()}
    ids = {name: [each["run_id"] for each in several] for name, several in runs.items()}
    return Universes(data, second, models, reports, ids, folder)
