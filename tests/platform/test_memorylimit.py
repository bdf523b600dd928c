"""A block may add so much memory to this process: what asks for more is one message, and the limit goes with it."""

from __future__ import annotations

import resource

import numpy as np
import pyarrow as pa
import pytest

from core.errors import SourceError
from core.platform.memorylimit import memory_limit

MORE = 400 << 20


@pytest.mark.parametrize(
    "take", [lambda: bytearray(MORE), lambda: np.ones(MORE // 8), lambda: pa.allocate_buffer(8 * MORE)],
    ids=["python", "numpy", "arrow"],
)  # fmt: skip
def test_what_takes_more_is_ended_by_a_message_that_names_the_setting(take):
    """In each of the libraries that read files; afterwards there is no limit.

    Arrow is asked for more than its pool, which earlier tests may have filled, has addresses for already.
    """
    before = resource.getrlimit(resource.RLIMIT_AS)
    match = r"reading big\.csv was ended: it took more than 256 MiB"
    with pytest.raises(SourceError, match=match), memory_limit(256, "big.csv"):
        take()
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert take() is not None


def test_what_takes_less_is_let_be():
    """A quarter of the limit."""
    with memory_limit(256, "small.csv"):
        assert len(bytearray(64 << 20)) == 64 << 20


def test_a_limit_that_was_there_is_not_raised_and_is_named_as_itself():
    """The system's own limit is the smaller one: no setting of ours would help."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with memory_limit(128, "outer"):
        inside = resource.getrlimit(resource.RLIMIT_AS)[0]
        with memory_limit(4096, "inner"):
            assert resource.getrlimit(resource.RLIMIT_AS)[0] == inside
        with pytest.raises(MemoryError), memory_limit(4096, "inner"):
            bytearray(MORE)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
