"""A file that is no table of prices becomes no artifact, and no message holds its words."""

from __future__ import annotations

from pathlib import Path

import pytest

LOGIN = """[auth]
redirect_uri = "https://desk.example.org/oauth2callback"
cookie_secret = "Zq3vK0-a-cookie-secret-that-nobody-may-see"
client_secret = "another-secret"
"""
KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ+no/key+of/anybody=\n-----END PRIVATE KEY-----\n"
TOKEN = "glpat-Zq3vK0abcdefghij\n"
SECRETS = {
    "login.toml": LOGIN,
    "desk.pem": KEY,
    "token": TOKEN,
    "one,line": "date,Zq3vK0secret\n",
    "env": "A=1\nB=Zq3vK0\n",
}
WORDS = ("Zq3vK0", "MC4CAQAwBQ", "another-secret")


def everything(root: Path) -> str:
    """The text of every file in a data root but its own keys: a private one begins as every other does."""
    return "\n".join(
        p.read_text(errors="replace")
        for p in sorted(root.rglob("*"))
        if p.is_file() and p.suffix != ".sqlite" and p.parent != root / "keys"
    )


@pytest.mark.parametrize("name", SECRETS)
def test_nothing_of_a_secret_is_committed_or_said(run_luigi, data, tmp_path, name):
    """The stage fails with 30 before anything is committed; terminal and log do not quote it."""
    path = tmp_path / name
    path.write_text(SECRETS[name])
    outcome = run_luigi("--source", "files", "--path", str(path), data=data)
    assert outcome.code == 30, outcome.err
    assert not list(data.glob("checkpoints/ingest/*/meta.json"))
    said = outcome.out + outcome.err + everything(data)
    assert [word for word in WORDS if word in said] == []


def test_a_key_of_the_data_root_is_refused_by_the_plan(run_luigi, data):
    """Before anything runs: 4, and one line."""
    (data / "keys").mkdir(parents=True)
    (data / "keys" / "desk.pem").write_text(KEY)
    outcome = run_luigi("--source", "files", "--path", str(data / "keys" / "desk.pem"), data=data)
    assert outcome.code == 4
    assert "in the data root" in outcome.err
    assert "MC4CAQ" not in outcome.out + outcome.err


def test_a_list_of_tickers_is_no_way_to_read_a_file(run_luigi, data):
    """``--tickers @FILE`` names the line that is no ticker: of a file out of reach nothing is read."""
    (data / "keys").mkdir(parents=True)
    (data / "keys" / "desk.pem").write_text(KEY)
    outcome = run_luigi("--tickers", f"@{data / 'keys' / 'desk.pem'}", data=data)
    assert outcome.code == 4
    assert "BEGIN PRIVATE" not in outcome.out + outcome.err
