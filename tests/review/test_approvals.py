"""N of M signatures: so many people approve the same text before it may be published, and the proof says who."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.errors import SettingsError, SignOffError
from core.journal.faults import JournalError
from core.queries.reports.listing import find_report
from core.registry.choosing import chosen_profile, known_profile
from core.review import publication
from core.review.approvals import approvals
from core.review.bundle import check_published
from core.review.bundle_files import read_bundle
from tests import forging
from tests.review.conftest import login


@pytest.fixture
def bob():
    """A second approver."""
    return login("Bob", "approver")


def test_two_of_two_must_have_signed_before_a_report_is_published(office, olga, ann, bob):
    """After one approval it is in review, refused to publish with who is missing; after the second it is signed."""
    office.configured(review_signatures=2)
    office.submit(olga)
    office.sign(ann)
    assert office.state == "in_review"
    with pytest.raises(SignOffError, match="1 of 2 signatures: by Ann"):
        publication.publish(office.settings, office.journal, office.key, person=ann)
    last = office.sign(bob)
    assert office.state == "signed"
    folder = publication.publish(office.settings, office.journal, office.key, person=bob)
    assert check_published(folder, read_bundle(folder)) == last
    words = (folder / "report.txt").read_text()
    assert "Signed by   Bob" in words
    assert "Signatures  2 of 2" in words
    assert "Ann" in words
    proof = (folder / "proof.dsse.json").read_bytes()
    from base64 import b64decode

    predicate = json.loads(b64decode(json.loads(proof)["payload"]))["predicate"]
    assert predicate["signatures"]["required"] == 2
    assert [entry["user"] for entry in predicate["signatures"]["before"]] == ["Ann"]


def test_one_person_counts_once(office, olga, ann):
    """Whoever has approved cannot be the second, whatever the name under it."""
    office.configured(review_signatures=2)
    office.submit(olga)
    office.sign(ann)
    with pytest.raises(SignOffError, match="Ann has signed this text already"):
        office.sign(ann)
    assert office.state == "in_review"


def test_an_approval_of_another_text_does_not_count(office, olga, ann, bob):
    """Edited after the first approval, a report begins anew: both sign the text that is there."""
    office.configured(review_signatures=2)
    office.submit(olga)
    office.sign(ann)
    office.edit("Changed.", person=olga)
    assert office.state == "draft"
    office.submit(olga)
    office.sign(bob)
    assert office.state == "in_review"
    office.sign(ann)
    assert office.state == "signed"


def test_a_rejection_between_two_approvals_begins_anew(office, olga, ann, bob):
    """An approval before a rejection does not count after it."""
    office.configured(review_signatures=2)
    office.submit(olga)
    office.sign(ann)
    office.reject(bob)
    office.submit(olga)
    office.sign(bob)
    assert office.state == "in_review"


def test_only_those_that_the_profile_names_may_approve(office, olga, ann, bob):
    """M people are named: another approver is refused with their names; logins are known by id."""
    office.configured(review_signatures=2, review_signers="ann@id.example.org, carl@id.example.org")
    office.submit(olga)
    with pytest.raises(SignOffError, match="Bob is not among those who sign"):
        office.sign(bob)
    office.sign(ann)
    office.sign(login("Carl", "approver"))
    assert office.state == "signed"


def test_a_login_does_not_become_a_signer_by_its_printed_name(office, olga, bob):
    """At many providers people choose that name themselves; a local user has no other."""
    office.configured(review_signatures=2, review_signers="Ann, local user")
    office.submit(olga)
    with pytest.raises(SignOffError, match="Ann is not among those who sign"):
        office.sign(replace(bob, name="Ann"))
    office.sign(office.me)


def test_emptying_the_keys_of_a_run_in_the_journal_lowers_nothing(office):
    """They are under no signature; the report's meta says which run made it, and its profile asks for two."""
    office.settings = replace(office.settings, profiles={"strict": {"review_signatures": "2"}})
    forging.sql(office, "UPDATE run SET profile = 'strict'")
    assert approvals(office.settings, office.journal, office.key).required == 2
    forging.sql(office, "UPDATE run SET keys = '{}'")
    assert approvals(office.settings, office.journal, office.key).required == 2


def test_a_mistake_in_a_profiles_section_lowers_nothing(office):
    """How many must sign, and who, is not known then: nobody signs and nothing is published until it is mended."""
    fault = SettingsError("luigi.cfg, line 3: unknown key 'cost_bsp'")
    office.sign()
    office.settings = replace(office.settings, profile_faults={"strict": fault})
    forging.sql(office, "UPDATE run SET profile = 'strict'")
    for act in (lambda: approvals(office.settings, office.journal, office.key), office.sign):
        with pytest.raises(SettingsError, match="cost_bsp"):
            act()
    assert office.settings.policy_of("another") is office.settings


def test_a_journal_that_does_not_answer_lowers_nothing(office, monkeypatch):
    """For a moment nobody knows whose report it is: the rules of no profile are not those of its own."""
    from core.registry import origins

    def silent(*_):
        raise JournalError("the journal does not answer")
        yield

    office.settings = replace(office.settings, profiles={"strict": {"review_signatures": "2"}})
    forging.sql(office, "UPDATE run SET profile = 'strict'")
    monkeypatch.setattr(origins, "runs_of", silent)
    with pytest.raises(JournalError, match="does not answer"):
        approvals(office.settings, office.journal, office.key)
    for ask in (
        lambda: find_report(office.settings, "", ""),
        lambda: find_report(office.settings, office.key, "strict"),
        lambda: known_profile(office.settings, "nobody"),
        lambda: chosen_profile(office.settings, ""),
    ):
        with pytest.raises(JournalError, match="does not answer"):
            ask()


def test_a_mistake_in_a_profiles_section_stops_the_publication(
    finished, run_luigi, run_afterclose, small, tmp_path
):
    """At the terminal: 4, by the words of every other question about that profile."""
    config = tmp_path / "luigi.cfg"
    section = "[profile:mine]\nsource = sample\n"
    config.write_text(section)
    env = {"LUIGI_CONFIG_PATH": str(config)}
    assert run_luigi(*small, "--profile", "mine", data=finished, env=env).code == 0
    told = json.loads(run_afterclose("review", "--profile", "mine", "--json", data=finished, env=env).out)
    signed = (
        "sign",
        told["report"],
        "--digest",
        told["sha256"],
        "--meaning",
        "approved",
        "--comment",
        "Read.",
    )
    assert run_afterclose(*signed, data=finished, env=env).code == 0
    config.write_text(section + "review_signatures = 2\n")
    assert run_afterclose("publish", told["report"], data=finished, env=env).code == 20
    config.write_text(section + "review_signatures = 2\ncost_bsp = 5\n")
    for words in (("publish", told["report"]), signed):
        done = run_afterclose(*words, data=finished, env=env)
        assert (done.code, "cost_bsp" in done.err) == (4, True), done.err or done.out


def test_a_setting_that_was_raised_after_the_signature_asks_for_one_more(office, ann, bob, olga):
    """A report signed by one is not published once its profile asks for two; the second may sign at once."""
    office.submit(olga)
    office.sign(ann)
    office.configured(review_signatures=2)
    with pytest.raises(SignOffError, match="1 of 2 signatures"):
        publication.publish(office.settings, office.journal, office.key, person=ann)
    office.sign(bob)
    assert approvals(office.settings, office.journal, office.key).missing == 0
    publication.publish(office.settings, office.journal, office.key, person=ann)


def test_where_one_signature_does_records_are_as_before(office):
    """Without the setting no record has a word about it: an old reader sees what it saw."""
    assert "signatures" not in office.sign().content


def test_signers_of_another_profile_do_not_count_for_this_one(office, ann, bob, olga):
    """A report that two profiles share needs what each asks for: a run under another profile widens no circle."""
    strict = {"review_signatures": "2", "review_signers": "ann@id.example.org, bob@id.example.org"}
    lax = {"review_signers": "cid@id.example.org, dee@id.example.org"}
    office.settings = replace(office.settings, profiles={"strict": strict, "lax": lax})
    forging.sql(office, "UPDATE run SET profile = 'strict'")
    forging.sql(
        office,
        "INSERT INTO run (run_id, created_at, who, how, request, target, keys, state, host, profile) "
        "SELECT 'second', created_at, who, how, request, target, keys, state, host, 'lax' FROM run",
    )
    office.submit(olga)
    for name in ("Cid", "Dee"):
        office.sign(login(name, "approver"))
    assert approvals(office.settings, office.journal, office.key).missing == 2
    with pytest.raises(SignOffError, match="2 further approvals"):
        publication.judge_number(office.settings, office.journal, office.key)
    office.sign(ann)
    office.sign(bob)
    publication.judge_number(office.settings, office.journal, office.key)


def test_the_profile_in_the_signed_request_counts_whatever_the_row_says(office):
    """The row can be changed for the moment of the question."""
    office.settings = replace(office.settings, profiles={"strict": {"review_signatures": "2"}})
    run = office.journal.runs()[0].run_id
    (request,) = office.journal.request_of(run)

    class Judged(type(office.journal)):
        def request_of(self, run_id):
            return (
                [replace(request, content={**request.content, "profile": "strict"})] if run_id == run else []
            )

    journal = Judged(office.root)
    assert approvals(office.settings, journal, office.key).required == 2
