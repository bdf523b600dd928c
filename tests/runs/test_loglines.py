"""The end of a log in short lines, whatever stands in the file and however large it is."""

from __future__ import annotations

import json

import pytest

from core.queries.runs.log_lines import MOST_CHARACTERS, log_lines, tail
from core.runs.log import RunLog

REPAIR = {"rule": "spike", "ticker": "A", "date": "2012-01-03", "column": "close", "before": 9, "after": None}


def line(**facts) -> bytes:
    """One line as the log has it."""
    base = {"at": "2026-03-02T21:05:09.123+00:00", "level": "info", "run": "r", "stage": None}
    return json.dumps(base | facts).encode() + b"\n"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"event": "run_started", "request": {"end": "2013-03-01"}}, "run started (end 2013-03-01)"),
        ({"event": "run_started", "request": {}}, "run started (all defaults)"),
        ({"event": "succeeded", "rows": 12154, "seconds": 1.1, "findings": {"large_move": 4}},
         "done, 12,154 rows, 1.10 s; findings: large_move 4"),
        ({"event": "done", "rows": None, "seconds": 0.84, "verdict": "as good as chance"},
         "done, 0.84 s; verdict: as good as chance"),
        ({"event": "reused", "rows": 7}, "reused, 7 rows"),
        ({"event": "failed", "seconds": 2, "error": "no", "traceback": "Traceback ..."}, "failed after 2.00 s: no"),
        ({"event": "retried", "attempt": 1, "wait_s": 0.2, "reason": "429"}, "attempt 1 failed, again in 0.2 s: 429"),
        ({"event": "waiting", "holder": "run 7"}, "waits for run 7, which makes the same"),
        ({"event": "supervised", "state": "failed", "exit_code": 30}, "supervisor: failed, exit code 30"),
        ({"event": "repair", "repair": REPAIR}, "repair spike: A 2012-01-03 close, 9 -> None"),
        ({"event": "something_new", "count": 1200, "why": None}, "something new: count 1,200"),
    ],
)  # fmt: skip
def test_each_event_has_its_sentence(facts, sentence):
    """Known events read as sentences, unknown ones as name and facts; tracebacks stay in the file."""
    (read,) = log_lines(line(**facts))
    assert read.message == sentence


def test_a_line_carries_time_stage_and_level():
    """Information is quiet, everything else says its level."""
    assert str(log_lines(line(event="started", stage="clean"))[0]) == "21:05:09  clean             started"
    assert log_lines(line(event="luigi", message="Worker failed", level="debug")) == []
    error = log_lines(line(event="luigi", message="lost", level="error"))[0]
    assert str(error) == "21:05:09                    ERROR: lost"


@pytest.mark.parametrize(
    "raw", [b"not json\n", b"[1]\n", b"{}\n", b"\xff\xfe\n", b"[" * 5000 + b"\n", b'{"event": "done"}\n']
)
def test_a_line_that_is_none_is_shown_as_it_stands(raw):
    """Whatever a killed writer or an editor left, the page shows a line and no error."""
    (read,) = log_lines(raw)
    assert read.level == "warning"
    assert read.message.startswith("unreadable line: ")


def test_control_characters_and_endless_lines_do_not_reach_the_page():
    """Text that turns or hides text is blanked and a line has an end."""
    (read,) = log_lines(line(event="luigi", message="a\u202eb\x1b[31m" + "x" * 9999))
    assert "\u202e" not in read.message
    assert "\x1b" not in read.message
    assert len(read.message) == MOST_CHARACTERS


def test_only_the_tail_of_a_large_log_is_read(tmp_path):
    """The first line shown is whole, and that there was more is told."""
    log = RunLog(tmp_path, "r")
    for number in range(2000):
        log.write("started", stage="clean", number=number)
    data, cut = tail(log.path)
    assert cut
    assert len(data) <= 64 * 1024
    assert all(json.loads(raw) for raw in data.splitlines())
    assert json.loads(data.splitlines()[-1])["number"] == 1999


def test_a_tail_that_begins_with_a_line_keeps_it(tmp_path):
    """Cut exactly between two lines, nothing is lost."""
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert tail(path, 10) == (b"two\nthree\n", True)
    assert tail(path, 9) == (b"three\n", True)
    assert tail(path, 14) == (b"one\ntwo\nthree\n", False)
    assert tail(tmp_path / "absent") == (b"", False)
