"""Standing still where a test wants to hit: inside a stage, and between its artifacts and its commit mark. EDGE."""

from __future__ import annotations

import os
import time

SLOW_VARIABLE = "AFTERCLOSE_TEST_SLOW_S"
"""Seconds by which each stage is slowed, twice: before it computes and before its ``meta.json`` is there.

Only tests set it, so that a kill can hit every stage and every step of a commit.
"""


def slowed() -> None:
    """Wait as long as a test asked for: not at all otherwise."""
    if delay := os.environ.get(SLOW_VARIABLE):
        time.sleep(float(delay))
