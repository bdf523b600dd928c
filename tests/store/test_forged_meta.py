"""A meta file whose digest is right and whose shape is not: whoever may write the data root can make one."""

from __future__ import annotations

import copy
import json

import pytest

from core.errors import CheckpointError
from core.fingerprint import digest_of
from core.store.meta import Slot, checked_meta

SLOT = Slot("clean", "prices-0123456789ab")
BODY = {
    "stage": SLOT.stage, "key": SLOT.key, "parameters": {"seed": 7}, "program": {"version": "1"},
    "artifacts": [{"name": "prices_clean", "file": "prices_clean.json", "format": "json", "sha256": "a" * 64,
                   "bytes": 10, "rows": 3}],
    "inputs": [{"stage": "validate", "key": "prices-ba9876543210", "artifacts": {"findings.json": "b" * 64}}],
}  # fmt: skip
ODD = (None, 0, -1, 1.5, True, "", "..", "../../keys/desk.pem", "a\0b", [], {}, ["x"], {"x": 1}, [[]], [{}])


def read(body):
    """What comes of a meta file with this body and the digest that belongs to it."""
    data = json.dumps({**body, "self_sha256": digest_of(body)}).encode()
    return checked_meta(data, "meta.json", SLOT)


def places(value, before=()):
    """The path of everything in a document."""
    yield before
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, entry in entries:
        yield from places(entry, (*before, name))


@pytest.mark.parametrize("place", [place for place in places(BODY) if place], ids=str)
def test_whatever_stands_anywhere_is_named_or_can_be_read(place):
    """Each value of each place, and the place taken out."""
    for odd in (*ODD, ...):
        body = copy.deepcopy(BODY)
        parent = body
        for name in place[:-1]:
            parent = parent[name]
        if odd is ...:
            del parent[place[-1]]
        else:
            parent[place[-1]] = odd
        try:
            meta = read(body)
        except CheckpointError:
            continue
        assert all("/" not in name and name not in ("", "..") for name in meta.digests)
        assert all(
            isinstance(i.stage, str) and "/" not in i.key and "/" not in i.filename for i in meta.inputs
        )
        assert meta.size >= 0
        assert meta.rows is None or meta.rows >= 0


def test_no_artifact_lies_outside_its_folder():
    """A name that leads to the key, with the digest that it has."""
    body = copy.deepcopy(BODY)
    body["artifacts"][0]["file"] = "../../../keys/desk.pem"
    with pytest.raises(CheckpointError, match="not shaped as one"):
        read(body)
    assert read(BODY).digests == {"prices_clean.json": "a" * 64}


@pytest.mark.parametrize(
    "digest", ["/srv/prices/eod", "../../../prices", "a" * 63, "A" * 64, "a" * 64 + "\n"]
)
def test_a_digest_that_is_none_is_named(digest):
    """It becomes the name of a file on this machine where the data root is a bucket."""
    body = copy.deepcopy(BODY)
    body["artifacts"][0]["sha256"] = digest
    with pytest.raises(CheckpointError):
        read(body)
    body = copy.deepcopy(BODY)
    body["inputs"][0]["artifacts"]["findings.json"] = digest
    with pytest.raises(CheckpointError):
        read(body)
