"""Files with odd names, closes alone and waived faults, through the whole pipeline to the report."""

from __future__ import annotations

import csv
import io
import json

import pytest


def wide(text: str) -> str:
    """The closes of a long CSV side by side, under legal but odd names."""
    names = {"AAA": "BRK-B", "BBB": "^GSPC"}
    rows: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        rows.setdefault(row["date"], {})[names[row["ticker"]]] = row["close"]
    lines = [f"{day},{held['BRK-B']},{held['^GSPC']}" for day, held in rows.items()]
    return "\n".join(["Date,BRK-B,^GSPC", *lines, ""])


def with_path(small, path):
    """The small run's options with another file."""
    return [
        str(path) if before == "--path" else word for before, word in zip(["", *small], small, strict=False)
    ]


def test_closes_alone_reach_the_report_with_what_was_not_checked(
    make_prices, small, run_luigi, data, tmp_path
):
    """A wide table stops without the switch and goes through with it."""
    path = tmp_path / "Schlusskurse.csv"
    path.write_text(wide(make_prices()), encoding="utf-8")
    options = [*with_path(small, path), "--mode", "train"]
    stopped = run_luigi(*options, data=data)
    assert stopped.code == 30
    assert "missing_column" in stopped.err
    outcome = run_luigi(*options, "--close-only", "true", data=data)
    assert outcome.code == 0, outcome.err
    report = (data / "latest" / "report.txt").read_text(encoding="utf-8")
    assert "Not checked" in report
    assert "zero volume" in report
    assert [t for t in ("BRK-B", "^GSPC", "Schlusskurse.csv") if t not in report] == []


WAIVER = """
[[waiver]]
rule = "negative_volume"
ticker = "AAA"
who = "Ada L."
why = "cancelled trades"
until = {until}
"""


@pytest.fixture
def faulty(make_prices, tmp_path):
    """A file of which one volume is negative."""
    lines = make_prices().splitlines()
    fields = lines[101].split(",")
    lines[101] = ",".join([*fields[:-1], "-5"])
    path = tmp_path / "faulty.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_waived_error_reaches_the_report_with_who_and_why(
    faulty, small, run_luigi, data, tmp_path, lookers
):
    """Stopped without the waiver, stopped with an expired one, through with a valid one; all keys differ."""
    options = [*with_path(small, faulty), "--mode", "train"]
    path = tmp_path / "waivers.toml"
    stopped = run_luigi(*options, data=data)
    assert stopped.code == 30
    assert "negative_volume" in stopped.err
    path.write_text(WAIVER.format(until="2020-01-31"))
    expired = run_luigi(*options, "--waivers", str(path), data=data)
    assert expired.code == 30
    assert "Waivers that have expired: negative_volume of AAA until 2020-01-31" in expired.err
    path.write_text(WAIVER.format(until="2020-12-31"))
    outcome = run_luigi(*options, "--waivers", str(path), data=data)
    assert outcome.code == 0, outcome.err
    report = (data / "latest" / "report.txt").read_text(encoding="utf-8")
    assert "Ada L." in report
    assert "cancelled trades" in report
    findings = json.loads((data / "latest" / "findings.json").read_text())
    assert [w["who"] for w in findings["source"]["waivers"]] == ["Ada L."]
    before = lookers.committed(data)
    path.unlink()
    gone = run_luigi(*options, "--waivers", str(path), data=data)
    assert gone.code == 20
    assert "waivers.toml" in gone.err
    assert lookers.committed(data) == before


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [("[[waiver]]\n", 4, ["waivers.toml, waiver 1", "rule"]), ("x", 4, ["waivers.toml", "TOML"])],
)
def test_a_malformed_file_of_waivers_is_refused_before_anything_runs(
    text, code, words, small, run_luigi, data, tmp_path
):
    """One message, nothing made."""
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    outcome = run_luigi(*small, "--waivers", str(path), data=data)
    assert outcome.code == code
    (line,) = outcome.messages
    assert [word for word in words if word not in line] == []
    assert not (data / "checkpoints").exists()


def test_an_ambiguous_date_names_both_readings_and_the_option_on_the_terminal(
    small, run_luigi, data, tmp_path
):
    """Exit code 30 from ingest, no traceback."""
    path = tmp_path / "prices.csv"
    path.write_text("date,ticker,open,high,low,close,volume\n03/04/2021,A,1,1,1,1,1\n")
    outcome = run_luigi(*with_path(small, path), data=data)
    assert outcome.code == 30
    assert "Traceback" not in outcome.err
    assert [w for w in ("2021-03-04", "2021-04-03", "--date-format us") if w not in outcome.err] == []
