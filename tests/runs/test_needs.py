"""What a stage takes on a large table is in the run's log before it begins."""

from types import SimpleNamespace

import pytest

from core.queries.runs.log_lines import _message
from core.runs import needs
from core.tables.artifacts import Document, Table
from core.tables.engine import Engine


class Rows(Table):
    """A table of so many rows in so many parts, without the rows."""

    def __init__(self, rows, parts):
        object.__setattr__(self, "_size", (rows, parts))

    rows = property(lambda self: self._size[0])
    parts = property(lambda self: self._size[1])


ALONE, BOTH = Engine("local"), Engine("processes", workers=2)


def test_a_small_table_is_not_spoken_of():
    """One part, or no table at all: the run's own process, and little memory."""
    assert needs.needs_of("evaluate", [Rows(250_000, 1), Document("findings", {})], BOTH) is None
    assert needs.needs_of("ingest", [], BOTH) is None


def test_more_rows_and_more_processes_take_more():
    """A stage that holds all rows grows with them; one that works by parts only with its processes."""
    million, ten = Rows(1_000_000, 4), Rows(10_000_000, 40)
    held = [needs.needs_of("evaluate", [table], ALONE).memory_mb for table in (million, ten)]
    assert held[1] > held[0]
    assert needs.needs_of("evaluate", [million, ten], BOTH).memory_mb > held[1]
    by_parts = [needs.needs_of("clean", [table], ALONE).memory_mb for table in (million, ten)]
    assert by_parts[0] == by_parts[1] < needs.needs_of("clean", [ten], BOTH).memory_mb
    assert needs.needs_of("clean", [ten], BOTH).processes == 2


@pytest.mark.parametrize(
    ("limit", "free"), [("max", 2_000), ("1500000000", 1_000), ("100", 0)], ids=["none", "container", "full"]
)
def test_free_memory_is_that_of_the_container_where_it_has_less(tmp_path, limit, free):
    """The machine has 2 GB; a container with 1.5 GB of which .5 is used has 1."""
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable: 1953125 kB\n")
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text("500000000")
    assert needs.free_memory_mb(tmp_path / "meminfo", tmp_path) == free
    assert needs.free_memory_mb(tmp_path / "nothing", tmp_path / "nothing") is None


@pytest.mark.parametrize(("free", "level"), [(100_000, "info"), (100, "warning"), (None, "info")])
def test_too_little_memory_is_a_warning(monkeypatch, free, level):
    """The line says rows, processes and memory, and what would take less where there is not enough."""
    lines = []
    log = SimpleNamespace(write=lambda event, **facts: lines.append((event, facts)))
    monkeypatch.setattr(needs, "free_memory_mb", lambda: free)
    needs.announce(log, "clean", [Rows(12_600_000, 51)], BOTH)
    ((event, facts),) = lines
    assert facts["level"] == level
    sentence = _message(event, facts)
    assert sentence.startswith("12,600,000 rows: 2 processes, up to 1,200 MB of memory")
    assert ("fewer [compute] workers" in sentence) == (level == "warning")
