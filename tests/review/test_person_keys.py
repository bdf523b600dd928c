"""A person's own key: nothing counts in their name without it, whoever has the desk's key."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import AftercloseError, DataError, ParameterError, SignOffError
from core.review import ledger, registering, signoff
from core.review.bundle import check_bundle
from core.review.openssh import PURPOSE, command_for, read_key, signature_by, signer_of
from core.review.people import Person
from core.review.person_keys import text_of_signature
from tests.forging import faults, following, put, whole
from tests.openssh import crafted, line_of

ADMIN = Person("local:root", "Root", "admin")


@pytest.fixture
def own(office, make_key):
    """An office whose person registered a key; returns its file."""
    path = make_key("own")
    register(office, path)
    return path


def public(path):
    """The line of the public half."""
    return path.with_name(f"{path.name}.pub").read_text()


def register(office, path, *, person=None, earlier=()):
    """Register a key."""
    signs = [partial(signature_by, file) for file in (path, *earlier)]
    return registering.register(
        office.settings, office.journal, public(path), person=person or office.me, why="mine", signs=signs
    )


def withdraw(office, path, person, signs=None):
    """Take a key out of use."""
    fingerprint = read_key(public(path)).fingerprint
    return registering.withdraw(
        office.settings, office.journal, fingerprint, person=person, why="lost", signs=signs
    )


def forged(office, record, **changes):
    """Add a record such as another one, signed by the desk's own key: whoever has that can."""
    ledger.append(office.settings, office.journal, record.kind, record.subject, {**record.content, **changes})


def refused(office):
    """What verify says, after publication was refused."""
    with pytest.raises(AftercloseError) as error:
        office.publish()
    assert error.value.exit_code in (20, 30)
    assert not list((office.root / "published").glob("*/*"))
    return faults(office)


def test_with_a_registered_key_only_that_key_signs_in_the_name(office, own, make_key):
    """Without it nothing is recorded; with it everything holds, in the bundle, too."""
    with pytest.raises(registering.OwnKeyNeeded, match="own-key") as needed:
        office.sign()
    assert office.shown() in needed.value.text
    with pytest.raises(SignOffError, match="the signature is by SHA256:"):
        office.sign(signs=partial(signature_by, make_key("other")))
    assert [r.kind for r in whole(office) if r.kind == "signature"] == []
    record = office.sign(signs=partial(signature_by, own))
    folder = office.publish()
    assert record.content["own_key"]["fingerprint"] in (folder / "report.txt").read_text()
    assert check_bundle(folder / "bundle.zip", None).record == record
    assert faults(office) == []
    with pytest.raises(registering.OwnKeyNeeded):
        office.revoke()


def test_what_the_shell_command_prints_is_taken(office, own):
    """The desk shows it; a comment may hold quotes and line ends."""
    comment = 'It\'s "fine"\n$(rm -rf /) `x` ¤'

    def in_the_shell(text):
        return subprocess.run(
            ["sh", "-c", command_for(text, str(own))], check=True, capture_output=True, text=True
        ).stdout

    assert office.sign(comment=comment, signs=in_the_shell).content["own_key"]
    assert faults(office) == []


def test_a_record_by_the_desks_key_alone_is_named(office, own):
    """Whoever stole the desk's key has no person's key."""
    content = office.sign(signs=partial(signature_by, own)).content
    last = whole(office)[-1]
    bare = {name: value for name, value in content.items() if name != "own_key"}
    ledger.append(office.settings, office.journal, "signature", office.key, bare)
    assert f"record {last.seq + 1} is signed as local user without their own key" in refused(office)


@pytest.mark.parametrize(
    "road", ["replayed", "other report", "other meaning", "other comment", "another's key", "no signature"]
)
def test_a_forged_own_signature_is_named(office, own, make_key, road):
    """Each is a record that the desk's own key signed."""
    record = office.sign(signs=partial(signature_by, own))
    number = record.seq + 1
    if road == "replayed":
        signoff.revoke(
            office.settings, office.journal, office.key, person=office.me, comment="no",
            signs=partial(signature_by, own),
        )  # fmt: skip
        number += 1
        forged(office, record)
    elif road == "other report":
        forged(office, replace(record, subject=office.second_report()))
    elif road == "other meaning":
        forged(office, record, meaning="reviewed")
    elif road == "other comment":
        forged(office, record, comment="All is well.")
    elif road == "no signature":
        forged(office, record, own_key={**record.content["own_key"], "signature": "words"})
    else:
        other = make_key("forger")
        text = text_of_signature(whole(office)[0].key, office.key, record.content, record.hash)
        signed = {"public": public(other).strip(), "text": text, "signature": signature_by(other, text)}
        forged(office, record, own_key=signed)
    assert any(f"own key in record {number} does not hold" in fault for fault in refused(office))


def test_another_spelling_of_the_name_needs_the_key_too(office, own):
    """A printed name is what a reader goes by; a login of that name as well."""
    for name in ("Local  User", "LOCAL USER"):
        with pytest.raises(SignOffError, match="looks like the one with which local user registered"):
            office.sign(Person("local:x", name, "approver"))
    login = Person("7@id.example.org", "local user", "approver", "OpenID Connect, x", "x", "7")
    office.submit()
    with pytest.raises(SignOffError, match="looks like the one with which local user registered"):
        office.sign(login)
    assert office.sign(Person("local:x", "Somebody Else", "approver"))


def test_a_withdrawn_key_signs_nothing_and_the_name_stays_bound(office, own, make_key):
    """What it signed before stands; an admin or the key itself takes it out; the next one is registered anew."""
    office.sign(signs=partial(signature_by, own))
    with pytest.raises(SignOffError, match="admin"):
        withdraw(office, own, Person("local:y", "Somebody Else", "approver"))
    with pytest.raises(registering.OwnKeyNeeded):
        withdraw(office, own, office.me)
    withdraw(office, own, ADMIN)
    assert faults(office) == []
    with pytest.raises(SignOffError, match="none in force"):
        signoff.revoke(
            office.settings, office.journal, office.key, person=office.me, comment="no",
            signs=partial(signature_by, own),
        )  # fmt: skip
    record = next(r for r in whole(office) if r.kind == "signature")
    text = text_of_signature(whole(office)[0].key, office.key, record.content, record.hash)
    signed = {"public": public(own).strip(), "text": text, "signature": signature_by(own, text)}
    with pytest.raises(ParameterError, match="already"):
        register(office, own)
    register(office, make_key("next"))
    assert faults(office) == []
    forged(office, record, own_key=signed)
    assert any("does not hold" in fault for fault in refused(office))


def test_a_further_key_is_signed_by_the_one_in_force(office, own, make_key):
    """A stolen log-in registers nothing."""
    following = make_key("next")
    with pytest.raises(registering.OwnKeyNeeded):
        register(office, following)
    record = register(office, following, earlier=[own])
    assert [e.withdrawn for e in registering.registered(office.journal).entries] == [record.seq, 0]
    assert office.sign(signs=partial(signature_by, following))
    forged(office, record, by_earlier="")
    assert refused(office)


def test_a_key_that_nobody_showed_to_have_is_not_registered(office, make_key):
    """By its public half alone anybody could bind a name, and by a record of the desk's."""
    path, other = make_key("own"), make_key("other")
    with pytest.raises(SignOffError, match="the signature is by"):
        registering.register(
            office.settings, office.journal, public(path), person=office.me, why="x",
            signs=[partial(signature_by, other)],
        )  # fmt: skip
    record = register(office, path)
    withdraw(office, path, ADMIN)
    key = read_key(public(other))
    forged(office, record, public=key.line, fingerprint=key.fingerprint)
    assert any("is not shown to be that of local user" in fault for fault in faults(office))


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_other_kinds_of_keys_are_refused(kind, tmp_path, make_key):
    """Also signatures by them, and such as were made for another purpose."""
    path = tmp_path / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
    with pytest.raises(DataError, match="no Ed25519 key"):
        read_key(public(path))
    own = make_key("own")
    with pytest.raises(DataError, match="private half"):
        read_key(own.read_text())
    elsewhere = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(own)],
        input=b"text",
        check=True,
        capture_output=True,
    ).stdout.decode()
    assert signer_of("text", elsewhere) is None
    assert signer_of("text", elsewhere[:100]) is None
    assert signer_of("text", signature_by(own, "text")) == read_key(public(own))
    assert signer_of("another", signature_by(own, "text")) is None
    assert PURPOSE in command_for("text")


@pytest.mark.parametrize("hashed_by", ["md5", "sha1", "sha3_512", "blake2b", "shake_128"])
def test_a_signature_by_a_hash_that_openssh_does_not_know_is_none(hashed_by):
    """Two texts can have one MD5; a hash without a length of its own ended verify with a stack."""
    key = Ed25519PrivateKey.generate()
    assert signer_of("text", crafted(key, "text")) == read_key(line_of(key.public_key().public_bytes_raw()))
    assert signer_of("text", crafted(key, "text", hashed_by="sha256"))
    assert signer_of("text", crafted(key, "text", hashed_by=hashed_by)) is None


WEAK = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
]


@pytest.mark.parametrize("point", WEAK)
def test_a_key_that_anybody_can_sign_with_is_refused(point):
    """Points of small order (https://eprint.iacr.org/2020/823): one signature holds for each eighth text or more."""
    identity = bytes.fromhex(WEAK[0]) + bytes(32)
    signature = crafted(None, "", point=bytes.fromhex(point), signature=identity)
    assert [number for number in range(64) if signer_of(f"text {number}", signature)] == []
    with pytest.raises(DataError, match="anybody can sign"):
        read_key(line_of(bytes.fromhex(point)))


def test_another_fingerprint_than_that_of_the_key_is_named(office, own, monkeypatch):
    """Whoever has the desk's key would print somebody else's key under a report."""
    lie = {"fingerprint": "SHA256:ofSomebodyElse"}
    real = signoff.with_own_key

    def lying(*words):
        shown, condition = real(*words)
        return {"own_key": {**shown["own_key"], **lie}}, condition

    monkeypatch.setattr(signoff, "with_own_key", lying)
    office.sign(signs=partial(signature_by, own))
    assert any("does not hold: it was forged" in fault for fault in refused(office))


def test_a_key_that_is_printed_as_another_is_not_registered(office, own, make_key):
    """The same in the record that brings a key in."""
    record = next(r for r in whole(office) if r.kind == "person_key")
    forged(office, record, fingerprint="SHA256:ofSomebodyElse")
    assert any("is printed as another one, SHA256:ofSomebodyElse" in fault for fault in refused(office))


def test_a_forged_signature_that_leads_a_library_astray_is_a_fault_and_no_crash(office, own):
    """Whoever can write the database ended verify, and every page of the desk, with one row."""
    record = office.sign(signs=partial(signature_by, own))
    astray = crafted(Ed25519PrivateKey.generate(), "text", hashed_by="shake_128")
    content = {**record.content, "own_key": {**record.content["own_key"], "signature": astray}}
    put(office, following(office, record.kind, record.subject, content))
    assert any("carries no signature" in fault for fault in refused(office))
