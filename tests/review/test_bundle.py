"""A published bundle proves itself: one changed byte anywhere is found, here and with openssl alone."""

from __future__ import annotations

import base64
import io
import json
import os
import random
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.errors import AftercloseError, CheckpointError, DataError, SettingsError
from core.fingerprint import sha256
from core.platform.program import in_words, program
from core.review import bundle, bundle_files, drafts, keys, proof
from core.review.people import Person
from core.review.publication import published
from core.seals import keypair
from core.seals.desk import keep_public
from core.upkeep.archive import backup
from core.upkeep.restoring import restore
from core.upkeep.verification import verify

NASTY = (
    "<script>alert(1)</script> <img src=http://a.example/x.png> & \"quotes\" 'more'\n"
    "Context\u202egnp.exe \u200bhidden\x07bell 価格 ascii\n=HYPERLINK(1)\n"
)
FILES = (
    "report.txt", "report.html", "report.pdf", "signature.json", "proof.dsse.json", "public.pem", "bundle.zip",
)  # fmt: skip


@pytest.fixture
def folder(office) -> Path:
    """A published bundle."""
    office.edit("The analyst's own words.")
    office.sign()
    return office.publish()


@pytest.fixture
def pem(folder) -> bytes:
    """The public key, as its owner gives it."""
    return (folder / "public.pem").read_bytes()


def test_the_bundle_is_whole_as_folder_and_as_zip(office, folder, pem):
    """Both say who signed what, and state every artifact behind it."""
    record = office.signature
    for path in (folder, folder / "bundle.zip"):
        checked = bundle.check_bundle(path, pem)
        assert checked.record == record
        assert checked.subjects == len(record.content["subjects"])
    assert published(office.root, office.journal, office.key) == folder


def test_one_changed_byte_anywhere_in_any_file_is_found(folder, pem, tmp_path):
    """In each file the first, the last and fifteen more places; each changed in one bit, alone."""
    for name in FILES:
        path, places = folder / name, random.Random(name)
        whole = path.read_bytes()
        for spot in (0, len(whole) - 1, *(places.randrange(len(whole)) for _ in range(15))):
            changed = bytearray(whole)
            changed[spot] ^= 1 << places.randrange(8)
            path.write_bytes(bytes(changed))
            with pytest.raises(AftercloseError):
                bundle.check_bundle(folder, pem)
            if name == "bundle.zip":
                (tmp_path / "alone.zip").write_bytes(bytes(changed))
                with pytest.raises(AftercloseError):
                    bundle.check_bundle(tmp_path / "alone.zip", pem)
        path.write_bytes(whole)
    bundle.check_bundle(folder, pem)


def test_the_headers_of_the_zip_count_as_well(folder, pem, tmp_path):
    """Each of its first thirty and of its last hundred bytes."""
    whole = (folder / "bundle.zip").read_bytes()
    for spot in (*range(30), *range(len(whole) - 100, len(whole))):
        changed = bytearray(whole)
        changed[spot] ^= 1
        (tmp_path / "b.zip").write_bytes(bytes(changed))
        with pytest.raises(AftercloseError):
            bundle.check_bundle(tmp_path / "b.zip", pem)


def test_a_file_that_was_taken_away_is_missed_and_made_again(office, folder, pem):
    """The zip is a copy and may be left out when a folder is passed on; where it was published it may not."""
    for name in FILES:
        whole = (folder / name).read_bytes()
        (folder / name).unlink()
        if name != "bundle.zip":
            with pytest.raises(CheckpointError, match=re.escape(name)):
                bundle.check_bundle(folder, pem)
        assert published(office.root, office.journal, office.key) is None
        assert office.publish() == folder
        assert (folder / name).read_bytes() == whole


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
@pytest.mark.parametrize("name", ["bundle.zip", "report.txt"])
def test_what_is_no_file_is_no_part_of_it(name, make, folder, pem, tmp_path):
    """Also under a name of the bundle's: a folder called bundle.zip may hold anything."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / name).unlink()
    make(copy / name)
    with pytest.raises(DataError, match=f"holds '{name}'"):
        bundle.check_bundle(copy, pem)


def test_another_key_does_not_verify_it(folder):
    """Neither a stranger's public key, nor one of another kind, nor a file that is none."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    info = (form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    stranger = Ed25519PrivateKey.generate().public_key().public_bytes(*info)
    with pytest.raises(CheckpointError, match="signed with key"):
        bundle.check_bundle(folder, stranger)
    curve = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*info)
    for pem in (b"", b"no key", curve):
        with pytest.raises(DataError, match="public key"):
            bundle.check_bundle(folder, pem)


def test_a_stranger_cannot_pass_off_a_bundle_that_they_signed_themselves(office, folder, pem):
    """Whole by itself, it is refused with the key of its owner, and by the desk."""
    keypair.create(office.root / "stranger.pem")
    key = keypair.read_private(office.root / "stranger.pem")
    record = office.signature
    files = {name: (folder / name).read_bytes() for name in bundle_files.STATED}
    files["report.html"] = b"<p>All is well.</p>"
    files["proof.dsse.json"] = proof.envelope(bundle.statement_of(files, record), key)
    files["public.pem"] = key.public.pem
    files["bundle.zip"] = bundle.zipped(files, record)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    bundle.check_bundle(folder, None)
    with pytest.raises(CheckpointError, match="signed with key"):
        bundle.check_bundle(folder, pem)
    for _ in ("as it is", "with his public half among the others"):
        (fault,) = verify(office.settings).faults
        assert "does not count here" in fault.how
        keep_public(office.root, key.public)


def test_the_proof_is_an_in_toto_statement_in_a_dsse_envelope(office, folder):
    """By the field names and types of the two specifications, read with nothing of ours."""
    envelope = json.loads((folder / "proof.dsse.json").read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    told = json.loads(base64.b64decode(envelope["payload"], validate=True))
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in told["subject"]}
    for name in ("report.txt", "report.html", "report.pdf", "signature.json", "sbom.cdx.json"):
        assert digests.pop(name) == sha256((folder / name).read_bytes())
    paths = {name: office.root / "checkpoints" / name for name in digests}
    assert digests == {name: sha256(path.read_bytes()) for name, path in paths.items()}
    assert len(digests) > 8
    (meta,) = (office.root / "checkpoints" / "report").glob("*/meta.json")
    made, predicate = json.loads(meta.read_bytes())["program"], told["predicate"]
    assert predicate["program"] == made
    assert set(made) >= {"version", "commit", "dirty", "lock_sha256"}
    assert predicate["publishedBy"] == program()
    assert in_words(made) in (folder / "report.txt").read_text(encoding="utf-8").partition("\n\n\n")[0]


def test_a_report_of_another_build_is_said_when_it_is_verified(office, folder, monkeypatch):
    """Nothing is damaged; made again here it may have other bytes."""
    assert verify(office.settings).notes == ()
    other = {**program(), "commit": "ab" * 20, "dirty": True}
    monkeypatch.setattr("core.upkeep.verification.program", lambda: other)
    (note,) = verify(office.settings).notes
    assert f"report {office.key} was made by another build ({in_words(program())})" in note
    assert "this is 0.1.0, commit abababababab with changed files" in note
    assert verify(office.settings).faults == ()


def test_openssl_and_the_shell_verify_it_as_the_documentation_says(folder, tmp_path, root):
    """Nothing of ours; a changed file and a changed statement are both found."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    page = (root / "docs" / "signing.md").read_text(encoding="utf-8")
    said = re.search(r"```bash\n(.*?)```", page, re.DOTALL)[1]
    out = tmp_path / "out"
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        archive.extractall(out)

    def check():
        return subprocess.run(["sh", "-e", "-c", said], cwd=out, capture_output=True, text=True, check=False)

    done = check()
    assert done.returncode == 0, done.stderr
    assert "Signature Verified Successfully" in done.stdout
    assert done.stdout.count(": OK") == 5
    report, proof = out / "report.txt", out / "proof.dsse.json"
    whole = report.read_bytes()
    report.write_bytes(whole + b" ")
    assert check().returncode != 0
    report.write_bytes(whole)
    held = json.loads(proof.read_bytes())
    payload = base64.b64decode(held["payload"]).replace(b"approved", b"reviewed")
    held["payload"] = base64.b64encode(payload).decode()
    proof.write_text(json.dumps(held, indent=1), encoding="utf-8")
    assert check().returncode != 0


@pytest.mark.parametrize("name", ["../report.txt", "/report.txt", "x/../../report.txt", "Report.txt"])
def test_a_zip_with_any_other_name_in_it_is_refused(folder, pem, tmp_path, name):
    """Beside the known members or instead of one; nothing is unpacked."""
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    for taken in ("report.txt", None):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for member, data in held.items():
                archive.writestr(name if member == taken else member, data)
            if taken is None:
                archive.writestr(name, b"x")
        (tmp_path / "b.zip").write_bytes(target.getvalue())
        with pytest.raises(DataError, match="has a member"):
            bundle.check_bundle(tmp_path / "b.zip", pem)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".txt"] == []


# ---- what people read


def pdf_text(data: bytes) -> str:
    """What a PDF reader sees."""
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_each_form_shows_name_time_meaning_digest_and_chain_head(office, folder):
    """As a person reads it: text, page and PDF."""
    record = office.signature
    page = _Tags()
    page.feed((folder / "report.html").read_text(encoding="utf-8"))
    shown = {
        "text": (folder / "report.txt").read_text(encoding="utf-8"),
        "page": " ".join(page.words),
        "pdf": pdf_text((folder / "report.pdf").read_bytes()),
    }
    said = record.content
    for form, text in shown.items():
        for part in ("local user", said["at_utc"], "approved", said["text_sha256"], record.hash,
                     "no independent review", "The analyst's own words."):  # fmt: skip
            assert part in text, (form, part)


def test_what_a_person_wrote_is_text_in_every_form(office):
    """Script, images, controls and turned text stay words or are gone; what the font lacks is written as a code."""
    office.edit(NASTY)
    office.sign(comment="<b>fine</b>\nSigned by   Nobody")
    folder = office.publish()
    document = (folder / "report.txt").read_text(encoding="utf-8")
    assert "<script>alert(1)</script>" in document
    assert not re.search(r"[\u202e\u200b\x07]", document)
    page = _Tags()
    page.feed((folder / "report.html").read_text(encoding="utf-8"))
    assert {tag for tag, _ in page.seen} <= {
        "html", "head", "meta", "title", "style", "body", "div", "header", "h1", "h2", "span", "nav", "main",
        "section", "dl", "dt", "dd", "br", "pre", "p", "ol", "li", "a", "figure", "figcaption",
        "svg", "line", "polyline", "circle", "text",
    }  # fmt: skip
    assert not any(name == "src" or name.startswith("on") for _, attrs in page.seen for name in attrs)
    assert all(attrs["href"].startswith("#") for _, attrs in page.seen if "href" in attrs)
    assert "default-src 'none'" in (folder / "report.html").read_text(encoding="utf-8")
    text = pdf_text((folder / "report.pdf").read_bytes())
    assert "<U+4FA1><U+683C> ascii" in text
    assert "<script>alert(1)</script>" in text


def test_a_long_narrative_is_published_whole(office):
    """A hundred thousand characters and a line of five thousand: no line of the PDF is cut."""
    text = ("word " * 19 + "\n") * 1000 + "x" * 5_000 + "\nThe end.\n"
    drafts.save_draft(office.settings, office.journal, office.key, text, person=office.me)
    office.sign()
    read = pdf_text((office.publish() / "report.pdf").read_bytes())
    assert read.count("word") == 19_000
    assert read.count("x" * 96) == 5_000 // 96
    assert read.rstrip().endswith("The end.")


# ---- keys


def test_the_desks_key_is_its_owners_alone_and_in_no_backup(office, folder, tmp_path):
    """Mode 600; a backup has the public half only, unless an admin asks; a restored root verifies."""
    private = office.root / "keys" / "desk.pem"
    assert private.stat().st_mode & 0o777 == 0o600
    backup(office.settings, tmp_path / "a.zip")
    secret = private.read_bytes().split(b"\n")[1]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("keys/")]
        assert [Path(name).suffixes for name in names] == [[".pub", ".pem"]]
        assert all(secret not in archive.read(name) for name in archive.namelist())
    with pytest.raises(AftercloseError, match="role"):
        backup(office.settings, tmp_path / "b.zip", private_key_by=office.me)
    admin = Person("local:root", "Root", "admin")
    backup(office.settings, tmp_path / "b.zip", private_key_by=admin)
    other = type(office.settings)(tmp_path / "other", "", office.settings.defaults, None)
    restore(other, tmp_path / "b.zip", person=admin)
    came = other.data / "keys" / "desk.pem"
    assert (came.read_bytes(), came.stat().st_mode & 0o777) == (private.read_bytes(), 0o600)
    assert verify(other).faults == ()


def test_a_person_may_sign_with_a_key_of_their_own(office, tmp_path):
    """Made with openssl; a file that others can read, or that is no such key, is refused."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path, public = tmp_path / "mine.pem", tmp_path / "mine.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-out", public], check=True)
    office.configured(proof_key_file=str(path))
    office.sign()
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        office.publish()
    path.chmod(0o600)
    bundle.check_bundle(office.publish(), public.read_bytes())
    for wrong in (b"words", b"", public.read_bytes()):
        path.write_bytes(wrong)
        with pytest.raises(DataError, match="cannot be read"):
            keys.signing_key(office.settings, office.journal, office.me)
    office.configured(proof_key_file=str(tmp_path / "none.pem"))
    with pytest.raises(SettingsError, match="not a file"):
        keys.signing_key(office.settings, office.journal, office.me)
