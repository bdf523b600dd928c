"""The workbook: every table, numbers as numbers, no formula, the same bytes each time."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest

from core.errors import ParameterError
from core.journal import Journal
from core.queries.reports.workbook import _Page, _sheet_name, _write, workbook
from core.request import settings


@pytest.fixture
def book_of(finished, monkeypatch):
    """The workbook of the run in a finished data root."""
    monkeypatch.setenv("AFTERCLOSE_DATA", str(finished))
    configured = settings.load()

    def build():
        return workbook(configured, Journal(finished).runs(limit=1)[0])

    return build


def test_tables_figures_and_digests_are_those_of_the_files(book_of, finished, lookers):
    """Unrounded, with frozen heads; one sheet for each table, then findings, repairs and every file's digest."""
    data = book_of()
    book = openpyxl.load_workbook(io.BytesIO(data))
    body = json.loads((lookers.folder_of(finished, "evaluate") / "evaluation.json").read_bytes())
    measures = {(row[0], row[1]): row[2:] for row in book["Measures"].iter_rows(min_row=2, values_only=True)}
    auc = body["performance"]["auc"]
    # a workbook has 16 digits
    assert measures["This model", "AUC"] == pytest.approx((auc["value"], auc["low"], auc["high"]), rel=1e-14)
    signals = list(book["Signals"].iter_rows(min_row=2, values_only=True))
    assert [row[3] for row in signals] == pytest.approx(
        [s["probability"] for s in body["signals"]], rel=1e-14
    )
    findings = json.loads((lookers.folder_of(finished, "validate") / "findings.json").read_bytes())[
        "findings"
    ]
    assert book["Findings"].max_row == 1 + len(findings)
    digests = {row[2]: row[5] for row in book["Digests"].iter_rows(min_row=2, values_only=True)}
    meta = json.loads((lookers.folder_of(finished, "clean") / "meta.json").read_bytes())
    assert digests["prices_clean.json"] == next(
        a["sha256"] for a in meta["artifacts"] if a["file"] == "prices_clean.json"
    )
    assert {"report.txt", "evaluation.json", "prices_raw.json"} <= digests.keys()
    assert all(sheet.freeze_panes == "A2" for sheet in book)
    assert book_of() == data


def test_no_cell_starts_a_formula_or_a_link():
    """Whatever a ticker, name or comment says."""
    from xlsxwriter import Workbook

    texts = ["=1+1", "+1", "-1", "@x", '=HYPERLINK("http://x")', "http://example.test/a", "\tx", "a\x1b[31mb"]
    data = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(data, options) as book:
        sheet = book.add_worksheet("x")
        _write(sheet, _Page("x", ("text",), [(text,) for text in texts]), *[book.add_format({})] * 3)
    cells = openpyxl.load_workbook(io.BytesIO(data.getvalue()))["x"]["A"][1:]
    assert [(cell.data_type, cell.hyperlink) for cell in cells] == [("s", None)] * len(texts)
    assert [cell.value for cell in cells][:6] == texts[:6]


def test_sheets_have_names_that_excel_takes():
    """At most 31 characters, none of its own signs, none twice."""
    taken: set[str] = set()
    names = [_sheet_name(text, taken) for text in ("a/b:c", "x" * 40, "X" * 40, "", "[1]*?")]
    assert names == ["a b c", "x" * 31, "X" * 28 + " 2", "Sheet", "1"]


def test_a_run_without_an_evaluation_says_so(book_of, finished, monkeypatch):
    """It names the run."""
    journal = Journal(finished)
    run_id = journal.runs(limit=1)[0].run_id
    journal.rekey(run_id, {"ingest": journal.runs(limit=1)[0].keys["ingest"]})
    with pytest.raises(ParameterError, match=run_id):
        book_of()


def test_the_command_writes_it_and_says_how_large_it_is(finished, run_afterclose, tmp_path):
    """Of the newest run where none is named; into a folder that is made."""
    path = tmp_path / "new" / "x.xlsx"
    done = run_afterclose("export", "latest", "--xlsx", "--output", str(path), "--json", data=finished)
    assert json.loads(done.out) == {
        "run": Journal(finished).runs(limit=1)[0].run_id, "path": str(path), "bytes": path.stat().st_size,
    }  # fmt: skip
    assert path.read_bytes()[:2] == b"PK"
