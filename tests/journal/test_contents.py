"""What a record says is judged as it is read: what is missing, of another kind, or no number of JSON, is damage."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from core.journal.chain import Record
from core.journal.contents import content_of
from core.journal.faults import JournalError, readable


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("signature", "[]"), ("signature", '{"meaning": []}'), ("signature", '{"user": null}'),
        ("signature", '{"at_utc": 5}'), ("signature", '{"at_utc": "2026-01-01"}'), ("signature", '{"subjects": 3}'),
        ("signature", '{"supersedes": "1"}'), ("annotation", '{"tags": "x"}'), ("seal", '{"runs": "y"}'),
        ("seal", '{"runs": 1e999}'), ("seal", '{"runs": -1}'), ("draft", '{"number": true}'), ("x", '{"a": NaN}'),
    ],
)  # fmt: skip
def test_a_field_of_another_kind_is_damage_in_words(kind, text):
    """Nobody computes with it."""
    with pytest.raises(JournalError), readable():
        content_of(kind, text)


def test_what_a_record_does_not_say_is_the_journals_damage_and_a_missing_key():
    """Also within what it says; whoever looks for a KeyError finds one."""
    content = content_of("signature", '{"own_key": {}, "meaning": "approved"}')
    for asked in (lambda: content["user"], lambda: content["own_key"]["text"]):
        with pytest.raises(JournalError, match="does not say") as error:
            asked()
        assert isinstance(error.value, KeyError)
        assert error.value.exit_code == 30
    assert content.get("user") is None


def test_a_whole_record_is_as_it_was():
    """Equal to a plain mapping, and copied as one."""
    content = content_of("seal", '{"runs": 3, "keys": ["a"], "about": {"x": 1.5}}')
    assert content == {"runs": 3, "keys": ["a"], "about": {"x": 1.5}}
    record = Record(1, "seal", "ledger", content, "", "")
    assert asdict(record)["content"] == content
