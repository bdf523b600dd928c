"""One function loads any artifact of any run, as its page says."""

from __future__ import annotations

import doctest
import json
import re

import pandas as pd
import pytest

from core.errors import CheckpointError, ParameterError
from core.queries.notebook import KINDS, load
from tests.shared import copy_root

TABLES = ("prices_raw", "prices_valid", "prices_clean", "features", "predictions")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_latest_run_can_be_loaded(kind, prepared):
    """Tables as frames, documents as mappings, the report as its text."""
    found = load(kind, data=prepared)
    if kind in TABLES:
        rows = json.loads((prepared / "latest" / f"{kind}.json").read_text())["rows"]
        assert isinstance(found, pd.DataFrame)
        assert len(found) == len(rows)
        assert str(found["date"].dtype) in ("datetime64[s]", "object")
    elif kind == "report":
        assert found == (prepared / "latest" / "report.txt").read_text()
    else:
        body = json.loads((prepared / "latest" / f"{kind}.json").read_text())
        assert dict(found) == {k: v for k, v in body.items() if k not in ("format", "kind")}


def test_the_headers_fields_come_with_the_frame(prepared):
    """Signals, folds, model id."""
    frame = load("predictions", data=prepared)
    assert [s["ticker"] for s in frame.attrs["signals"]] == ["AAA", "BBB"]


def test_a_run_is_named_by_its_id_its_beginning_or_a_key(prepared):
    """Any key of this or a later stage."""
    (run,) = (path.name for path in (prepared / "runs").iterdir())
    key = (prepared / "latest" / "report.txt").resolve().parent.name
    whole = load("features", data=prepared)
    for name in (run, run[:12], key):
        pd.testing.assert_frame_equal(load("features", run=name, data=prepared), whole)


def test_without_a_journal_keys_and_the_latest_still_work(finished):
    """Checkpoints do not depend on it."""
    key = (finished / "latest" / "report.txt").resolve().parent.name
    for path in finished.glob("journal.sqlite*"):
        path.unlink()
    assert len(load("features", run=key, data=finished)) == len(load("features", data=finished)) > 0


@pytest.mark.parametrize(
    ("kind", "run", "says"),
    [
        ("feature", "latest", "Did you mean features"),
        ("features", "20990101T000000Z-000000", "no run and no checkpoint"),
        ("features", "../../../etc", "no run and no checkpoint"),
    ],
)
def test_what_is_not_there_is_named(kind, run, says, prepared):
    """With the nearest name, or where names are listed."""
    with pytest.raises(ParameterError, match=says):
        load(kind, run=run, data=prepared)


def test_without_a_finished_run_there_is_no_latest(tmp_path):
    """An empty data root."""
    with pytest.raises(ParameterError, match="no finished run"):
        load("features", data=tmp_path)


def test_a_damaged_artifact_is_not_handed_out(finished):
    """Verified whenever it is read."""
    path = (finished / "latest" / "features.json").resolve()
    path.write_bytes(path.read_bytes().replace(b"AAA", b"AAB", 1))
    with pytest.raises(CheckpointError, match="damaged"):
        load("features", data=finished)


def test_the_pages_examples_run_as_they_stand(root, prepared, monkeypatch, tmp_path):
    """Every example of the page, in order, on a small run."""
    text = (root / "docs" / "notebook.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    copy_root(prepared, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AFTERCLOSE_DATA", raising=False)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "notebook.md", None, 0)
    assert len(test.examples) >= 5
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append).failed
    assert not failed, "".join(said)
