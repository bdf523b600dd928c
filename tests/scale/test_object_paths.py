"""A data root in object storage, on an S3-compatible server over HTTP: what its paths can do, and what they refuse."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import CheckpointError, SettingsError
from core.paths import IrregularFileError, bytes_of
from core.platform import object_storage, objects
from core.platform.causes import NO_ANSWER, cause_of
from core.platform.objects import ObjectPath, root_at
from core.platform.storage import local_folder, storage_at
from core.request.known_profiles import KnownProfiles
from core.store.checkpoints import Slot, Store
from core.tables.artifacts import Encoded

FILES = ("a.json", "x/k1/one.json", "x/k1/meta.json", "x/k2/two.json", "y/k1/meta.json")


@pytest.fixture
def filled(remote):
    """A root with a few objects."""
    for name in FILES:
        (remote / name).write_bytes(name.encode())
    return remote


def names(root, paths) -> list[str]:
    """The paths below the root as text."""
    return [str(path.relative_to(root)) for path in paths]


@pytest.mark.parametrize(
    "pattern", ["*", "*/*", "*/*/meta.json", "x/k?/*", "[!a]*", "*.json", "x/*/o*", "none*"]
)
def test_patterns_find_what_they_find_in_a_folder(filled, tmp_path, pattern):
    """The same names as pathlib finds among the same files on a disk."""
    for name in FILES:
        path = tmp_path / "disk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    wanted = sorted(str(path.relative_to(tmp_path / "disk")) for path in (tmp_path / "disk").glob(pattern))
    assert sorted(names(filled, filled.glob(pattern))) == wanted


def test_reading_gives_what_was_written(filled):
    """Bytes, text, a stream in pieces, and the size without reading."""
    path = filled / "x" / "k1" / "one.json"
    assert path.read_bytes() == b"x/k1/one.json"
    assert path.read_text() == "x/k1/one.json"
    with path.open("rb") as stream:
        assert (stream.read(4), stream.read()) == (b"x/k1", b"/one.json")
    assert path.stat().st_size == 13
    assert names(filled, filled.rglob("*.json")) == sorted(FILES)


def test_what_is_there_is_told_apart(filled):
    """An object is a file, a prefix is a folder, the rest is not there."""
    told = {
        name: ((filled / name).exists(), (filled / name).is_file(), (filled / name).is_dir())
        for name in ("a.json", "x", "x/k1", "nothing", "x/k")
    }
    assert told == {
        "a.json": (True, True, False),
        "x": (True, False, True),
        "x/k1": (True, False, True),
        "nothing": (False, False, False),
        "x/k": (False, False, False),
    }
    with pytest.raises(FileNotFoundError):
        (filled / "nothing").read_bytes()
    with pytest.raises(FileNotFoundError):
        (filled / "nothing").stat()


def test_the_server_lets_only_the_first_create(filled):
    """The second gets False, whoever it is, and the first one's bytes stay."""
    path = filled / "new.json"
    assert path.create(b"first")
    assert not path.create(b"second")
    assert path.read_bytes() == b"first"


def test_other_content_is_another_file(filled):
    """The identity that digests are remembered by changes with the content, also when size and second do not."""
    path = filled / "a.json"
    before = path.stat()
    path.write_bytes(b"b.json")
    assert path.stat().st_size == before.st_size
    assert path.stat().st_ino != before.st_ino


def test_moving_takes_everything_below(filled):
    """A folder's objects are at the new place, and nothing is left at the old one."""
    (filled / "x" / "k1").rename(filled / "away" / "k1-damaged")
    assert names(filled, (filled / "away").rglob("*")) == [
        "away/k1-damaged/meta.json",
        "away/k1-damaged/one.json",
    ]
    assert (filled / "away" / "k1-damaged" / "one.json").read_bytes() == b"x/k1/one.json"
    assert not (filled / "x" / "k1").exists()


def test_removing_takes_one_object_or_all_below(filled):
    """And nothing of what is beside it."""
    (filled / "a.json").unlink()
    (filled / "a.json").unlink(missing_ok=True)
    storage_at(filled / "x").remove_folder()
    assert names(filled, filled.rglob("*")) == ["y/k1/meta.json"]


def test_it_is_never_taken_for_a_local_file(remote):
    """Whatever opens files by name refuses it, so nothing lands in a folder called s3:."""
    with pytest.raises(TypeError):
        os.fspath(remote)
    with pytest.raises(TypeError):
        open(remote)  # noqa: PTH123, SIM115 - exactly this is what must not work
    with pytest.raises(ValueError, match="reading"):
        (remote / "a").open("wb")
    assert local_folder(remote).name == "state"
    assert isinstance(remote / "a", ObjectPath)


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///x", "s3://b", "s3://b/", "gs://b/x", "s3://b/../x", "s3://b//x", "http://h/x"]
)
def test_a_url_that_is_no_bucket_and_prefix_is_refused(url):
    """Another scheme, no bucket, no prefix or a way out of it: one message before anything is asked."""
    with pytest.raises(SettingsError, match="s3://BUCKET/PREFIX"):
        root_at(url, Path("state"))


def test_a_server_that_does_not_answer_is_an_os_error(remote, monkeypatch):
    """Like a disk that fails: the callers' one branch for faults of storage takes it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(objects, "_server", objects._server.__wrapped__)
    with pytest.raises(OSError, match=r"127\.0\.0\.1:1"):
        (remote / "a.json").read_bytes()


def test_a_bucket_that_is_not_there_is_an_os_error(remote):
    """Writing says so."""
    with pytest.raises(OSError, match=r"(?i)bucket"):
        root_at("s3://no-such-bucket-here/x", Path("state")).joinpath("a").write_bytes(b"")


def test_an_object_of_more_bytes_than_its_kind_has_is_read_by_nobody(remote, monkeypatch):
    """Whoever may write the published folder puts one of 40 GB there; no more is fetched than it may have."""
    (remote / "a").write_bytes(b"x" * 1000)
    (remote / "empty").write_bytes(b"")
    monkeypatch.setattr(ObjectPath, "read_bytes", lambda _: pytest.fail("the whole of it was fetched"))
    assert bytes_of(remote / "a", 1000) == b"x" * 1000
    assert bytes_of(remote / "a") == b"x" * 1000
    with pytest.raises(FileNotFoundError):
        bytes_of(remote / "nothing")
    assert bytes_of(remote / "empty", 10) == b""
    with pytest.raises(IrregularFileError, match="more than 999"):
        bytes_of(remote / "a", 999)


@dataclass(frozen=True)
class Refusing:
    """An object that the server refuses to make, as if there were one, and that it does not have."""

    tries: list[str]

    def __truediv__(self, name):
        return self

    def create(self, data):
        self.tries.append("create")
        return False

    def exists(self):
        return False


def test_a_server_that_makes_nothing_and_has_nothing_ends_no_run(monkeypatch):
    """It says for ever that somebody else was first: a run waited for it for ever, at full speed."""
    monkeypatch.setattr(object_storage, "WAIT_S", 0.0)
    storage = object_storage.ObjectStorage(Refusing(tries := []))
    made = Encoded("a.json", "a", "json", b"{}", 1)
    with pytest.raises(OSError, match="none of 20 tries"):
        storage.commit([made], "meta.json", b"{}", committed=lambda: False, move_other=lambda *_: None)
    assert len(tries) == 20


@pytest.mark.parametrize("answer", [{"type": "file"}, {"type": "file", "size": None, "ETag": "x"}, None])
def test_a_server_that_answers_nonsense_is_named_as_one_that_does_not_answer(remote, monkeypatch, answer):
    """A listing of what is elsewhere, facts that are none: a fault of the way to the data, by name, and no stack."""

    class Nonsense:
        def info(self, _, timeout):
            return answer

        def find(self, _, timeout):
            return ["elsewhere/x"]

    monkeypatch.setattr(objects, "_server", lambda _: Nonsense())
    for ask in (remote.stat, lambda: list(remote.glob("*"))):
        with pytest.raises(OSError) as caught:
            ask()
        assert cause_of(caught.value).name == NO_ANSWER


def test_a_server_that_never_comes_to_an_end_is_given_up(remote, monkeypatch):
    """It sends a byte now and then, so that no piece of its answer is late: each question has an end of its own."""
    asked = {}

    class Dripping:
        def __getattr__(self, name):
            def ask(*_, timeout, **__):
                asked[name] = timeout
                raise TimeoutError

            return ask

    monkeypatch.setattr(objects, "_server", lambda _: Dripping())
    path = remote / "a.json"
    acts = (
        path.stat,
        path.read_bytes,
        path.exists,
        path.unlink,
        lambda: path.write_bytes(b"x"),
        lambda: path.create(b"x"),
    )
    for act in (*acts, lambda: list(remote.rglob("*")), lambda: path.rename(remote / "b")):
        with pytest.raises(OSError, match="come to an end") as caught:
            act()
        assert cause_of(caught.value).name == NO_ANSWER
    assert asked["info"] == objects.ASKING_S < asked["cat_file"] == objects.MOVING_S


@pytest.mark.parametrize("what", ["a commit mark", "an artifact", "a profile", "the links"])
def test_nothing_of_a_root_is_fetched_beyond_what_its_kind_has(remote, monkeypatch, what):
    """Whoever may write the bucket made every desk and scheduler read an object without an end into memory."""
    monkeypatch.setattr(ObjectPath, "read_bytes", lambda _: pytest.fail("the whole of it was fetched"))
    for name in ("core.store.checkpoints.MOST_META_BYTES", "core.request.known_profiles.SMALL_BYTES",
                 "core.platform.object_storage.SMALL_BYTES"):  # fmt: skip
        monkeypatch.setattr(name, 5_000, raising=False)
    fetched, first = [], ObjectPath.first_bytes
    monkeypatch.setattr(
        ObjectPath, "first_bytes", lambda path, most: fetched.append(most) or first(path, most)
    )
    store, slot = Store(remote), Slot("ingest", "prices-0123456789ab")
    if what == "an artifact":
        path = store.folder(slot) / "rows.json"
        monkeypatch.setattr(Store, "_committed", lambda *_: (path, "0" * 64, 5_000))
        path.write_bytes(b"{" * 100_000)
        with pytest.raises(CheckpointError, match="more than"):
            store.read(slot, "rows.json")
    elif what == "a commit mark":
        store.meta_path(slot).write_bytes(b"{" * 100_000)
        with pytest.raises(CheckpointError, match="more than"):
            store.meta(slot)
    elif what == "a profile":
        (remote / "profiles" / "files:prices.json").write_bytes(b"{" * 100_000)
        assert KnownProfiles(remote).entry("files:prices") is None
    else:
        (remote / "latest" / "index.json").write_bytes(b"{" * 100_000)
        assert storage_at(remote / "latest").links() == {}
    assert max(fetched) <= 5_001
