"""A published report with a time stamp by an authority: made by `openssl ts`, asked over HTTP, judged without it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from core.cli.main import group
from core.errors import CheckpointError, SettingsError, SourceError
from core.platform.isolated import Bounds
from core.review import bundle, timestamp
from core.upkeep.verification import verify
from tests.certificates import WRONG, Certificates
from tests.hostile import drips, goes_on, hostile, leads_to, unpacks

CONFIGURATION = """
[ tsa ]
default_tsa = own
[ own ]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
[ stamping ]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
"""


class Authority:
    """An authority of time stamps on loopback, with a certificate by a root of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.asked, self.answers = folder, [], None
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "serial").write_text("01")
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-subj", "/CN=Root", "-keyout", "root.key", "-out", "root.pem")  # fmt: skip
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Stamps",
                      "-keyout", "tsa.key", "-out", "tsa.csr")  # fmt: skip
        self._openssl("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
                      "-days", "20", "-extfile", "tsa.cnf", "-extensions", "stamping", "-out", "tsa.pem")  # fmt: skip
        self.root = folder / "root.pem"

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def stamp(self, query: bytes) -> bytes:
        """What it answers a query."""
        self.asked.append(query)
        if self.answers is not None:
            return self.answers
        (self.folder / "query.tsq").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-signer", "tsa.pem", "-inkey",
                      "tsa.key", "-out", "reply.tsr")  # fmt: skip
        return (self.folder / "reply.tsr").read_bytes()

    def serve(self) -> ThreadingHTTPServer:
        """Begin to answer."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                query = self.rfile.read(int(self.headers["Content-Length"]))
                stamp = authority.stamp(query)
                self.send_response(200 if self.headers["Content-Type"] == timestamp.QUERY_TYPE else 415)
                self.send_header("Content-Type", timestamp.REPLY_TYPE)
                self.send_header("Content-Length", str(len(stamp)))
                self.end_headers()
                self.wfile.write(stamp)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://name:secret@127.0.0.1:{server.server_port}/stamp"
        return server


@pytest.fixture
def authority(tmp_path):
    """One that answers."""
    made = Authority(tmp_path / "authority")
    server = made.serve()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def stamped(office, authority):
    """An office whose signed report is to be stamped."""
    office.configured(proof_timestamp_url=authority.url, proof_timestamp_certificate=str(authority.root))
    office.sign()
    return office


def test_a_published_report_is_stamped_and_judged_without_the_authority(stamped, authority, capsys):
    """As folder and as zip, by verify, and by openssl; publishing again asks nobody; no password is in the proof."""
    folder = stamped.publish()
    assert stamped.publish() == folder
    assert len(authority.asked) == 1
    authority.answers = b"gone"
    pem = (folder / "public.pem").read_bytes()
    for path in (folder, folder / "bundle.zip"):
        checked = bundle.check_bundle(path, pem, authority.root.read_bytes())
        assert checked.authority == authority.url.replace("name:secret@", "")
        assert abs((datetime.now(UTC) - checked.stamped_at).total_seconds()) < 60
    assert not verify(stamped.settings).faults
    subprocess.run(
        ["openssl", "ts", "-verify", "-data", folder / "proof.dsse.json", "-in", folder / "timestamp.tsr", "-CAfile",
         authority.root], check=True, capture_output=True,
    )  # fmt: skip
    words = ["verify", "--bundle", str(folder / "bundle.zip"), "--key", str(folder / "public.pem")]
    assert group.main([*words, "--authority", str(authority.root)], standalone_mode=False) == 0
    assert f"{checked.stamped_at.isoformat()} (UTC), by http://127.0.0.1" in capsys.readouterr().out
    assert group.main([*words, "--json"], standalone_mode=False) == 0
    assert json.loads(capsys.readouterr().out)["timestamp"] == {
        "authority": checked.authority,
        "at_utc": None,
    }
    assert b"secret" not in (folder / "bundle.zip").read_bytes()


def test_a_stamp_that_is_changed_exchanged_or_taken_away_is_named(stamped, authority, tmp_path):
    """Each bit that is tried; another bundle's stamp; none; and a root that is not the authority's."""
    folder = stamped.publish()
    path, root = folder / "timestamp.tsr", authority.root.read_bytes()
    whole = path.read_bytes()
    (folder / "bundle.zip").rename(tmp_path / "bundle.zip")  # a copy, which would be compared
    bundle.check_bundle(folder, None, root)
    for spot in range(0, len(whole), 37):
        path.write_bytes(whole[:spot] + bytes([whole[spot] ^ 1]) + whole[spot + 1 :])
        with pytest.raises(CheckpointError, match="the time stamp does not hold"):
            bundle.check_bundle(folder, None, root)
    client = timestamp._client()
    query = client.TimestampRequestBuilder().data(b"another proof").build().as_bytes()
    path.write_bytes(authority.stamp(query))
    with pytest.raises(CheckpointError, match="Mismatch between messages"):
        bundle.check_bundle(folder, None, root)
    assert verify(stamped.settings).faults
    path.unlink()
    with pytest.raises(CheckpointError, match=r"has no timestamp\.tsr"):
        bundle.check_bundle(folder, None)
    assert stamped.publish() == folder
    assert not verify(stamped.settings).faults
    stranger = Authority(tmp_path / "stranger")
    with pytest.raises(CheckpointError, match="does not hold"):
        bundle.check_bundle(folder, None, stranger.root.read_bytes())


def test_nothing_is_published_without_the_stamp_that_was_asked_for(stamped, authority, tmp_path):
    """No answer, words, a stamp of another query, a stranger's."""
    client = timestamp._client()
    other = client.TimestampRequestBuilder().data(b"another proof").build().as_bytes()
    for answer in (b"", b"<html>", b"x" * 100_000, authority.stamp(other)):
        authority.answers = answer
        with pytest.raises(SourceError) as caught:
            stamped.publish()
        assert "secret" not in str(caught.value)
    authority.answers = None
    stamped.configured(proof_timestamp_url="http://name:secret@127.0.0.1:9/")
    with pytest.raises(SourceError, match="did not answer") as caught:
        stamped.publish()
    assert "secret" not in str(caught.value)
    stranger = Authority(tmp_path / "stranger")
    stamped.configured(proof_timestamp_url=authority.url, proof_timestamp_certificate=str(stranger.root))
    with pytest.raises(SourceError, match="is not taken"):
        stamped.publish()
    assert not list((stamped.root / "published").glob("*/*/signature.json"))


def test_settings_that_nobody_could_judge_stamps_with_are_refused(stamped, authority, tmp_path, monkeypatch):
    """No certificate, none at that place, no certificate in it, no address of the web, no package."""
    (tmp_path / "empty.pem").write_text("nothing")
    for values in (
        {"proof_timestamp_certificate": ""},
        {"proof_timestamp_certificate": str(tmp_path / "none.pem")},
        {"proof_timestamp_certificate": str(tmp_path / "empty.pem")},
        {"proof_timestamp_url": "file:///etc/passwd"},
        {"proof_timestamp_url": "https://ann:s3#cret@127.0.0.1:9/stamp"},
        {"proof_timestamp_url": "https://ann:s3[cret/x@127.0.0.1:9/stamp"},
    ):
        stamped.configured(
            **{"proof_timestamp_url": authority.url, "proof_timestamp_certificate": str(authority.root)}
            | values
        )
        with pytest.raises(SettingsError):
            stamped.publish()
    stamped.configured(proof_timestamp_url=authority.url, proof_timestamp_certificate=str(authority.root))
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(SettingsError, match="package that is not installed"):
        stamped.publish()


def test_without_the_certificate_a_stamp_is_said_to_be_unjudged(stamped):
    """A note, no fault."""
    folder = stamped.publish()
    stamped.configured(proof_timestamp_url="", proof_timestamp_certificate="")
    result = verify(stamped.settings)
    assert not result.faults
    assert [note for note in result.notes if "not judged (1)" in note]
    assert stamped.publish() == folder  # nothing is made anew


def test_a_stamp_that_no_proof_speaks_of_is_refused(stamped, authority):
    """Put beside a report that was published without."""
    stamped.configured(proof_timestamp_url="")
    folder = stamped.publish()
    (folder / "timestamp.tsr").write_bytes(b"x")
    (fault,) = verify(stamped.settings).faults
    assert "that its proof does not speak of" in fault.how


def test_a_killed_publication_takes_the_stamp_that_lies_there(stamped, authority):
    """The same bytes, and the authority is asked once."""
    folder = stamped.publish()
    before = (folder / "bundle.zip").read_bytes()
    for name in ("signature.json", "bundle.zip"):
        (folder / name).unlink()
    assert stamped.publish() == folder
    assert (folder / "bundle.zip").read_bytes() == before
    assert len(authority.asked) == 1


@pytest.mark.parametrize(
    "behave",
    [drips(timestamp.REPLY_TYPE), unpacks(timestamp.REPLY_TYPE), goes_on],
    ids=["drips", "unpacks to gigabytes", "goes on"],
)
def test_an_authority_that_never_comes_to_an_end_stops_the_publication_in_time(stamped, monkeypatch, behave):
    """Each piece of its answer comes in time, and the desk would wait for days."""
    monkeypatch.setattr(timestamp, "BOUNDS", Bounds(memory_mb=256, time_s=15))
    with hostile(behave) as port:
        stamped.configured(proof_timestamp_url=f"http://name:secret@127.0.0.1:{port}/stamp")
        with pytest.raises(SourceError, match=r"authority of time stamps http://127\.0\.0\.1") as caught:
            stamped.publish()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", WRONG)
def test_an_authority_that_cannot_show_whose_it_is_is_not_asked(stamped, tmp_path, monkeypatch, kind):
    """What is to be stamped, and the password, go to nobody whose certificate does not hold."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    certificates = Certificates(folder)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.root))
    with certificates.serving(kind, lambda connection: None) as (port, taken):
        stamped.configured(proof_timestamp_url=f"https://name:secret@127.0.0.1:{port}/stamp")
        with pytest.raises(SourceError, match="did not answer") as caught:
            stamped.publish()
    assert taken == []
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_an_authority_that_leads_elsewhere_has_not_stamped(stamped, authority, status):
    """It would lead the desk to a server that it reaches and others do not."""
    with hostile(leads_to(authority.url, status)) as port:
        stamped.configured(proof_timestamp_url=f"http://127.0.0.1:{port}/stamp")
        with pytest.raises(SourceError, match="answered 30"):
            stamped.publish()
    assert authority.asked == []
