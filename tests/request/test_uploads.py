"""What is brought to the desk: kept under its own name where runs read, and never over another file unasked."""

from __future__ import annotations

import dataclasses
import fcntl
import os

import pytest

from core.errors import ParameterError, SettingsError
from core.request import upload_list, uploads
from core.request.settings import load

PRICES = b"date,ticker,open,high,low,close,volume\n2024-01-02,A,1,1,1,1,1\n"


def keep(configured, name, data, *, who="Ann <1@x>", **more):
    """Keep an upload of Ann's."""
    return uploads.keep(configured, name, data, who=who, **more)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Settings over a working folder with a data root; ``settings(roots=...)`` changes some."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def changed(**changes):
        now = load({"AFTERCLOSE_DATA": "data"})
        return dataclasses.replace(now, defaults={**now.defaults, **changes})

    return changed


def test_an_upload_keeps_its_name_and_says_its_digest(settings, tmp_path):
    """Folders of whoever sends it do not count; the bytes are as they came."""
    import hashlib

    upload = keep(settings(), "C:\\me\\my prices.csv", PRICES)
    assert upload.path == tmp_path / "work" / "uploads" / "my prices.csv"
    assert upload.path.read_bytes() == PRICES
    assert (upload.outcome, upload.size) == ("new", len(PRICES))
    assert upload.sha256 == hashlib.sha256(PRICES).hexdigest()


def test_the_same_bytes_again_change_nothing(settings):
    """One file, and it is said to be there."""
    first = keep(settings(), "p.csv", PRICES)
    before = first.path.stat().st_mtime_ns
    assert keep(settings(), "p.csv", PRICES).outcome == "same"
    assert first.path.stat().st_mtime_ns == before


def test_other_bytes_under_the_name_are_refused_until_a_person_decides(settings):
    """Asked first; then in its place, or beside it under a name with its digest."""
    other = PRICES + b"2024-01-03,A,1,1,1,1,1\n"
    first = keep(settings(), "p.csv.gz", PRICES)
    with pytest.raises(ParameterError, match="there already"):
        keep(settings(), "p.csv.gz", other)
    assert first.path.read_bytes() == PRICES
    beside = keep(settings(), "p.csv.gz", other, instead="beside")
    assert (beside.path.name, beside.outcome) == (f"p-{beside.sha256[:8]}.csv.gz", "beside")
    assert first.path.read_bytes() == PRICES
    assert keep(settings(), "p.csv.gz", other, instead="replace").outcome == "replaced"
    assert first.path.read_bytes() == other


@pytest.mark.parametrize(
    "name", ["notes.md", ".hidden.csv", "../luigi.cfg", "a\nb.csv", "", "x" * 300 + ".csv"]
)
def test_a_name_that_no_table_of_prices_has_is_refused(settings, tmp_path, name):
    """Nothing is written."""
    with pytest.raises(ParameterError):
        keep(settings(), name, PRICES)
    assert not (tmp_path / "work" / "uploads").exists()


def test_a_name_with_folders_never_leaves_the_folder_of_uploads(settings, tmp_path):
    """Only its last part counts."""
    upload = keep(settings(), "../../etc/p.csv", PRICES)
    assert upload.path.parent == tmp_path / "work" / "uploads"


def test_too_large_and_switched_off_are_said(settings):
    """By bytes, with the setting that holds the bound."""
    with pytest.raises(ParameterError, match="upload_mb = 1"):
        keep(settings(upload_mb=1), "p.csv", b"x" * (1024**2 + 1))
    assert "upload_mb is 0" in uploads.refusal(settings(upload_mb=0))
    assert uploads.refusal(settings()) == ""


def test_uploads_lie_under_a_root_or_nowhere(settings, tmp_path):
    """In the first root unless a folder is named; one outside of all roots, or in the data root, is refused."""
    root = tmp_path / "prices"
    root.mkdir()
    assert uploads.folder_of(settings(roots=str(root))) == root / "uploads"
    named = settings(roots=str(root), uploads=str(root / "in"))
    assert uploads.folder_of(named) == root / "in"
    for wrong in (settings(roots=str(root), uploads=str(tmp_path / "x")), settings(uploads="data/in")):
        with pytest.raises(SettingsError, match="no run may read"):
            uploads.folder_of(wrong)
        assert "no run may read" in uploads.refusal(wrong)


def test_in_a_team_uploads_lie_in_the_working_folder(settings, tmp_path, monkeypatch):
    """Which is the root there without a word."""
    monkeypatch.setenv("AFTERCLOSE_LOGIN", "1")
    assert uploads.folder_of(settings()) == tmp_path / "work" / "uploads"


def test_a_folder_that_cannot_be_written_switches_uploads_off(settings, monkeypatch):
    """Said before anybody brings a file; where writing fails all the same, the setting is named."""
    monkeypatch.setattr(uploads.os, "access", lambda *_: False)
    assert "cannot be written" in uploads.refusal(settings())


def test_a_full_disk_is_said_and_leaves_nothing(settings, tmp_path, monkeypatch):
    """One message with the file and the remedy."""

    class Full:
        def create(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "storage_at", lambda path: Full())
    with pytest.raises(SettingsError, match="No space left"):
        keep(settings(), "p.csv", PRICES)


MIB = b"x" * (1 << 20)


def test_all_uploads_together_have_no_more_than_the_setting_says(settings):
    """Whoever brings them; the page says it before, and the door takes no body then."""
    now = settings(uploads_total_mb=2)
    keep(now, "a.csv", MIB)
    assert uploads.room(now) == 1 << 20
    keep(now, "b.csv", MIB[1:], who="Bob <2@x>")
    with pytest.raises(ParameterError, match=r"uploads_total_mb = 2") as raised:
        keep(now, "c.csv", PRICES, who="Kim <3@x>")
    assert "2,097,151 already" in str(raised.value)
    assert not (uploads.folder_of(now) / "c.csv").exists()
    keep(now, "a.csv", b"y" * len(MIB), instead="replace")
    keep(now, "d.csv", b"z")
    assert uploads.room(now) == 0
    assert "uploads_total_mb = 2" in uploads.refusal(now)
    assert keep(now, "d.csv", b"z").outcome == "same"


def test_one_person_has_no_more_than_their_share(settings):
    """Somebody else still brings theirs; what is replaced or gone counts no more."""
    now = settings(uploads_person_mb=1)
    first = keep(now, "a.csv", MIB)
    for instead in ("ask", "beside"):
        with pytest.raises(ParameterError, match=r"uploads of Ann <1@x> .* uploads_person_mb = 1"):
            keep(now, "b.csv", PRICES, instead=instead)
    keep(now, "b.csv", PRICES, who="Bob <2@x>")
    keep(now, "a.csv", MIB[1:], instead="replace")
    first.path.unlink()
    keep(now, "c.csv", MIB)


def test_the_list_of_who_brought_what_is_no_table_and_may_be_damaged(settings):
    """Runs read no hidden file; lines that are none of ours count for nobody, the total counts all files."""
    now = settings(uploads_person_mb=1)
    folder = keep(now, "a.csv", PRICES).path.parent
    lines = [
        "[]",
        "nonsense",
        '{"name": 1, "who": 2, "at": 3}',
        "[" * 50_000,
        '{"name": "../x", "who": "a", "at": 1}',
    ]
    (folder / ".uploads").write_text("\n".join(lines))
    keep(now, "b.csv", MIB)
    with pytest.raises(ParameterError, match="uploads_person_mb"):
        keep(now, "c.csv", PRICES)


def test_two_that_come_at_once_share_the_room_that_is_left(settings):
    """Each judged while it holds the list."""
    from concurrent.futures import ThreadPoolExecutor

    now = settings(uploads_total_mb=3)

    def bring(number):
        try:
            return bool(keep(now, f"{number}.csv", MIB[:-200] + bytes([65 + number])))
        except ParameterError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(bring, range(8))) == 3


@pytest.mark.parametrize("how", ["a pipe", "held"])
def test_nobody_who_may_write_beside_uploads_holds_the_desk(settings, monkeypatch, how):
    """A pipe in the place of the list, or its lock: an upload is refused after a while; no thread waits for ever."""
    monkeypatch.setattr(upload_list, "MOST_WAIT_S", 0.2)
    now = settings()
    folder = uploads.folder_of(now)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / upload_list.NAME
    if how == "a pipe":
        os.mkfifo(path)
    else:
        path.touch()
    with path.open("r+b", buffering=0) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(SettingsError, match="pipe" if how == "a pipe" else "held its list"):
            keep(now, "a.csv", PRICES)
    assert not (folder / "a.csv").exists()


def test_only_the_file_that_was_shown_is_replaced(settings):
    """A third one that came meanwhile under the name is not lost unseen."""
    from core.fingerprint import sha256

    third = PRICES + b"2024-01-04,A,1,1,1,1,1\n"
    keep(settings(), "p.csv", PRICES)
    upload = keep(settings(), "p.csv", third, instead="replace", agreed_sha256=sha256(PRICES))
    assert upload.outcome == "replaced"
    with pytest.raises(ParameterError, match="there already"):
        keep(settings(), "p.csv", PRICES + b"x", instead="replace", agreed_sha256=sha256(PRICES))
    assert upload.path.read_bytes() == third
