"""A finding is accepted on record, with a reason and an end, in the file that later runs work with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from core.errors import AftercloseError, ParameterError, SettingsError, SignOffError
from core.journal import Journal, chain_faults
from core.review.people import local_person
from core.review.waive import accept, file_for, may_be_accepted
from core.store.waivers import read

FINDING = {
    "rule": "inconsistent_ohlc",
    "severity": "error",
    "ticker": "IBM",
    "date": "2012-01-03",
    "value": 0.01,
}


@pytest.fixture
def journal(desk_settings):
    return Journal(desk_settings.data)


@pytest.fixture
def accepted(desk_settings, journal):
    """Accept the finding with some words changed."""

    def do(finding=FINDING, *, role=None, path=None, why="a halt", until="2013-06-30"):
        person = local_person(desk_settings)
        person = dataclasses.replace(person, role=role) if role else person
        path = path or file_for(desk_settings, {})
        (record,) = accept(desk_settings, journal, path, [finding], person=person, why=why, until=until)
        return record

    return do


def test_it_stands_in_the_file_and_on_record(accepted, journal, desk_settings):
    """Rule, ticker, day, person, reason and end; the chain holds."""
    record = accepted()
    _, (waiver,) = read(desk_settings.data / "waivers.toml")
    assert (waiver.rule, waiver.ticker, waiver.first, waiver.last) == (
        "inconsistent_ohlc",
        "IBM",
        "2012-01-03",
        "2012-01-03",
    )
    assert (waiver.who, waiver.why, waiver.until) == ("local user", "a halt", "2013-06-30")
    assert (record.kind, record.content["why"], record.content["role"]) == ("waiver", "a halt", "approver")
    assert not chain_faults(journal.ledger())


def test_what_stands_in_the_file_already_stays(accepted, tmp_path):
    """A person's comments included."""
    path = tmp_path / "ours.toml"
    before = '# by hand\n[[waiver]]\nrule = "zero_volume"\nticker = "FB"\nwho = "A"\nwhy = "halt"\nuntil = 2013-06-30\n'
    path.write_text(before, encoding="utf-8")
    accepted(path=path)
    assert path.read_text(encoding="utf-8").startswith(before)
    assert [waiver.rule for waiver in read(path)[1]] == ["zero_volume", "inconsistent_ohlc"]


@pytest.mark.parametrize(
    "why",
    ['say "so"\n[[waiver]]\nrule = "x"', "back\\slash", "☃ \x7f \u202e", "'''", "\U0001f600 \U00020bb7"],
)
def test_any_reason_is_kept_as_text(accepted, desk_settings, why):
    """Nothing in it becomes another waiver."""
    accepted(why=why)
    (waiver,) = read(desk_settings.data / "waivers.toml")[1]
    assert waiver.why[:1] == why[:1]
    assert waiver.rule == "inconsistent_ohlc"
    assert "\u202e" not in waiver.why


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"why": "  "}, ParameterError, "no reason"),
        ({"until": "someday"}, SettingsError, "until"),
        ({"role": "viewer"}, SignOffError, "viewer"),
        ({"finding": {**FINDING, "rule": "wrong_type"}}, SettingsError, "nobody can accept"),
    ],
)
def test_what_cannot_be_accepted_changes_nothing(accepted, journal, desk_settings, change, error, said):
    """No record, no file."""
    with pytest.raises(error, match=said):
        accepted(**change)
    assert journal.records() == []
    assert not (desk_settings.data / "waivers.toml").exists()


def test_a_malformed_file_is_not_added_to(accepted, journal, tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("[[waiver", encoding="utf-8")
    with pytest.raises(AftercloseError, match=r"broken\.toml"):
        accepted(path=path)
    assert path.read_text(encoding="utf-8") == "[[waiver"
    assert journal.records() == []


def test_the_file_is_the_runs_or_the_settings_or_one_in_the_data_root(desk_settings):
    assert file_for(desk_settings, {"waivers": "ours.toml"}) == Path("ours.toml")
    named = dataclasses.replace(desk_settings, defaults={**desk_settings.defaults, "waivers": "set.toml"})
    assert file_for(named, {}) == Path("set.toml")
    assert file_for(desk_settings, {"waivers": "~/ours.toml"}) == Path.home() / "ours.toml"
    assert file_for(desk_settings, {}) == desk_settings.data / "waivers.toml"
    assert may_be_accepted("inconsistent_ohlc")
    assert not may_be_accepted("wrong_type")
    assert not may_be_accepted("no_such_rule")


def test_a_second_waiver_of_the_same_finding_is_refused(accepted, journal, desk_settings):
    """Neither record nor block is added; a later day extends it."""
    accepted(until="2013-06-30")
    with pytest.raises(ParameterError, match=r"accepted already: by local user until 2013-06-30"):
        accepted(why="once more")
    assert len(journal.records()) == 1
    assert len(read(desk_settings.data / "waivers.toml")[1]) == 1
    accepted(until="2013-12-31")
    assert [waiver.until for waiver in read(desk_settings.data / "waivers.toml")[1]] == [
        "2013-06-30",
        "2013-12-31",
    ]


def test_several_are_accepted_at_once_or_none(desk_settings, journal):
    """One record and one block each; one that nobody may accept refuses all."""
    person, path = local_person(desk_settings), desk_settings.data / "waivers.toml"
    two = [FINDING, {**FINDING, "date": "2012-01-04"}]
    words = {"person": person, "why": "a halt", "until": "2013-06-30"}
    with pytest.raises(SettingsError, match="nobody can accept"):
        accept(desk_settings, journal, path, [*two, {**FINDING, "rule": "wrong_type"}], **words)
    assert not path.exists()
    assert [r.content["first"] for r in accept(desk_settings, journal, path, two, **words)] == [
        "2012-01-03",
        "2012-01-04",
    ]
    assert len(read(path)[1]) == 2
