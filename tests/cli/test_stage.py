"""``afterclose stage``: each of the seven as a function of files."""

from __future__ import annotations

import json
import shutil

import pytest

READS = {
    "validate": ["prices_raw"],
    "clean": ["prices_valid", "findings"],
    "feature_engineer": ["prices_clean"],
    "train_or_score": ["features"],
    "evaluate": ["model", "predictions", "features", "findings", "repairs"],
    "report": ["evaluation"],
}
OPTIONS = {
    "validate": ["--calendar", "24/7"],
    "clean": ["--calendar", "24/7"],
    "train_or_score": [
        "--calendar", "24/7", "--min-train-sessions", "120", "--fold-sessions", "60",
        "--beside", "logistic_regression",
    ],
    "evaluate": ["--bootstrap-samples", "100"],
}  # fmt: skip
WRITES = {
    "ingest": ["prices_raw.json"],
    "validate": ["prices_valid.json", "findings.json"],
    "clean": ["prices_clean.json", "repairs.json"],
    "feature_engineer": ["features.json"],
    "train_or_score": ["predictions.json", "model.json"],
    "evaluate": ["evaluation.json"],
    "report": ["report.txt", "report.html"],
}


def inputs(folder, stage):
    """The options that name what a stage reads."""
    return [word for kind in READS[stage] for word in ("--input", folder / f"{kind}.json")]


@pytest.fixture(scope="module")
def made(prepared, tmp_path_factory):
    """A folder with every artifact of the pipeline's small run under its plain name."""
    folder = tmp_path_factory.mktemp("made")
    for path in (prepared / "latest").iterdir():
        shutil.copy(path, folder / path.name)
    return folder


@pytest.mark.parametrize("stage", WRITES)
def test_a_stage_on_files_writes_the_pipelines_bytes(
    stage, made, prepared, prices_file, run_afterclose, data, tmp_path, lookers
):
    """Chained through files, every stage gives what the pipeline committed, and touches no data root."""
    given = ["--input", prices_file] if stage == "ingest" else inputs(made, stage)
    outcome = run_afterclose(
        "stage", stage, *given, *OPTIONS.get(stage, []), "--output", f"{tmp_path}/out/", data=data
    )
    assert outcome.code == 0, outcome.err
    assert [line.split()[0] + "." for line in outcome.out.splitlines()] == [
        name.split(".")[0] + "." for name in WRITES[stage]
    ]
    wanted = {
        path.name: path for path in lookers.folder_of(prepared, stage).iterdir() if path.name != "meta.json"
    }
    assert sorted(wanted) == sorted(WRITES[stage])
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {
        name: path.read_bytes() for name, path in wanted.items()
    }
    assert not data.exists()


def test_a_table_that_the_user_brought_is_enough(run_afterclose, data, tmp_path):
    """A hand-written prices_clean.json with a bare header goes through feature_engineer."""
    closes = [10.0, 11.0, 12.1]
    rows = [[f"2024-01-0{i}", "ME", c, c, c, c, c, 5] for i, c in enumerate(closes, start=1)]
    columns = ["date", "ticker", "open", "high", "low", "close", "adj_close", "volume"]
    mine = {"format": 1, "kind": "prices_clean", "columns": columns, "rows": rows}
    (tmp_path / "mine.json").write_text(json.dumps(mine))
    output = tmp_path / "out.json"
    outcome = run_afterclose(
        "stage", "feature_engineer", "--input", tmp_path / "mine.json", "--output", output, data=data
    )
    assert outcome.code == 0, outcome.err
    table = json.loads(output.read_text())
    at = table["columns"].index
    assert [row[at("return")] for row in table["rows"]] == [None, pytest.approx(0.1), pytest.approx(0.1)]
    assert [row[at("up_next")] for row in table["rows"]] == [1, 1, None]


def test_a_named_file_gets_the_main_artifact_and_the_rest_stand_beside_it(
    made, run_afterclose, data, tmp_path
):
    """``--output out/mine.json``: the table there, the repairs under their plain name."""
    words = [
        "stage",
        "clean",
        *inputs(made, "clean"),
        *OPTIONS["clean"],
        "--output",
        tmp_path / "out" / "mine.json",
    ]
    assert run_afterclose(*words, data=data).code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["mine.json", "repairs.json"]
    assert json.loads((tmp_path / "out" / "mine.json").read_text())["kind"] == "prices_clean"


def test_train_or_score_scores_when_it_is_given_a_model(made, run_afterclose, data, tmp_path):
    """``--mode auto`` and a model among the inputs: no model is written, folds are null."""
    words = ["stage", "train_or_score", *inputs(made, "train_or_score"), "--input", made / "model.json"]
    outcome = run_afterclose(*words, *OPTIONS["train_or_score"], "--output", f"{tmp_path}/out/", data=data)
    assert outcome.code == 0, outcome.err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["predictions.json"]
    assert json.loads((tmp_path / "out" / "predictions.json").read_text())["mode"] == "score"


def without_first_cell(data):
    """The table without the first cell of its first row."""
    head, rows = data.split(b'"rows":[\n[', 1)
    return head + b'"rows":[\n[' + rows.split(b",", 1)[1]


DAMAGE = {
    "cut off": (lambda data: data[: len(data) // 2], 30, "not readable JSON"),
    "empty": (lambda data: b"", 30, "not readable JSON"),
    "not JSON": (lambda data: b"date,close\n", 30, "not readable JSON"),
    "NaN": (lambda data: data.replace(b'"rows":[\n[', b'"rows":[\n[NaN,', 1), 30, "not readable JSON"),
    "a list": (lambda data: b"[1, 2]", 30, "JSON object"),
    "no kind": (lambda data: b'{"format": 1}', 30, "kind"),
    "another format": (lambda data: data.replace(b'"format":1', b'"format":2', 1), 30, "format 2"),
    "another kind": (lambda data: data.replace(b"prices_raw", b"features", 1), 2, "features"),
    "a short row": (without_first_cell, 30, "row 1"),
    "no rows": (lambda data: data[: data.rindex(b',"rows"')] + b"}", 30, "rows"),
    "not text": (lambda data: b"\xff\x00\xfe" + data, 30, "not readable JSON"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_given_to_a_stage_is_one_message(damage, made, run_afterclose, data, tmp_path):
    """Exit code of the contract, one line that names the file, no traceback, nothing written."""
    change, code, words = DAMAGE[damage]
    path = tmp_path / "prices_raw.json"
    path.write_bytes(change((made / "prices_raw.json").read_bytes()))
    outcome = run_afterclose("stage", "validate", "--input", path, "--output", f"{tmp_path}/out/", data=data)
    assert outcome.code == code
    assert outcome.out == ""
    (line,) = outcome.messages
    assert "prices_raw.json" in line
    assert words in line
    assert "Traceback" not in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("stage", "kind"), [(s, k) for s, kinds in READS.items() for k in kinds])
def test_an_empty_artifact_of_the_right_kind_gets_an_answer(
    stage, kind, made, run_afterclose, data, tmp_path
):
    """``{"format": 1, "kind": ...}`` in place of one input: one message and no traceback, or a stage that copes."""
    for name in READS[stage]:
        shutil.copy(made / f"{name}.json", tmp_path / f"{name}.json")
    (tmp_path / f"{kind}.json").write_text(json.dumps({"format": 1, "kind": kind}))
    words = [
        "stage",
        stage,
        *inputs(tmp_path, stage),
        *OPTIONS.get(stage, []),
        "--output",
        f"{tmp_path}/out/",
    ]
    outcome = run_afterclose(*words, data=data)
    assert "Traceback" not in outcome.err
    assert outcome.code in (0, 30), outcome.err
    assert len(outcome.messages) == (outcome.code != 0)


def test_a_failing_gate_leaves_its_findings_where_the_output_goes(made, run_afterclose, data, tmp_path):
    """Exit 30, one message, and findings.json; no prices_valid."""
    table = json.loads((made / "prices_raw.json").read_text())
    table["rows"][3][table["columns"].index("low")] = -2
    (tmp_path / "raw.json").write_text(json.dumps(table))
    outcome = run_afterclose(
        "stage", "validate", "--input", tmp_path / "raw.json", *OPTIONS["validate"], "--output", f"{tmp_path}/out/",
        data=data,
    )  # fmt: skip
    assert outcome.code == 30
    assert len(outcome.messages) == 1
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["findings.json"]
    found = json.loads((tmp_path / "out" / "findings.json").read_text())
    assert -2 in [f["value"] for f in found["findings"] if f["severity"] == "error"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["stage", "clean", "--input", "no-such.json", "--output", "out/"], 20, "no-such.json"),
        (["stage", "clean", "--output", "out/"], 2, "prices_valid"),
        (["stage", "cleen"], 2, "cleen"),
        (["stage", "clean"], 2, "--output"),
        (["stage", "clean", "--outptu", "x"], 2, "--output"),
        (["stage", "clean", "--split-ratio", "x", "--output", "out/"], 4, "--split-ratio"),
        (["stage", "ingest", "--output"], 2, "--output"),
        (["dag", "--jsn"], 2, "--json"),
        (["promote"], 2, "MODEL"),
        (["promote", "abc", "--why", " "], 4, "--why"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_a_wrong_command_line_is_one_message(words, code, says, run_afterclose, data, tmp_path):
    """No page of usage: what came, and where help is."""
    outcome = run_afterclose(*words, data=data, cwd=tmp_path)
    assert outcome.code == code, outcome
    (line,) = outcome.messages
    assert line.startswith("afterclose: ")
    assert says in line
    assert outcome.out == ""


def test_two_inputs_of_one_kind_are_refused(made, run_afterclose, data):
    """Which of the two was meant is not guessed."""
    raw = made / "prices_raw.json"
    outcome = run_afterclose(
        "stage", "validate", "--input", raw, "--input", raw, "--output", "out/", data=data
    )
    assert outcome.code == 2
    assert "two inputs are of kind 'prices_raw'" in outcome.messages[0]


def test_an_output_that_cannot_be_written_exits_30(made, run_afterclose, data, tmp_path):
    """The output's folder is a file: the cause is named."""
    (tmp_path / "file").write_text("")
    words = ["stage", "report", *inputs(made, "report"), "--output", f"{tmp_path}/file/report.txt"]
    outcome = run_afterclose(*words, data=data)
    assert outcome.code == 30
    assert "cannot be written" in outcome.messages[0]
