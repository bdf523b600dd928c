"""What a record says is judged as it is read: what is missing, of another kind, or no number of JSON, is damage."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from core.journal.chain import Record
from core.journal.contents import content_of, definition_of, facts_of
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


@pytest.mark.parametrize(
    "text",
    [
        "[]", "7", "null", '"x"', '{"seconds": "long"}', '{"seconds": NaN}', '{"seconds": -1}', '{"seconds": true}',
        '{"bytes": "1"}', '{"bytes": 1.5}', '{"bytes": -1}', '{"rows": []}', '{"rows": 1e999}', '{"attempt": "1"}',
        '{"attempt": 99999999999999999999}', '{"wait_s": {}}', '{"parameters": "train"}', '{"parameters": ["mode"]}',
        '{"model_id": {"a": 1}}', '{"model_id": ["a"]}', '{"error": {}}', '{"reason": 5}', '{"holder": [1]}',
        '{"metrics": 1}', '{"auc": "0.5"}', '{"findings": []}', '{"repairs": 3}', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_fact_of_another_kind_is_damage_in_words(text):
    """Whoever reads events computes with none of it."""
    with pytest.raises(JournalError), readable():
        facts_of(text)


def test_facts_are_as_they_were_said():
    """Also what was null, and what only a later version says."""
    facts = {"rows": None, "seconds": 1.5, "bytes": 3, "parameters": {"mode": "train"}, "later": ["x"]}
    assert facts_of(json.dumps(facts)) == facts


@pytest.mark.parametrize(
    "text",
    [
        "[]", "3", '{"timing": 3}', '{"timing": {"text": 5}}', '{"request": []}', '{"request": {"path": {}}}',
        '{"profile_meant": "files"}', '{"profile_meant": {"path": 3}}',
        '{"first": 3}', '{"last": []}', '{"profile": {}}', '{"jobs": "x"}', '{"jobs": 0}', '{"jobs": true}',
    ],
)  # fmt: skip
def test_a_definition_of_another_kind_is_damage_in_words(text):
    """Of a schedule or a range; whoever starts runs by it starts none."""
    with pytest.raises(JournalError), readable():
        definition_of(text)


def test_what_a_definition_lacks_is_damage_in_words():
    """And a schedule whose rule is none, too."""
    from core.journal.schedules import Stored
    from core.schedule.definition import schedule_of

    for body in (
        {},
        {"timing": {}, "request": {}},
        {"timing": {"text": "close", "more": "x"}, "request": {}},
    ):
        stored = Stored("s", definition_of(json.dumps(body)), "active", "x", {}, "x", "me")
        with pytest.raises(JournalError) as error:
            schedule_of(stored)
        assert error.value.exit_code == 30
