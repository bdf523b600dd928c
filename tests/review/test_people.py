"""Who may do what, by a table made by hand; and who counts as somebody else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import SignOffError
from core.review import people
from core.review.decisions import decide, promote
from core.review.people import Person
from core.review.requesters import requesters
from core.runs import launcher
from core.upkeep import garbage, restoring
from tests.champions import champion

ISSUER = "OpenID Connect, https://id.example.org"

MAY = {
    "viewer": {"view"},
    "operator": {
        "view", "launch", "cancel", "save_draft", "submit", "publish", "waive", "schedule", "decide", "gc",
        "register_key", "annotate", "comment",
    },
    "approver": {
        "view", "launch", "cancel", "save_draft", "submit", "publish", "waive", "schedule", "decide", "gc",
        "register_key", "annotate", "comment",
        "request_changes", "sign", "reject", "revoke", "promote", "rollback", "restore",
    },
    "admin": set(people.ACTIONS),
}  # fmt: skip


@pytest.mark.parametrize("role", [*MAY, "Admin", "", "approver "])
def test_each_role_may_do_what_the_table_says_and_nothing_else(role):
    """A word that is no role may do nothing, not even look."""
    somebody = Person("local:a", "A", role)
    done = set()
    for action in people.ACTIONS:
        try:
            people.require(somebody, action)
            done.add(action)
        except SignOffError as error:
            assert repr(role) in str(error)  # noqa: PT017 - each refusal names the role that was not enough
    assert done == MAY.get(role, set())


@pytest.mark.parametrize(
    ("act", "least"),
    [
        (
            lambda s, p, t: launcher.launch(s, {"source": "nowhere"}, person=p, how="desk", folder=t),
            "operator",
        ),
        (lambda s, p, t: launcher.cancel(s, "no-run", person=p), "operator"),
        (lambda s, p, t: decide(s, "perhaps", "x", person=p, profile="sample"), "operator"),
        (lambda s, p, t: promote(s, "ffffff", "x", person=p), "approver"),
        (lambda s, p, t: restoring.restore(s, t / "none.zip", person=p), "approver"),
        (
            lambda s, p, t: garbage.remove(
                s, [garbage.Garbage("log", t / "none", 0)], datetime.now(UTC), person=p
            ),
            "operator",
        ),
    ],
    ids=["launch", "cancel", "decide", "promote", "restore", "gc"],
)
def test_the_services_ask_before_anything_else(office, tmp_path, act, least):
    """The role below the least is refused for its role; the least gets as far as its bad argument."""
    roles = ["viewer", "operator", "approver", "admin"]
    below = roles[roles.index(least) - 1]
    with pytest.raises(SignOffError, match="role"):
        act(office.settings, Person("local:a", "A", below), tmp_path)
    with pytest.raises(Exception) as caught:
        act(office.settings, Person("local:a", "A", least), tmp_path)
    assert "role" not in str(caught.value)


def test_people_are_told_apart_by_id_and_not_by_name():
    """Two of a name are two; a name that looks like a label is no login; odd ids keep their owner."""
    ann, other = Person("1@x", "Ann", "approver", ISSUER), Person("2@x", "Ann", "approver", ISSUER)
    assert not people.involved(ann, [other.label])
    assert people.involved(ann, [ann.label])
    assert people.involved(ann, [replace(ann, name="Ann Married").label])
    fake = Person("local:eve", "Ann <1@x>", "approver")
    assert not people.involved(ann, [fake.label])
    assert people.identity_of(fake.label) is None
    odd = Person("a<b>c@x", "Odd", "approver", ISSUER)
    assert people.involved(odd, [odd.label])
    assert not people.independent(odd, [odd.label])


@pytest.mark.parametrize(
    ("hands", "expected"),
    [([], False), (["Bob <2@x>"], True), (["local user"], False), (["Ann <1@x>"], False)],
)
def test_only_logins_of_others_make_a_review_independent(hands, expected):
    """Nobody known, a local user or the signer among them: it is not."""
    assert people.independent(Person("1@x", "Ann", "approver", ISSUER), hands) is expected
    assert people.independent(Person("local:a", "Ann", "approver"), hands) is False


def test_whoever_asked_for_a_training_does_not_promote_its_model(office):
    """By the run in the journal; somebody else may, and so may anybody where the setting says never."""
    from core.registry.registry import Registry

    (model,) = Registry(office.root).ids()
    ann = Person("1@x", "Ann", "approver", ISSUER)
    (run,) = [r for r in office.journal.runs() if r.target == "report"]
    with office.journal._transaction():
        office.journal._execute("UPDATE run SET who = ? WHERE run_id = ?", [ann.label, run.run_id])
    assert requesters(office.settings, model) == [ann.label, "local user"], "the row, and the signed record"
    with pytest.raises(SignOffError, match="asked for the training"):
        promote(office.settings, model, "good", person=ann)
    assert champion(office.root) is None
    shutil.rmtree(office.root / "checkpoints" / "train_or_score")  # as gc does with what nothing rests on
    with pytest.raises(SignOffError, match="asked for the training"):
        promote(office.settings, model, "good", person=ann)
    bob = Person("2@x", "Bob", "approver", ISSUER)
    assert promote(office.settings, model, "good", person=bob)[0].model_id == model
    never = replace(
        office.settings, defaults={**office.settings.defaults, "review_separate_requester": "never"}
    )
    assert promote(never, model, "still good", person=ann)[0].model_id == model
