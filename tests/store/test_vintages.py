"""Which answer of a live source counts: the latest intact one, else the next number."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from core import columns as col
from core.request import settings
from core.runs.earlier import earlier_answer
from core.runs.plan import stage_plans
from core.runs.resolve import resolve
from core.store.checkpoints import Slot, Store
from core.store.vintages import LARGEST_GAP, choose_vintage
from core.tables.artifacts import Document, Table
from core.tables.codec import encode

META = {
    "fingerprint": "f", "version": 1, "parameters": {}, "libraries": {}, "inputs": [], "started_at": "", "ended_at": "",
    "host": "", "run_id": "",
}  # fmt: skip


def slot_of(number):
    """A key per vintage."""
    return Slot("ingest", f"2024-01-31-{number:012x}")


@pytest.fixture
def store(tmp_path):
    """An empty data root."""
    return Store(tmp_path)


@pytest.fixture
def commit(store):
    """Commit a vintage."""

    def committing(number):
        store.commit(slot_of(number), [encode(Document("prices_raw", {"number": number}))], META)

    return committing


@pytest.fixture
def choose(store):
    """The choice as a number."""
    return lambda fresh=False: choose_vintage(store, slot_of, fresh=fresh)


def damage(store, number):
    """Change a committed artifact."""
    path = store.folder(slot_of(number)) / "prices_raw.json"
    path.write_text(json.dumps({"changed": True}))


def test_the_first_is_nought(choose):
    """Fresh or not."""
    assert (choose(), choose(fresh=True)) == (0, 0)


def test_the_latest_intact_one_counts_and_a_fresh_one_is_the_next(choose, commit):
    """0, 1, 2 are there."""
    for number in range(3):
        commit(number)
    assert (choose(), choose(fresh=True)) == (2, 3)


def test_a_damaged_latest_one_leaves_the_one_before(choose, commit, store):
    """It is intact, so nothing need be asked."""
    commit(0)
    commit(1)
    damage(store, 1)
    assert choose() == 0
    assert choose(fresh=True) == 2


def test_when_all_are_damaged_the_next_number_is_new(choose, commit, store):
    """Damaged meta files count as taken, too."""
    commit(0)
    commit(1)
    damage(store, 0)
    (store.folder(slot_of(1)) / "meta.json").write_text("{}")
    assert choose() == 2


def test_what_was_never_committed_takes_no_number(choose, store):
    """A folder that a killed run left."""
    store.folder(slot_of(0)).mkdir(parents=True)
    assert choose() == 0


def test_a_quarantined_one_keeps_its_number(choose, commit, store):
    """Other rows never come to stand under its key."""
    commit(0)
    store.quarantine(slot_of(0), "run1")
    assert choose() == 1


def test_removed_ones_leave_a_gap_that_is_jumped(choose, commit):
    """gc removed the early ones."""
    commit(LARGEST_GAP - 1)
    assert (choose(), choose(fresh=True)) == (LARGEST_GAP - 1, LARGEST_GAP)


def test_the_answer_to_copy_from_is_found_without_reading_all_earlier_ones(store, tmp_path, monkeypatch):
    """Thirty days are there: the newest is taken, and one meta file is read, or years filled in would add up."""
    import pandas as pd

    configured = settings.load({"AFTERCLOSE_DATA": str(tmp_path)}, tmp_path)
    request = {"source": "sample", "tickers": "AAPL", "end": "2013-02-28"}
    values = resolve(request, settings=configured, now=datetime(2024, 7, 8, tzinfo=UTC))
    plan = stage_plans(values, "ingest")
    meta = {**META, "version": plan.stage.version, "parameters": dict(plan.parameters)}
    for day in range(1, 31):
        frame = pd.DataFrame({col.DATE: [f"2012-11-{day:02d}"], col.TICKER: ["AAPL"]})
        table = Table("prices_raw", frame, {"day": day})
        store.commit(Slot("ingest", f"2012-11-{day:02d}-{day:012x}"), [encode(table)], meta)
    read, real = [], Store.meta
    monkeypatch.setattr(Store, "meta", lambda self, slot: read.append(slot) or real(self, slot))
    found = earlier_answer(store, plan)
    assert (found.key[:10], found.table.header["day"]) == ("2012-11-30", 30)
    assert {slot.key[:10] for slot in read} == {"2012-11-30"}
