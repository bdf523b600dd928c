"""Memory that was freed is used again."""

import subprocess
import sys

import pytest

_CLEARED = """
import resource, sys
import numpy as np
if sys.argv[1] == "reuse":
    from core.platform.allocation import reuse_freed_memory
    reuse_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    [np.ones(1 << 17) for _ in range(16)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have their own allocator")
def test_an_array_is_not_cleared_memory_each_time():
    """A hundred times 16 arrays of 1 MB: 256 pages each every time, and with the setting those of the first 16."""
    pages = {
        how: int(subprocess.check_output([sys.executable, "-c", _CLEARED, how])) for how in ("as is", "reuse")
    }
    assert pages["as is"] > 100 * 16 * 256 * 0.9
    assert pages["reuse"] < 2 * 16 * 256
