"""What stands in the published folder is judged, whether it says what it is or not; nothing else is given out."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from core.errors import CheckpointError, DataError
from core.queries.reports.listing import reports
from core.review import ledger, published
from core.review.bundle import check_bundle, record_bytes, signed_document
from core.review.bundle_files import file_in, files_in, read_bundle
from core.review.drafts import signable
from core.review.publication import published_before
from core.review.published import folder_of, published_file
from core.upkeep import verification
from core.upkeep.archive import backup
from core.upkeep.verification import verify


@pytest.fixture
def folder(signed, monkeypatch):
    """A published bundle."""
    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    return signed.publish()


def told(office):
    """What verify names of published folders."""
    return [fault.how for fault in verify(office.settings, quick=True).faults if fault.what == "published"]


def test_a_published_document_whose_record_was_taken_away_is_named(signed, folder):
    """Whoever may write there lets the rest say anything; it is published no more, and publishing again mends it."""
    for name in ("signature.json", "bundle.zip", "proof.dsse.json"):
        (folder / name).unlink()
    page = folder / "report.txt"
    page.write_text(page.read_text().replace("chance", "luck"))
    assert len(told(signed)) == 1
    assert "has no signature.json" in told(signed)[0]
    assert not [entry.published for entry in reports(signed.settings, datetime.now(UTC)) if entry.published]
    signed.publish()
    assert told(signed) == []


def test_what_was_published_of_another_signature_is_named(signed, folder):
    """A bundle that is whole, under the name of another one."""
    signed.revoke()
    later = signed.sign()
    other = folder.with_name(later.hash[:12])
    shutil.copytree(folder, other)
    assert [how for how in told(signed) if "of another signature" in how and other.name in how]


def test_a_publication_that_is_going_on_is_no_fault(signed, folder, monkeypatch):
    """Its record comes last."""
    record = (folder / "signature.json").read_bytes()
    (folder / "signature.json").unlink()
    monkeypatch.setattr(verification.time, "sleep", lambda _: (folder / "signature.json").write_bytes(record))
    assert told(signed) == []


def test_a_hundred_folders_without_a_record_hold_nobody_a_hundred_times(signed, folder, monkeypatch):
    """Whoever may write there makes as many as they like: all of them are waited for once."""
    for number in range(100):
        (folder.parent / f"{number:012x}").mkdir()
    slept = []
    clock = SimpleNamespace(monotonic=lambda: float(sum(slept)), sleep=slept.append)
    monkeypatch.setattr(verification, "time", clock)
    monkeypatch.setattr(verification, "PUBLISHING_S", 3 * verification.WAIT_S)
    assert len([how for how in told(signed) if "has no signature.json" in how]) == 100
    assert len(slept) in {3, 4}  # tenths, summed up


@pytest.mark.parametrize("name", ["desk.pem", "report.txt"])
def test_a_link_in_the_published_folder_gives_no_other_file(signed, folder, name):
    """Whoever may write there has no private key: the desk, which has, hands its own files to nobody."""
    signed.revoke()
    assert published_before(signed.root, signed.journal, signed.key) == folder
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(signed.root / "keys" / "desk.pem")
    assert published_before(signed.root, signed.journal, signed.key) is None
    assert name not in files_in(folder)
    with pytest.raises(OSError):
        file_in(folder, name)
    assert told(signed)


@pytest.mark.parametrize("change", ["words", "another bundle", "record gone"])
def test_what_was_changed_since_the_page_was_drawn_is_given_out_to_nobody(signed, folder, change):
    """A page stands for hours, and its links with it: what is given out is judged then, in the very bytes."""
    assert published_file(signed.settings, folder, "report.txt") == (folder / "report.txt").read_bytes()
    if change == "words":
        (folder / "report.html").write_text((folder / "report.html").read_text().replace("chance", "luck"))
    elif change == "another bundle":
        signed.revoke()
        signed.sign()
        other = signed.publish()
        shutil.rmtree(folder)
        shutil.copytree(other, folder)
    else:
        (folder / "signature.json").unlink()
    for name in ("report.html", "report.txt", "bundle.zip"):
        with pytest.raises(CheckpointError):
            published_file(signed.settings, folder, name)


def test_a_folder_of_no_signature_is_offered_to_nobody(signed):
    """The last by its name was, for every report that is not signed."""
    strange = signed.root / "published" / signed.key / "zzz"
    strange.mkdir(parents=True)
    (strange / "report.txt").write_text("All is well.")
    signed.revoke()
    assert published_before(signed.root, signed.journal, signed.key) is None


def test_a_link_among_the_keys_is_in_no_backup(signed, tmp_path):
    """Whoever may add files there has what it leads to read by the desk."""
    (tmp_path / "secret").write_text("of another")
    (signed.root / "keys" / "0123456789ab.pub.pem").symlink_to(tmp_path / "secret")
    backup(signed.settings, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        held = json.loads(archive.read("manifest.json"))["members"]
        assert not any(archive.read(name) == b"of another" for name in held)


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bundle_that_was_packed_and_scratched_is_refused(folder, tmp_path, packing):
    """Each packing has exceptions of its own in Python's reader."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(folder / "bundle.zip") as archive,
        zipfile.ZipFile(target, "w", packing) as packed,
    ):
        for info in archive.infolist():
            packed.writestr(info.filename, archive.read(info))
    good = target.getvalue()
    for place in range(30, len(good), len(good) // 60):
        (tmp_path / "b.zip").write_bytes(good[:place] + bytes([good[place] ^ 0xFF]) + good[place + 1 :])
        with pytest.raises((CheckpointError, DataError)):
            check_bundle(tmp_path / "b.zip", None)


def publish_in_first_form(office):
    """Publish as the first version did: a text, and the record of its signature."""
    (record,) = [r for r in office.journal.records() if r.kind == "signature"]
    content = {name: value for name, value in record.content.items() if name not in ("form", "program")}
    first = ledger.append(office.settings, office.journal, "signature", office.key, content)
    folder = folder_of(office.root, first)
    folder.mkdir(parents=True)
    text = signable(office.store, office.journal, office.key).text
    (folder / "report.txt").write_text(signed_document(text, first))
    (folder / "signature.json").write_bytes(record_bytes(first))
    return folder


def test_what_lies_beside_a_publication_of_the_first_version_is_named_and_given_to_nobody(signed):
    """It had a text and its record; a page in their folder said anything, and was offered as what was published."""
    folder = publish_in_first_form(signed)
    assert told(signed) == []
    assert published_file(signed.settings, folder, "report.txt") == (folder / "report.txt").read_bytes()
    (folder / "report.html").write_text("All is well.")
    assert ["'report.html'" in how for how in told(signed)] == [True]
    with pytest.raises(CheckpointError):
        published_file(signed.settings, folder, "report.html")


@pytest.mark.parametrize("publish", [lambda office: office.publish(), publish_in_first_form])
def test_a_folder_that_is_exchanged_while_it_is_judged_gives_out_nothing(
    signed, publish, tmp_path, monkeypatch
):
    """Whoever may write there has another one in its place for as long as its files are read: words and no proof."""
    folder, theirs = publish(signed), tmp_path / "theirs"
    theirs.mkdir()
    shutil.copy(folder / "signature.json", theirs)
    block, blank, _ = (folder / "report.txt").read_text().partition("\n\n\n")
    (theirs / "report.txt").write_text(f"{block}{blank}Buy everything.")
    monkeypatch.setattr(
        published, "read_bundle", lambda path: read_bundle(theirs if path == folder else path)
    )
    with pytest.raises(CheckpointError, match=r"no proof.dsse.json|was changed after"):
        published_file(signed.settings, folder, "report.txt")


# ---- folders that cannot be listed


@pytest.fixture
def hide(monkeypatch):
    """Let a folder be one that this account may not list, and whose files it may open by name (mode 311)."""
    scan, hidden = os.scandir, set[str]()

    def scandir(path="."):
        if str(path) in hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return lambda path: hidden.add(str(path))


def test_a_checkpoint_in_a_folder_that_cannot_be_listed_is_not_taken_for_none(signed, hide, lookers):
    """Whoever may write the data root takes the right to list it away: nothing below is looked for any more."""
    folder = lookers.folder_of(signed.root, "evaluate")
    with (folder / "evaluation.json").open("ab") as file:
        file.write(b" ")
    hide(folder.parent)
    faults = verify(signed.settings).faults
    assert [(f.which, "cannot be listed" in f.how) for f in faults] == [("checkpoints/evaluate", True)]


def test_published_documents_that_cannot_be_listed_are_named(signed, folder, hide):
    """Theirs is the first folder that others write."""
    (folder / "report.txt").write_text("All is well.")
    hide(signed.root / "published")
    assert any("cannot be listed" in fault.how for fault in verify(signed.settings).faults)


def test_a_backup_without_what_it_is_for_is_refused(signed, hide, lookers, tmp_path):
    """It was written, without a word and without the evaluation; keys of another account are said to be missing."""
    hide(signed.root / "keys")
    said = backup(signed.settings, tmp_path / "a.zip").left_out
    assert any("public keys" in words for words in said)
    hide(lookers.folder_of(signed.root, "evaluate"))
    with pytest.raises(CheckpointError, match="cannot be in the backup: it cannot be listed"):
        backup(signed.settings, tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize("which", ["of the signature", "of the report"])
def test_nothing_is_published_through_a_link(signed, which, tmp_path, monkeypatch):
    """Whoever may write the published folder has the desk write over a checkpoint, and tidy there."""
    monkeypatch.setattr(verification, "PUBLISHING_S", 0.02)
    place = folder_of(signed.root, signed.signature)
    link = place if which == "of the signature" else place.parent
    target = signed.root / "checkpoints" / "report" / signed.key
    (target / ".tmp-of-a-writer").touch()
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target if link == place else target.parent)
    with pytest.raises(CheckpointError, match=r"is a link|belongs to no signature"):
        signed.publish()
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    link.unlink()
    assert signed.publish() == place
    link.rename(tmp_path / "moved")
    link.symlink_to(tmp_path / "moved")
    assert [how for how in told(signed) if "is a link" in how]
    assert published_before(signed.root, signed.journal, signed.key) is None


@pytest.mark.parametrize("judging", ["page", "verify"])
def test_a_published_file_is_read_once_for_all_that_is_said_of_it(signed, folder, monkeypatch, judging):
    """Whoever may write there shows one reading other bytes than the next."""
    real, opened = os.open, []
    monkeypatch.setattr(
        os, "open", lambda path, *more, **named: (opened.append(str(path)), real(path, *more, **named))[1]
    )
    if judging == "page":
        assert published_before(signed.root, signed.journal, signed.key) == folder
    else:
        assert [how for how in told(signed) if "published" in how] == []
    once = ["report.txt", "report.html", "public.pem"]
    assert {name: opened.count(str(folder / name)) for name in once} == dict.fromkeys(once, 1)
