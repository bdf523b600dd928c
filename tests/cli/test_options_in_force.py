"""Options beside ``--json``, and inputs beside others: what is asked for is done or refused, never left out."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.cli import exporting, logs, run, stage
from core.errors import CommandError, ValidationFailed
from core.queries.runs.log_search import LogFilter
from core.request.stages import stage_named

LINES = [
    {"at": "2024-07-01T20:00:00.000Z", "level": "info", "event": "started", "stage": "ingest"},
    {
        "at": "2024-07-01T20:00:01.000Z",
        "level": "error",
        "event": "failed",
        "stage": "validate",
        "error": "no prices",
        "seconds": 1.0,
    },
]


@pytest.mark.parametrize(
    ("criteria", "stages"),
    [
        (LogFilter("info"), ["ingest", "validate"]),
        (LogFilter("error"), ["validate"]),
        (LogFilter("info", "ingest"), ["ingest"]),
        (LogFilter("info", text="no such words"), []),
    ],
)
def test_the_lines_of_a_log_as_json_are_those_that_were_asked_for(criteria, stages, tmp_path, capsys):
    """As without ``--json``; where nothing chooses, the file itself."""
    path = tmp_path / "run.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in LINES))
    logs._print_file(path, criteria)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == [line for line in LINES if line["stage"] in stages]


def test_ingest_takes_one_input(tmp_path):
    """Of two files the first was left out in silence."""
    files = [tmp_path / "ZQX.csv", tmp_path / "YRW.csv"]
    with pytest.raises(CommandError, match="ingest came with 2 inputs"):
        stage.run_stage(stage_named("ingest"), files, tmp_path / "out", {}, folder=True)


def test_findings_of_a_failed_gate_are_never_written_into_the_file_of_prices(tmp_path, monkeypatch):
    """``--output prices_valid.json``: they stand beside it, and it is not made."""
    raw = {"format": 1, "kind": "prices_raw", "columns": ["date", "ticker"], "rows": [["2024-07-01", "ZQX"]]}
    (tmp_path / "raw.json").write_text(json.dumps(raw))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFTERCLOSE_DATA", str(tmp_path / "data"))
    output = tmp_path / "out" / "prices_valid.json"
    with pytest.raises(ValidationFailed):
        stage.run_stage(stage_named("validate"), [tmp_path / "raw.json"], output, {}, folder=False)
    assert [path.name for path in output.parent.iterdir()] == ["findings.json"]


def test_a_run_that_is_not_recorded_is_told_as_json_too(monkeypatch, capsys):
    """Where the data root cannot be written and everything is there: no report between the lines of JSON."""
    calls = []

    def process(words, **options):
        calls.append(options["stdout"])
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(run, "is_made", lambda *_: True)
    monkeypatch.setattr(run.subprocess, "run", process)
    configured = SimpleNamespace(data=Path("nowhere"))
    assert run._unrecorded(configured, {}, "report", as_json=True) == 0
    said = {"run_id": None, "state": "not recorded", "target": "report", "exit_code": 0}
    assert json.loads(capsys.readouterr().out) == said
    assert calls == [run.subprocess.DEVNULL]


def test_the_files_of_a_stage_follow_one_option_or_have_one_each(monkeypatch):
    """``--input FILE ...`` may be typed either way."""
    calls = []
    monkeypatch.setattr(stage, "run_stage", lambda _, inputs, *__, **___: calls.append(inputs) or [])
    for words in (["--input", "a.json", "b.json"], ["--input", "a.json", "--input", "b.json"]):
        stage.command.main(["clean", *words, "--output", "out/"], standalone_mode=False)
    assert calls == [[Path("a.json"), Path("b.json")]] * 2


@pytest.mark.parametrize("other", [["--xlsx"], ["--output", "run.zip"]])
def test_a_run_that_goes_to_a_server_is_written_into_no_file_besides(other):
    """The second was left out in silence."""
    with pytest.raises(CommandError, match="to a server"):
        exporting.export_run.main(["--mlflow", "http://127.0.0.1:9", *other], standalone_mode=False)
