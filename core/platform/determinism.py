"""One thread for numeric libraries, set before they are imported: same bytes on every machine size.

Threads change the order of floating-point sums. The stages are short; parallel work is done by
running stages or shards beside each other, never inside one sum.
"""

from __future__ import annotations

import os

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def single_threaded() -> None:
    """Make numeric libraries that are imported from now on use one thread."""
    for name in THREAD_VARIABLES:
        os.environ[name] = "1"
