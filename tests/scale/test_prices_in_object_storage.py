"""Prices in a bucket: files, folders and patterns are read as the same ones here, and what cannot be read is named."""

from __future__ import annotations

import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import AftercloseError
from core.request.settings import load
from core.runs.resolve import resolve
from tests.late import Late
from tests.sources.test_addresses import ANY_FOLDERS, fill, prices

s3fs = Late("s3fs")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def planned(path):
    """What the plan knows of a path."""
    request = {"source": "files", "path": str(path)}
    return resolve(request, settings=load(dict(os.environ)), now=NOW, upto="ingest")


@pytest.fixture
def shelf(bucket, s3_environment, tmp_path, monkeypatch):
    """A folder of prices here, and the address of the same in a bucket, with a client of the server."""
    monkeypatch.chdir(tmp_path)
    for name, value in {**s3_environment, "AFTERCLOSE_DATA": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    client = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    (tmp_path / "files").mkdir()
    here = fill(tmp_path / "files")
    for path in here.rglob("*"):
        if path.is_file():
            client.pipe_file(f"{bucket}/in/{path.relative_to(here)}", path.read_bytes())
    return here, f"s3://{bucket}/in", client


def test_what_is_in_a_bucket_is_what_is_here(shelf):
    """A file, the folder with its unread ones, patterns, and a folder of folders, by digest and name."""
    here, address, _ = shelf
    for way in ("", "/", "/a.csv", "/*.csv", "/[ab].csv", "/?.csv", "/ticker=*/part.csv", *ANY_FOLDERS):
        local, there = planned(f"{here}{way}"), planned(f"{address}{way}")
        assert (there["input_digest"], there["input_name"]) == (local["input_digest"], local["input_name"]), (
            way
        )


def test_a_file_is_fetched_once_while_its_tag_stays(shelf, tmp_path):
    """The copy is the same file; another content there is another key at once."""
    _, address, client = shelf
    first = planned(f"{address}/a.csv")
    (copy,) = (tmp_path / "data" / "cache").rglob("a.csv")
    node = copy.stat().st_ino
    assert planned(f"{address}/a.csv")["input_digest"] == first["input_digest"]
    assert copy.stat().st_ino == node
    client.pipe_file(f"{address}/a.csv".removeprefix("s3://"), prices("A", 12))
    assert planned(f"{address}/a.csv")["input_digest"] != first["input_digest"]


def test_a_bucket_that_never_answers_is_left_when_the_time_is_over(shelf, tmp_path, monkeypatch):
    """Within one call, which would wait for a minute and try again: what is configured counts."""
    (tmp_path / "luigi.cfg").write_text("[files]\naddresses_timeout_s = 1\n")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(tmp_path / "luigi.cfg"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(AftercloseError, match="was not read within 1 s"):
            planned("s3://bucket/a.csv")
    assert time.monotonic() - began < 8


def test_what_a_bucket_does_not_have_is_named(shelf, monkeypatch):
    """A missing file, folder and bucket: 20; a server that is away: 30."""
    monkeypatch.setattr("core.sources.addresses.copies._WAIT_S", 0.01)
    _, address, _ = shelf
    for path in (f"{address}/none.csv", f"{address}/none/*.csv", "s3://no-such-bucket/a.csv"):
        with pytest.raises(AftercloseError) as caught:
            planned(path)
        assert caught.value.exit_code == 20, path
        assert "s3://" in str(caught.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(
        "core.platform.s3._PATIENCE",
        {"connect_timeout": 1, "read_timeout": 1, "retries": {"max_attempts": 0}},
    )
    with pytest.raises(AftercloseError) as caught:
        planned(f"{address}/a.csv")
    assert caught.value.exit_code == 30
    assert "did not answer" in str(caught.value)


def test_without_the_extra_its_install_line_is_named(shelf, monkeypatch):
    """For S3 and SFTP alike; no traceback."""
    _, address, _ = shelf
    for module, path in (("s3fs", f"{address}/a.csv"), ("sshfs", "sftp://127.0.0.1/a.csv")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(AftercloseError) as caught:
            planned(path)
        assert caught.value.exit_code == 4
        assert 'pip install "afterclose[addresses]"' in str(caught.value)


def test_a_run_reads_a_bucket_from_beginning_to_end(
    shelf, s3_environment, small, run_afterclose, tmp_path, prices_file
):
    """A report of what is there; the same run again has nothing to do; one of the file here is the same checkpoints."""
    _, address, client = shelf
    name = f"{address}/long/prices.csv"
    client.pipe_file(name.removeprefix("s3://"), Path(prices_file).read_bytes())
    options = [name if word == str(prices_file) else word for word in small]
    for source in (options, options, small):
        outcome = run_afterclose("run", *source, data=tmp_path / "data", env=s3_environment)
        assert outcome.code == 0, outcome.err
    assert len(list((tmp_path / "data" / "checkpoints" / "ingest").iterdir())) == 1
