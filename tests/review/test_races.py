"""What happens between a look and an act, and between two acts at once: refused by name, or done once and whole."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from core.errors import SignOffError
from core.journal import Journal
from core.review import drafts, keys, ledger, ledger_check, publication, signoff
from core.review.people import Person
from core.seals import keypair
from core.upkeep.verification import verify
from tests.forging import draft_put_in, faults, whole

ADMIN = Person("local:root", "Root", "admin")


def meanwhile(monkeypatch, module, name, act):
    """Do something once, just before a function of a module answers."""
    real, done = getattr(module, name), []

    def answering(*args, **options):
        answer = real(*args, **options)
        if not done:
            done.append(name)
            act()
        return answer

    monkeypatch.setattr(module, name, answering)


# ---- signing


@pytest.mark.parametrize("moment", ["signable", "subjects", "recorded_since"])
def test_the_same_words_saved_anew_while_somebody_signs_stop_the_signature(
    office, ann, olga, monkeypatch, moment
):
    """The signer herself saved them, so she had a hand in them; verify would name the signature for ever."""
    office.edit(person=olga)
    office.submit(olga)
    text = signoff.signable(office.store, office.journal, office.key).text

    def saved():
        for words in ("Other words.\n", text):
            drafts.save_draft(office.settings, office.journal, office.key, words, person=ann)

    shown = office.shown()
    meanwhile(monkeypatch, signoff, moment, saved)
    with pytest.raises(SignOffError, match=r"had a hand|draft 3 was saved meanwhile"):
        office.sign(ann, text_sha256=shown)
    assert faults(office) == []


def test_two_who_sign_at_the_same_moment_are_one_signature_each(office, ann, bob, olga):
    """Of two who are needed: the slower one is told who was faster, and signs again."""
    office.configured(review_signatures=2)
    office.submit(olga)
    ready, answers = threading.Barrier(2), []

    def come(person):
        ready.wait(30)
        try:
            answers.append(office.sign(person))
        except SignOffError as error:
            answers.append(error)

    threads = [threading.Thread(target=come, args=(person,)) for person in (ann, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 2
    late = [answer for answer in answers if isinstance(answer, SignOffError)]
    assert all("was faster" in str(error) for error in late)
    assert office.state == ("in_review" if late else "signed")
    assert faults(office) == []


# ---- publishing


@pytest.mark.parametrize("act", ["revoke", "edit"])
def test_what_is_taken_back_while_it_is_published_is_not_published(signed, monkeypatch, act):
    """An authority of time stamps may take a minute; whoever revoked was told that it is revoked."""
    meanwhile(monkeypatch, publication, "files_of", getattr(signed, act))
    with pytest.raises(SignOffError, match="by now"):
        signed.publish()
    assert not list((signed.root / "published").glob("*/*"))
    assert faults(signed) == []


def test_a_record_that_comes_meanwhile_and_changes_nothing_lets_it_be_published(signed, monkeypatch):
    """A run that begins, or a comment."""

    def begun():
        about = {"how": "desk", "request": {}, "target": "report", "state": "running"}
        assert ledger.add_run(signed.settings, signed.journal, "another", who="somebody", **about) is None

    meanwhile(monkeypatch, publication, "files_of", begun)
    assert (signed.publish() / "bundle.zip").is_file()
    assert faults(signed) == []


def test_two_publications_at_once_are_one_whole_bundle(signed, monkeypatch):
    """Each would state another head of the ledger, and write its files between those of the other."""
    real, inside, most = publication.files_of, [], []

    def slowly(*args):
        inside.append(1)
        most.append(len(inside))
        number = len(most)
        about = {"how": "desk", "request": {}, "target": "report", "state": "running"}
        ledger.add_run(signed.settings, signed.journal, f"r{number}", who="somebody", **about)
        files = real(*args)
        threading.Event().wait(0.5)
        inside.pop()
        return files

    monkeypatch.setattr(publication, "files_of", slowly)
    folders = []
    threads = [threading.Thread(target=lambda: folders.append(signed.publish())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert max(most) == 1
    assert len(folders) == 2
    assert len(set(folders)) == 1
    assert not verify(signed.settings).faults
    assert not (signed.root / "quarantine" / "published").exists()


# ---- keys


def acts_of(office):
    """Each way a record is made."""
    about = {"how": "desk", "request": {}, "target": "report", "state": "running"}
    return {
        "act": office.revoke,
        "draft": office.edit,
        "run": lambda: ledger.add_run(office.settings, office.journal, "another", who="somebody", **about),
    }


@pytest.mark.parametrize("name", ["act", "draft", "run"])
def test_a_key_that_is_rotated_while_a_record_is_made_takes_its_place(signed, monkeypatch, name):
    """Without that the act is refused, and a run stays without a record: verify would name it for ever."""
    real, rotations = ledger.desk_key, [None]

    def read(settings, journal):
        key = real(settings, journal)
        if rotations == [None]:
            rotations.clear()
            rotations.append(keys.rotate(settings, Journal(signed.root), person=ADMIN, why="meanwhile"))
        return key

    monkeypatch.setattr(ledger, "desk_key", read)
    answer = acts_of(signed)[name]()
    ((new, _),) = rotations
    assert whole(signed)[-1].key == new.id
    assert name != "run" or answer is None
    assert faults(signed) == []


def test_two_rotations_at_once_leave_a_key_that_counts(signed, monkeypatch):
    """One would write its coming key over the other's, which the record then speaks of."""
    real, second = (
        keys._new_key,
        threading.Thread(
            target=lambda: keys.rotate(signed.settings, Journal(signed.root), person=ADMIN, why="second")
        ),
    )
    begun = []

    def slowly(settings):
        made = real(settings)
        if not begun:
            begun.append(1)
            second.start()
            second.join(1.0)
        return made

    monkeypatch.setattr(keys, "_new_key", slowly)
    keys.rotate(signed.settings, signed.journal, person=ADMIN, why="first")
    second.join(60)
    assert [r.content["comment"] for r in whole(signed) if r.kind == "key"] == ["first", "second"]
    assert keypair.read_private(signed.root / "keys" / "desk.pem").id == whole(signed)[-1].subject
    signed.revoke()
    assert faults(signed) == []


def test_whoever_finishes_a_rotation_puts_no_key_of_another_in_its_place(signed, monkeypatch):
    """Between its look at a coming key and its move a second rotation may bring another, which is on no record yet."""
    first, real = [], ledger.put_in_place

    def killed(*_):
        first.append(1)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "put_in_place", killed)
        with pytest.raises(KeyboardInterrupt):
            keys.rotate(signed.settings, signed.journal, person=ADMIN, why="killed")
    second = threading.Thread(
        target=lambda: keys.rotate(signed.settings, Journal(signed.root), person=ADMIN, why="second")
    )

    def slowly(coming, path):
        if len(first) == 1:
            first.append(2)
            second.start()
            second.join(1.0)
        real(coming, path)

    monkeypatch.setattr(ledger, "put_in_place", slowly)
    signed.revoke()
    second.join(60)
    trust = ledger_check.trust_in(signed.settings)
    assert trust.counts(keypair.read_private(signed.root / "keys" / "desk.pem").id, len(whole(signed)) + 1)
    signed.edit()
    assert faults(signed) == []


# ---- verifying beside all that


@contextmanager
def growing(office, monkeypatch, looks):
    """A run begins in each of so many looks at the ledger, after its records were read."""
    real, begun = ledger_check._signatures, []

    def meanwhile(*args):
        if len(begun) < looks:
            begun.append(f"run-{len(begun)}")
            about = {"how": "desk", "request": {}, "target": "report", "state": "running"}
            assert ledger.add_run(office.settings, office.journal, begun[-1], who="x", **about) is None
        return real(*args)

    monkeypatch.setattr(ledger_check, "_signatures", meanwhile)
    yield begun


def test_a_run_that_begins_while_the_ledger_is_judged_is_no_forgery(signed, monkeypatch):
    """Its row is read after the records: it looked as if nobody had asked for it, and stopped a publication."""
    with growing(signed, monkeypatch, 2):
        assert ledger_check.ledger_faults(signed.settings)[1] == []


def test_a_ledger_that_never_stands_still_is_judged_all_the_same(signed, monkeypatch):
    """Whoever has it grow hides no forgery."""
    draft_put_in(signed)
    with growing(signed, monkeypatch, 1000) as begun:
        _, found = ledger_check.ledger_faults(signed.settings)
    assert any("has no record of who wrote it" in fault for fault in found)
    assert len(begun) == ledger_check.MOST_LOOKS
