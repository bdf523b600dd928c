"""Prices at an address: read as the same files here would be, judged by their bytes, bounded, no road to a secret."""

from __future__ import annotations

import dataclasses
import socket
import time
from datetime import UTC, datetime

import pytest

from core.errors import AftercloseError, MissingFileError, ParameterError, SourceError
from core.request.settings import load
from core.review.people import local_person
from core.runs.resolve import resolve
from core.schedule import definition
from core.schedule.definition import Schedule
from core.schedule.freshness import watched
from core.schedule.timing import Timing
from tests.sources.address_servers import sftp_server, web_server

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HEADER = "date,ticker,open,high,low,close,volume\n"


def prices(ticker="AAA", close=10) -> bytes:
    """A table of three sessions."""
    return (
        HEADER
        + "".join(f"2024-01-0{day},{ticker},{close},{close},{close},{close},100\n" for day in (2, 3, 4))
    ).encode()


@pytest.fixture
def web():
    """An HTTP server on loopback."""
    with web_server() as server:
        yield server


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Settings with a data root of the test's own; ``settings(addresses=...)`` for others."""
    monkeypatch.chdir(tmp_path)
    for name in ("AFTERCLOSE_LOGIN", "AFTERCLOSE_LOGIN_FILE"):
        monkeypatch.delenv(name, raising=False)

    def made(**changes):
        loaded = load({"AFTERCLOSE_DATA": str(tmp_path / "data")})
        return dataclasses.replace(loaded, defaults={**loaded.defaults, **changes})

    return made


def planned(settings, path):
    """What the plan knows of a path."""
    request = {"source": "files", "path": str(path)}
    return resolve(request, settings=settings, now=NOW, upto="ingest")


def refusal(settings, path) -> AftercloseError:
    """What is said of a path that is not read."""
    with pytest.raises(AftercloseError) as caught:
        planned(settings, path)
    return caught.value


def test_a_file_over_http_is_the_same_file_as_here(settings, web, tmp_path):
    """The same digest and name, so the same key; what changes there has another, at once."""
    (tmp_path / "prices.csv").write_bytes(prices())
    here = planned(settings(), tmp_path / "prices.csv")
    address = web.put("/prices.csv", prices())
    there = planned(settings(), address)
    assert (there["input_digest"], there["input_name"]) == (here["input_digest"], "prices.csv")
    web.put("/prices.csv", prices(close=11))
    assert planned(settings(), address)["input_digest"] != here["input_digest"]


def test_a_file_with_a_strong_tag_is_sent_once(settings, web):
    """A weak tag, or a time alone, may stand for other bytes: those are read anew."""
    for name, headers, times in (
        ("strong", {"ETag": '"1"'}, 1),
        ("weak", {"ETag": 'W/"1"'}, 2),
        ("none", {}, 2),
    ):
        address, before = web.put(f"/{name}.csv", prices(), **headers), web.sent_bytes
        digests = {planned(settings(), address)["input_digest"] for _ in range(2)}
        assert len(digests) == 1
        assert web.sent_bytes - before == times * len(prices()), name


def test_a_copy_that_somebody_changed_is_not_read(settings, web, tmp_path):
    """It is fetched anew although the server says that nothing changed."""
    address = web.put("/prices.csv", prices(), ETag='"1"')
    first = planned(settings(), address)
    (copy,) = (tmp_path / "data" / "cache").rglob("prices.csv")
    copy.chmod(0o600)
    copy.write_bytes(prices(close=99))
    again = planned(settings(), address)
    assert again["input_digest"] == first["input_digest"]


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (404, MissingFileError, "there is no price file at"),
        (403, SourceError, "is not given to us (HTTP 403)"),
        (500, SourceError, "answered HTTP 500"),
        (204, SourceError, "answered HTTP 204"),
    ],
)
def test_what_a_server_refuses_is_named(settings, web, status, error, words, monkeypatch):
    """Each with its exit code: a file that is not there is 20, a server without an answer 30."""
    monkeypatch.setattr("core.sources.addresses.copies._WAIT_S", 0.01)
    said = refusal(settings(), web.put("/prices.csv", b"", status))
    assert isinstance(said, error)
    assert words in str(said)
    assert said.exit_code == (20 if error is MissingFileError else 30)


def test_a_server_that_is_away_is_named(settings, web, monkeypatch):
    """With the address and without a traceback, after a few tries."""
    monkeypatch.setattr("core.sources.addresses.copies._WAIT_S", 0.01)
    said = refusal(settings(), "http://127.0.0.1:9/prices.csv")
    assert said.exit_code == 30
    assert "127.0.0.1 did not answer" in str(said)


def test_an_answer_that_breaks_off_is_no_file(settings, web, monkeypatch):
    """Half a table would be read as a whole one."""
    monkeypatch.setattr("core.sources.addresses.copies._WAIT_S", 0.01)
    body = prices()
    address = web.put("/prices.csv", body[:-20], Content_Length=str(len(body)))
    assert "broke off" in str(refusal(settings(), address))


def test_a_slow_or_endless_answer_is_bounded(settings, web, monkeypatch):
    """By time without a byte, by time in all, and by size as it comes."""
    monkeypatch.setattr("core.sources.addresses.copies._WAIT_S", 0.01)
    monkeypatch.setattr("core.sources.addresses.served.SILENCE_S", 0.2)
    web.slow.add("/slow.csv")
    assert "did not answer, or broke off" in str(refusal(settings(), web.put("/slow.csv", prices())))
    limited = settings(addresses_timeout_s=1e-9)
    assert "was not read within" in str(refusal(limited, web.put("/prices.csv", prices())))


def test_more_bytes_than_are_read_of_a_file_are_not_kept(settings, web, monkeypatch, tmp_path):
    """Whether the server says how many, or not."""
    from core.sources.addresses import copies

    monkeypatch.setattr(copies.CopyLimits.__init__, "__defaults__", (100, 10))
    assert "at most 100" in str(refusal(settings(), web.put("/prices.csv", prices())))
    assert not [path for path in (tmp_path / "data" / "cache").rglob("*") if path.is_file()]


def test_a_folder_is_asked_for_by_its_files_over_http(settings, web):
    """The protocol has no list."""
    said = refusal(settings(), f"{web.url}/folder/")
    assert said.exit_code == 4
    assert "cannot say what is in a folder" in str(said)


def test_a_team_reads_no_address_that_is_not_configured(settings, web, monkeypatch):
    """The desk's machine may reach what the person may not; the server is not even asked."""
    monkeypatch.setenv("AFTERCLOSE_LOGIN", "1")
    address = web.put("/prices/a.csv", prices())
    said = refusal(settings(), address)
    assert (said.exit_code, web.asked) == (4, [])
    assert "[files] addresses" in str(said)
    assert planned(settings(addresses=f"s3://other/ {web.url}/prices/"), address)["input_name"] == "a.csv"
    for other in (f"{web.url}/pricesx/a.csv", f"{web.url}/a.csv", address.replace("127.0.0.1", "localhost")):
        assert refusal(settings(addresses=f"{web.url}/prices"), other).exit_code == 4


def test_whose_profile_an_address_is_of_is_asked_of_no_server_that_may_not_be(settings, web, monkeypatch):
    """Neither one that is listed nowhere, nor any while a form is only filled in: a link fills it as well."""
    from core.runs.profile import profile_of

    (local := settings()).data.parent.joinpath("a.csv").write_bytes(prices())
    assert profile_of({"source": "files", "path": "a.csv"}, local, keep=True) == "files:a"
    request = {"source": "files", "path": web.put("/inner/a.csv", prices())}
    with pytest.raises(ParameterError, match="was not asked"):
        profile_of(request, local)
    definition.add(local, Schedule("daily", Timing("close"), request), now=NOW, person=local_person(local))
    web.asked.clear()  # whoever sets it asks
    standing = watched(local, NOW)
    assert [(row.profile, row.state) for row in standing] == [("daily", "none")]
    monkeypatch.setenv("AFTERCLOSE_LOGIN", "1")
    assert profile_of(request, settings(), asks=True) != "files:a"
    assert web.asked == []
    assert profile_of(request, settings(addresses=web.url), asks=True) == "files:a"
    assert web.asked != []


def test_configured_folders_close_addresses_too(settings, web, tmp_path):
    """Who says what is read means all of it."""
    closed = settings(roots=str(tmp_path))
    assert "[files] addresses" in str(refusal(closed, web.put("/a.csv", prices())))


def test_a_redirect_leads_only_where_one_may_read(settings, web, monkeypatch):
    """Within a configured address it is followed; another server, or another kind, is not even asked."""
    with web_server() as inner:
        secret = inner.put("/secret.csv", prices("SECRET"))
        address = web.put("/a.csv", b"", 302, Location=secret)
        for configured in (settings(), settings(addresses=web.url)):
            said = refusal(configured, address)
            assert (said.exit_code, inner.asked) == (30, [])
            assert "which is not followed" in str(said)
        for goal in ("file:///etc/passwd", "gopher://127.0.0.1/"):
            assert "which is not followed" in str(
                refusal(settings(), web.put("/b.csv", b"", 301, Location=goal))
            )
        allowed = settings(addresses=f"{web.url} {inner.url}")
        assert planned(allowed, address)["input_name"] == "a.csv"
    broken = web.put("/c.csv", b"", 301, Location="//[::1")
    assert "something that is not understood" in str(refusal(settings(), broken))
    loop = web.put("/loop.csv", b"", 302, Location="/loop.csv")
    assert "from one address to the next" in str(refusal(settings(addresses=web.url), loop))


def test_other_files_than_prices_are_not_read_from_an_address(settings, tmp_path):
    """A list of tickers, or who belongs when."""
    request = {"source": "yahoo", "tickers": "@https://desk.example/list.txt"}
    with pytest.raises(ParameterError, match="only prices are read from one"):
        resolve(request, settings=settings(), now=NOW, upto="ingest")


def test_addresses_in_the_configuration_are_judged(settings):
    """A mangled one opens nothing."""
    said = refusal(settings(addresses="https:/desk.example/"), "https://desk.example/a.csv")
    assert "[files] addresses" in str(said)


# ---- SFTP


@pytest.fixture
def sftp(tmp_path, monkeypatch):
    """A folder, and the beginning of the addresses under which a server gives it."""
    pytest.importorskip("sshfs")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USER", "desk")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    folder = tmp_path / "served"
    folder.mkdir()
    with sftp_server(folder, tmp_path / "home") as address:
        yield folder, address


ANY_FOLDERS = ("/**/*.csv", "/**/d.csv", "/**/**/a.csv", "/other/**/*.csv", "/**/o*r/*.csv")
"""Patterns over folders at any depth."""


def fill(folder):
    """A folder with tables, a folder ``ticker=X``, another, and what is no table."""
    (folder / "in").mkdir()
    (folder / "in" / "a.csv").write_bytes(prices("A"))
    (folder / "in" / "b.csv").write_bytes(prices("B"))
    (folder / "in" / "ticker=C").mkdir()
    (folder / "in" / "ticker=C" / "part.csv").write_bytes(
        prices("C").replace(b",ticker", b"").replace(b",C,", b",")
    )
    (folder / "in" / "other").mkdir()
    (folder / "in" / "other" / "d.csv").write_bytes(prices("D"))
    (folder / "in" / "notes.md").write_text("no prices")
    (folder / "in" / ".hidden.csv").write_bytes(prices("H"))
    return folder / "in"


def test_files_folders_and_patterns_over_sftp_are_those_here(settings, sftp):
    """Equal digests and names, unread ones named: the copy stands for the original."""
    folder, address = sftp
    here = fill(folder)
    for way in ("", "/a.csv", "/*.csv", "/[ab].csv", "/ticker=*/part.csv", *ANY_FOLDERS):
        local, there = planned(settings(), f"{here}{way}"), planned(settings(), f"{address}/in{way}")
        assert (there["input_digest"], there["input_name"]) == (local["input_digest"], local["input_name"]), (
            way
        )
    (here / "a.csv").write_bytes(prices("A", 12))
    assert planned(settings(), f"{address}/in")["input_digest"] == planned(settings(), here)["input_digest"]


def test_what_sftp_does_not_have_is_named(settings, sftp, monkeypatch):
    """A missing file, a folder without tables, a pattern that matches none, and a folder of links out of it."""
    folder, address = sftp
    (folder / "empty").mkdir()
    for way, words in (
        ("/no.csv", "there is no price file at sftp://"),
        ("/empty", "there is no price file in the folder sftp://"),
        ("/empty/*.csv", "there is no price file at sftp://"),
    ):
        said = refusal(settings(), f"{address}{way}")
        assert said.exit_code == 20, way
        assert words in str(said)
    assert "there is no price file at sftp://" in str(refusal(settings(), f"{address}/**/no.csv"))


@pytest.fixture
def silent():
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_never_answers_is_left_when_the_time_is_over(settings, sftp, silent, tmp_path):
    """Within one call, which waits for its own time out: what is configured counts."""
    (tmp_path / "home" / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{silent} ssh-ed25519 AAAA\n")
    began = time.monotonic()
    said = refusal(settings(addresses_timeout_s=1), f"sftp://127.0.0.1:{silent}/a.csv")
    assert "was not read within 1 s" in str(said)
    assert time.monotonic() - began < 5


def test_a_server_with_another_key_is_not_believed(settings, sftp, tmp_path):
    """Nor a person that the server does not know."""
    folder, address = sftp
    fill(folder)
    known = tmp_path / "home" / ".ssh" / "known_hosts"
    right = known.read_text()
    known.write_text("")
    said = refusal(settings(), f"{address}/in/a.csv")
    assert said.exit_code == 30
    assert "shows a key that this machine does not know" in str(said)
    known.write_text(right)
    (tmp_path / "home" / ".ssh" / "id_ed25519").unlink()
    assert "is not given to us" in str(refusal(settings(), f"{address}/in/a.csv"))
