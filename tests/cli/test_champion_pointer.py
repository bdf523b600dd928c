"""A champion pointer that is not what was written: said, and never taken for "no champion"."""

from __future__ import annotations

import json

import pytest

from core.queries.models.modelbook import listing
from core.registry.champions import Champions
from core.registry.registry import Registry
from core.request import settings
from tests.champions import pointer, promote

DAMAGE = {
    "cut": lambda text: text[: len(text) // 2],
    "emptied": lambda _: "",
    "another model": lambda text: json.dumps({**json.loads(text), "model_id": "f" * 12}),
    "a list": lambda _: "[]",
    "no text": lambda _: "\x00\xff",
}


@pytest.fixture
def promoted(finished):
    """A data root with a champion."""
    (model,) = Registry(finished).ids()
    promote(finished, model, "the first")
    return finished


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "another model"])
def test_the_command_names_the_damaged_pointer(damage, promoted, run_afterclose):
    """Exit 30 and one line with the file, in every command that lists or uses models."""
    path = pointer(promoted)
    path.write_text(DAMAGE[damage](path.read_text()), encoding="utf-8")
    for words in (["models"], ["predict"]):
        done = run_afterclose(*words, data=promoted)
        assert done.code == 30, (words, done.out, done.err)
        assert len(done.messages) == 1
        assert "champion" in done.err or "model ffffffffffff is not in" in done.err
        assert "Traceback" not in done.err


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_the_damage_the_list_is_refused(damage, promoted):
    """Five ways; whole, it is listed."""
    over = settings.load({"AFTERCLOSE_DATA": str(promoted)}, promoted)
    assert [entry["state"] for entry in listing(over, "files:prices")] == ["champion"]
    path = pointer(promoted)
    path.write_text(DAMAGE[damage](path.read_text()), encoding="utf-8")
    with pytest.raises(Exception, match="champion") as refused:
        listing(over, "files:prices")
    assert type(refused.value).__name__ == "ModelError"


def test_without_the_look_at_the_pointer_a_damaged_one_would_read_as_no_champion(promoted, monkeypatch):
    """The protection taken out: the model is listed as a candidate, and nothing is said."""
    over = settings.load({"AFTERCLOSE_DATA": str(promoted)}, promoted)
    pointer(promoted).write_text("", encoding="utf-8")
    monkeypatch.setattr(Champions, "of", lambda self, profile: None)
    assert [entry["state"] for entry in listing(over, "files:prices")] != ["champion"]
