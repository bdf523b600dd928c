"""Who may bring bytes to the desk, judged by the cookie of the login before a body is read."""

from __future__ import annotations

import json
import os

import pytest

from core.request.settings import load
from core.review import logouts
from dashboard.login import LONGEST_S, claims_in, may_launch

NOW = 1_800_000_000
LOGIN = {"is_logged_in": True, "iss": "https://id.example.org", "sub": "77", "iat": NOW - 60}


@pytest.fixture
def team(tmp_path, monkeypatch):
    """Settings in which 77 is an operator, 78 a viewer, and whoever else as well."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roles.toml").write_text(
        '[roles]\n"77@id.example.org" = "operator"\n"78@id.example.org" = "viewer"\n'
    )
    (tmp_path / "luigi.cfg").write_text("[people]\nroles_file = roles.toml\n[user]\nrole = viewer\n")
    return load({"AFTERCLOSE_DATA": "data"})


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({}, True),
        ({"sub": "78"}, False),
        ({"sub": "79"}, False),
        ({"sub": None}, False),
        ({"is_logged_in": False}, False),
        ({"iat": None}, False),
        ({"iat": NOW + 3600}, False),
        ({"iat": NOW - LONGEST_S - 1}, False),
        ({"auth_time": "x"}, False),
    ],
)
def test_an_upload_is_an_operators_with_a_login_that_counts(changes, may, team):
    """A viewer, or a login that is over, could fill the desk's memory else: what comes lies there first."""
    signed = json.dumps({**LOGIN, **changes}).encode()
    assert may_launch(team, signed, needed=True, now=NOW) is may


@pytest.mark.parametrize("signed", [None, b"", b"[]", b"5", b"\xff", b"[" * 100_000])
def test_what_is_no_login_uploads_nothing(signed, team):
    """No cookie, or one that says nothing."""
    assert not may_launch(team, signed, needed=True, now=NOW)


def test_without_logins_the_local_users_role_counts(team):
    """A viewer by [user]."""
    assert not may_launch(team, None, needed=False, now=NOW)


def test_a_copy_of_a_cookie_counts_nowhere_after_logging_out(team):
    """The same person's next login does, and so does another one's of the same second."""
    copy = json.dumps(LOGIN).encode()
    assert may_launch(team, copy, needed=True, now=NOW)
    logouts.end(team, claims_in(copy))
    assert not may_launch(team, copy, needed=True, now=NOW)
    for changes in ({"iat": NOW - 30}, {"sub": "80"}, {"nonce": "another"}):
        others = json.dumps({**LOGIN, **changes}).encode()
        assert may_launch(team, others, needed=True, now=NOW) is (changes != {"sub": "80"})


@pytest.mark.parametrize("signed", [None, b"[]", b"{}", b"\xff"])
def test_logging_out_without_a_login_ends_nobodys(signed, team):
    """Nothing is written for it."""
    logouts.end(team, claims_in(signed))
    assert not (team.data / "logouts").exists()


def test_where_it_cannot_be_written_this_process_knows_who_logged_out(team, monkeypatch):
    """A data root that is only read."""
    monkeypatch.setattr(logouts, "_in_memory", set())
    (team.data.parent / "data").write_text("no folder")
    claims = {**LOGIN, "iat": NOW - 90}
    logouts.end(team, claims)
    assert logouts.is_ended(team, claims)
    assert not logouts.is_ended(team, LOGIN)


def test_what_is_kept_of_logins_that_are_over_goes(team):
    """Two days later, with the next that is ended."""
    logouts.end(team, LOGIN)
    (mark,) = (team.data / "logouts").iterdir()
    os.utime(mark, (0, 0))
    logouts.end(team, {**LOGIN, "sub": "78"})
    assert mark.name not in {path.name for path in (team.data / "logouts").iterdir()}
