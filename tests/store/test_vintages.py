"""Which answer of a live source counts: the latest intact one, else the next number."""

from __future__ import annotations

import json

import pytest

from core.artifacts import Document, encode
from core.store.checkpoints import Slot, Store
from core.store.vintages import LARGEST_GAP, choose_vintage

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
