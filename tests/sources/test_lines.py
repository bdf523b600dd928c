"""A finding names file and line: the very line that an editor shows, in each shape of text."""

from __future__ import annotations

import dataclasses
import gzip
from datetime import date

import pandas as pd
import pytest

from core.errors import SourceError
from core.parameters import settings_from
from core.prices.gate_settings import ValidateSettings
from core.prices.source_lines import with_lines as of_record
from core.prices.validation import validate
from core.request.stages import stage_named
from core.sources.files import SOURCE
from core.sources.ingest_settings import IngestSettings
from core.sources.lines import with_lines

HEADER = "date,ticker,open,high,low,close,volume"
ROWS = [f"2024-01-{day:02},{ticker},10,11,9,10,100" for day in (15, 16, 17, 18) for ticker in ("AAA", "BBB")]
LONG = "\n".join([HEADER, *ROWS]) + "\n"


def lines_of(path, ticker="AAA", day="2024-01-17", digest=None, **settings):
    """File and line of the rows of a ticker and day."""
    asked = IngestSettings(source="files", path=str(path), **settings)
    if digest is None:
        digest = SOURCE.resolve(asked, (), None).input_digest
    asked = IngestSettings(source="files", path=str(path), input_digest=digest, **settings)
    (finding,) = with_lines([{"rule": "large_move", "ticker": ticker, "date": day}], asked)
    return [text.partition(": ")[0] for text in finding.get("lines", ())]


def lines_on_record(path, ticker="AAA", day="2024-01-17", **settings):
    """The same from what ingest put on record, as a run that passes has it; the file is gone by then."""
    table = read(path, **settings)
    finding = {"rule": "large_move", "ticker": ticker, "date": day}
    (finding,) = of_record([finding], table.header["source"], table)
    return [text.partition(": ")[0] for text in finding.get("lines", ())]


def read(path, **settings):
    """Raw prices of a file or folder."""
    asked = IngestSettings(source="files", path=str(path), **settings)
    digest = SOURCE.resolve(asked, (), None).input_digest
    return SOURCE.read(dataclasses.replace(asked, input_digest=digest), ())


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (LONG, [6]),
        (LONG.replace("\n2024-01-17,BBB", "\n2024-01-17,AAA"), [6, 7]),
        ("Prices of the desk\nas of today\n\n" + LONG, [9]),
        (LONG.replace("\n2024-01-16", "\n\n2024-01-16", 1), [7]),
        (LONG.replace(HEADER, HEADER + ',note\n2024-01-12,AAA,1,1,1,1,1,"a\nb"'), [8]),
        (LONG.replace(HEADER, HEADER.replace("ticker", "Symbol")).replace(",", ";"), [6]),
        ("\ufeff" + LONG.replace("\n", "\r\n"), [6]),
        (LONG.replace("2024-01-", "").replace(",AAA", "/01/2024,AAA").replace(",BBB", "/01/2024,BBB"), [6]),
        ("date,AAA,BBB\n2024-01-16,1,2\n2024-01-17,3,4\n2024-01-18,3,4\n", [3]),
        (LONG + "Source: the vendor\n", [6]),
    ],
)  # fmt: skip
def test_the_line_is_the_one_that_an_editor_shows(tmp_path, text, numbers):
    """Below a preamble, blank lines, a cell of two lines, other marks, other dates, tickers side by side."""
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8", newline="")
    expected = [f"prices.csv, line {number}" for number in numbers]
    assert lines_of(path) == expected
    assert lines_on_record(path) == expected
    plain = text.splitlines()[numbers[0] - 1]
    assert "17" in plain


def test_in_a_folder_and_packed_the_file_is_named(tmp_path):
    """A file's name that is its ticker counts; so does a folder that says it."""
    own = "\n".join([HEADER.replace(",ticker", ""), *(row.replace(",AAA", "") for row in ROWS[::2])]) + "\n"
    (tmp_path / "in" / "ticker=AAA").mkdir(parents=True)
    (tmp_path / "in" / "ticker=AAA" / "part.csv").write_text(own)
    (tmp_path / "in" / "BBB.csv.gz").write_bytes(gzip.compress(own.encode()))
    for lines in (lines_of, lines_on_record):
        assert lines(tmp_path / "in") == ["ticker=AAA/part.csv, line 4"]
        assert lines(tmp_path / "in", "BBB") == ["BBB.csv.gz, line 4"]


def test_what_has_no_lines_or_changed_names_none(tmp_path):
    """Parquet; a file that is another one by now; a source that is no file; and a finding about no row."""
    pd.DataFrame([row.split(",") for row in ROWS], columns=HEADER.split(",")).to_parquet(
        tmp_path / "a.parquet"
    )
    assert lines_of(tmp_path / "a.parquet") == []
    (tmp_path / "prices.csv").write_text(LONG)
    assert lines_of(tmp_path / "prices.csv", digest="0" * 64) == []
    assert lines_of(tmp_path / "gone.csv", digest="0" * 64) == []
    nowhere = {"rule": "no_adjusted_close", "ticker": None, "date": None}
    (finding,) = with_lines([nowhere], IngestSettings(source="files"))
    assert "lines" not in finding


def test_terminal_and_kept_findings_have_them(tmp_path, run_afterclose):
    """A run that the gate stops prints the line of each rule's first finding, and its findings.json keeps them."""
    bad = LONG.replace("2024-01-17,AAA,10,11", "2024-01-17,AAA,10,1")
    (tmp_path / "prices.csv").write_text(bad)
    data = tmp_path / "data"
    outcome = run_afterclose("run", "--source", "files", "--path", str(tmp_path / "prices.csv"), data=data)
    assert outcome.code == 30
    line = "prices.csv, line 6: 2024-01-17,AAA,10,1,9,10,100"
    assert line in outcome.out + outcome.err
    (findings,) = data.glob("runs/*/findings.json")
    assert line in findings.read_text()
    looked = run_afterclose("look", str(tmp_path / "prices.csv"), data=data)
    assert line in looked.out


def test_what_passes_has_its_lines_in_the_artifact(tmp_path):
    """A duplicate with all its rows, a row without a price, and lines that are no rows; nothing where all is well."""
    rows = [*ROWS[:3], ROWS[2], *ROWS[3:]]
    rows[-1] = rows[-1].replace(",10,11,", ",10,,")
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(["As of today", HEADER, *rows, "Source: the vendor"]) + "\n", encoding="utf-8")
    (_, findings) = judged(path, max_missing_share=0.5)
    by_rule = {finding["rule"]: finding for finding in findings.body["findings"]}
    assert by_rule["exact_duplicate"]["lines"] == [
        f"prices.csv, line {number}: 2024-01-16,AAA,10,11,9,10,100" for number in (5, 6)
    ]
    assert by_rule["missing_price"]["lines"] == ["prices.csv, line 11: 2024-01-18,BBB,10,,9,10,100"]
    (file,) = findings.body["source"]["files"]
    assert [line["line"] for line in file["left_out"]] == [1, 12]
    assert not any("lines" in finding for rule, finding in by_rule.items() if finding["date"] is None), (
        by_rule
    )


def test_a_file_without_a_question_has_nothing_on_record(tmp_path):
    """Not even how it was read, where it is plain."""
    path = tmp_path / "prices.csv"
    path.write_text(LONG, encoding="utf-8")
    prices, findings = judged(path)
    assert "files" not in findings.body["source"]
    assert prices.header["source"]["rows"] == len(ROWS)


def judged(path, **changes):
    """What ingest and the gate make of a file."""
    asked = IngestSettings(source="files", path=str(path))
    asked = dataclasses.replace(asked, input_digest=SOURCE.resolve(asked, (), None).input_digest)
    known = {p.name: p.parse(p.default) for p in stage_named("validate").parameters}
    settings = settings_from(ValidateSettings, {**known, "min_rows": 0, **changes})
    raw = SOURCE.read(asked, ())
    return raw, validate(raw, settings, today=date(2024, 2, 1))[1]


def test_a_large_move_of_a_run_that_passes_has_its_line(tmp_path):
    """The warning names file and line, though the gate lets the table pass; the valid prices carry no lines."""
    jump = [row.replace(",10,11,9,10,", ",20,22,18,20,") if "2024-01-18,BBB" in row else row for row in ROWS]
    (tmp_path / "prices.csv").write_text("\n".join([HEADER, *jump]) + "\n")
    known = {p.name: p.parse(p.default) for p in stage_named("validate").parameters}
    table = read(tmp_path / "prices.csv")
    settings = settings_from(ValidateSettings, {**known, "min_rows": 0})
    valid, findings = validate(table, settings, today=date(2024, 1, 19))
    moves = [
        each for each in findings.body["findings"] if each["date"] == "2024-01-18" and each["ticker"] == "BBB"
    ]
    assert moves
    assert all(each["lines"] == ["prices.csv, line 9"] for each in moves)
    assert "lines" in table.header["source"]
    assert "lines" not in valid.header["source"]
    assert "lines" not in findings.body["source"]


def test_lines_on_record_follow_the_rows_that_were_asked_for(tmp_path):
    """Of two tickers one, from a day on: the lines are still those of the file."""
    (tmp_path / "prices.csv").write_text(LONG)
    asked = IngestSettings(source="files", path=str(tmp_path / "prices.csv"), start="2024-01-16")
    digest = SOURCE.resolve(asked, (), None).input_digest
    table = SOURCE.read(dataclasses.replace(asked, input_digest=digest), ("BBB",))
    assert table.header["source"]["lines"] == {"files": ["prices.csv"], "runs": {"BBB": [[0, 5, 2, 3]]}}


def test_rows_in_no_order_go_on_record_until_they_are_too_many(tmp_path, monkeypatch):
    """Rows that were shuffled have a run each, and above a limit nothing is said."""
    shuffled = [ROWS[place] for place in (5, 0, 7, 2, 1, 6, 3, 4)]
    (tmp_path / "prices.csv").write_text("\n".join([HEADER, *shuffled]) + "\n")
    for ticker in ("AAA", "BBB"):
        for day in (15, 16, 17, 18):
            line = 2 + shuffled.index(f"2024-01-{day:02},{ticker},10,11,9,10,100")
            assert lines_on_record(tmp_path / "prices.csv", ticker, f"2024-01-{day:02}") == [
                f"prices.csv, line {line}"
            ]
    monkeypatch.setattr("core.prices.source_lines.MOST_RUNS", 3)
    assert "lines" not in read(tmp_path / "prices.csv").header["source"]
    assert lines_on_record(tmp_path / "prices.csv") == []


def test_of_many_lines_left_out_each_kind_is_counted(tmp_path):
    """The first fifty stand with their words; of more it is said how many there are of each kind."""
    blank = "\n".join([HEADER, *(f"{row}\n\n{HEADER}" if n % 2 else row for n, row in enumerate(ROWS * 20))])
    (tmp_path / "prices.csv").write_text(blank + "\n")
    (file,) = read(tmp_path / "prices.csv").header["source"]["files"]
    assert len(file["left_out"]) == 50
    assert file["left_out"][:2] == [
        {"line": 4, "why": "blank", "text": ""},
        {"line": 5, "why": "repeated header", "text": HEADER.replace(",", ", ")},
    ]
    assert file["left_out_in_all"] == {"blank": 80, "repeated header": 80}


def test_a_message_about_a_date_names_the_line_of_an_editor(tmp_path):
    """Blank lines and a header that stands again are lines too."""
    text = LONG.replace("\n2024-01-16,AAA", "\n\n\n" + HEADER + "\n2024-01-16,AAA")
    text = text.replace("2024-01-", "").replace(",AAA", "/01/2024,AAA").replace(",BBB", "/01/2024,BBB")
    text = text.replace("16/01/2024,AAA", "01/16/2024,AAA")
    (tmp_path / "prices.csv").write_text(text)
    with pytest.raises(SourceError, match=r"line 7"):
        read(tmp_path / "prices.csv")
