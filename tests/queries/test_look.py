"""A look before a run: what was recognised, what the gate would say, and nothing made."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import ParameterError, SourceError
from core.queries.look import best_fit, fit_of, look_at
from core.request import settings

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Settings over a data root that is not there yet."""
    monkeypatch.chdir(tmp_path)
    return settings.load({"AFTERCLOSE_DATA": str(tmp_path / "data")}, tmp_path)


@pytest.fixture
def prices(tmp_path):
    """Write a file of one ticker over calendar days: ``prices(days, edit)``; returns its path."""

    def write(days, *, name="prices.csv", extra=()):
        lines = ["date,ticker,open,high,low,close,volume"]
        for number in range(days):
            close = 50 + (number * 7 % 11) / 10
            lines.append(
                f"{date(2024, 1, 1) + timedelta(days=number)},AAA,{close},{close + 1},{close - 1},{close},1000"
            )
        path = tmp_path / name
        path.write_text("\n".join([*lines, *extra]) + "\n")
        return path

    return write


def test_a_look_says_what_is_there_and_makes_nothing(configured, prices, tmp_path):
    """Rows, sessions and span by hand; the first rows as they are; no data root."""
    look = look_at(configured, {"path": str(prices(400)), "calendar": "24/7"}, now=NOW)
    assert (look.name, look.rows, look.sessions) == ("prices.csv", 400, 400)
    assert (look.first, look.last) == ("2024-01-01", "2025-02-03")
    assert list(look.tickers) == ["AAA"]
    assert [row["date"] for row in look.first_rows] == [f"2024-01-0{n}" for n in range(1, 6)]
    assert look.first_rows[0]["close"] == 50.0
    assert (look.price_basis, look.adjusted_close) == ("unknown", "copied_from_close")
    assert (look.stops, look.shortage) == (False, "")
    assert not (tmp_path / "data").exists()


def test_its_findings_are_the_gates_own(configured, prices):
    """The same records as the stage would commit, also where the gate stops."""
    path = prices(300, extra=["2024-02-01,AAA,9,8,7,9,5", "2024-02-02,AAA,-1,8,7,7.5,5"])
    look = look_at(configured, {"path": str(path), "calendar": "24/7"}, now=NOW)
    assert look.stops
    assert {f["rule"] for f in look.findings if f["severity"] == "error"} == {"conflicting_duplicate"}
    assert any("stop at the gate" in sentence for sentence in look.advice())
    (summary,) = [each for each in look.rules() if each.rule == "conflicting_duplicate"]
    assert summary.count == 2
    assert summary.action == (
        "Decide which row is right; keep one. They differ in open 9 or 50.8; high 8 or 51.8; low 7 or 49.8; "
        "close 9 or 50.8; adj_close 9 or 50.8; volume 5 or 1000."
    )


def test_days_of_another_market_are_called_so(configured, prices):
    """Every calendar day is 24/7, whatever the settings say; 366 days of 2024 have 252 sessions in New York."""
    look = look_at(configured, {"path": str(prices(366))}, now=NOW)
    assert (look.calendar.calendar, look.calendar.missing, look.calendar.extra) == ("XNYS", 0, 366 - 252)
    assert look.better_calendar == "24/7"
    assert any("--calendar 24/7" in sentence for sentence in look.advice())


def test_a_calendar_that_fits_is_kept():
    """London's days of 2023 are recognised; New York's own stay New York's. 259 weekdays less 8 holidays."""
    from core.prices.calendar import sessions_between

    london = [str(day) for day in sessions_between("XLON", date(2023, 1, 3), date(2023, 12, 29))]
    assert len(london) == 251
    assert best_fit(fit_of("XNYS", london), london).calendar == "XLON"
    own = fit_of("XLON", london)
    assert best_fit(own, london) is own
    assert best_fit(None, []) is None


def test_too_short_a_history_says_what_would_do(configured, prices):
    """80 sessions cannot train and judge."""
    look = look_at(configured, {"path": str(prices(80)), "calendar": "24/7"}, now=NOW)
    assert "insufficient data" in look.shortage
    assert look.shortage in look.advice()


def test_a_look_reads_nothing_that_a_run_may_not_read(configured, tmp_path):
    """Roots and secrets hold for a look as well, and what is no table is not quoted."""
    (tmp_path / ".secret.csv").write_text("date,close\n")
    with pytest.raises(ParameterError, match="hidden"):
        look_at(configured, {"path": str(tmp_path / ".secret.csv")}, now=NOW)
    (tmp_path / "key.txt").write_text("password sesame\n" * 5)
    with pytest.raises(SourceError) as caught:
        look_at(configured, {"path": str(tmp_path / "key.txt")}, now=NOW)
    assert "sesame" not in str(caught.value)


def test_the_terminal_shows_a_look_and_prints_json(run_afterclose, prices, data):
    """Each rule once with its remedy; the same as JSON; nothing in the data root; a missing file is 20."""
    path = prices(300, extra=["2024-02-01,AAA,9,8,7,9,5", "2024-02-02,AAA,9,8,7,9,5"])
    outcome = run_afterclose("look", str(path), "--calendar", "24/7", data=data)
    assert outcome.code == 0, outcome
    assert outcome.out.count("conflicting_duplicate") == 1
    assert "and 1 more" in outcome.out
    assert outcome.out.count("Decide which row is right; keep one.") == 1
    told = json.loads(run_afterclose("look", str(path), "--calendar", "24/7", "--json", data=data).out)
    assert (told["rows"], told["stops"], told["enough"]) == (302, True, True)
    assert run_afterclose("look", "no-such.csv", data=data).code == 20
    assert not data.exists()
