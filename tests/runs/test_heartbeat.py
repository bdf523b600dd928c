"""Signs of life: how long ago a run gave one, and how far its stage said it is."""

from __future__ import annotations

import os

import pytest

from core.platform.progress import silent
from core.request.settings import Settings
from core.runs.heartbeat import HEARTBEAT_NAME, PROGRESS_NAME, SILENT_S, Heartbeat, Pulse, pulse, recorded


def test_a_run_that_gave_no_sign_has_no_age(tmp_path):
    assert pulse(tmp_path, 1000.0) == Pulse(None)
    assert not pulse(tmp_path, 1000.0).silent


def test_the_newest_sign_counts(tmp_path):
    """A log from long ago and a heartbeat from just now."""
    for name, at in (("log.jsonl", 500), (HEARTBEAT_NAME, 990)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (at, at))
    assert pulse(tmp_path, 1000.0).age_s == 10.0
    assert not pulse(tmp_path, 990.0 + SILENT_S).silent
    assert pulse(tmp_path, 991.0 + SILENT_S).silent
    assert pulse(tmp_path, 900.0).age_s == 0.0


def test_a_run_beats_once_a_second_at_most(tmp_path):
    """A second beat within the second writes nothing; a folder that is gone stops nobody."""
    heartbeat = Heartbeat(Settings(tmp_path, "", {}, None), "r")
    beats = tmp_path / "runs" / "r" / HEARTBEAT_NAME
    beats.parent.mkdir(parents=True)
    heartbeat.beat()
    beats.unlink()
    heartbeat.beat()
    assert not beats.exists()
    Heartbeat(Settings(tmp_path, "", {}, None), "gone").beat()


def test_progress_is_kept_and_passed_on(tmp_path):
    """The first and the last word are always kept."""
    told = []
    record = recorded(tmp_path, "train_or_score", lambda done, total: told.append((done, total)))
    record(1, 10)
    assert pulse(tmp_path, 0.0) == Pulse(0.0, "train_or_score", 1, 10)
    record(2, 10)
    record(10, 10)
    assert pulse(tmp_path, 0.0).done == 10
    assert told == [(1, 10), (2, 10), (10, 10)]
    recorded(tmp_path / "gone", "clean", silent)(1, 1)


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"stage": "clean"}', '{"stage": "a", "done": "x", "total": 1}']
)
def test_a_torn_note_is_no_note(tmp_path, text):
    (tmp_path / PROGRESS_NAME).write_text(text)
    found = pulse(tmp_path, 0.0)
    assert (found.stage, found.done, found.total) == ("", 0, 0)
