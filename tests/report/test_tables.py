"""The desk's tables: every figure is the evaluation's own, nothing is left out, words beside marks."""

from __future__ import annotations

import json
import math

import pytest

from core.queries.reports import tables
from core.report import sheets
from core.report.formatting import METRICS


@pytest.fixture(scope="module")
def body(prepared, lookers):
    """The evaluation of a real small run."""
    return json.loads((lookers.folder_of(prepared, "evaluate") / "evaluation.json").read_bytes())


def test_every_measure_shown_has_a_name():
    """A measure without one would stand there as an identifier."""
    assert set(tables.MEASURES) <= set(METRICS)


def test_estimates_put_this_model_first_and_hold_the_body_s_numbers(body):
    """Baselines have no interval; buying and holding stands beside returns only."""
    rows = tables.estimates(body, "auc").to_dict("records")
    ours = body["performance"]["auc"]
    assert rows[0] == {"who": "This model", "group": "This model", **ours}
    named = {row["who"]: row for row in rows}
    assert named["Always up"]["value"] == body["baselines"]["always_up"]["auc"]
    assert math.isnan(named["Always up"]["low"])
    assert "Buy and hold" not in named
    returns = {
        row["who"]: row["value"] for row in tables.estimates(body, "long_flat_return").to_dict("records")
    }
    assert returns["Buy and hold"] == body["baselines"]["buy_and_hold"]["annual_return"]


def test_the_comparison_has_one_row_for_each_measure(body):
    """Value and interval stand in one cell, a measure that a rule does not have is n/a."""
    table = tables.comparison(body).set_index("Measure")
    auc = body["performance"]["auc"]
    assert table.loc["AUC"].iloc[0] == f"{auc['value']:.3f} [{auc['low']:.3f}, {auc['high']:.3f}]"
    assert table.loc["Brier skill", "Always up"] == "n/a"
    assert len(table) == len(body["performance"])


def test_chance_is_what_knowing_nothing_scores(body):
    """By definition: half, a quarter, ln 2, the share of rises; recall has none."""
    assert tables.chance(body, "auc") == 0.5
    assert tables.chance(body, "brier") == 0.25
    assert tables.chance(body, "log_loss") == pytest.approx(0.693147, abs=1e-6)
    assert tables.chance(body, "hit_rate") == body["up_rate"]
    assert tables.chance(body, "recall") is None
    drawn = {key for key in tables.MEASURES if tables.chance(body, key) is not None}
    assert drawn == {key for key in tables.MEASURES if key in tables.CHANCE_WORDS}, "a line has its name"


def test_the_most_serious_drift_stands_first():
    """Alarm, warning, ok, then what could not be ranked; the higher percentile first among equals."""
    empty = dict.fromkeys(("psi", "ks", "ks_p", "wasserstein", "js"), 0.1)
    held = {
        "a": ("ok", 10.0),
        "b": ("insufficient", None),
        "c": ("alarm", 99.0),
        "d": ("ok", 60.0),
        "e": ("warn", 96.0),
    }
    body = {
        "drift": {c: {**empty, "severity": s, "percentile": p, "reason": "r"} for c, (s, p) in held.items()}
    }
    table = tables.frame(tables.drift(body))
    assert table["column"].tolist() == ["c", "e", "d", "a", "b"]
    assert table["severity"].tolist() == ["■ alarm", "▲ warning", "● ok", "● ok", "○ too little history"]
    assert tables.drift_words(body) == "1 alarm, 1 warning"


def test_open_measures_have_their_reason_once():
    """Two measures with one reason share a sentence."""
    none = {"value": None, "low": None, "high": None, "reason": "no rows."}
    held = {"auc": none, "brier": none, "recall": {"value": 0.5, "low": 0.4, "high": 0.6}}
    assert sheets.unmeasured(held) == ("n/a (AUC, Brier score): no rows.",)


def test_numbers_are_written_as_in_the_report_and_stay_numbers(body):
    """The styled table shows three decimals and still sorts by value."""
    sheet = sheets.by_ticker(body)
    frame, styled = tables.frame(sheet), tables.styled(sheet)
    assert styled.data["auc"].tolist() == [body["by_ticker"][t]["auc"] for t in sorted(body["by_ticker"])]
    assert f"{frame['auc'].iloc[0]:.3f}" in styled.to_html()
    assert tables.titles(sheet) == {
        "ticker": "Ticker", "rows": "Rows", "auc": "AUC", "auc_interval": "95% interval",
        "precision": "Precision", "precision_interval": "95% interval",
        "recall": "Recall", "recall_interval": "95% interval",
        "hit_rate": "Hit rate", "hit_rate_interval": "95% interval",
        "brier": "Brier score", "brier_interval": "95% interval",
    }  # fmt: skip


def test_findings_and_repairs_are_shown_in_words():
    """Severity has a mark and a word; a removed row is one line."""
    finding = {
        "rule": "large_move",
        "severity": "warning",
        "ticker": "A",
        "date": "2024-01-02",
        "dates": ["2024-01-02", "2024-01-05"],
        "count": 2,
        "value": 1.7,
        "expected": "less",
        "action": "kept",
    }
    table = tables.frame(tables.findings({"findings": [finding]}))
    assert table.iloc[0].tolist() == [
        "▲ warning", "large move", "A", "2024-01-02", 2, "2024-01-02, 2024-01-05", "1.7", "less", "kept"
    ]  # fmt: skip
    repair = {
        "rule": "duplicate",
        "ticker": "A",
        "date": "2024-01-02",
        "column": None,
        "before": {"close": 1.5},
        "after": None,
    }
    assert tables.frame(tables.repairs({"repairs": [repair]}))["before"].tolist() == ["close: 1.5"]
    assert tables.frame(tables.findings({"findings": []})).empty
    assert tables.frame(tables.repairs({"repairs": []})).empty


@pytest.mark.parametrize("make", [sheets.by_fold, sheets.by_period, sheets.by_ticker])
def test_a_part_of_the_rows_reads_the_same_in_report_and_desk(make, body):
    """One sheet: the text that the report has, of the number that the desk sorts by."""
    sheet = make(body)
    grid, frame = sheet.grid(), tables.frame(sheet)
    assert [row[grid.head.index("AUC")] for row in grid.rows] == [f"{auc:.3f}" for auc in frame["auc"]]
    assert len(sheet.rows) == len(body[make.__name__]) > 0


def test_a_long_sheet_is_shortened_in_the_report_only():
    """Of 90 tickers 40 are written, the first and the last, and the sentence below says so."""
    parts = {f"T{number:02}": {"rows": number, "auc": 0.5} for number in range(90)}
    sheet = sheets.by_ticker({"by_ticker": parts, "settings": {"confidence": 0.95}})
    grid = sheet.grid("the first and the last")
    assert [len(grid.rows), grid.rows[0][0], grid.rows[-1][0]] == [40, "T00", "T89"]
    assert grid.notes == ("40 of 90 shown: the first and the last. All are in evaluation.json.",)
    assert len(tables.frame(sheet)) == 90
