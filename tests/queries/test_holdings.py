"""What a run made is told stage by stage: whole, damaged or not there, with what it was made from."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from core.errors import DataError
from core.journal import Journal
from core.queries.runs.holdings import as_zip, bytes_by_stage, exceeds_zip_limit, holding, keys_of
from core.request import settings
from core.store.checkpoints import Slot, Store

LINE = ["ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report"]
pytestmark = pytest.mark.slow


@pytest.fixture
def run(finished):
    """The one run of a finished data root."""
    return Journal(finished, read_only=True).runs()[0]


def whole_line(store, run):
    """The stages of a run, in running order."""
    return [holding(store, Slot(stage, key)) for stage, key in keys_of(store, run).items()]


def test_a_finished_run_holds_seven_whole_stages(finished, run):
    """Each names its inputs with their digests, and every input is an artifact of an earlier stage."""
    found = whole_line(Store(finished), run)
    assert [(each.slot.stage, each.state) for each in found] == [(stage, "whole") for stage in LINE]
    made = {(each.slot.stage, a["file"]): a["sha256"] for each in found for a in each.artifacts()}
    given = [i for each in found for i in each.inputs()]
    assert given
    assert all(made[i.stage, i.filename] == i.sha256 for i in given)


def test_stages_that_a_report_only_rests_on_are_found(finished, run):
    """A run that names its report alone, as a publication does."""
    import dataclasses

    alone = dataclasses.replace(run, keys={"report": run.keys["report"]})
    assert keys_of(Store(finished), alone) == dict(run.keys)


def test_damage_is_told_where_it_is_and_the_rest_is_whole(finished, run, lookers):
    folder = lookers.folder_of(finished, "clean")
    (folder / "repairs.json").write_text("{}", encoding="utf-8")
    states = {each.slot.stage: each for each in whole_line(Store(finished), run)}
    assert states["clean"].state == "damaged"
    assert "repairs.json is damaged" in states["clean"].damage
    assert states["ingest"].state == "whole"


def test_an_unreadable_meta_is_damage_and_hides_nothing_else(finished, run, lookers):
    (lookers.folder_of(finished, "report") / "meta.json").write_text("{", encoding="utf-8")
    states = {each.slot.stage: each.state for each in whole_line(Store(finished), run)}
    assert states == {**dict.fromkeys(LINE, "whole"), "report": "damaged"}


def test_what_was_never_made_is_said(finished):
    assert holding(Store(finished), Slot("clean", "nothing")).state == "not made"


def test_an_archive_too_large_for_a_browser_is_refused_with_the_command(finished, run, tmp_path, monkeypatch):
    """The command writes any size; the desk says so before it is asked for."""
    configured = settings.load({"AFTERCLOSE_DATA": str(finished)}, tmp_path)
    assert not exceeds_zip_limit(Journal(finished), run)
    size = sum(bytes_by_stage(Journal(finished).events(run.run_id)).values())
    monkeypatch.setattr("core.queries.runs.holdings.MOST_ZIPPED_BYTES", size)
    assert not exceeds_zip_limit(Journal(finished), run)
    assert exceeds_zip_limit(Journal(finished), run, run)  # all that is ticked goes through one memory
    monkeypatch.setattr("core.queries.runs.holdings.MOST_ZIPPED_BYTES", 1000)
    assert exceeds_zip_limit(Journal(finished), run)
    with pytest.raises(DataError, match=f"afterclose export {run.run_id}"):
        as_zip(configured, run)


def test_everything_about_a_run_comes_as_one_zip(finished, run, tmp_path):
    """Also from a root that nobody may write to: the archive is made elsewhere."""
    configured = settings.load({"AFTERCLOSE_DATA": str(finished)}, tmp_path)
    with zipfile.ZipFile(io.BytesIO(as_zip(configured, run))) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
    assert f"runs/{run.run_id}/log.jsonl" in names
    assert sum(name.endswith("/meta.json") for name in names) == 7
    assert set(manifest["members"]) == set(names) - {"manifest.json"}
