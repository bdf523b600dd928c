"""Who may bring bytes to the desk, judged by the cookie of the login before a body is read."""

from __future__ import annotations

import json

import pytest

from core.request.settings import load
from dashboard.login import LONGEST_S, may_launch

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
