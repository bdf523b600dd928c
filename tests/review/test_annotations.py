"""Name, tags and note of a run: the last word counts, each is on record, and what is no word is refused."""

from __future__ import annotations

import json

import pytest

from core.errors import ParameterError, SignOffError
from core.journal import Journal
from core.journal.chain import chain_faults
from core.request import settings
from core.review.annotations import MOST_NAME, Annotation, annotate, annotations_of
from core.review.people import Person

ME = Person("local:me", "local user", "operator")


@pytest.fixture
def here(tmp_path):
    """A journal with one run."""
    configured = settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)
    journal = Journal(configured.data, configured.journal)
    journal.add_run("r1", who="me", how="terminal", request={}, target="report", state="succeeded")
    return configured, journal


def test_what_is_not_named_stays_and_each_act_is_on_record(here):
    """A name, then two tags, then one of them away and a note: three records, whose last has all of it."""
    configured, journal = here
    annotate(configured, journal, "r1", person=ME, name="  The   quarter ")
    annotate(configured, journal, "r1", person=ME, add=["Audit", "q4"])
    annotate(configured, journal, "r1", person=ME, remove=["audit"], note="Read twice.")
    now = annotations_of(journal)["r1"]
    assert (now.name, now.tags, now.note, now.who) == ("The quarter", ("q4",), "Read twice.", "local user")
    assert [r.content["comment"] for r in journal.records(subject="r1")] == [
        "name: The quarter", "name: The quarter; tags: audit, q4", "name: The quarter; tags: q4; Read twice.",
    ]  # fmt: skip
    assert chain_faults(journal.ledger()) == []


@pytest.mark.parametrize(
    "act",
    [{"name": "x" * (MOST_NAME + 1)}, {"add": ["two words"]}, {"add": [f"t{n}" for n in range(13)]}, {"name": ""}],
)  # fmt: skip
def test_what_is_too_long_no_word_or_no_change_is_refused_and_nothing_is_recorded(here, act):
    """The mistake is named; the journal stays as it was."""
    with pytest.raises(ParameterError):
        annotate(*here, "r1", person=ME, **act)
    assert here[1].records() == []


def test_a_viewer_and_an_unknown_run_are_refused(here):
    """Whoever may start a run may name it."""
    with pytest.raises(SignOffError):
        annotate(*here, "r1", person=Person("local:v", "V", "viewer"), name="x")
    with pytest.raises(ParameterError, match="no run 'r2'"):
        annotate(*here, "r2", person=ME, name="x")
    assert annotations_of(here[1]).get("r1", Annotation()) == Annotation()


def test_the_terminal_writes_shows_and_finds_them(prepared, tmp_path, run_afterclose):
    """`annotate`, then `runs` with a tag and `show`."""
    from tests.shared import copy_root

    copy_root(prepared, tmp_path / "data")

    def typed(*words):
        done = run_afterclose(*words, data=tmp_path / "data", cwd=tmp_path)
        assert done.code == 0, done.err
        return done.out

    typed("annotate", "latest", "--name", "A first look", "--tag", "rehearsal")
    (row,) = json.loads(typed("runs", "--tag", "rehearsal", "--json"))
    assert (row["name"], row["tags"], row["note"]) == ("A first look", ["rehearsal"], "")
    assert "A first look #rehearsal" in typed("runs")
    assert "A first look" in typed("show", "latest")
    assert "no runs yet" in typed("runs", "--tag", "other")
