"""Promote, roll back, keep, retrain: recorded first, then done, and never half."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import pytest

from core.errors import AftercloseError, ModelError, ParameterError, SignOffError
from core.journal import Journal
from core.registry.champions import Champions
from core.review import decisions, keys
from core.review.decision_history import history
from core.review.decision_history import states as states_of
from core.review.ledger_check import ledger_faults
from core.review.people import local_person

PROFILE = "files:prices"


def promote(settings, *args):
    """As the person that the settings name."""
    return decisions.promote(settings, *args, person=local_person(settings))


def rollback(settings, *args):
    """As the person that the settings name."""
    return decisions.rollback(settings, *args, person=local_person(settings), profile=PROFILE)


def decide(settings, *args):
    """As the person that the settings name."""
    return decisions.decide(settings, *args, person=local_person(settings), profile=PROFILE)


def states(settings):
    """Of the only profile."""
    return states_of(settings, PROFILE)


def chain(desk):
    """All records of people's acts."""
    return Journal(desk.data, desk.journal, read_only=True).records()


def whole(desk):
    """Whether the ledger holds."""
    return ledger_faults(desk)[1] == []


def champion(desk):
    """The champion's id, None before the first promotion."""
    match = Champions(desk).of(PROFILE)
    return match.model_id if match else None


def test_a_promotion_is_a_record_with_who_when_why_and_advice(desk, models):
    """In the chain, under the model's id; the pointer names the record."""
    one, _ = promote(desk, models[0], "  calm markets ")
    (record,) = chain(desk)
    assert (record.kind, record.subject) == ("promotion", models[0])
    content = record.content
    assert (content["user"], content["role"], content["why"]) == ("local user", "approver", "calm markets")
    assert content["at_utc"].endswith("+00:00")
    assert content["before"] is None
    assert one.changes[-1].record == record.seq
    assert whole(desk)


def test_the_advice_of_the_models_evaluation_is_recorded_with_the_decision(desk):
    """What was advised about the candidate that the finished run trained."""
    body = json.loads((desk.data / "latest" / "evaluation.json").read_bytes())
    promote(desk, body["model"]["model_id"], "a test")
    advice = chain(desk)[0].content["advice"]
    assert (advice["decision"], advice["sentence"]) == (
        body["advice"]["decision"],
        body["advice"]["sentence"],
    )
    assert advice["data_to"] == body["data"]["to"]


def test_rollbacks_walk_back_through_the_champions(desk, models):
    """A, B, A again by promotion; back to B, back to A, then nothing is left."""
    one, two = models
    for identity in (one, two, one):
        promote(desk, identity, "because")
    assert rollback(desk, "it went wrong")[0].model_id == two
    assert rollback(desk, "this too")[0].model_id == one
    with pytest.raises(ParameterError, match="no earlier champion"):
        rollback(desk, "and again")
    assert champion(desk) == one
    assert [r.kind for r in chain(desk)] == ["promotion"] * 3 + ["rollback"] * 2


def test_promoting_the_champion_again_is_no_step_to_go_back_to(desk, models):
    """The reason is kept, the earlier champion too."""
    promote(desk, models[0], "because")
    promote(desk, models[1], "because")
    promote(desk, models[1], "still")
    assert rollback(desk, "no")[0].model_id == models[0]


def test_states_are_champion_candidate_and_retired(desk, models):
    """Retired: was champion once."""
    one, two = models
    assert states(desk) == {one: "candidate", two: "candidate"}
    promote(desk, one, "because")
    assert states(desk) == {one: "champion", two: "candidate"}
    promote(desk, two, "because")
    assert states(desk) == {one: "retired", two: "champion"}
    rollback(desk, "no")
    assert states(desk) == {one: "champion", two: "retired"}


def test_a_damaged_earlier_champion_cannot_come_back(desk, models):
    """Refused with its reason; nothing moves and nothing is recorded."""
    promote(desk, models[0], "because")
    promote(desk, models[1], "because")
    (desk.data / "models" / f"{models[0]}.json").write_text("{}")
    with pytest.raises(ModelError, match="was changed"):
        rollback(desk, "no")
    assert champion(desk) == models[1]
    assert len(chain(desk)) == 2


@pytest.mark.parametrize("act", [lambda d: promote(d, "ffffff", "x"), lambda d: rollback(d, "x")])
def test_what_cannot_be_done_leaves_no_record(act, desk):
    """An unknown model, no earlier champion."""
    with pytest.raises(ParameterError):
        act(desk)
    assert champion(desk) is None
    assert [r for r in chain(desk) if r.kind != "signature"] == []


def test_a_decision_without_a_reason_is_refused(desk, models):
    """Whichever it is."""
    promote(desk, models[0], "because")
    for act in (
        lambda: promote(desk, models[1], " "),
        lambda: rollback(desk, ""),
        lambda: decide(desk, "keep", ""),
    ):
        with pytest.raises(ParameterError, match="--why is empty"):
            act()
    assert len(chain(desk)) == 1


def test_a_viewer_may_not_decide(desk, models):
    """Refused in the service, whatever the front end shows."""
    viewer = dataclasses.replace(desk, defaults={**desk.defaults, "user_role": "viewer"})
    for act in (lambda: promote(viewer, models[0], "x"), lambda: decide(viewer, "keep", "x")):
        with pytest.raises(SignOffError, match="role 'viewer'"):
            act()
    assert champion(desk) is None


def test_keeping_and_retraining_are_recorded_and_move_nothing(desk, models):
    """With the person's own reason; without a champion there is nothing to keep."""
    with pytest.raises(AftercloseError):
        decide(desk, "keep", "because")
    promote(desk, models[0], "because")
    decide(desk, "keep", "earnings season")
    decide(desk, "retrain", "a new regulation")
    told = history(desk).decisions
    assert [(d.action, d.why) for d in told[1:]] == [
        ("keep", "earnings season"),
        ("retrain", "a new regulation"),
    ]
    assert champion(desk) == models[0]
    with pytest.raises(ParameterError, match="one of keep, retrain"):
        decide(desk, "perhaps", "x")


def remove_journal(desk):
    """Lose the journal with everything beside it."""
    for path in desk.data.glob("journal.sqlite*"):
        path.unlink()


def test_history_and_rollback_work_without_the_journal(desk, models):
    """The pointer remembers the moves, and says where its knowledge ends."""
    promote(desk, models[0], "first")
    promote(desk, models[1], "second")
    remove_journal(desk)
    told = history(desk)
    assert "no journal" in told.trouble
    assert [(d.model_id, d.why, d.who) for d in told.decisions] == [
        (models[0], "first", "local user"),
        (models[1], "second", "local user"),
    ]
    assert states(desk) == {models[0]: "retired", models[1]: "champion"}
    with pytest.raises(AftercloseError, match="record 3 is gone"):
        rollback(desk, "back")
    admin = dataclasses.replace(local_person(desk), role="admin")
    keys.renew(desk, Journal(desk.data), person=admin, why="the journal is lost for good")
    assert rollback(desk, "back")[0].model_id == models[0]
    assert [d.why for d in history(desk).decisions] == ["first", "second", "back"]


def test_a_damaged_journal_stops_a_decision_and_not_the_reading(desk, models):
    """What cannot be recorded is not done."""
    promote(desk, models[0], "first")
    remove_journal(desk)
    (desk.data / "journal.sqlite").write_bytes(b"no database at all" * 100)
    assert history(desk).decisions[0].why == "first"
    assert history(desk).trouble
    with pytest.raises(AftercloseError):
        promote(desk, models[1], "second")
    assert champion(desk) == models[0]


def test_a_pointer_of_the_first_version_still_reads(desk, models):
    """It had no list of moves."""
    pointer = {"format": 1, "kind": "champion", "model_id": models[0], "sha256": "ab", "why": "old times"}
    (desk.data / "models" / "champion.json").write_text(json.dumps(pointer))
    assert champion(desk) == models[0]
    promote(desk, models[1], "new times")
    assert not (desk.data / "models" / "champion.json").exists()
    assert rollback(desk, "no")[0].model_id == models[0]


KILLED = """
import os, sys, pathlib
import core.platform.files, core.registry.registry, core.journal.journal
from core.request import settings
from core.review import decisions
from core.review.people import local_person

def dying(function, when):
    def wrapped(*args, **kwargs):
        if any("/ledger" in str(value) for value in args):
            return function(*args, **kwargs)  # the head of the ledger: tests/review/test_ledger.py
        if when == "before":
            os._exit(9)
        function(*args, **kwargs)
        os._exit(9)
    return wrapped

where, when, model = sys.argv[1:4]
owner = {"append": core.journal.journal.Journal, "replace_file": core.registry.registry,
         "write_temporary": core.platform.files, "replace": pathlib.Path,
         "sync_folder": core.platform.files, "held": decisions.locks}[where]
if where != "held":
    setattr(owner, where, dying(getattr(owner, where), when))
me = local_person(settings.load())
if model == "rollback":
    decisions.rollback(settings.load(), "killed in between", person=me, profile="files:prices")
decisions.promote(settings.load(), model, "killed in between", person=me)
"""

STEPS = [
    ("append", "before"), ("append", "after"), ("write_temporary", "before"), ("write_temporary", "after"),
    ("replace", "before"), ("replace", "after"), ("sync_folder", "before"), ("sync_folder", "after"),
]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("action", ["promotion", "rollback"])
def test_a_kill_between_any_two_steps_leaves_the_old_or_the_new_champion(step, action, desk, models):
    """Never none, never a champion without its record; and the decision can be made again."""
    old, new = models
    if action == "rollback":
        promote(desk, new, "first")
    promote(desk, old, "before")
    name = "rollback" if action == "rollback" else new
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *step, name],
        env={"AFTERCLOSE_DATA": str(desk.data), "PATH": ""},
        cwd=desk.data,
        check=False,
    )
    assert done.returncode == 9, "the kill came before the end"
    moved = step in STEPS[5:]
    assert champion(desk) == (new if moved else old)
    recorded = step != ("append", "before")
    assert ("killed in between" in [r.content["why"] for r in chain(desk)]) == recorded
    assert whole(desk)
    last = history(desk).decisions[-1]
    assert last.completed == (moved or not recorded)
    if not moved:
        again = rollback(desk, "again") if action == "rollback" else promote(desk, new, "again")
        assert again[0].model_id == new


def test_a_rejected_model_is_recorded_and_can_still_be_promoted(desk, models):
    """The champion stays and is named; a later promotion ends the rejection."""
    one, two = models
    promote(desk, one, "the first")
    record = decisions.reject(desk, two, " too few rows ", person=local_person(desk))
    assert (record.kind, record.subject, record.content["why"]) == ("retraining", two, "too few rows")
    assert champion(desk) == one
    assert states(desk) == {one: "champion", two: "rejected"}
    last = history(desk).decisions[-1]
    assert (last.action, last.model_id, last.before, last.completed) == ("reject", two, one, True)
    promote(desk, two, "after all")
    assert states(desk) == {one: "retired", two: "champion"}


def test_the_champion_cannot_be_rejected_nor_may_a_viewer_reject(desk, models):
    """Nothing is recorded: a champion is replaced, not rejected."""
    promote(desk, models[0], "the first")
    with pytest.raises(ParameterError, match="is the champion"):
        decisions.reject(desk, models[0], "no", person=local_person(desk))
    with pytest.raises(ParameterError, match="empty"):
        decisions.reject(desk, models[1], "  ", person=local_person(desk))
    viewer = dataclasses.replace(local_person(desk), role="viewer")
    with pytest.raises(SignOffError, match="viewer"):
        decisions.reject(desk, models[1], "no", person=viewer)
    assert len(chain(desk)) == 1
