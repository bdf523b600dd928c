"""What names the journal of a data root in object storage: damaged, it is named, and not only to whoever writes."""

from __future__ import annotations

import json

import pytest

from core.errors import SettingsError
from core.journal import claim
from core.request import settings
from core.upkeep import verification
from core.upkeep.verification import verify

WHOLE = {"format": 1, "kind": "journal", "journal": "sqlite", "id": "0" * 32, "host": "here"}


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"{",
        b"[1]",
        b"{}",
        b"\xff",
        b"[" * 50_000,
        json.dumps(WHOLE | {"id": None}).encode(),
        b"{" * (1 << 17),
    ],
)
def test_a_damaged_name_of_the_journal_is_named(finished, words, monkeypatch):
    """By whoever opens the journal for writing, and by verify: a second host could begin another journal."""
    over = settings.load({"AFTERCLOSE_DATA": str(finished)}, finished)
    monkeypatch.setattr(verification, "local_folder", lambda root: root / "state")  # as of a root elsewhere
    assert claim.damage(finished) is None
    (finished / claim.NAME).write_text(json.dumps(WHOLE))
    assert claim.damage(finished) is None
    assert not [fault for fault in verify(over, quick=True).faults if fault.what == "file"]
    (finished / claim.NAME).write_bytes(words)
    with pytest.raises(SettingsError, match="not readable"):
        claim.whose(finished)
    named = [fault.which for fault in verify(over, quick=True).faults if fault.what == "file"]
    assert named == [claim.NAME]
