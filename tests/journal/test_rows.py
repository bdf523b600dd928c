"""Whether a run that is not over still goes: on its own host the process says it, elsewhere its heartbeats."""

from __future__ import annotations

import os
import socket

import pytest

from core.journal.rows import PROCESS_GONE, SILENT, run_of
from core.platform.processes import ProcessId, this_process

GONE = ProcessId(os.getpid(), this_process().started_ticks + 1, this_process().boot_id)
HERE = socket.gethostname()


@pytest.mark.parametrize(
    ("state", "host", "process", "silent", "expected"),
    [
        ("running", HERE, this_process(), True, ("running", None)),  # its process is seen: no beat is needed
        ("running", HERE, this_process(), None, ("running", None)),
        ("running", HERE, GONE, False, ("interrupted", PROCESS_GONE)),
        ("running", HERE, None, True, ("running", None)),  # just being started here
        ("running", "elsewhere", this_process(), False, ("running", None)),
        ("running", "elsewhere", this_process(), True, ("interrupted", SILENT)),
        ("queued", "elsewhere", None, True, ("interrupted", SILENT)),
        ("succeeded", HERE, GONE, True, ("succeeded", None)),
        ("failed", "elsewhere", None, True, ("failed", None)),
    ],
)
def test_a_run_goes_while_its_process_is_seen_or_heard_of(state, host, process, silent, expected):
    """What is over stays what it was."""
    led_by = [process.pid, process.started_ticks, process.boot_id] if process else [None, None, None]
    about = [
        1,
        "r",
        "2026-01-05T00:00:00+00:00",
        "a",
        "desk",
        "{}",
        "report",
        "{}",
        state,
        None,
        None,
        None,
        None,
    ]
    run = run_of([*about, host, *led_by, "sample", None, None, silent])
    assert (run.state, run.error) == expected
