"""What a store of files can do is the same for a folder and for a bucket: each test runs with both."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.platform.storage import local_folder, nearest_folder, replace_file, storage_at
from core.tables.artifacts import Encoded

FILES = (Encoded("a.json", "a", "json", b"first", 1), Encoded("b.json", "b", "json", b"second", None))


@pytest.fixture(params=["folder", "bucket"])
def root(request, tmp_path):
    """An empty data root that is there."""
    if request.param == "bucket":
        return request.getfixturevalue("remote")
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def commit(folder, files=FILES, data=b"mark", *, committed=lambda: False, moved=None):
    """Commit the files under ``meta.json``; what stands in their place goes to the list ``moved``."""

    def move_other(path, file):
        if path.exists() and path.read_bytes() != file.data:
            moved.append(path.read_bytes())
            path.unlink()

    storage_at(folder).commit(files, "meta.json", data, committed=committed, move_other=move_other)


def test_a_commit_writes_files_and_mark_and_leaves_nothing_else(root):
    """And a second one of the same bytes changes nothing."""
    for _ in range(2):
        commit(root / "clean" / "k1")
        contents = {path.name: path.read_bytes() for path in (root / "clean" / "k1").iterdir()}
        assert contents == {"a.json": b"first", "b.json": b"second", "meta.json": b"mark"}


def test_the_first_mark_stays(root):
    """Whoever commits second under the same key finds the first one's mark."""
    commit(root / "k")
    commit(root / "k", data=b"another", committed=lambda: True)
    assert (root / "k" / "meta.json").read_bytes() == b"mark"


def test_what_stood_in_a_files_place_is_moved_not_written_over(root):
    """A person's text, or a killed writer's half."""
    replace_file(root / "k" / "b.json", b"a person's")
    moved = []
    commit(root / "k", moved=moved)
    assert moved == [b"a person's"]
    assert (root / "k" / "b.json").read_bytes() == b"second"


def test_a_file_of_this_machine_is_committed_whole(root, tmp_path):
    """A large table's bytes come from a file."""
    source = tmp_path / "large"
    source.write_bytes(b"x" * 1_000_000)
    commit(root / "k", [Encoded("t.parquet", "t", "parquet", b"", 1, source)])
    assert (root / "k" / "t.parquet").read_bytes() == b"x" * 1_000_000


def test_only_the_first_creates(root):
    """The second is told so, and the first one's bytes stay."""
    assert storage_at(root / "new.json").create(b"first")
    assert not storage_at(root / "new.json").create(b"second")
    assert (root / "new.json").read_bytes() == b"first"
    assert [path.name for path in root.iterdir()] == ["new.json"]


def test_a_file_is_exchanged_only_while_it_is_as_it_was_read(root):
    """Whoever slept since then writes nothing over what others wrote, nor makes anew what is gone."""
    path = root / "ledger" / "head.json"
    storage = storage_at(path)
    assert not storage.exchange(b"one", b"two")
    replace_file(path, b"one")
    assert storage.exchange(b"one", b"two")
    assert not storage.exchange(b"one", b"older")
    assert path.read_bytes() == b"two"


def test_the_server_decides_whether_an_object_is_as_it_was_read(remote, monkeypatch):
    """Somebody writes between the last look at it and the writing."""
    path = remote / "head.json"
    replace_file(path, b"one")
    look = type(path).first_bytes

    def written_after(path, most):
        data = look(path, most)
        monkeypatch.setattr(type(path), "first_bytes", look)
        replace_file(path, b"newer")
        return data

    monkeypatch.setattr(type(path), "first_bytes", written_after)
    assert not storage_at(path).exchange(b"one", b"older")
    assert path.read_bytes() == b"newer"


def test_links_are_what_was_linked_last(root):
    """Names and targets, old ones gone; none before, and none once the folder holds anything else."""
    links = storage_at(root / "latest")
    assert links.links() == {}
    links.link({"a.json": "../x/a.json", "b.json": "../x/b.json"})
    links.link({"b.json": "../y/b.json", "c.json": "../y/c.json"})
    assert links.links() == {"b.json": "../y/b.json", "c.json": "../y/c.json"}
    replace_file(root / "latest" / "index.json", b"no index")
    assert links.links() == {}


def test_a_local_copy_has_the_bytes(root):
    """Also asked twice, and after the copy was changed."""
    replace_file(root / "t.parquet", b"bytes")
    digest = hashlib.sha256(b"bytes").hexdigest()
    copy = storage_at(root / "t.parquet").local_copy(digest)
    assert isinstance(copy, Path)
    assert copy.read_bytes() == b"bytes"
    if copy != root / "t.parquet":
        copy.write_bytes(b"other")
    assert storage_at(root / "t.parquet").local_copy(digest).read_bytes() == b"bytes"


def test_a_folder_goes_with_everything_in_it(root):
    """And nothing beside it."""
    replace_file(root / "x" / "y" / "a", b"1")
    replace_file(root / "xx" / "a", b"2")
    storage_at(root / "x").remove_folder()
    assert [path.name for path in root.iterdir()] == ["xx"]


def test_the_nearest_folder_is_on_this_machine(root):
    """Free space and permissions are asked of it, also before the root is there."""
    assert nearest_folder(root / "not" / "yet").is_dir()
    assert local_folder(root).is_absolute()


def test_what_is_no_path_of_a_storage_is_refused():
    """A text, say."""
    with pytest.raises(TypeError, match="str is no path"):
        storage_at("data")
