"""What people are told of an address: its server, and nothing that may be a part of a password."""

from __future__ import annotations

import pytest

from core.journal.postgres import UNTOLD, address
from core.platform.web_addresses import host_in, server_in

SIGNS = "#?/[]@:%&=;, \\'\"<>"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("beginning", ["s3cr3t", "1234", ""])
def test_no_part_of_a_password_is_told_whatever_sign_it_holds(sign, beginning):
    """Of a journal's URL and of a web address; where libpq reads the sign as one of a password the server is told."""
    word = f"{beginning}{sign}5678hidden"
    for url, told in (
        (f"postgresql://ann:{word}@db.example:5433/journal", address),
        (f"postgresql://ann:{word}@db.example:5433/journal?sslmode=require", address),
        (f"https://ann:{word}@tsa.example.org:8443/stamp", server_in),
        (f"https://ann:{word}@tsa.example.org/stamp?x=1", server_in),
    ):
        said = told(url)
        assert not any(part in said for part in ("s3cr3t", "1234", "5678", "hidden", "ann")), said
    if sign in "#?[]%&;, ":
        expected = "postgresql://db.example:5433/journal"
        assert address(f"postgresql://ann:s3cr3t{sign}more@db.example:5433/journal") == expected


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://db.example/journal", "postgresql://db.example/journal"),
        ("postgres://ann@[::1]:5432/journal?password=a@b", "postgresql://[::1]:5432/journal"),
        ("postgresql:///journal?host=/run/pg&password=a@b", "postgresql:///journal"),
        ("postgresql://ann@%2Frun%2Fpg/journal", "postgresql://%2Frun%2Fpg/journal"),
        ("postgresql://one:1,two:2/journal", "postgresql://one:1,two:2/journal"),
        ("postgresql://db.example?password=a@b", UNTOLD),
    ],
)
def test_a_journal_is_told_as_its_driver_reads_it(url, told):
    """Servers, ports and the database; never an option."""
    assert address(url) == told


def test_what_is_told_of_a_journal_is_where_the_driver_goes():
    """The same server and database by libpq's own parser, which ends a password at the first @ before a slash."""
    conninfo = pytest.importorskip("psycopg.conninfo", reason="the extra team is not installed")
    for sign in "#?[]&;,!$*~+":
        url = f"postgresql://ann:s3cr3t{sign}more@db.example:5433/journal"
        parts = conninfo.conninfo_to_dict(url)
        assert address(url) == f"postgresql://{parts['host']}:{parts['port']}/{parts['dbname']}"
        assert parts["password"] == f"s3cr3t{sign}more"


@pytest.mark.parametrize(
    ("url", "server", "host"),
    [
        ("https://tsa.example.org/stamp", "tsa.example.org", "tsa.example.org"),
        ("http://127.0.0.1:9/", "127.0.0.1:9", "127.0.0.1"),
        ("https://[::1]:8443/x", "[::1]:8443", "[::1]"),
        ("https://tsa.example.org/a@b", "tsa.example.org", "tsa.example.org"),
        ("https://tsa.example.org:80/a@b", "", ""),
        ("https://[nothing", "", ""),
        ("not an address", "", ""),
    ],
)
def test_a_server_is_told_where_there_is_one(url, server, host):
    """What may be read in two ways is not told."""
    assert (server_in(url), host_in(url)) == (server, host)
