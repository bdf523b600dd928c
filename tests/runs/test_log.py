"""The run's log: JSON lines that survive several processes and a root that cannot be written."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from core.runs.log import RunLog, new_run_id


def lines(log):
    """The log as records."""
    return [json.loads(line) for line in log.path.read_text().splitlines()]


def test_a_line_says_when_what_and_of_which_stage(tmp_path):
    """UTC time, level, run, stage, event and the facts."""
    log = RunLog(tmp_path, "run-1")
    log.write("done", stage="clean", rows=5, path=tmp_path)
    (line,) = lines(log)
    at = datetime.fromisoformat(line.pop("at"))
    assert at.utcoffset() == timedelta(0)
    assert line == {
        "level": "info", "run": "run-1", "stage": "clean", "event": "done", "rows": 5, "path": str(tmp_path)
    }  # fmt: skip
    assert log.path == tmp_path / "runs" / "run-1" / "log.jsonl"


def _write(root, number):
    log = RunLog(root, "run-1")
    for count in range(100):
        log.write("event", worker=number, count=count, long="x" * 5000)


def test_lines_of_several_processes_never_mix(tmp_path):
    """Four writers, four hundred whole lines."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(tmp_path, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seen = sorted((line["worker"], line["count"]) for line in lines(RunLog(tmp_path, "run-1")))
    assert seen == [(worker, count) for worker in range(4) for count in range(100)]


def test_a_root_that_cannot_be_written_is_remembered_and_stops_nothing(tmp_path):
    """Writing and saving go on without an error, and the cause can be said."""
    (tmp_path / "runs").write_text("a file")
    log = RunLog(tmp_path, "run-1")
    log.write("event")
    assert isinstance(log.unwritable, OSError)
    assert log.save("findings.json", b"{}") is None


def test_saving_keeps_a_file_beside_the_log(tmp_path):
    """And returns where it is."""
    path = RunLog(tmp_path, "run-1").save("findings.json", b"{}")
    assert path == tmp_path / "runs" / "run-1" / "findings.json"
    assert path.read_bytes() == b"{}"


def test_run_ids_sort_by_time_and_do_not_collide():
    """UTC to the second, then six random digits."""
    earlier = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert new_run_id(earlier).startswith("20240102T010405Z-")
    later = [new_run_id(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)) for _ in range(20)]
    assert len(set(later)) == 20
    assert all(new_run_id(earlier) < run for run in later)


def test_a_log_that_nobody_holds_any_more_holds_no_file(tmp_path):
    """A scheduler makes one at each look: after a night without its database it could open no file at all."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        RunLog(tmp_path, "scheduler").write("scheduler_trouble", reason="the database is away")
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_a_log_in_another_process_opens_the_file_itself(tmp_path):
    """The number of an open file means another one there."""
    log = RunLog(tmp_path, "run-1")
    log.write("first")
    there = pickle.loads(pickle.dumps(log))
    log.write("second")
    del log
    there.write("third")
    assert [line["event"] for line in lines(there)] == ["first", "second", "third"]


def test_half_a_line_spoils_no_other(tmp_path, monkeypatch):
    """A disk took half of one and has room again: the next stands on a line of its own."""
    log, write = RunLog(tmp_path, "run-1"), os.write
    log.write("first")
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda place, data: write(place, data[:10]))
        log.write("second")
    log.write("third")
    log.write("fourth")
    texts = log.path.read_text().splitlines()
    assert [json.loads(text)["event"] for text in (texts[0], *texts[2:])] == ["first", "third", "fourth"]
    assert len(texts[1]) == 10
