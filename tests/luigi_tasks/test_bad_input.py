"""Every mistake a user can make: one message, the contract's exit code, nothing committed changed."""

from __future__ import annotations

import pytest

PLAN = [
    # what is wrong, options, exit code, words of the message
    (
        "unknown ticker",
        ["--tickers", "AAPL,MSFTT"],
        4,
        ["'MSFTT'", "AAPL, FB, GOOG, IBM, MSFT", "Did you mean MSFT?"],
    ),
    ("illegal ticker", ["--tickers", "../../etc/passwd"], 4, ["--tickers", "at most 20"]),
    ("broken JSON list", ["--tickers", '["AAPL"'], 4, ["--tickers", "JSON list"]),
    (
        "reversed dates",
        ["--start", "2012-01-01", "--end", "2011-01-01"],
        4,
        ["2012-01-01 is after --end 2011-01-01"],
    ),
    ("malformed date", ["--start", "01/02/2012"], 4, ["--start", "'01/02/2012'", "YYYY-MM-DD"]),
    ("impossible date", ["--end", "2012-02-30"], 4, ["--end", "2012-02-30", "YYYY-MM-DD"]),
    ("wrong source", ["--source", "smaple"], 4, ["--source", "one of sample, files", "Did you mean sample?"]),
    ("empty range", ["--start", "2020-01-01"], 4, ["no rows", "2013-03-01"]),
    ("range before the ticker", ["--tickers", "FB", "--end", "2012-05-17"], 4, ["FB", "2012-05-18"]),
    ("path without files", ["--path", "x.csv"], 4, ["--path came with --source sample"]),
    ("files without path", ["--source", "files"], 4, ["--path FILE"]),
    ("missing file", ["--source", "files", "--path", "no-such.csv"], 20, ["no-such.csv"]),
    ("missing ticker list", ["--tickers", "@no-such.txt"], 20, ["no-such.txt"]),
]
"""Mistakes that both front ends judge in the plan."""

INGEST = [case for case in PLAN if "--path" not in case[1] and "files" not in case[1]]
"""Those that ``afterclose stage ingest`` can meet: it takes a file as ``--input``, not as ``--path``."""

LUIGI = [
    *PLAN,
    (
        "wrong mode",
        ["--mode", "trian"],
        4,
        ["--mode", "'trian'", "auto, train, score", "Did you mean train?"],
    ),
    ("wrong model", ["--model", "xgboost"], 4, ["--model", "logistic_regression"]),
    ("wrong model beside", ["--beside", "logistic_regression,xgboost"], 4, ["--beside", "xgboost"]),
    ("no whole number", ["--seed", "seven"], 4, ["--seed", "a whole number"]),
    ("number out of bounds", ["--confidence", "95"], 4, ["--confidence", "0.5 to 0.999"]),
    ("not a number", ["--cost-bps", "nan"], 4, ["--cost-bps", "'nan'"]),
    ("unknown calendar", ["--calendar", "XNYX"], 4, ["--calendar", "XNYX", "Did you mean"]),
    ("unknown option", ["--sourc-e", "sample"], 2, ["no option --sourc-e", "Did you mean --source?"]),
    ("a value that the plan fills", ["--input-digest", "abc"], 2, ["--input-digest"]),
    ("Luigi's spelling", ["--Ingest-source", "files"], 2, ["Did you mean --source?"]),
    ("an ambiguous beginning", ["--st", "2012-01-01"], 2, ["--start", "--stale-sessions"]),
    ("an option without value", ["--seed"], 2, ["--seed", "expected one argument"]),
    ("a word too many", ["everything"], 2, ["everything"]),
]

CFG = [
    ("unknown key", "[train]\nsede = 7\n", 4, ["bad.cfg, line 2", "'sede'", "[train]", "Did you mean seed?"]),
    (
        "unknown section",
        "[market]\n[trian]\nseed = 7\n",
        4,
        ["bad.cfg, line 2", "[trian]", "Did you mean train?"],
    ),
    ("bad value", "\n[train]\nseed = x\n", 4, ["bad.cfg, line 3", "[train] seed", "a whole number"]),
    ("Luigi's key misspelt", "[retcode]\ntask_faild = 30\n", 4, ["line 2", "Did you mean task_failed?"]),
]
LUIGI_TYPES = [
    ("Luigi's number", "[retcode]\ntask_failed = many\n", 4, ["bad.cfg", "task_failed", "many"]),
    ("Luigi's choice", "[core]\nlog_level = LOUD\n", 4, ["bad.cfg", "log_level", "LOUD"]),
    ("Luigi's worker", "[worker]\ntimeout = soon\n", 4, ["bad.cfg", "timeout", "soon"]),
]


def names(cases):
    """The first words of the cases, as test ids."""
    return [case[0].replace(" ", "-").replace("'", "") for case in cases]


def assert_one_message(outcome, code, words):
    """The contract's answer to a mistake."""
    assert outcome.code == code, outcome
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    (line,) = outcome.messages
    assert line.startswith("afterclose: ")
    assert [word for word in words if word not in line] == []


@pytest.mark.parametrize(("name", "options", "code", "words"), LUIGI, ids=names(LUIGI))
def test_a_mistake_under_the_luigi_script(name, options, code, words, run_luigi, prepared, lookers):
    """The stock ``luigi`` script gives one line and our exit code."""
    before = lookers.committed(prepared)
    assert_one_message(run_luigi(*options, data=prepared), code, words)
    assert lookers.committed(prepared) == before


@pytest.mark.parametrize(("name", "options", "code", "words"), INGEST, ids=names(INGEST))
def test_a_mistake_under_afterclose_stage_ingest(name, options, code, words, run_afterclose, data, tmp_path):
    """``afterclose stage ingest`` takes the same options and answers alike; nothing is written."""
    outcome = run_afterclose("stage", "ingest", *options, "--output", f"{tmp_path}/out/", data=data)
    assert_one_message(outcome, code, words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "text", "code", "words"), [*CFG, *LUIGI_TYPES], ids=names([*CFG, *LUIGI_TYPES])
)
def test_a_mistake_in_the_configuration_under_luigi(
    name, text, code, words, run_luigi, prepared, tmp_path, lookers
):
    """File, line and nearest name, before Luigi itself meets the value."""
    (tmp_path / "bad.cfg").write_text(text)
    before = lookers.committed(prepared)
    outcome = run_luigi(data=prepared, env={"LUIGI_CONFIG_PATH": str(tmp_path / "bad.cfg")})
    assert_one_message(outcome, code, words)
    assert lookers.committed(prepared) == before


@pytest.mark.parametrize(("name", "text", "code", "words"), CFG, ids=names(CFG))
def test_a_mistake_in_the_configuration_under_afterclose(
    name, text, code, words, run_afterclose, data, tmp_path
):
    """The ``afterclose`` command judges the same file in the same words."""
    (tmp_path / "bad.cfg").write_text(text)
    environment = {"LUIGI_CONFIG_PATH": str(tmp_path / "bad.cfg")}
    outcome = run_afterclose("stage", "ingest", "--output", f"{tmp_path}/out/", data=data, env=environment)
    assert_one_message(outcome, code, words)
    assert not (tmp_path / "out").exists()


def test_a_misspelt_task_is_answered_by_its_nearest_name(run_luigi, data):
    """``Reprot`` is a wrong command line."""
    outcome = run_luigi(data=data, task="Reprot")
    assert_one_message(outcome, 2, ["Reprot", "Report"])


def test_a_data_root_that_cannot_be_written_fails_with_30(run_luigi, tmp_path, small):
    """The data root is a file: the cause is named, and what the run's record could not keep is said."""
    (tmp_path / "file").write_text("here first")
    outcome = run_luigi(*small, data=tmp_path / "file")
    assert outcome.code == 30
    assert "Traceback" not in outcome.out + outcome.err
    assert "Not a directory" in outcome.err
    assert (tmp_path / "file").read_text() == "here first"


@pytest.mark.parametrize("name", ["../../../escaped", "a/b", "x y", ".", "-x", "a" * 65])
def test_an_id_of_a_run_that_is_none_writes_nothing_anywhere(run_luigi, data, name):
    """It names a folder under runs/: one that leads elsewhere was written to, and left a journal that verify named."""
    outcome = run_luigi(data=data, env={"AFTERCLOSE_RUN_ID": name})
    assert outcome.code == 4, outcome.err
    assert "AFTERCLOSE_RUN_ID is" in outcome.err
    assert not (data / "journal.sqlite").exists()
