"""What stands in the published folder is judged, whether it says what it is or not; nothing else is given out."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from datetime import UTC, datetime

import pytest

from core.errors import CheckpointError, DataError
from core.queries.reports.listing import reports
from core.review.bundle import check_bundle
from core.review.bundle_files import file_in, files_in
from core.review.publication import published_before
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
    sleep = verification.time.sleep
    monkeypatch.setattr(verification.time, "sleep", lambda seconds: (slept.append(seconds), sleep(seconds)))
    assert len([how for how in told(signed) if "has no signature.json" in how]) == 100
    assert len(slept) == 1


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
