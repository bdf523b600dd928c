"""A function in a process of its own: what it starts in its turn ends with it."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from core.platform.isolated import Bounds, TookTooMuch, bounded


def start_another(seconds: float) -> None:
    """Wait for a process that has the same pipes, as the workers of a library do."""
    subprocess.run([sys.executable, "-c", f"import time; time.sleep({seconds})"], check=True)


def test_what_it_started_holds_nobody_up():
    """Killed alone, it left others that had its pipes: whoever asked waited for them."""
    began = time.monotonic()
    with pytest.raises(TookTooMuch, match="time"):
        bounded(Bounds(memory_mb=1024, time_s=3.0), start_another, 60)
    assert time.monotonic() - began < 30
