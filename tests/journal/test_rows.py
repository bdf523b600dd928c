"""Whether a run that is not over still goes: on its own host the process says it, elsewhere its heartbeats."""

from __future__ import annotations

import os
import socket

import pytest

from core.journal.runs_and_drafts import PROCESS_GONE, SILENT, run_of
from core.platform.processes import ProcessId, this_process

GONE = ProcessId(os.getpid(), this_process().started_ticks + 1, this_process().boot_id)
HERE = socket.gethostname()
BOOT = this_process().boot_id.partition("/")[0]
FAR = ProcessId(os.getpid(), this_process().started_ticks, "another/1")
IN_ANOTHER_CONTAINER = ProcessId(os.getpid(), this_process().started_ticks, f"{BOOT}/1")
OF_BEFORE = ProcessId(os.getpid(), this_process().started_ticks, BOOT)
"""A process that a version recorded which knew of no namespaces."""


@pytest.mark.parametrize(
    ("state", "host", "process", "silent", "expected"),
    [
        ("running", HERE, this_process(), True, ("running", None)),  # its process is seen: no beat is needed
        ("running", HERE, this_process(), None, ("running", None)),
        ("running", HERE, GONE, False, ("interrupted", PROCESS_GONE)),
        ("running", HERE, None, False, ("running", None)),  # just being started here
        ("running", HERE, None, True, ("interrupted", SILENT)),  # nobody ever led it
        ("running", "renamed", this_process(), True, ("running", None)),
        ("running", "renamed", GONE, False, ("interrupted", PROCESS_GONE)),
        ("running", "elsewhere", FAR, False, ("running", None)),
        ("running", "elsewhere", FAR, True, ("interrupted", SILENT)),
        ("running", HERE, FAR, False, ("interrupted", PROCESS_GONE)),  # this host was started again
        ("running", HERE, IN_ANOTHER_CONTAINER, False, ("running", None)),
        ("running", HERE, IN_ANOTHER_CONTAINER, True, ("interrupted", SILENT)),
        ("running", "renamed", OF_BEFORE, True, ("running", None)),
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
