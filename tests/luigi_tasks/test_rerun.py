"""The main command run again: nothing is lost, nothing is done twice, damage is noticed."""

from __future__ import annotations

import json
import shutil

import pytest

from core.journal import Journal
from core.queries.runs.progress import bytes_by_stage

LINE = ("ingest", "validate", "clean", "feature_engineer", "train_or_score", "evaluate", "report")


def events(data, event):
    """The stages of an event in the newest run's log."""
    newest = max((data / "runs").iterdir(), key=lambda folder: (folder / "log.jsonl").stat().st_mtime_ns)
    lines = [json.loads(line) for line in (newest / "log.jsonl").read_text().splitlines()]
    return [line["stage"] for line in lines if line["event"] == event]


def sizes_of_newest_run(data):
    """Return the bytes of each stage that the newest run made or found, as ``afterclose show`` has them."""
    journal = Journal(data, read_only=True)
    return bytes_by_stage(journal.events(journal.runs(limit=1)[0].run_id))


def test_a_cold_run_makes_seven_stages_and_prints_the_report(cold, lookers):
    """Exit 0, one line per stage, the report on standard output, byte for byte the artifact."""
    data, outcome = cold
    assert outcome.code == 0, outcome.err
    assert list(outcome.states().items()) == [(stage, "done") for stage in LINE]
    assert outcome.out == (lookers.folder_of(data, "report") / "report.txt").read_text()
    assert str(lookers.folder_of(data, "report") / "report.txt") in outcome.messages[-1]
    assert "Traceback" not in outcome.out + outcome.err


def test_latest_links_all_artifacts_under_their_plain_names(prepared):
    """``latest/`` holds what the contract names, and each link leads to a file."""
    names = {path.name for path in (prepared / "latest").iterdir()}
    assert names == {
        "prices_raw.json", "prices_valid.json", "findings.json", "prices_clean.json", "repairs.json",
        "features.json", "predictions.json", "model.json", "evaluation.json", "report.txt", "report.html",
    }  # fmt: skip
    assert all(path.is_file() for path in (prepared / "latest").iterdir())


def test_nothing_but_metas_carries_time_host_or_run(prepared, lookers):
    """Each meta lists what is beside it, and only metas say when, where and in which run."""
    run = next((prepared / "runs").iterdir()).name
    for stage in LINE:
        folder = lookers.folder_of(prepared, stage)
        meta = json.loads((folder / "meta.json").read_text())
        assert {a["file"] for a in meta["artifacts"]} | {"meta.json"} == {p.name for p in folder.iterdir()}
        assert meta["run_id"] == run
        for artifact in meta["artifacts"]:
            text = (folder / artifact["file"]).read_text()
            assert run not in text
            assert meta["started_at"][:19] not in text


def test_the_log_says_what_the_plan_of_it_promises(prepared):
    """JSON lines: start and end of every stage; source and rows, findings, repairs, parameters, path."""
    (run,) = (prepared / "runs").iterdir()
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["stage"] for line in lines if line["event"] == "started"] == list(LINE)
    done = {line["stage"]: line for line in lines if line["event"] == "succeeded"}
    assert list(done) == list(LINE)
    assert done["ingest"]["rows"] == 600
    assert done["ingest"]["source_uri"] == "file:prices.csv"
    assert isinstance(done["validate"]["findings"], dict)
    assert done["clean"]["rows_in"] == 600
    assert {"rows_out", "repairs"} <= done["clean"].keys()
    assert done["train_or_score"]["parameters"]["seed"] == 7
    assert "metrics" in done["train_or_score"]
    assert done["report"]["path"].endswith(f"report/{done['report']['key']}")


def test_a_rerun_has_nothing_to_do_and_runs_nothing(finished, run_luigi, small, lookers):
    """Exit 0, says so, prints the same report, changes nothing that is committed."""
    before = lookers.committed(finished)
    outcome = run_luigi(*small, "--mode", "train", data=finished)
    assert outcome.code == 0
    assert outcome.messages[0].startswith("nothing to do")
    assert events(finished, "started") == events(finished, "succeeded") == []
    assert outcome.states() == {}
    assert outcome.out == (lookers.folder_of(finished, "report") / "report.txt").read_text()
    assert lookers.committed(finished) == before
    weighed = {
        path.parent.parent.name: sum(one["bytes"] for one in json.loads(path.read_bytes())["artifacts"])
        for path in (finished / "checkpoints").glob("*/*/meta.json")
    }
    assert sizes_of_newest_run(finished) == weighed


@pytest.mark.parametrize("stage", ["ingest", "clean", "train_or_score", "report"])
def test_a_deleted_checkpoint_is_made_again_alone(stage, finished, run_luigi, small, lookers):
    """The same bytes come back, so no stage after it is run."""
    before = lookers.artifacts(finished)
    shutil.rmtree(lookers.folder_of(finished, stage))
    outcome = run_luigi(*small, "--mode", "train", data=finished)
    assert outcome.code == 0, outcome.err
    assert events(finished, "succeeded") == [stage]
    assert sorted(set(events(finished, "reused"))) == sorted(set(LINE) - {stage})
    assert lookers.artifacts(finished) == before


def test_a_damaged_artifact_is_quarantined_and_made_again(finished, run_luigi, small, lookers):
    """One changed byte: the damaged checkpoint is moved away, not deleted, and its bytes come back."""
    before = lookers.artifacts(finished)
    path = lookers.folder_of(finished, "clean") / "prices_clean.json"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    outcome = run_luigi(*small, "--mode", "train", data=finished)
    assert outcome.code == 0, outcome.err
    assert events(finished, "quarantined") == events(finished, "succeeded") == ["clean"]
    assert any("quarantined" in line and "damaged" in line for line in outcome.messages)
    assert lookers.artifacts(finished) == before
    (kept,) = (finished / "quarantine" / "clean").iterdir()
    assert (kept / "prices_clean.json").read_bytes() == bytes(data)


def test_a_damaged_meta_is_quarantined_and_made_again(finished, run_luigi, small, lookers):
    """A meta that somebody edited is no commit mark."""
    before = lookers.artifacts(finished)
    meta = lookers.folder_of(finished, "evaluate") / "meta.json"
    meta.write_text(meta.read_text().replace('"format": 1', '"format": 2', 1))
    outcome = run_luigi(*small, "--mode", "train", data=finished)
    assert outcome.code == 0, outcome.err
    assert events(finished, "succeeded") == ["evaluate"]
    assert lookers.artifacts(finished) == before


@pytest.mark.slow
def test_a_clean_option_leaves_ingest_and_validate_as_they_are(finished, run_luigi, small, lookers):
    """A new split ratio makes new keys from clean on; the two before stay and are not run."""
    before = lookers.committed(finished)
    outcome = run_luigi(*small, "--mode", "train", "--split-ratio", "1.3", data=finished)
    assert outcome.code == 0, outcome.err
    assert events(finished, "succeeded") == list(LINE[2:])
    assert events(finished, "reused") == list(LINE[:2])
    after = lookers.committed(finished)
    assert before.items() <= after.items()
    assert len(list((finished / "checkpoints" / "ingest").iterdir())) == 1
    assert len(list((finished / "checkpoints" / "validate").iterdir())) == 1
    assert len(list((finished / "checkpoints" / "clean").iterdir())) == 2


def test_a_task_of_an_earlier_stage_stops_there(data, run_luigi, prices_file):
    """``luigi ... Clean`` makes three checkpoints, prints no report and says where the table is."""
    options = ["--source", "files", "--path", prices_file, "--calendar", "24/7"]
    outcome = run_luigi(*options, data=data, task="Clean")
    assert outcome.code == 0, outcome.err
    assert sorted(p.name for p in (data / "checkpoints").iterdir()) == ["clean", "ingest", "validate"]
    assert outcome.out == ""
    assert outcome.messages[-1].endswith("prices_clean.json")


def test_a_read_only_root_with_nothing_to_make_is_shown(finished, run_luigi, small, lookers):
    """A run that cannot be recorded says so and exits 0; the runs folder is a file here, so it cannot be."""
    shutil.rmtree(finished / "runs")
    (finished / "runs").write_text("not a folder")
    outcome = run_luigi(*small, "--mode", "train", data=finished)
    assert outcome.code == 0, outcome.err
    assert "was not recorded" in outcome.err
    assert outcome.out == (lookers.folder_of(finished, "report") / "report.txt").read_text()
