"""Sign-off from the terminal: the same services and rules as the desk, digests shown, exit codes of the contract."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

CONFIG = (Path(__file__).parents[2] / "luigi.cfg").read_text(encoding="utf-8")
WHY = ("--comment", "Sections are open on purpose.")


@pytest.fixture
def desk(finished, run_afterclose):
    """Run a command on the finished data root: ``desk("sign", ...)``."""

    def run(*words, code=0, env=None):
        outcome = run_afterclose(*words, data=finished, env=env)
        assert outcome.code == code, outcome.err + outcome.out
        assert "Traceback" not in outcome.err
        return outcome

    run.root = finished
    return run


def told(outcome):
    """The JSON that a command printed."""
    return json.loads(outcome.out)


def test_the_whole_way_in_the_terminal(desk, tmp_path):
    """Read, edit, submit, sign what was read, publish, verify; then the bundle alone with the public key."""
    seen = told(desk("review", "--json", "--text"))
    assert (seen["state"], seen["draft"], len(seen["unwritten"])) == ("draft", None, 4)
    path = tmp_path / "mine.txt"
    path.write_text(seen["text"] + "A word of mine.\n", encoding="utf-8")
    saved = told(desk("review", "--save", str(path), "--base", "0", "--json"))
    assert saved["draft"] == 1
    desk("review", "--submit", "--digest", saved["sha256"], *WHY)
    assert told(desk("review", "--json"))["state"] == "in_review"
    desk("publish", code=20)
    signed = told(desk("sign", "--digest", saved["sha256"][:32], "--meaning", "approved", *WHY, "--json"))
    assert signed["content"]["text_sha256"] == saved["sha256"]
    published = told(desk("publish", "--json"))
    assert set(published["files"]) == {
        "report.txt", "report.html", "report.pdf", "signature.json", "proof.dsse.json", "public.pem", "bundle.zip",
        "sbom.cdx.json",
    }  # fmt: skip
    assert told(desk("publish", "--json")) == published
    lines = desk("publish").out.splitlines()
    assert {len(line) for line in lines[2:]} == {80}, "on a terminal no digest is broken"
    again = desk("sign", "--digest", saved["sha256"], "--meaning", "approved", *WHY, code=20).err
    assert again.endswith("expected in review to sign. Nothing was recorded.\n")
    assert told(desk("verify", "--json"))["damaged"] == 0
    (key,) = told(desk("keys", "--json"))["keys"]
    folder = Path(published["folder"])
    for bundle in (folder, folder / "bundle.zip"):
        checked = told(desk("verify", "--bundle", str(bundle), "--key", key["file"], "--json"))
        assert (checked["whole"], checked["key"]) == (True, key["id"])
    assert "approved" in desk("review").out
    desk("revoke", "--comment", "Too early.")
    assert told(desk("review", "--json"))["state"] == "revoked"
    desk("publish", code=20)


def test_a_bundle_is_verified_without_data_root_settings_or_network(desk, tmp_path):
    """Only the zip and the public key are there; one changed byte exits 30 and names the file."""
    digest = told(desk("review", "--json"))["sha256"]
    desk("sign", "--digest", digest, "--meaning", "approved", *WHY)
    folder = Path(told(desk("publish", "--json"))["folder"])
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "b.zip").write_bytes((folder / "bundle.zip").read_bytes())
    (alone / "k.pem").write_bytes((folder / "public.pem").read_bytes())
    command = [Path(__import__("sys").executable).with_name("afterclose"), "verify"]
    command += ["--bundle", "b.zip", "--key", "k.pem"]

    def verify():
        return subprocess.run(
            command, cwd=alone, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"}
        )

    done = verify()
    assert (done.returncode, "approved by local user" in done.stdout) == (0, True), done.stderr
    assert sorted(p.name for p in alone.iterdir()) == ["b.zip", "k.pem"]
    data = (alone / "b.zip").read_bytes()
    (alone / "b.zip").write_bytes(data.replace(b"Signature\n---------", b"Signature\n--------=", 1))
    broken = verify()
    assert broken.returncode == 30
    assert len(broken.stderr.strip().splitlines()) == 1


def test_without_the_digest_of_what_was_read_nothing_is_signed(desk):
    """Missing or too short it is a bad command line; another text's waits for a person.

    Whoever writes the text can have another one whose digest begins with the same 12 digits.
    """
    desk("sign", "--meaning", "approved", code=2)
    begins = told(desk("review", "--json"))["sha256"][:12]
    desk("sign", "--digest", begins, "--meaning", "approved", *WHY, code=2)
    desk("reject", "--digest", "abc", "--comment", "no", code=2)
    refused = desk("sign", "--digest", "0" * 64, "--meaning", "approved", *WHY, code=20)
    assert "changed since you opened it" in refused.err
    assert told(desk("review", "--json"))["acts"] == []


@pytest.fixture
def viewer(tmp_path):
    """The environment of somebody who may look only."""
    config = tmp_path / "viewer.cfg"
    config.write_text(CONFIG.replace("role = approver", "role = viewer"), encoding="utf-8")
    return {"LUIGI_CONFIG_PATH": str(config)}


def test_a_viewer_may_look(desk, viewer):
    """State and digest, as anybody sees them."""
    assert told(desk("review", "--json", env=viewer))["state"] == "draft"


@pytest.mark.parametrize(
    "words",
    [
        ("sign", "--digest", "DIGEST", "--meaning", "approved", *WHY),
        ("reject", "--digest", "DIGEST", "--comment", "no"),
        ("revoke", "--comment", "no"),
        ("publish",),
        ("review", "--submit", "--digest", "DIGEST"),
        ("review", "--save", "TEXT"),
        ("keys", "rotate", "--why", "old"),
    ],
)
def test_a_viewer_may_do_none_of_it(desk, tmp_path, words, viewer):
    """Exit code 20 with the role that is needed."""
    text = tmp_path / "text.txt"
    text.write_text("words\n", encoding="utf-8")
    (report,) = (desk.root / "checkpoints" / "report").glob("*/report.txt")
    digest = sha256(report.read_bytes()).hexdigest()
    given = [{"DIGEST": digest, "TEXT": str(text)}.get(word, word) for word in words]
    assert "has the role 'viewer'" in desk(*given, code=20, env=viewer).err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("review", "nowhere"), 4, "there is no report 'nowhere'"),
        (("review", "--save", "no-such-file"), 20, "there is no text"),
        (("review", "--submit", "--save", "x"), 2, "one at a time"),
        (("verify", "--bundle", "x"), 2, "--bundle FOLDER_OR_ZIP --key PUBLIC.pem"),
        (("verify", "--bundle", "x", "--key", "y"), 20, "there is no public key"),
        (("revoke", "--comment", "x"), 20, "is draft"),
        (("sign", "--digest", "0" * 64), 2, "--meaning"),
        (("sign", "--digest", "0" * 64, "--meaning", "rejected"), 2, "--meaning"),
    ],
)
def test_a_mistake_is_one_clear_line(desk, words, code, said):
    """What came, what was expected, what to do."""
    outcome = desk(*words, code=code)
    assert said in outcome.err
    assert len(outcome.messages) == 1


def test_a_key_is_rotated_by_an_admin_and_what_was_published_stays_whole(desk, tmp_path):
    """The old private half is gone, both public halves stay, and the chain says who did it."""
    config = tmp_path / "admin.cfg"
    config.write_text(CONFIG.replace("role = approver", "role = admin"), encoding="utf-8")
    digest = told(desk("review", "--json"))["sha256"]
    desk("sign", "--digest", digest, "--meaning", "approved", *WHY)
    desk("publish")
    before = (desk.root / "keys" / "desk.pem").read_bytes()
    desk("keys", "rotate", "--why", "A new year.", env={"LUIGI_CONFIG_PATH": str(config)})
    keys = told(desk("keys", "--json"))["keys"]
    assert sorted((key["in_use"], key["counts"], bool(key["rotated_out"])) for key in keys) == [
        (False, False, True),
        (True, True, False),
    ]
    assert "rotated out by record" in desk("keys").out
    held = [path.read_bytes() for path in (desk.root / "keys").rglob("*") if path.is_file()]
    assert before not in held
    assert told(desk("verify", "--json"))["damaged"] == 0
    assert "is published" in desk("publish").out
