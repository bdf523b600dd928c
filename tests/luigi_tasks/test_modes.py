"""Training, promoting and scoring; the files source end to end."""

from __future__ import annotations

import json

import pytest

from core.registry.registry import Registry
from tests.champions import pointer, promote


def body(data, name):
    """An artifact of the latest run as JSON."""
    return json.loads((data / "latest" / name).read_text())


def test_the_files_source_says_that_it_took_close_for_adjusted_close(prepared):
    """No adjusted close in the CSV: the header, a warning and the report say so."""
    raw, findings = body(prepared, "prices_raw.json"), body(prepared, "findings.json")
    assert raw["adjusted_close"] == "copied_from_close"
    assert raw["price_basis"] == "unknown"
    assert raw["source"]["tickers"]["AAA"] == {
        "rows": 300, "first": "2020-01-01", "last": "2020-10-26", "outcome": "ok"
    }  # fmt: skip
    assert "no_adjusted_close" in {f["rule"] for f in findings["findings"]}


def test_score_without_a_champion_exits_4_and_makes_nothing(data, run_luigi, small):
    """There is no model to score with: judged by the plan, before a stage runs."""
    outcome = run_luigi(*small, "--mode", "score", data=data)
    assert outcome.code == 4
    assert len(outcome.messages) == 1
    assert "without a champion" in outcome.messages[0]
    assert "afterclose promote" in outcome.messages[0]
    assert not (data / "checkpoints").exists()


@pytest.mark.slow
def test_auto_scores_once_a_model_is_promoted(
    finished, run_luigi, run_afterclose, small, make_prices, tmp_path
):
    """Before promotion auto trains (the same keys as train); after it, only days after training are scored."""
    assert run_luigi(*small, data=finished).messages[0].startswith("nothing to do")
    model = body(finished, "predictions.json")["model_id"]
    promoted = run_afterclose("promote", model, "--why", "a test of scoring", data=finished)
    assert promoted.code == 0, promoted.err
    longer = tmp_path / "prices.csv"
    longer.write_text(make_prices(400))
    options = [*small, "--path", str(longer)]
    outcome = run_luigi(*options, data=finished)
    assert outcome.code == 0, outcome.err
    predictions = body(finished, "predictions.json")
    assert (predictions["mode"], predictions["model_id"]) == ("score", model)
    columns = predictions["columns"]
    trained_to = body(finished, "model.json")["training"]["to"]
    rows = [dict(zip(columns, row, strict=True)) for row in predictions["rows"]]
    assert rows
    assert all(row["date"] > trained_to and row["fold"] is None for row in rows)
    assert body(finished, "evaluation.json")["mode"] == "score"
    again = run_luigi(*options, "--mode", "score", "--seed", "99", data=finished)
    unused, said = again.messages[:2]
    assert "--seed" in unused
    assert f"have no effect: the champion {model} scores" in unused
    assert said.startswith("nothing to do"), "a seed changes nothing when scoring"


def test_a_damaged_champion_pointer_stops_the_run(finished, run_luigi, small, lookers):
    """Scoring with an unknown model would be worse than stopping; nothing committed changes."""
    promote(finished, Registry(finished).ids()[0])
    pointer(finished).write_text("{")
    before = lookers.committed(finished)
    outcome = run_luigi(*small, data=finished)
    assert outcome.code == 30
    assert len(outcome.messages) == 1
    assert "champion" in outcome.messages[0]
    assert lookers.committed(finished) == before


def test_a_failing_gate_exits_30_and_leaves_the_findings_in_the_run(data, run_luigi, make_prices, tmp_path):
    """A negative close: no checkpoint of validate, the findings in the run's folder and on the terminal."""
    lines = make_prices(60).splitlines()
    cells = lines[20].split(",")
    cells[5] = "-1.5"
    lines[20] = ",".join(cells)
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(lines))
    options = ["--source", "files", "--path", path, "--calendar", "24/7"]
    outcome = run_luigi(*options, data=data)
    assert outcome.code == 30
    assert outcome.states() == {"ingest": "done", "validate": "failed"}
    assert "Traceback" not in outcome.out + outcome.err
    assert outcome.out == ""
    (run,) = (data / "runs").iterdir()
    found = json.loads((run / "findings.json").read_text())
    assert list(found)[:2] == ["format", "kind"]
    assert ("error", cells[1], cells[0]) in {
        (f["severity"], f["ticker"], f["date"]) for f in found["findings"]
    }
    assert "-1.5" in outcome.err
    assert sorted(p.name for p in (data / "checkpoints").iterdir()) == ["ingest"]
    assert '"traceback"' in (run / "log.jsonl").read_text(), "the log keeps the traceback"


@pytest.mark.parametrize(
    ("content", "says", "states"),
    [
        (b"\xff\xfe\x00", "UTF-8", {"ingest": "failed"}),
        (b"date,close,close\n2020-01-01,1,2\n", "more than one column", {"ingest": "failed"}),
        (b"", "prices.csv is empty", {"ingest": "failed"}),
        (
            b"date,ticker,open,high,low,close,volume\n",
            "the gate stopped the run",
            {"ingest": "done", "validate": "failed"},
        ),
    ],
)
def test_a_file_that_is_no_price_table_exits_30(content, says, states, data, run_luigi, tmp_path):
    """What is no table fails ingest; a table without prices fails the gate. Never a traceback."""
    path = tmp_path / "prices.csv"
    path.write_bytes(content)
    outcome = run_luigi("--source", "files", "--path", path, data=data)
    assert outcome.code == 30
    assert says in outcome.err
    assert outcome.states() == states
    assert "Traceback" not in outcome.err
    assert not (data / "checkpoints" / "validate").exists()
