"""What bounds a stage: ingest of files by the settings of files, every other stage by its time alone."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from core.errors import SourceError
from core.platform.isolated import Bounds
from core.platform.timelimit import StageTimeout
from core.runs.limits import stage_limits


def plan(stage="ingest", source="files"):
    """As much of a plan as its limits ask for."""
    return SimpleNamespace(
        slot=SimpleNamespace(stage=stage), stage=SimpleNamespace(name=stage),
        parameters={"source": source, "input_name": "big.csv"},
    )  # fmt: skip


def test_ingest_of_files_is_bounded_in_memory_and_time_each_named():
    """By the setting that is to be raised; the sooner of two times counts."""
    with pytest.raises(SourceError, match=r"big\.csv .*256 MiB"), stage_limits(plan(), 0, Bounds(256, 0)):
        bytearray(400 << 20)
    for timeout_s, read_s, setting in (
        (0, 0.05, "files"),
        (9, 0.05, "files"),
        (0.05, 9, "run"),
        (0.05, 0, "run"),
    ):
        match = rf"\[{setting}\] (read|stage)_timeout_s"
        with pytest.raises(StageTimeout, match=match), stage_limits(plan(), timeout_s, Bounds(256, read_s)):
            time.sleep(5)


@pytest.mark.parametrize("other", [plan("clean"), plan(source="sample")], ids=["stage", "source"])
def test_nothing_else_is(other):
    """What we made ourselves, and what another source answers."""
    with stage_limits(other, 0, Bounds(256, 0.01)):
        time.sleep(0.05)
        assert bytearray(400 << 20)
    with stage_limits(plan(), 0, None):
        assert bytearray(400 << 20)
