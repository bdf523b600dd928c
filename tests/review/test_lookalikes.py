"""A key of one's own is under no name that a reader takes for another person's."""

from __future__ import annotations

from functools import partial

import pytest

from core.errors import SignOffError
from core.review import registering
from core.review.lookalikes import alike
from core.review.openssh import signature_by
from core.review.people import Person
from tests.forging import faults
from tests.review.conftest import login

ISSUER = "OpenID Connect, id.example.org"
LOOK_ALIKE = {
    "the same": "Ann Iles",
    "case and spaces": " ANN  iles",
    "Cyrillic": "\u0410nn Il\u0435s",
    "Greek": "\u0391\u03b7\u03b7 Iles",
    "full width": "\uff21nn Iles",
    "mathematical": "\U0001d400nn Iles",
    "not seen": "Ann\u200b Iles",
    "I for l": "Ann lles",
    "one for l": "Ann 1les",
    "a joiner that is not seen": "Ann Iles\u034f",
    "Braille without dots": "Ann\u2800 Iles",
    "a variation that is not seen": "Ann Iles\ufe0f",
    "a Hangul filler": "Ann Iles\u3164",
    "Cherokee": "\u13aann Iles",
    "small Cherokee": "\uab7ann Iles",
    "Lisu": "\ua4eenn \ua4f2les",
}


@pytest.mark.parametrize("name", LOOK_ALIKE.values(), ids=LOOK_ALIKE)
def test_names_that_look_alike_are_known(name):
    """Each is read as Ann Iles."""
    assert alike(name, "Ann Iles")


@pytest.mark.parametrize(
    ("name", "other"), [("Müller", "Muller"), ("Ann", "Anna"), ("", "Ann"), ("Bob", "Rob")]
)
def test_names_that_differ_to_a_reader_are_two(name, other):
    """Marks above letters count."""
    assert not alike(name, other)


def register(office, path, person):
    """Register a key for somebody."""
    line = path.with_name(f"{path.name}.pub").read_text()
    signs = [partial(signature_by, path)]
    return registering.register(office.settings, office.journal, line, person=person, why="mine", signs=signs)


@pytest.mark.parametrize("name", LOOK_ALIKE.values(), ids=LOOK_ALIKE)
def test_no_key_is_registered_under_the_name_of_somebody_who_has_one(office, make_key, name):
    """By whoever it is; nothing is recorded."""
    register(office, make_key("anns"), Person("ann@id.example.org", "Ann Iles", "approver", ISSUER))
    before = len(office.journal.ledger())
    for eve in (
        Person("eve@id.example.org", name, "approver", ISSUER),
        Person("local:eve", name, "approver"),
    ):
        with pytest.raises(SignOffError, match="looks like the one with which ann@id"):
            register(office, make_key(f"eves-{eve.id[0]}"), eve)
    assert len(office.journal.ledger()) == before


def test_no_key_is_registered_under_the_name_of_somebody_who_acted_after_a_login(office, make_key):
    """A local user's name nobody checked: it keeps nobody from registering."""
    office.submit()
    office.reject(person=login("Ann", "approver"))
    with pytest.raises(SignOffError, match="acted in record"):
        register(office, make_key("eves"), Person("eve@id.example.org", "\u0410nn", "approver", ISSUER))
    register(office, make_key("anns"), login("Ann", "approver"))


def test_a_name_changed_after_registering_signs_as_nobody_else(office, make_key):
    """Eve registered as Eve; as Ann she signs nothing, with her key or without."""
    anns, eves = make_key("anns"), make_key("eves")
    register(office, anns, login("Ann", "approver"))
    register(office, eves, login("Eve", "approver"))
    office.submit()
    eve = Person("eve@id.example.org", "Ann", "approver", ISSUER)
    with pytest.raises(SignOffError, match="looks like the one with which ann@id"):
        office.sign(person=eve, signs=partial(signature_by, eves))
    other = Person("kim@id.example.org", "\u0410nn", "approver", ISSUER)
    with pytest.raises(SignOffError, match="looks like the one"):
        office.sign(person=other)
    office.sign(person=login("Ann", "approver"), signs=partial(signature_by, anns))
    assert faults(office) == []


def test_a_local_users_withdrawn_key_keeps_nobody_from_registering_after_a_login(office, make_key):
    """The same person, in a team by now; somebody's who logged in stays bound until they register the next."""
    local, ann = Person("local:a", "Ann", "approver"), login("Ann", "approver")
    key = register(office, make_key("locals"), local).content["fingerprint"]
    with pytest.raises(SignOffError, match="looks like"):
        register(office, make_key("anns"), ann)
    admin = Person("local:root", "Root", "admin")
    registering.withdraw(office.settings, office.journal, key, person=admin, why="a team", signs=None)
    key = register(office, make_key("anns-own"), ann).content["fingerprint"]
    registering.withdraw(office.settings, office.journal, key, person=admin, why="lost", signs=None)
    with pytest.raises(SignOffError, match="looks like"):
        register(office, make_key("eves"), Person("eve@id.example.org", "Ann", "approver", ISSUER))
    register(office, make_key("next"), ann)
