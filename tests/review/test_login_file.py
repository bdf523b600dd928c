"""The file for logging in is judged before the desk starts; no message tells a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import AftercloseError, CommandError, MissingFileError, SettingsError
from core.review.login_file import public_address
from core.review.roles_file import read_roles
from core.review.tokens import read_tokens

SECRET = "s3cret-s3cret-s3cret-s3cret-s3cret"
GOOD = {
    "redirect_uri": "https://desk.example.org/oauth2callback",
    "cookie_secret": SECRET,
    "client_id": "desk",
    "client_secret": SECRET,
    "server_metadata_url": "https://id.example.org/.well-known/openid-configuration",
}


@pytest.fixture
def login_file(tmp_path):
    """Write the file with these keys; None leaves one out."""

    def write(mode=0o600, **changes):
        lines = [f'{key} = "{value}"' for key, value in (GOOD | changes).items() if value is not None]
        path = tmp_path / "login.toml"
        path.write_text("\n".join(["[auth]", *lines]) + "\n", encoding="utf-8")
        path.chmod(mode)
        return path

    return write


def test_a_good_file_says_the_host_that_people_open(login_file):
    """Encrypted, or on this machine."""
    assert public_address(login_file()) == "https://desk.example.org/oauth2callback"
    local = "http://127.0.0.1:8501/oauth2callback"
    assert public_address(login_file(redirect_uri=local)) == local


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"mode": 0o640}, "can be read by others"),
        ({"mode": 0o604}, "can be read by others"),
        ({"client_secret": None}, "lacks client_secret"),
        ({"cookie_secret": "short"}, "has 5 characters"),
        ({"redirect_uri": "http://desk.example.org/oauth2callback"}, "not encrypted"),
        ({"server_metadata_url": "http://id.example.org/x"}, "not encrypted"),
        ({"redirect_uri": "https://desk.example.org/elsewhere"}, "leads elsewhere"),
        ({"redirect_uri": "https://[desk/oauth2callback"}, "is no address"),
        ({"redirect_uri": "https://desk.example.org:port/oauth2callback"}, "is no address"),
    ],
)
def test_a_file_that_would_leave_the_desk_open_is_refused(login_file, changes, word):
    """With what was expected, and without the secrets."""
    with pytest.raises(CommandError, match=word) as refused:
        public_address(login_file(**changes))
    assert SECRET not in str(refused.value)


def test_a_missing_or_broken_file_is_said(tmp_path):
    """The parser's own words would quote the line."""
    with pytest.raises(MissingFileError):
        public_address(tmp_path / "none.toml")
    path = tmp_path / "login.toml"
    path.write_text(f"[auth]\ncookie_secret = {SECRET}\n", encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(CommandError, match="is no TOML") as refused:
        public_address(path)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("read", [read_roles, read_tokens, public_address])
def test_a_file_about_people_that_cannot_be_read_is_one_message(read):
    """Of roles, of tokens, for logging in: nobody gets in by it, and nothing ends with a stack."""
    with pytest.raises(AftercloseError) as caught:
        read(Path("/proc/self/mem"))
    assert caught.value.exit_code in (2, 4)


@pytest.mark.parametrize(
    "text",
    [f"a = {'[' * 20_000}", '[robot]\nrole = "viewer"\nsha256 = "\u00e9"\n'],
    ids=["nested", "no digest"],
)
def test_a_file_of_tokens_that_is_none_is_said(tmp_path, text):
    """Nested without end, or with a digest that no token has: each request would have ended with a stack."""
    path = tmp_path / "tokens.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(SettingsError):
        read_tokens(path)
