"""SQL over artifacts and journal: the rows of the files, verified, and nothing else can be reached."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from core.errors import CheckpointError, ParameterError
from core.queries import sql
from core.queries.query_limit import QueryTimeout
from core.request import settings


@pytest.fixture
def configured(finished, monkeypatch):
    """The settings of a data root with a finished run."""
    monkeypatch.setenv("AFTERCLOSE_DATA", str(finished))
    return settings.load()


def rows_of(configured, statement):
    """The rows of a statement as mappings."""
    with sql.query(configured, statement) as result:
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_tables_hold_the_rows_of_the_files(configured, finished, lookers):
    """Every kind: as many rows as the artifact has, its values, and the profile first."""
    for stage, kind in (("ingest", "prices_raw"), ("clean", "prices_clean"), ("feature_engineer", "features"),
                        ("train_or_score", "predictions")):  # fmt: skip
        written = json.loads((lookers.folder_of(finished, stage) / f"{kind}.json").read_bytes())
        rows = rows_of(configured, f"SELECT * FROM {kind} ORDER BY date, ticker")
        assert len(rows) == len(written["rows"])
        assert list(rows[0]) == ["profile", *written["columns"]]
        for row, own in ((rows[0], written["rows"][0]), (rows[-1], written["rows"][-1])):
            values = list(row.values())
            assert values[0] == "files:prices"
            assert [str(values[1]), *values[2:]] == own


def test_documents_are_tables_too(configured, finished, lookers):
    """Findings, signals, measures and drift, as their documents have them."""
    findings = json.loads((lookers.folder_of(finished, "validate") / "findings.json").read_bytes())[
        "findings"
    ]
    assert [row["rule"] for row in rows_of(configured, "FROM findings")] == [f["rule"] for f in findings]
    body = json.loads((lookers.folder_of(finished, "evaluate") / "evaluation.json").read_bytes())
    (auc,) = rows_of(
        configured, "SELECT value, low, high FROM metrics WHERE metric = 'auc' AND who = 'model'"
    )
    assert auc == {bound: body["performance"]["auc"][bound] for bound in ("value", "low", "high")}
    signals = rows_of(configured, "SELECT ticker, probability FROM signals ORDER BY ticker")
    assert signals == [{name: s[name] for name in ("ticker", "probability")} for s in body["signals"]]
    assert {row["column"] for row in rows_of(configured, "FROM drift")} == set(body["drift"])


def test_every_table_can_be_asked_and_is_listed(configured):
    """Each table of the list is there; those of a finished run hold rows."""
    counts = {name: rows_of(configured, f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in sql.tables()}
    filled = ("runs", "run_keys", "predictions", "all_predictions", "metrics", "signals", "drift", "features")
    assert {name: counts[name] for name in filled if not counts[name]} == {}


def test_the_journal_is_joined_with_what_was_made(configured):
    """A run's predictions through its keys."""
    rows = rows_of(
        configured,
        "SELECT r.profile, r.state, count(*) AS n FROM runs r JOIN run_keys k ON k.run_id = r.run_id "
        "JOIN all_predictions p ON p.key = k.key WHERE k.stage = 'train_or_score' GROUP BY ALL",
    )
    (whole,) = rows_of(configured, "SELECT count(*) AS n FROM predictions")
    assert rows == [{"profile": "files:prices", "state": "succeeded", "n": whole["n"]}]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT * FROM prediction", "Did you mean predictions?"),
        ("SELECT nonsense FROM runs", "nonsense"),
        ("SELEC 1", "syntax"),
        ("", "no statement"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("DROP TABLE runs", "DROP"),
        ("CREATE TABLE x AS SELECT 1", "CREATE"),
        ("COPY (SELECT 1) TO '{out}'", "COPY"),
        ("ATTACH '{out}'", "ATTACH"),
        ("INSTALL httpfs", "expected one statement that reads"),
        ("SET enable_external_access = true", "SET"),
        ("SELECT * FROM read_csv('/etc/passwd')", "Permission"),
        ("SELECT * FROM '/etc/passwd'", "expected SQL"),
        ("SELECT getenv('HOME')", "expected SQL"),
        ("SELECT * FROM read_json('{there}')", "Permission"),
        ("SELECT * FROM sqlite_scan('a', 'b')", "Table Function with name"),
    ],
)
def test_what_does_not_read_tables_is_refused(configured, tmp_path, statement, words):
    """One message; no file is written, none outside is read."""
    there = tmp_path / "there.json"
    there.write_text("no JSON", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ParameterError) as caught:
        rows_of(configured, statement.format(out=tmp_path / "out.db", there=there))
    assert words in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_artifact_is_named_and_not_read(configured, finished, lookers):
    """What is asked is verified; what is not asked does not matter."""
    path = lookers.folder_of(finished, "clean") / "prices_clean.json"
    path.write_bytes(path.read_bytes().replace(b"2020-01-02", b"2020-01-03", 1))
    assert rows_of(configured, "SELECT count(*) AS n FROM features")[0]["n"] > 0
    with pytest.raises(CheckpointError, match=r"prices_clean\.json"):
        rows_of(configured, "SELECT * FROM prices_clean")


def test_an_empty_data_root_says_what_to_do(data, monkeypatch):
    """No report yet: a table of rows says so, the journal's are empty."""
    monkeypatch.setenv("AFTERCLOSE_DATA", str(data))
    configured = settings.load()
    with pytest.raises(ParameterError, match="afterclose run"):
        rows_of(configured, "SELECT * FROM predictions")
    assert rows_of(configured, "SELECT * FROM runs") == []
    assert not data.exists()


def test_the_command_prints_rows_as_table_csv_and_json(finished, run_afterclose):
    """The three forms say the same; a formula in a text stays one."""
    ask = "SELECT ticker, count(*) AS n FROM prices_clean GROUP BY ticker ORDER BY ticker"
    as_json = json.loads(run_afterclose("query", ask, "--json", data=finished).out)
    assert [row["ticker"] for row in as_json] == ["AAA", "BBB"]
    as_csv = run_afterclose("query", ask, "--csv", data=finished).out.splitlines()
    assert as_csv == ["ticker,n", *(f"{row['ticker']},{row['n']}" for row in as_json)]
    lines = run_afterclose("query", ask, data=finished).out.splitlines()
    assert [line.split() for line in lines] == [
        ["ticker", "n"],
        *([r["ticker"], f"{r['n']:,}"] for r in as_json),
    ]
    assert run_afterclose("query", "SELECT '=1+1' AS x", "--csv", data=finished).out == "x\n'=1+1\n"
    limited = run_afterclose("query", "FROM prices_clean", "--limit", "3", data=finished)
    assert len(limited.out.splitlines()) == 4
    assert "only the first 3 rows" in limited.err
    assert run_afterclose("query", data=finished).code == 2
    listed = json.loads(run_afterclose("query", "--tables", "--json", data=finished).out)
    assert {row["table"] for row in listed} == set(sql.tables())


ENDLESS = {
    "in the statement": "SELECT count(*) FROM range(100000000000) a, range(1000) b",
    "in fetching": "SELECT a.range FROM range(100000000000) a",
    "a recursion": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n",
}


@pytest.mark.parametrize("statement", ENDLESS.values(), ids=ENDLESS)
def test_a_question_without_end_is_broken_off_by_the_setting(configured, statement):
    """Also while its rows are fetched; the message names the setting."""
    short = replace(configured, defaults={**configured.defaults, "query_timeout_s": 0.5})
    began = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"longer than 0.5 s; expected \[query\] timeout_s") as raised:
        rows_of(short, statement)
    assert raised.value.exit_code == 30
    assert time.monotonic() - began < 20


def test_the_command_says_it_in_one_line_and_no_limit_is_none(run_afterclose, finished, tmp_path):
    """Exit 30."""
    (tmp_path / "luigi.cfg").write_text("[query]\ntimeout_s = 0.5\n")
    asked = run_afterclose("query", ENDLESS["in the statement"], data=finished, cwd=tmp_path)
    assert (asked.code, asked.err.count("\n")) == (30, 1)
    assert "[query] timeout_s" in asked.err
    (tmp_path / "luigi.cfg").write_text("[query]\ntimeout_s = 0\n")
    assert run_afterclose("query", "SELECT 1 AS a", data=finished, cwd=tmp_path).code == 0
