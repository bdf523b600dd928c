"""A data root with two models that training really made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.registry.registry import Registry
from core.request import settings


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
