"""Models by content id, and the one champion."""

from __future__ import annotations

import hashlib
import json

import pytest

from core.errors import AftercloseError, MissingFileError, ModelError, NoChampionError, ParameterError
from core.registry.champions import Champions
from core.registry.registry import Registry, model_id
from tests.champions import champion, promote, settings_of

COLLIDING = b"model 996612", b"model 50484483"
"""Two texts whose SHA-256 begin with the same 12 digits: found among 70 million in a few minutes."""


@pytest.fixture
def registry(tmp_path):
    """An empty registry."""
    return Registry(tmp_path)


@pytest.fixture
def real(prepared, registry):
    """A registry with a model that training really made; its bytes."""
    data = (prepared / "latest" / "model.json").read_bytes()
    registry.add(data)
    return data


def test_a_model_is_named_by_its_bytes(registry):
    """12 hex digits of the SHA-256; the same bytes twice are one model."""
    data = b'{"a": 1}'
    identity = registry.add(data)
    assert identity == hashlib.sha256(data).hexdigest()[:12] == model_id(data)
    assert registry.add(data) == identity
    assert registry.ids() == [identity]
    assert registry.bytes_of(identity) == data


def test_a_changed_model_is_refused_and_adding_it_again_heals(registry):
    """Never score with bytes that are not what was promoted."""
    identity = registry.add(b"one")
    (registry.folder / f"{identity}.json").write_bytes(b"two")
    with pytest.raises(ModelError, match="was changed"):
        registry.bytes_of(identity)
    registry.add(b"one")
    assert registry.bytes_of(identity) == b"one"


def test_a_missing_model_names_those_there_are(registry):
    """An error with what could have been meant."""
    identity = registry.add(b"one")
    with pytest.raises(ModelError, match=identity):
        registry.bytes_of("0" * 12)


def test_a_model_is_found_by_the_beginning_of_its_id(registry):
    """Six digits or more, if only one answers."""
    identity = registry.add(b"one")
    assert registry.find(identity[:6]) == registry.find(identity) == identity
    for text in (identity[:5], "ffffff", "", identity + "0"):
        with pytest.raises(ParameterError, match="no model is called"):
            registry.find(text)


def test_two_models_with_one_beginning_are_not_guessed(registry):
    """Both are named."""
    registry.folder.mkdir()
    for identity in ("abcdef000001", "abcdef000002"):
        (registry.folder / f"{identity}.json").write_bytes(b"")
    with pytest.raises(ParameterError, match="more than one model is called 'abcdef'"):
        registry.find("abcdef")


def test_a_model_file_can_be_brought(real, tmp_path):
    """A path is kept under its content id; what is no model is refused."""
    other = Registry(tmp_path / "other")
    (tmp_path / "mine.json").write_bytes(real)
    brought = promote(tmp_path / "other", str(tmp_path / "mine.json"), "brought along")
    assert other.bytes_of(brought.model_id) == real
    (tmp_path / "no.json").write_text('{"format": 1, "kind": "findings"}')
    with pytest.raises(ModelError, match="not a model"):
        other.find(str(tmp_path / "no.json"))
    with pytest.raises(MissingFileError):
        other.find(str(tmp_path / "nowhere.json"))


def test_without_promotion_there_is_no_champion(registry):
    """None, or the error that says how to get one."""
    champions = Champions(settings_of(registry.folder.parent))
    assert champions.of("sample") is None
    with pytest.raises(NoChampionError, match="--mode train"):
        champions.require("sample")


def test_promoting_moves_the_pointer_and_keeps_the_reason(real, registry):
    """The champion's id, digest and why."""
    promote(registry.folder.parent, model_id(real), "  it is calibrated ")
    first = Champions(settings_of(registry.folder.parent)).require("sample")
    assert first.model_id == model_id(real)
    assert first.sha256 == hashlib.sha256(real).hexdigest()
    assert first.why == "it is calibrated"


def test_a_promotion_without_a_reason_is_refused(real, registry):
    """The decision is a person's, and so is the why."""
    with pytest.raises(ParameterError, match="--why is empty"):
        promote(registry.folder.parent, model_id(real), "  ")
    assert champion(registry.folder.parent) is None


def test_what_is_no_usable_model_cannot_become_champion(registry):
    """A file that begins like a model and cannot score would stop every later run."""
    identity = registry.add(json.dumps({"format": 1, "kind": "model"}).encode())
    with pytest.raises(AftercloseError):
        promote(registry.folder.parent, identity, "why not")
    assert champion(registry.folder.parent) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"model_id": "x"}', b"\xff"])
def test_a_damaged_pointer_is_an_error_and_not_no_champion(registry, content):
    """Silently training instead of scoring would be worse than stopping."""
    for name in ("champion.json", "champions/sample.json"):
        path = registry.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        with pytest.raises(ModelError, match="not a readable champion pointer"):
            Champions(settings_of(registry.folder.parent)).of("sample")
        path.unlink()


def test_a_model_that_was_exchanged_for_one_of_the_same_id_is_named(registry):
    """An id is 12 digits, and two files that share them can be made on purpose: the whole SHA-256 tells them apart."""
    one, other = COLLIDING
    assert model_id(one) == model_id(other)
    identity = registry.add(one)
    with pytest.raises(ModelError, match="another model has id"):
        registry.add(other)
    assert registry.bytes_of(identity, hashlib.sha256(one).hexdigest()) == one
    (registry.folder / f"{identity}.json").write_bytes(other)
    with pytest.raises(ModelError, match="was exchanged"):
        registry.bytes_of(identity, hashlib.sha256(one).hexdigest())
