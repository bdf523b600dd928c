"""From claims to a person: by hand-made tokens and files of roles."""

from __future__ import annotations

import time

import pytest

from core.errors import MissingFileError, SettingsError, SignOffError
from core.request import settings as configuration
from core.review.logins import person_of
from core.review.people import Person, act_fields

ISSUER = "https://id.example.org/"


@pytest.fixture
def settings(tmp_path):
    """Settings with a [people] section of these keys."""

    def load(**people):
        lines = ["[people]", *(f"{key} = {value}" for key, value in people.items())]
        (tmp_path / "luigi.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return configuration.load({}, tmp_path)

    return load


def claims(**more):
    """A verified token's claims."""
    return {"iss": ISSUER, "sub": "77", "name": "Ann Example", **more}


def test_a_person_is_known_by_subject_and_issuer_and_not_by_name(settings):
    """Two of a name are two people; one who changes the name stays one."""
    ann = person_of(settings(), claims())
    assert (ann.id, ann.name, ann.role) == ("77@id.example.org", "Ann Example", "viewer")
    assert ann.logged_in
    assert ISSUER in ann.authentication
    assert person_of(settings(), claims(name="Ann Married")).id == ann.id
    assert person_of(settings(), claims(sub="78")).id != ann.id


@pytest.mark.parametrize(
    ("held", "role"),
    [
        ("approver", "approver"),
        (["viewer", "operator"], "operator"),
        (["admin", "viewer"], "admin"),
        (["root", 7, None], "viewer"),
        ({"admin": True}, "viewer"),
        (None, "viewer"),
        ("ADMIN", "viewer"),
    ],
)
def test_the_highest_known_role_of_the_claim_counts(settings, held, role):
    """What is no role of ours gives none."""
    assert person_of(settings(), claims(roles=held)).role == role
    assert person_of(settings(roles_claim="groups"), claims(groups=held)).role == role


def test_a_file_of_roles_is_the_only_word_on_them(settings, tmp_path):
    """By id or by a verified address; a claim beside it counts for nothing, and a change counts at once."""
    file = tmp_path / "roles.toml"
    file.write_text(
        '[roles]\n"77@id.example.org" = "approver"\n"bob@example.org" = "operator"\n', encoding="utf-8"
    )
    now = settings(roles_file=file)
    assert person_of(now, claims(roles="admin")).role == "approver"
    bob = claims(sub="78", email="bob@example.org", roles="admin")
    assert person_of(now, bob).role == "viewer"
    assert person_of(now, {**bob, "email_verified": "true"}).role == "viewer"
    assert person_of(now, {**bob, "email_verified": True}).role == "operator"
    file.write_text('[roles]\n"bob@example.org" = "viewer"\n', encoding="utf-8")
    assert person_of(now, claims()).role == "viewer"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[roles]\n"a" = "root"\n', "root"),
        ("roles", "cannot be read"),
        ('[people]\na = "viewer"\n', r"\[roles\]"),
        ('roles = "x"\n', r"\[roles\]"),
        ("", "has nothing"),
        ('[ids]\n"a" = 1\n', "'a' has the role 1"),
    ],
)
def test_a_file_of_roles_that_cannot_be_used_gives_nobody_a_role(settings, tmp_path, text, word):
    """An error with what was expected, never the default role by silence."""
    file = tmp_path / "roles.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=word):
        person_of(settings(roles_file=file), claims())
    with pytest.raises(MissingFileError):
        person_of(settings(roles_file=tmp_path / "none.toml"), claims())


@pytest.mark.parametrize("lacking", ["iss", "sub"])
def test_a_login_without_subject_or_issuer_is_nobody(settings, lacking):
    """There would be nothing to tell people apart by."""
    with pytest.raises(SettingsError, match="no issuer or no subject"):
        person_of(settings(), {**claims(), lacking: ""})


def test_a_printed_name_is_one_plain_line(settings):
    """No control characters, no turned text, no endless name."""
    ann = person_of(settings(), claims(name="Ann\n\u202egnp.exe " + "x" * 500))
    assert ann.name.startswith("Ann gnp.exe xxx")
    assert len(ann.name) == 100
    assert person_of(settings(), claims(name=" ", preferred_username="ann")).name == "ann"


@pytest.mark.parametrize(
    ("claims", "time"),
    [
        ({"auth_time": 1_700_000_000, "iat": 1_700_000_900}, "2023-11-14T22:13:20+00:00"),
        ({"iat": 1_700_000_900}, "2023-11-14T22:28:20+00:00"),
        ({"auth_time": "soon", "iat": 1_700_000_900}, "2023-11-14T22:28:20+00:00"),
        ({"auth_time": float("nan"), "iat": True}, ""),
        ({}, ""),
    ],
)
def test_records_have_issuer_subject_and_time_of_authentication(claims, time, tmp_path):
    """As the provider says them: when it saw the person, or else when it issued the token."""
    login = {"iss": "https://id.example.org", "sub": "77", "name": "Ann", **claims}
    fields = act_fields(person_of(configuration.load({"AFTERCLOSE_DATA": str(tmp_path)}, tmp_path), login))
    assert (fields["issuer"], fields["subject"]) == ("https://id.example.org", "77")
    assert fields["authenticated_at"] == time
    assert "issuer" not in act_fields(Person("local:me", "Me", "approver"))


@pytest.mark.parametrize(
    ("claims", "signs"),
    [
        ({"auth_time": 0}, True),
        ({"auth_time": -299}, True),
        ({"auth_time": -301}, False),
        ({"auth_time": 3600}, False),
        ({"auth_time": "now"}, False),
        ({}, False),
    ],
)
def test_a_signature_asks_for_a_recent_login_where_that_is_set(office, claims, signs):
    """By auth_time: that a token was issued now says nothing of who sat there."""
    office.submit(Person("9@id.example.org", "Olga", "operator", "OpenID Connect", "x", "9"))
    now = time.time()
    times = {k: now + v if isinstance(v, int) else v for k, v in claims.items()}
    token = {
        "iss": "https://id.example.org",
        "sub": "77",
        "name": "Ann",
        "roles": "approver",
        "iat": now,
        **times,
    }
    ann = person_of(office.settings, token)
    office.configured(people_sign_within_minutes=5)
    if signs:
        office.sign(ann)
    else:
        with pytest.raises(SignOffError, match="Log in again"):
            office.sign(ann)
        with pytest.raises(SignOffError, match="Log in again"):
            office.reject(ann)
        office.configured(people_sign_within_minutes=0)
        office.sign(ann)
    office.configured(people_sign_within_minutes=5)
    assert office.state == "signed"
    office.revoke()  # a local user has no login


def test_an_id_and_an_address_of_the_same_text_are_two_people(settings, tmp_path):
    """Whoever has a mailbox called as an id, or an id called as a mailbox, has no role by it."""
    file = tmp_path / "roles.toml"
    file.write_text('[ids]\n"77@id.example.org" = "admin"\n[emails]\n"bob@id.example.org" = "approver"\n')
    now = settings(roles_file=file)
    assert person_of(now, claims()).role == "admin"
    mailbox = claims(sub="78", email="77@id.example.org", email_verified=True)
    assert person_of(now, mailbox).role == "viewer"
    assert person_of(now, claims(sub="bob")).role == "viewer", "the id bob@id.example.org"
    assert (
        person_of(now, claims(sub="78", email="bob@id.example.org", email_verified=True)).role == "approver"
    )


@pytest.mark.parametrize(
    "issuer", ["https://id.example.org", "https://ID.example.org/", "https://id.example.org/realm/"]
)
def test_in_a_file_of_before_what_looks_like_an_id_is_no_address(settings, tmp_path, issuer):
    """It is read on: ids as before, addresses where no id of that provider looks so."""
    file = tmp_path / "roles.toml"
    file.write_text(
        '[roles]\n"77@id.example.org" = "admin"\n"77@id.example.org/realm" = "admin"\n"bob@x.org" = "operator"\n'
    )
    now = settings(roles_file=file)
    for address in ("77@id.example.org", "77@id.example.org/realm"):
        login = claims(iss=issuer, sub="78", email=address, email_verified=True)
        assert person_of(now, login).role == "viewer"
    assert (
        person_of(now, claims(iss=issuer, sub="78", email="bob@x.org", email_verified=True)).role
        == "operator"
    )
    assert person_of(now, claims()).role == "admin"


@pytest.mark.parametrize("subject", ["<77>", "7<7", "77>", "7\n7", "7\x1b7", "77\u202e", " 77"])
def test_a_subject_whose_signs_records_would_drop_is_nobodys(settings, subject):
    """Records keep "Name <id>": it would be another one's id there, with that one's share in texts and trainings."""
    with pytest.raises(SettingsError, match="the login has the subject"):
        person_of(settings(), claims(sub=subject))


def test_a_subject_may_have_every_other_sign(settings):
    """As providers give them."""
    for subject in ("auth0|5f7c8ec7c33c6c004bbafe82", "ann@example.org", "00u1;x=%3C", "{a}", "日本"):
        assert person_of(settings(), claims(sub=subject)).id == f"{subject}@id.example.org"
