"""What is no address, and how an address is refused before its server is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.errors import AftercloseError
from core.request.settings import load
from core.runs.resolve import resolve
from core.sources.addresses.address import names_address

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https:/desk.example/p.csv", "mangled (https:/...)"),
        ("https//desk.example/p.csv", "mangled (https//...)"),
        ("htps://desk.example/p.csv", "Did you mean https?"),
        ("htp://desk.example/p.csv", "Did you mean https?"),
        ("sftp:desk.example/p.csv", "sftp:// with a colon and two slashes"),
        ("S3:desk/p.csv", "s3:// with a colon and two slashes"),
        ("s3:/desk/p.csv", "mangled (s3:/...)"),
        ("gs://desk/p.csv", "addresses of that kind are not read"),
        ("ftp://desk.example/p.csv", "addresses of that kind are not read"),
        ("https://", "with no server"),
        ("https://desk.example:99999/p.csv", "its server or port"),
        ("https://desk.example/a b.csv", "a blank, a backslash"),
        ("https://desk.example/%2e%2e/p.csv", "a part . or .."),
        ("s3://desk/../p.csv", "a part . or .."),
        ("https://desk.example.org/prices/..;/secret/p.csv", "a part . or .."),
        ("https://desk.example.org/prices/.%2e;x=1/p.csv", "a part . or .."),
        ("https://desk.example.org/prices/%252e%252e/p.csv", "a part . or .."),
        ("https://desk.example.org/prices/%25252e./p.csv", "a part . or .."),
        ("https://desk.example.org/prices/..%252fsecret.csv", "a part . or .."),
        ("https://desk.example.org/prices/%252e%252e%25252fsecret.csv", "a part . or .."),
        ("https://desk.example.org/prices/..%23/secret.csv", "a part . or .."),
        ("https://desk.example.org/prices/..%5csecret.csv", "a backslash"),
        ("https://desk.example.org/prices/..%255csecret.csv", "a backslash"),
        ("https://me:Xhidden1@desk.example/p.csv", "a name or password before the server"),
        ("https://desk.example/p.csv?apikey=Xhidden1", "apikey= behind the question mark"),
        ("https://desk.example/p.csv?X-Amz-Signature=Xhidden1", "X-Amz-Signature= behind"),
        ("sftp://me:Xhidden1@desk.example/p.csv", "a name or password"),
        ("https://me:12#Xhidden1@desk.example/p.csv", "a name or password"),
        ("sftp://me:12?Xhidden1@desk.example/p.csv", "a name or password"),
        ("https://me:Xhidden1[@desk.example/p.csv", "its server or port"),
        ("http://desk.example/p.csv", "others could change it on its way"),
    ],
)
def test_a_mangled_address_is_named_as_one(text, words, tmp_path):
    """It is no missing file, and what may be a secret is not repeated."""
    settings = load({"AFTERCLOSE_DATA": str(tmp_path / "data")})
    with pytest.raises(AftercloseError) as caught:
        resolve({"source": "files", "path": text}, settings=settings, now=NOW, upto="ingest")
    said = caught.value
    assert (said.exit_code, said.parameter) == (4, "path")
    assert words in str(said)
    assert "Xhidden1" not in str(said)


@pytest.mark.parametrize("text", ["C:/prices.csv", "prices//a.csv", "a:b/c.csv", "x.csv", "~/a.csv"])
def test_a_path_is_no_address(text):
    """Whatever marks are in it."""
    assert not names_address(text)
