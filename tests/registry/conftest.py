"""A data root with two models that training really made, and one in which profiles are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.journal import Journal
from core.registry.registry import Registry
from core.request import settings
from core.runs.profile import profile_of
from tests.champions import settings_of
from tests.conftest import prices_csv


@pytest.fixture
def desk(finished):
    """Settings of a finished data root whose registry holds two usable models."""
    registry = Registry(finished)
    body = json.loads((finished / "latest" / "model.json").read_bytes())
    body["training"]["seed"] += 1
    registry.add(json.dumps(body).encode())
    assert len(registry.ids()) == 2
    return settings.load({"AFTERCLOSE_DATA": str(finished)}, Path(finished))


@pytest.fixture
def models(desk):
    """The ids of both models."""
    return Registry(desk.data).ids()


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Settings over a fresh data root, and files in the working folder: two vendors', copies of the first."""
    files = {
        "prices": "AB",
        "copy/prices": "AB",
        "longer/prices": "AB",
        "other/prices": "CDE",
        "vendor": "AB",
    }
    for name, tickers in files.items():
        path = tmp_path / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            prices_csv(40 if name.startswith("longer") else 30, tickers=tickers), encoding="utf-8"
        )
    monkeypatch.chdir(tmp_path)
    return settings_of(tmp_path / "data")


def file_request(path, **more):
    """A request for a file that trades every day."""
    return {"source": "files", "path": str(path), "calendar": "24/7", **more}


def ran(settings, request, keys=()):
    """Record a run of a request as a run does, and return its profile."""
    name = profile_of(request, settings, keep=True)
    journal, number = Journal(settings.data), len(Journal(settings.data).runs())
    journal.add_run(
        f"r{number}", who="a", how="terminal", request=request, target="report", state="running", profile=name
    )
    journal.start(f"r{number}", dict(keys))
    return name


def module_request(path, text="", **more):
    """A request for the source of a module, which is written there."""
    path.parent.mkdir(exist_ok=True)
    declared = "@source(text='ours', price_basis='raw')\ndef warehouse(tickers, start, end):\n    return []\n"
    path.write_text(f"from core.plugins import source\n\n\n{declared}{text}", encoding="utf-8")
    return {"source": "own", "plugins": str(path), **more}
