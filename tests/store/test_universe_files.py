"""Files of membership and of symbols, read where others are served meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import SettingsError, SourceError
from core.platform.isolated import Bounds
from core.store import universe_files
from core.store.universe_files import AT_ONCE_BYTES, keep, symbols_in


@pytest.fixture
def large(tmp_path):
    """A file of symbols above what a desk's thread reads itself."""
    path = tmp_path / "s.csv"
    lines = (f"A{number},B{number},2020-01-01\n" for number in range(AT_ONCE_BYTES // 16))
    path.write_text("old,new,date\n" + "".join(lines))
    assert path.stat().st_size > AT_ONCE_BYTES
    return path


def in_thread(function, *args):
    """What a function gives in a thread, as a desk calls it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *args).result()


def test_a_large_file_is_read_apart_from_a_desk_and_says_the_same(large, tmp_path):
    """Its changes, its digest, and its faults with their line."""
    here = keep(str(large), tmp_path / "data", "symbols"), symbols_in(large)
    assert in_thread(keep, str(large), tmp_path / "other", "symbols") == here[0]
    assert in_thread(symbols_in, large) == here[1]
    large.write_text(large.read_text() + "A1,C,2020-01-01\n")
    with pytest.raises(SettingsError, match="A1 changes twice"):
        in_thread(keep, str(large), tmp_path / "data", "symbols")


def test_a_large_file_takes_no_more_of_a_desk_than_its_bounds(large, tmp_path, monkeypatch):
    """The thread of a desk is interrupted by no alarm; a terminal's plan has its own limit."""
    monkeypatch.setattr(universe_files, "BOUNDS", Bounds(memory_mb=4_096, time_s=0.01))
    for read in ((keep, str(large), tmp_path / "data", "symbols"), (symbols_in, large)):
        with pytest.raises(SourceError, match=r"s\.csv"):
            in_thread(*read)
    assert keep(str(large), tmp_path / "data", "symbols")
